/**
 * Validates programs of terms, which frozen files may contain: references to earlier steps, ids in range, finite
 * numbers.
 */
import { ForwardpassError } from '../errors.ts';
import type { Analysis, TermProgram, TermStep } from './terms.ts';

const MOST_IDS = 2 ** 31 - 1;
const MOST_STEPS = 10_000;

/** @throws {ForwardpassError} MALFORMED, SHAPE. */
export function checkTerms(
  program: TermProgram,
  shape: readonly number[],
  features: readonly number[],
  place: string,
): void {
  const widths: number[] = [];
  const refuse = (at: number, what: string) => new ForwardpassError('MALFORMED', what, `${place}, terms[${at}]`);
  if (program.length === 0 || program.length > MOST_STEPS)
    throw refuse(0, `expected 1 to ${MOST_STEPS} steps of terms`);
  for (const [at, step] of program.entries()) {
    const earlier = 'of' in step ? [step.of].flat() : [];
    if (!earlier.every((of) => Number.isInteger(of) && of >= 0 && of < at)) throw refuse(at, 'takes no earlier step');
    if ('feature' in step && !features.includes(step.feature)) throw refuse(at, `takes the feature ${step.feature}`);
    if ('features' in step && !step.features.every((feature) => features.includes(feature)))
      throw refuse(at, 'takes a feature that the input does not name');
    const fault = faultIn(step, widths);
    if (fault !== undefined) throw refuse(at, fault);
    const width = widthOf(step, widths);
    if (!(Number.isInteger(width) && width >= 1 && width <= MOST_IDS)) throw refuse(at, `gives ids up to ${width}`);
    widths.push(width);
  }
  const width = widths[widths.length - 1];
  if (shape.length === 1 && shape[0] === width) return;
  throw new ForwardpassError('SHAPE', `expected ids of ${width} terms, found [${shape.join(', ')}]`, place);
}

/** The number of ids that a step's row may have. */
export function widthOf(step: TermStep, widths: readonly number[]): number {
  if (step.op === 'count') return step.terms.length;
  if (step.op === 'hash') return step.size;
  if (step.op === 'tokens') return step.width;
  if (step.op === 'place') return 1;
  if (step.op === 'select') return step.ids.length;
  if (step.op === 'join') return step.of.reduce((sum, of) => sum + widths[of], 0);
  return widths[step.of];
}

function faultIn(step: TermStep, widths: readonly number[]): string | undefined {
  switch (step.op) {
    case 'count':
      return analysisFault(step.analysis) ?? (isDistinct(step.terms) ? undefined : 'has a term twice');
    case 'hash':
      if (step.value === 'text')
        return step.analysis === undefined ? 'lacks an analysis' : analysisFault(step.analysis);
      return step.analysis === undefined ? undefined : 'has an analysis of a value that is not text';
    case 'tokens':
      return tokensFault(step);
    case 'place':
      return placeFault(step);
    case 'above':
      return step.threshold >= 0 ? undefined : `has the threshold ${step.threshold}`;
    case 'scale': {
      const { by } = step;
      const isFit = by.length === 1 || by.length === widths[step.of];
      const isUsable = by.every((factor) => Number.isFinite(factor) && !(step.divides && factor === 0));
      return isFit && isUsable ? undefined : 'expected a finite factor for each id';
    }
    case 'select': {
      const isIn = step.ids.every((id) => id >= 0 && id < widths[step.of]);
      return isIn && isDistinct(step.ids) ? undefined : 'selects ids that are out of range or repeated';
    }
    default:
      return undefined;
  }
}

function analysisFault({ least, most }: Analysis): string | undefined {
  const isRange = Number.isSafeInteger(least) && Number.isSafeInteger(most) && least >= 1 && least <= most;
  return isRange ? undefined : `has terms of ${least} to ${most} units`;
}

function tokensFault({ tokenizing, terms, numbers, unknown }: Extract<TermStep, { op: 'tokens' }>): string | undefined {
  if (!isDistinct(terms)) return 'has a term twice';
  if (numbers.length !== terms.length) return 'expected a number for each term';
  if (!Number.isSafeInteger(unknown) || !numbers.every(Number.isSafeInteger)) return 'expected integers of terms';
  if (typeof tokenizing.split === 'object' && tokenizing.split.between === '') return 'splits texts at an empty string';
  const isGram = (count: number) => Number.isSafeInteger(count) && count >= 1;
  return tokenizing.grams.every(isGram) ? undefined : 'expected n-grams of one token or more';
}

const INTEGER = /^-?\d{1,20}$/;

function placeFault(step: Extract<TermStep, { op: 'place' }>): string | undefined {
  const { features, kinds, count, key, mask, start } = step;
  const isOne = features.length === 1 && start === undefined;
  const isSeveral = features.length > 1 && start !== undefined && key === undefined && mask === undefined;
  if (!(isOne || isSeveral) || kinds.length !== features.length) return 'hashes values in an unknown way';
  const isUsable = [...(key ?? []), start ?? '0'].every((text) => INTEGER.test(text)) && (key?.length ?? 2) === 2;
  const least = mask === undefined ? 1 : 2;
  return isUsable && count >= least && count <= MOST_IDS ? undefined : `puts values into ${count} places`;
}

function isDistinct(items: Iterable<unknown> & { readonly length: number }): boolean {
  return new Set(items).size === items.length;
}
