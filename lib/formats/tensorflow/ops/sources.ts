/** Operators without inputs. */
import { ForwardpassError } from '../../../errors.ts';
import type { TensorFlowCall, Translations } from '../call.ts';
import { decodeTensor } from '../tensor.ts';
import type { Result } from '../value.ts';

function constantNode(call: TensorFlowCall): Result {
  const tensor = call.attribute('value')?.tensor;
  if (tensor === undefined) throw call.error('MALFORMED', 'the constant has no value');
  const { build } = call;
  return build.once(tensor, () =>
    decodeTensor(tensor, build.place, build.budget, (elements) => build.spend(elements), build.constantWords),
  );
}

/** A placeholder that is not an input of the model may still be passed to a function that does not use it. */
function placeholder({ build }: TensorFlowCall): Result {
  const message = 'must be fed a value, but is not among the inputs of the model';
  return { kind: 'refused', error: new ForwardpassError('DANGLING', message, build.place) };
}

export const sources: Translations = {
  Const: constantNode,
  Placeholder: placeholder,
  VarHandleOp: ({ node }) => ({ kind: 'variable', node }),
  HashTable: ({ node }) => ({ kind: 'table', node }),
  HashTableV2: ({ node }) => ({ kind: 'table', node }),
  MutableHashTableV2: ({ node }) => ({ kind: 'table', node }),
  Switch: (call) => {
    const [value] = call.inputs;
    return call.number(1) === 0 ? [value, { kind: 'dead' }] : [{ kind: 'dead' }, value];
  },
};
