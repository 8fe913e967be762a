/** Which mutator knows a file, or a member of an archive: by its name and its first bytes. */
import type { Mutator } from '../mutator.ts';
import { mutateBytes } from './bytes.ts';
import { mutateCatboost } from './catboost.ts';
import { compressedMutator, isCompressed } from './compressed.ts';
import { mutateFlatbuffer } from './flatbuffer.ts';
import { mutateHdf5 } from './hdf5.ts';
import { mutateJson } from './json.ts';
import { mutatePickle } from './pickle.ts';
import { mutateProtobuf } from './protobuf.ts';
import { mutateSafetensors } from './safetensors.ts';
import { mutateSstable } from './sstable.ts';
import { mutateTorchscript } from './torchscript.ts';
import { zipMutator } from './zip.ts';

/** A mutator, and which bytes it is for. */
interface Kind {
  readonly mutate: Mutator;
  is(bytes: Uint8Array, name: string): boolean;
}

/** By the bytes that a file begins with. */
const beginsWith = (start: string) => (bytes: Uint8Array) =>
  Buffer.from(bytes.subarray(0, start.length)).toString('latin1') === start;
const endsWith = (end: RegExp) => (_bytes: Uint8Array, name: string) => end.test(name);

const KINDS: readonly Kind[] = [
  { mutate: zipMutator(mutateContent), is: beginsWith('PK') },
  { mutate: mutateHdf5, is: beginsWith('\x89HDF') },
  { mutate: compressedMutator(mutatePickle), is: isCompressed },
  { mutate: mutateSafetensors, is: endsWith(/\.safetensors$/) },
  { mutate: mutateFlatbuffer, is: endsWith(/\.tflite$/) },
  { mutate: mutateCatboost, is: beginsWith('CBM1') },
  { mutate: mutateProtobuf, is: endsWith(/\.(onnx|pb)$/) },
  { mutate: mutateTorchscript, is: endsWith(/\.py$/) },
  { mutate: mutateSstable, is: endsWith(/\.index$/) },
  { mutate: mutateJson, is: (bytes) => bytes[0] === 0x7b || bytes[0] === 0x5b },
  { mutate: mutatePickle, is: endsWith(/\.(pkl|pickle|joblib|pt|pth)$/) },
];

/** Changes a file by what it is; one time in eight, and where nothing is known of it, by its bytes alone. */
export function mutateContent(name: string): Mutator {
  return (bytes, random, other) => {
    const kind = random.below(8) === 0 ? undefined : KINDS.find((kind) => kind.is(bytes, name));
    return kind?.mutate(bytes, random, other) ?? mutateBytes(bytes, random, other);
  };
}
