/** Programs of terms in a frozen file: the same steps, with arrays of numbers encoded in JSON. */

import { ForwardpassError } from '../../errors.ts';
import { NORM_NAMES } from '../../graph/operations/choices.ts';
import {
  ACCENTS,
  type Analysis,
  HASHED_KINDS,
  HASHED_VALUES,
  ownTextIn,
  TERM_UNITS,
  type TermProgram,
  type TermStep,
  type TextChange,
  TOKEN_ROWS,
  TOKEN_SPLITS,
  type Tokenizing,
  WEIGHT_FUNCTIONS,
} from '../../graph/terms.ts';
import { quote } from '../../messages.ts';
import * as is from '../containers/checks.ts';

export function encodeTerms(program: TermProgram): TermProgram {
  const own = ownTextIn(program);
  if (own !== undefined) {
    const message = `computes ${quote(own.name)} by a function of yours, which cannot be stored in a file`;
    throw new ForwardpassError('UNSUPPORTED_OP', message, own.place);
  }
  return program.map((step) => {
    if (step.op === 'scale') return { ...step, by: Array.from(step.by) };
    if (step.op === 'select') return { ...step, ids: Array.from(step.ids) };
    return step;
  });
}

/** For millions of items, places are computed only for an error. */
function manyOf<T>(check: is.Check<T>, isPlain: (value: unknown) => boolean): is.Check<readonly T[]> {
  return (value, place) => {
    if (Array.isArray(value) && value.every(isPlain)) return value as T[];
    return is.list(check)(value, place);
  };
}

const texts = manyOf(is.text, (value) => typeof value === 'string');
const numbers = manyOf(is.number, Number.isFinite);
const ids: is.Check<readonly number[]> = manyOf(
  (value, place) => (isId(value) ? value : is.refuse(place, 'expected an integer from 0 to 2^31 - 1')),
  isId,
);

function isId(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) < 2 ** 31;
}

const analysis = is.record<Omit<Analysis, 'own'>>({
  unit: is.oneOf(TERM_UNITS),
  lowercase: is.truth,
  accents: is.oneOf(ACCENTS),
  pattern: is.text,
  stopWords: texts,
  least: is.count,
  most: is.count,
});

const lower = is.record<Extract<TextChange, { op: 'lower' }>>({ op: only('lower'), ascii: is.truth });
const replace = is.record<Extract<TextChange, { op: 'replace' }>>({
  ...{ op: only('replace'), pattern: is.text, by: is.text, all: is.truth },
});

const strip = is.record<Extract<TextChange, { op: 'strip' }>>({ op: only('strip') });

const change: is.Check<TextChange> = (value, place) => {
  const op = is.oneOf(['lower', 'strip', 'replace'])(is.fields(value, place).op, `${place}.op`);
  if (op !== 'replace') return op === 'lower' ? lower(value, place) : strip(value, place);
  return replace(value, place);
};

const between = is.record<{ readonly between: string }>({ between: is.text });
const split: is.Check<Tokenizing['split']> = (value, place) =>
  typeof value === 'string' ? is.oneOf(TOKEN_SPLITS)(value, place) : between(value, place);

const tokenizing = is.record<Tokenizing>({ changes: is.list(change), split, grams: is.list(is.count) });

type StepOf<O extends TermStep['op']> = Extract<TermStep, { op: O }>;
type Steps = { readonly [O in TermStep['op']]: is.Check<StepOf<O>> };

function only<O extends string>(op: O): is.Check<O> {
  return () => op;
}

const STEPS: Steps = {
  count: is.record<StepOf<'count'>>({
    ...{ op: only('count'), feature: is.count, analysis, terms: texts, binary: is.truth },
  }),
  hash: is.record<StepOf<'hash'>>({
    op: only('hash'),
    feature: is.count,
    value: is.oneOf(HASHED_VALUES),
    analysis: is.optional(analysis),
    size: is.count,
    signed: is.truth,
    binary: is.truth,
    single: is.truth,
  }),
  tokens: is.record<StepOf<'tokens'>>({
    op: only('tokens'),
    feature: is.count,
    tokenizing,
    terms: texts,
    numbers,
    unknown: is.number,
    row: is.oneOf(TOKEN_ROWS),
    width: is.count,
  }),
  place: is.record<StepOf<'place'>>({
    op: only('place'),
    features: is.list(is.count),
    kinds: is.list(is.oneOf(HASHED_KINDS)),
    count: is.count,
    key: is.optional(is.list(is.text)),
    mask: is.optional(is.label),
    start: is.optional(is.text),
  }),
  map: is.record<StepOf<'map'>>({
    ...{ op: only('map'), of: is.count, fn: is.oneOf(WEIGHT_FUNCTIONS), single: is.truth },
  }),
  above: is.record<StepOf<'above'>>({ op: only('above'), of: is.count, threshold: is.number }),
  scale: is.record<StepOf<'scale'>>({
    op: only('scale'),
    of: is.count,
    by: numbers,
    divides: is.truth,
    single: is.truth,
  }),
  norm: is.record<StepOf<'norm'>>({ op: only('norm'), of: is.count, norm: is.oneOf(NORM_NAMES), single: is.truth }),
  select: is.record<StepOf<'select'>>({
    ...{ op: only('select'), of: is.count, ids },
  }),
  join: is.record<StepOf<'join'>>({ op: only('join'), of: is.list(is.count) }),
};

const step: is.Check<TermStep> = (value, place) => {
  const ops = Object.keys(STEPS) as TermStep['op'][];
  return STEPS[is.oneOf(ops)(is.fields(value, place).op, `${place}.op`)](value, place);
};

export const terms: is.Check<TermProgram> = is.list(step);
