/** Types the addon of learning, and turns its errors into ForwardpassErrors. Only lib/learn/stepper.ts uses it. */
import { openAddon } from '../addon.ts';
import { type ErrorCode, ForwardpassError } from '../errors.ts';

/** The positions in the words of a learner. native/learn/kind.h holds the same list. */
export const WORD = { rows: 0, flags: 1, status: 2, row: 3, column: 4 } as const;
export const WORDS = 8;

/** The status of a step. native/learn/kind.h holds the same list. */
export const STATUS = {
  learnt: 0,
  badRows: 1,
  inputNotFinite: 2,
  targetNotFinite: 3,
  notFinite: 4,
  badTarget: 5,
} as const;

/** The arrays that a learner's memory may consist of. */
export type LearnerBuffer = Float64Array | Float32Array | Int32Array | Uint32Array | Uint8Array;

interface LearnAddon {
  instructionSets(): string[];
  create(
    kind: string,
    isa: string,
    integers: Int32Array,
    numbers: Float64Array,
    words: Int32Array,
    state: Float64Array,
    before: Float64Array,
    buffers: readonly LearnerBuffer[],
  ): () => void;
  exp(isa: string, x: number): number;
  pow(isa: string, x: number, y: number): number;
}

let loaded: LearnAddon | undefined;

function addon(): LearnAddon {
  loaded ??= openAddon(undefined, 'forwardpass-learn') as LearnAddon;
  return loaded;
}

/**
 * The instruction set in FORWARDPASS_ISA, if learning has code for it; empty for the best. Results do not depend on it.
 */
function isaOf(): string {
  const wanted = process.env.FORWARDPASS_ISA;
  return wanted !== undefined && addon().instructionSets().includes(wanted) ? wanted : '';
}

/** The function that steps a learner over these buffers. */
export function createStep(
  kind: string,
  integers: readonly number[],
  numbers: readonly number[],
  words: Int32Array,
  state: Float64Array,
  before: Float64Array,
  buffers: readonly LearnerBuffer[],
): () => void {
  try {
    const [whole, real] = [Int32Array.from(integers), Float64Array.from(numbers)];
    return addon().create(kind, isaOf(), whole, real, words, state, before, buffers);
  } catch (cause) {
    const code = (cause as { code?: unknown } | undefined)?.code;
    if (cause instanceof ForwardpassError || !(cause instanceof Error)) throw cause;
    if (code !== 'PLAN' && code !== 'MEMORY' && code !== 'ISA') throw cause;
    throw new ForwardpassError(code satisfies ErrorCode, cause.message, 'learner', { cause });
  }
}

/** e^x, with the bits of glibc on processors with fused multiply-add. */
export function exp(x: number): number {
  return addon().exp(isaOf(), x);
}

/** x^y of a positive x, with the bits of glibc on processors with fused multiply-add. */
export function pow(x: number, y: number): number {
  return addon().pow(isaOf(), x, y);
}
