/** How each objective transforms the sum, and the base score before it. */
import { ForwardpassError } from '../../errors.ts';
import { logf } from './float32.ts';
import type { XgboostModel } from './model.ts';

/** How sums become outputs. */
export type Link = 'identity' | 'sigmoid' | 'exp' | 'softmax' | 'arg_max' | 'hinge' | 'sort';
/** Whether the outputs are numbers or classes. */
export type Target = 'values' | 'classes';

export interface Objective {
  readonly link: Link;
  readonly of: Target;
  /** What the base score is: the sum itself, a probability or a mean. */
  readonly base: 'sum' | 'probability' | 'mean';
}

const VALUES: Objective = { link: 'identity', of: 'values', base: 'sum' };
/** Since 3.4, quantiles of a row do not cross. */
const SORTED: Objective = { link: 'sort', of: 'values', base: 'sum' };
const MEANS: Objective = { link: 'exp', of: 'values', base: 'mean' };

const OBJECTIVES: Readonly<Record<string, Objective>> = {
  'reg:squarederror': VALUES,
  'reg:linear': VALUES,
  'reg:squaredlogerror': VALUES,
  'reg:pseudohubererror': VALUES,
  'reg:absoluteerror': VALUES,
  'reg:quantileerror': VALUES,
  'reg:expectileerror': VALUES,
  'reg:logistic': { link: 'sigmoid', of: 'values', base: 'probability' },
  'reg:gamma': MEANS,
  'reg:tweedie': MEANS,
  'count:poisson': MEANS,
  'survival:cox': MEANS,
  'survival:aft': MEANS,
  'rank:pairwise': VALUES,
  'rank:ndcg': VALUES,
  'rank:map': VALUES,
  'binary:logistic': { link: 'sigmoid', of: 'classes', base: 'probability' },
  'binary:logitraw': { link: 'identity', of: 'classes', base: 'sum' },
  'binary:hinge': { link: 'hinge', of: 'classes', base: 'sum' },
  'multi:softprob': { link: 'softmax', of: 'classes', base: 'sum' },
  'multi:softmax': { link: 'arg_max', of: 'classes', base: 'sum' },
};

export function objectiveOf({ objective, outputs, version }: XgboostModel): Objective {
  // Models fitted on a GPU used to have this prefix.
  const name = objective.replace(/^gpu:/, '');
  if (name === 'reg:expectileerror' && outputs > 1) {
    throw new ForwardpassError(
      'UNSUPPORTED_OP',
      `several expectiles in one model are not supported, found ${outputs}; fit a model for each`,
      'objective',
    );
  }
  if (name === 'reg:quantileerror' && outputs > 1 && isSince(version, 3, 4)) return SORTED;
  if (Object.hasOwn(OBJECTIVES, name)) return OBJECTIVES[name];
  const known = Object.keys(OBJECTIVES).join(', ');
  throw new ForwardpassError(
    'UNSUPPORTED_OP',
    `the objective '${objective}' is not supported; expected one of ${known}`,
    'objective',
  );
}

/** The start value of each output's sum, in float32. */
export function margins(model: XgboostModel): readonly number[] {
  const { baseScore, outputs, version } = model;
  if (baseScore.length !== 1 && baseScore.length !== outputs) {
    throw new ForwardpassError(
      'SHAPE',
      `expected a base score for each of ${outputs} outputs, found ${baseScore.length}`,
      'base_score',
    );
  }
  const { base } = objectiveOf(model);
  const begin = (score: number) => {
    if (version[0] === 0 || base === 'sum') return score;
    const margin = base === 'mean' ? logf(score) : logit(isSince(version, 3, 2) ? bounded(score) : score);
    if (Number.isFinite(margin)) return margin;
    throw new ForwardpassError('MALFORMED', `expected a ${base} for ${model.objective}, found ${score}`, 'base_score');
  };
  return Array.from({ length: outputs }, (_, k) => begin(baseScore[baseScore.length === 1 ? 0 : k]));
}

function logit(probability: number): number {
  return -logf(Math.fround(Math.fround(1 / probability) - 1));
}

const LEAST_PROBABILITY = Math.fround(1e-6);

/** Since 3.2, a probability of 0 or 1 is moved slightly inwards. */
function bounded(probability: number): number {
  if (!(probability >= 0 && probability <= 1)) return probability;
  return Math.min(Math.max(probability, LEAST_PROBABILITY), Math.fround(1 - LEAST_PROBABILITY));
}

export function isSince([ownMajor, ownMinor]: XgboostModel['version'], major: number, minor: number): boolean {
  return ownMajor > major || (ownMajor === major && ownMinor >= minor);
}
