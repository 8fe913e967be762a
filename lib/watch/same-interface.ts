/** Checks whether a model can replace another one without breaking its callers. */
import { isDeepStrictEqual } from 'node:util';
import { ForwardpassError } from '../errors.ts';
import { describe, quote } from '../messages.ts';
import type { Model, TensorInfo } from '../model.ts';

/** Throws REJECTED with the first difference. */
export function checkSameInterface(candidate: Model, current: Model): void {
  compare('inputs', candidate.inputs, current.inputs);
  compare('outputs', candidate.outputs, current.outputs);
  differ('classes', candidate.classes, current.classes);
  differ('featureNames', candidate.featureNames, current.featureNames);
  differ('precision', resultsOf(candidate), resultsOf(current));
}

function compare(place: string, found: readonly TensorInfo[], expected: readonly TensorInfo[]): void {
  differ(place, found.map(nameOf), expected.map(nameOf));
  for (const [i, tensor] of expected.entries()) {
    const [here, other] = [`${place}[${i}] ${quote(tensor.name)}`, found[i]];
    differ(`${here} shape`, other.shape, tensor.shape);
    differ(`${here} dtype`, kindOf(other), kindOf(tensor));
    differ(`${here} categories`, other.categories, tensor.categories);
    keeps(`${here} missing`, other.missing, tensor.missing);
    keeps(`${here} unused`, other.unused, tensor.unused);
  }
}

function differ(place: string, found: unknown, expected: unknown): void {
  if (isDeepStrictEqual(found, expected)) return;
  const message = `expected ${show(expected)} as in the model in use, found ${show(found)} (see the option sameInterface)`;
  throw new ForwardpassError('REJECTED', message, place);
}

/** Values that callers may omit must remain optional. */
function keeps(place: string, found: readonly number[] = [], expected: readonly number[] = []): void {
  const kept = new Set(found);
  if (!expected.every((element) => kept.has(element))) differ(place, found, expected);
}

function nameOf({ name }: TensorInfo): string {
  return name;
}

/**
 * The kind of a type: arrays of either precision are accepted for all floating types, arrays of any integers for all
 * integer types.
 */
function kindOf({ dtype }: TensorInfo): string {
  return /^(u?int|bool)/.test(dtype) ? 'integers' : /float/.test(dtype) ? 'floats' : dtype;
}

/** The type of result arrays. */
function resultsOf({ precision }: Model): string {
  return precision === 'f64' ? 'f64' : 'f32';
}

function show(value: unknown): string {
  if (typeof value !== 'object' || value === null) return describe(value);
  const text = JSON.stringify(value);
  return text.length > 200 ? `${text.slice(0, 199)}…` : text;
}
