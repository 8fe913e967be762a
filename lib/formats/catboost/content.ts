/** Detects the form of a model, and reads it. */
import type { Budget } from '../../graph/budget.ts';
import { refuse } from '../containers/checks.ts';
import { fromBinary } from './binary.ts';
import { fromJson } from './json.ts';
import type { CatboostModel } from './model.ts';
import { isBinary } from './signature.ts';

/** Throws for bytes that are not a model. */
export function readModel(bytes: Uint8Array, budget: Budget, place: string): CatboostModel {
  const model = isBinary(bytes) ? fromBinary(bytes, budget, place) : fromJson(bytes, budget, place);
  const { dimensions, scale, bias } = model;
  if (bias.length !== 0 && bias.length !== dimensions) {
    refuse('scale_and_bias', `expected a bias for each of ${dimensions} dimensions, found ${bias.length}`);
  }
  const stray = [scale, ...bias].find((value) => !Number.isFinite(value));
  if (stray !== undefined) refuse('scale_and_bias', `expected finite numbers, found ${stray}`);
  return model;
}
