/** Tensors of a file of torch.save by name; each is read on demand. */
import { ForwardpassError } from '../../errors.ts';
import type { Budget } from '../../graph/budget.ts';
import type { PickleObject } from '../containers/pickle/values.ts';
import { describeTorchTensor, torchElementBytes } from '../containers/torch-tensors.ts';
import type { ShardTensor } from '../shards.ts';
import { placeOf } from './checkpoint.ts';
import { readTensor, type SavedFile } from './file.ts';

export function parametersOf(
  tensors: ReadonlyMap<string, PickleObject>,
  file: SavedFile,
  budget: Budget,
): Map<string, ShardTensor> {
  if (tensors.size > budget.limits.nodes) {
    const message = `the file has ${tensors.size} tensors; \`limits.nodes\` allows ${budget.limits.nodes}`;
    throw new ForwardpassError('LIMIT', message);
  }
  const stored = new Map<string, ShardTensor>();
  const storages = new Set<string>();
  let elements = 0;
  for (const [name, value] of tensors) {
    const { shape, dtype, key } = describeTorchTensor(value, budget, placeOf(name));
    const count = shape.reduce((product, size) => product * size, 1);
    elements += count;
    const byteLength = count * torchElementBytes(dtype);
    // Some libraries count a bool as one bit, and tensors that share their elements only once.
    const leastBytes = storages.has(key) ? 0 : dtype === 'BOOL' ? count / 8 : byteLength;
    storages.add(key);
    const read = () => readTensor(file, value, budget, placeOf(name));
    stored.set(name, { shape, byteLength, leastBytes, read });
  }
  if (elements > budget.limits.parameters) {
    const message = `the tensors have ${elements} elements; \`limits.parameters\` allows ${budget.limits.parameters}`;
    throw new ForwardpassError('LIMIT', message);
  }
  return stored;
}
