/** The smaller messages, for health and metadata. */
import type { ModelMetadata, TensorMetadata } from '../v2.ts';
import { readFields, textField, WireWriter } from './wire.ts';

/** Reads `ModelReadyRequest` and `ModelMetadataRequest`. */
export function readNameAndVersion(bytes: Uint8Array): { readonly name: string; readonly version: string } {
  let [name, version] = ['', ''];
  readFields(bytes, {
    1: textField((value) => {
      name = value;
    }),
    2: textField((value) => {
      version = value;
    }),
  });
  return { name, version };
}

/** `ServerLiveResponse`, `ServerReadyResponse`, `ModelReadyResponse`. */
export function truth(value: boolean): Buffer {
  return new WireWriter().varint(1, Number(value)).done();
}

export function serverMetadataMessage(name: string, version: string, extensions: readonly string[]): Buffer {
  const writer = new WireWriter().text(1, name).text(2, version);
  for (const extension of extensions) writer.text(3, extension);
  return writer.done();
}

export function modelMetadataMessage(
  { name, platform, inputs, outputs }: ModelMetadata,
  versions: readonly string[],
): Buffer {
  const writer = new WireWriter().text(1, name);
  for (const version of versions) writer.text(2, version);
  writer.text(3, platform);
  for (const input of inputs) writer.bytes(4, tensorMessage(input));
  for (const output of outputs) writer.bytes(5, tensorMessage(output));
  return writer.done();
}

function tensorMessage({ name, datatype, shape }: TensorMetadata): Buffer {
  return new WireWriter().text(1, name).text(2, datatype).packed(3, shape).done();
}

/** The statuses in `HealthCheckResponse`. */
export const HEALTH = { serving: 1, notServing: 2, unknown: 3 } as const;

export function healthMessage(status: number): Buffer {
  return new WireWriter().varint(1, status).done();
}
