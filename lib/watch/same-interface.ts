/** Whether a model can take another's place without those who call it noticing. */
import { isDeepStrictEqual } from 'node:util';
import { ForwardpassError } from '../errors.ts';
import { describe, quote } from '../messages.ts';
import type { Model, TensorInfo } from '../model.ts';

/** Throws REJECTED, which names the first difference. */
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

/** What callers may leave out, they may leave out still. */
function keeps(place: string, found: readonly number[] = [], expected: readonly number[] = []): void {
  const kept = new Set(found);
  if (!expected.every((element) => kept.has(element))) differ(place, found, expected);
}

function nameOf({ name }: TensorInfo): string {
  return name;
}

/** Arrays of either precision are taken for any floating type, arrays of any integers for any of theirs. */
function kindOf({ dtype }: TensorInfo): string {
  return /^(u?int|bool)/.test(dtype) ? 'integers' : /float/.test(dtype) ? 'floats' : dtype;
}

/** Results are arrays of it. */
function resultsOf({ precision }: Model): string {
  return precision === 'f64' ? 'f64' : 'f32';
}

function show(value: unknown): string {
  if (typeof value !== 'object' || value === null) return describe(value);
  const text = JSON.stringify(value);
  return text.length > 200 ? `${text.slice(0, 199)}…` : text;
}
