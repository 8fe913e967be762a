import { describe, expect, it } from 'vitest';
import { type RowsForm, readRows, readSlowly } from '../../../lib/serve/protocol/rows-body.ts';
import { PROTOCOL_LIMITS, type ServedModel } from '../../../lib/serve/protocol.ts';
import { randomOf, served } from './models.ts';

const FORM: RowsForm = { wrappers: ['records', 'instances'], isWrapped: false };

type Reader = typeof readRows;

function outcomeOf(read: Reader, text: string, model: ServedModel): unknown {
  try {
    const { rows, count, isOne } = read(Buffer.from(text), model, FORM, PROTOCOL_LIMITS);
    let ran: unknown;
    try {
      ran = model.model.runRows(rows).outputs;
    } catch (error) {
      ran = (error as Error).message;
    }
    return { arrays: rows.arrays, count, isOne, ran };
  } catch (error) {
    return (error as Error).message;
  }
}

const expectSame = (text: string, model: ServedModel) =>
  expect([text, outcomeOf(readRows, text, model)]).toEqual([text, outcomeOf(readSlowly, text, model)]);

describe.each([
  'sklearn-records/dicts-before-model.joblib',
  'catboost/named.cbm',
  'lightgbm/frame-of-two.txt',
  'sklearn/grid-search.joblib',
  'sklearn/linear-single.pkl',
  'keras/feature-space.keras',
  'onnx-hand/flatten.onnx',
  'integers/keras-int-53.keras',
])('bodies for %s', (path) => {
  it('are read as JSON.parse and the model would', async () => {
    const model = await served(path);
    const { inputs, featureNames } = model.model;
    const names = featureNames ?? inputs.map(({ name }) => name);
    const width = inputs[0].shape.slice(1).reduce<number>((all, size) => all * (size as number), 1);
    const words = Object.values(inputs[0].categories ?? {}).flat();
    const random = randomOf(11);
    const pick = <T>(list: readonly T[]) => list[Math.floor(random() * list.length)];
    const cell = () => {
      const kind = random();
      if (kind < 0.4) return String(Math.floor(random() * 5));
      if (kind < 0.6) return String(random() * 10 ** Math.floor(random() * 20 - 10));
      if (kind < 0.8) return JSON.stringify(words.length > 0 ? pick(words) : 'a');
      return pick(['null', 'true', '1e999', '-0', '"x\\u00e9"', '[1]', '{}', '0.1e1', '12345678901234567890']);
    };
    const key = () =>
      random() < 0.9 ? undefined : pick(['"other"', '"__proto__"', '"records"', JSON.stringify(names[0])]);
    const record = () => {
      const keys = names.map((name) => JSON.stringify(name));
      if (random() < 0.3) keys.reverse();
      if (random() < 0.2) keys.splice(Math.floor(random() * keys.length), 1);
      return `{${keys.map((own) => `${key() ?? own}${pick(['', ' '])}:${cell()}`).join(pick([',', ', ']))}}`;
    };
    const row = () => `[${Array.from({ length: random() < 0.95 ? width : width + 1 }, cell).join(',')}]`;
    const rows = (one: () => string) => `[${Array.from({ length: random() * 4 }, one).join(', ')}]`;
    for (let i = 0; i < 120; i++) {
      const array = rows(pick([record, row, () => (random() < 0.5 ? record() : row())]));
      const whole = pick([
        record,
        () => array,
        () => `{"instances":${array}}`,
        () => `{ "records" : ${array} }`,
        () => `{"records":${array},"id":1}`,
        () => `{"records":${array},"instances":[]}`,
      ])();
      expectSame(whole, model);
      const at = Math.floor(random() * whole.length);
      expectSame(whole.slice(0, at) + pick(['', ',', '}', ']', '"', 'é', '0', '\\']) + whole.slice(at + 1), model);
    }
  });
});
