/** What test/fixtures/onnx-backend/cases.json.gz holds. */
import type { ErrorCode } from '../../../lib/errors.ts';
import type { DType } from '../../../lib/graph/graph.ts';

export interface PackedTensor {
  readonly name: string;
  readonly dtype: DType;
  /** The whole batch's: rows first. */
  readonly shape: readonly number[];
  /** Little-endian, base64; half precision as float32, bool as bytes. */
  readonly data: string;
}

export interface BackendCase {
  readonly name: string;
  /** The operator that it tests, or which collection of models it is of. */
  readonly group: string;
  /** The operators of the model, subgraphs included. */
  readonly ops: readonly string[];
  /** Inputs that were made initializers, because a row model has them as constants. */
  readonly constants: readonly string[];
  /** The absolute tolerance that the ONNX runner has for it. */
  readonly atol: number;
  /** The model's file, base64. */
  readonly model: string;
  readonly sets: readonly { readonly inputs: readonly PackedTensor[]; readonly outputs: readonly PackedTensor[] }[];
}

export interface BackendTests {
  readonly onnx: string;
  /** Names of the cases left out, by the reason. */
  readonly skipped: Readonly<Record<string, readonly string[]>>;
  readonly cases: readonly BackendCase[];
}

export type Outcome = 'agrees' | { readonly refused: ErrorCode; readonly message: string };
