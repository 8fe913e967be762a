/** The file that a worker is trying, as it writes it down for the case that it does not come back. */

export interface Tried {
  /** Before this one, and this one. */
  readonly executions: number;
  /** Its position among the samples. */
  readonly sample: number;
  readonly seed: number;
  readonly bytes: Uint8Array;
}

const HEADER_BYTES = 16;

export function recordOf({ executions, sample, seed, bytes }: Tried): Uint8Array {
  const header = Buffer.alloc(HEADER_BYTES);
  for (const [at, value] of [executions, sample, seed, bytes.length].entries()) header.writeUInt32LE(value, 4 * at);
  return Buffer.concat([header, bytes]);
}

/** Undefined before the first. */
export function triedOf(record: Buffer): Tried | undefined {
  if (record.length < HEADER_BYTES) return undefined;
  const [executions, sample, seed, length] = [0, 4, 8, 12].map((at) => record.readUInt32LE(at));
  return { executions, sample, seed, bytes: new Uint8Array(record.subarray(HEADER_BYTES, HEADER_BYTES + length)) };
}
