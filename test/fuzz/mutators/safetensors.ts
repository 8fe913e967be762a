/** safetensors, frozen files among them: the header as JSON with its length made right, or the numbers behind it. */
import type { Random } from '../../random-graph.ts';
import { concat, type Mutator, repeats } from '../mutator.ts';
import { mutateInPlace, setNumber } from './bytes.ts';
import { mutateJson } from './json.ts';

const LENGTH_BYTES = 8;

export const mutateSafetensors: Mutator = (bytes, random, other) => {
  const [header, data] = partsOf(bytes);
  const what = random.below(10);
  if (what === 0) {
    const changed = bytes.slice();
    setNumber(changed, 0, LENGTH_BYTES, random);
    return changed;
  }
  if (what < 4 && data.length > 0) return put(header, mutateInPlace(data, random, partsOf(other)[1]) ?? data);
  if (what === 4) return put(repeatedTensor(header, data, random) ?? header, data);
  const changed = mutateJson(header, random, partsOf(other)[0]);
  return changed && put(changed, data);
};

function partsOf(bytes: Uint8Array): readonly [header: Uint8Array, data: Uint8Array] {
  if (bytes.length < LENGTH_BYTES) return [bytes, new Uint8Array()];
  const end = LENGTH_BYTES + new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
  return [bytes.subarray(LENGTH_BYTES, end), bytes.subarray(end)];
}

function put(header: Uint8Array, data: Uint8Array): Uint8Array {
  const length = new Uint8Array(LENGTH_BYTES);
  new DataView(length.buffer).setUint32(0, header.length, true);
  return concat(length, header, data);
}

/** Tensors without elements beside the others, which take no bytes and may be many. */
function repeatedTensor(header: Uint8Array, data: Uint8Array, random: Random): Uint8Array | undefined {
  const text = Buffer.from(header).toString().trimEnd();
  if (!text.endsWith('}')) return undefined;
  const count = repeats(80, random);
  const empty = (i: number) =>
    `"empty${i}":{"dtype":"F32","shape":[0,${i}],"data_offsets":[${data.length},${data.length}]}`;
  return new TextEncoder().encode(
    `${text.slice(0, -1)},${Array.from({ length: count }, (_, i) => empty(i)).join(',')}}`,
  );
}
