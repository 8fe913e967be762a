import { describe, expect, it } from 'vitest';
import { fromVersion1 } from '../../../lib/formats/keras/version1.ts';
import { failureOf } from '../../failure.ts';

const dense = { class_name: 'Dense', config: { name: 'dense_1', output_dim: 1, batch_input_shape: [null, 2] } };
const merge = (layers: readonly unknown[]) => ({
  class_name: 'Merge',
  config: { name: 'merge_1', mode: 'sum', layers },
});
const sequential = (...config: readonly unknown[]) => ({ class_name: 'Sequential', config });

describe('a description by Keras 1', () => {
  it('keeps a layer without a class as it is, for the reader to refuse', () => {
    const nameless = { config: { name: 'dense_1', output_dim: 1 } };
    expect(fromVersion1(sequential(nameless), 4)).toEqual({ class_name: 'Sequential', config: { layers: [nameless] } });
  });

  it.each<[string, unknown, string]>([
    [
      'null after a Merge',
      sequential(merge([sequential(dense)]), null),
      'a layer after a Merge: expected a layer, found null',
    ],
    [
      'a layer without a name after a Merge',
      sequential(merge([sequential(dense)]), { class_name: 'Dense', config: {} }),
      'a layer Dense: expected a name, found nothing',
    ],
    [
      'a branch whose first layer has no name',
      sequential(merge([sequential({ class_name: 'Dense', config: { batch_input_shape: [null, 2] } })])),
      'a layer Dense: expected a name, found nothing',
    ],
    ['a branch that is a number', sequential(merge([3])), 'branch 0 of a Merge: expected a layer'],
  ])('with %s is refused', async (_, description, message) => {
    const error = await failureOf(() => fromVersion1(description, 4));
    expect([error.code, error.message]).toEqual(['MALFORMED', message]);
  });
});
