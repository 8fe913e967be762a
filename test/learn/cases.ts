/** Families of cases of fixtures/learn/: see fixtures/make/learn_cases.py. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

export interface Case {
  readonly name: string;
  readonly how: 'pickle' | 'joblib';
  readonly calls: readonly unknown[];
  readonly digests: readonly string[];
  readonly last: readonly string[];
  readonly [about: string]: unknown;
}

type Numbers = Float64Array | Float32Array | Uint8Array | BigInt64Array | Int32Array;
const ARRAYS = { F64: Float64Array, F32: Float32Array, U8: Uint8Array, I64: BigInt64Array, I32: Int32Array } as const;

export class Family {
  readonly cases: readonly Case[];
  readonly #bytes: Buffer;
  readonly #header: Record<string, { dtype: keyof typeof ARRAYS; data_offsets: [number, number] }>;
  readonly #start: number;

  constructor(name: string) {
    this.#bytes = readFileSync(new URL(`../fixtures/learn/${name}.safetensors`, import.meta.url));
    const length = Number(this.#bytes.readBigUInt64LE(0));
    const { __metadata__: about, ...header } = JSON.parse(this.#bytes.toString('utf8', 8, 8 + length));
    this.#header = header;
    this.#start = 8 + length;
    this.cases = JSON.parse(about.cases);
  }

  array(name: string): Numbers {
    const {
      dtype,
      data_offsets: [from, to],
    } = this.#header[name];
    return new ARRAYS[dtype](new Uint8Array(this.#bytes.subarray(this.#start + from, this.#start + to)).buffer);
  }

  numbers(name: string): Float64Array {
    return this.array(name) as Float64Array;
  }

  file({ name }: Case): Uint8Array {
    return this.array(`${name}.file`) as Uint8Array;
  }

  /** The state after the last call. */
  last({ name, last }: Case): Record<string, Float64Array> {
    return Object.fromEntries(last.map((attribute) => [attribute, this.numbers(`${name}.${attribute}`)]));
  }
}

/** The attributes of a state that the case tells, as doubles. */
export function stateOf(state: Record<string, unknown>, names: readonly string[]): Record<string, Float64Array> {
  return Object.fromEntries(
    names.map((name) => {
      const value = state[name];
      return [name, typeof value === 'number' ? Float64Array.of(value) : Float64Array.from(value as ArrayLike<number>)];
    }),
  );
}

/** As learn_cases.py has it. */
export function digestOf(state: Record<string, Float64Array>): string {
  const sha = createHash('sha256');
  for (const name of Object.keys(state).sort()) sha.update(Buffer.from(state[name].buffer));
  return sha.digest('hex').slice(0, 16);
}
