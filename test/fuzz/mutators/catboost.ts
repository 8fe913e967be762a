/** CatBoost's binary form: a FlatBuffer behind a magic and its size, which is right again where the FlatBuffer has another. */
import type { Mutator } from '../mutator.ts';
import { mutateFlatbuffer } from './flatbuffer.ts';

const MAGIC_BYTES = 4;
const HEAD_BYTES = 8;

export const mutateCatboost: Mutator = (bytes, random, other) => {
  if (bytes.length < HEAD_BYTES) return undefined;
  const changed = mutateFlatbuffer(bytes.slice(HEAD_BYTES), random, other.slice(HEAD_BYTES));
  if (changed === undefined) return undefined;
  const file = new Uint8Array(HEAD_BYTES + changed.length);
  file.set(bytes.subarray(0, MAGIC_BYTES));
  new DataView(file.buffer).setUint32(MAGIC_BYTES, changed.length, true);
  file.set(changed, HEAD_BYTES);
  return file;
};
