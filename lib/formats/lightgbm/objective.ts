/** How each objective transforms raw scores. Its name and parameters are one line of the file: `binary sigmoid:1`. */
import { ForwardpassError } from '../../errors.ts';
import type { Emitter } from '../sklearn/emitter.ts';
import type { RowVector } from '../sklearn/outcome.ts';
import type { Header } from './text.ts';

type Link = (emitter: Emitter, scores: RowVector) => RowVector;

const IDENTITY = new Set([
  ...['regression', 'regression_l1', 'regression_l2', 'huber', 'fair', 'quantile', 'mape', 'lambdarank', 'rank_xendcg'],
  ...['custom', 'none'],
]);
const EXPONENTIAL = new Set(['poisson', 'gamma', 'tweedie']);

/** @throws {ForwardpassError} UNSUPPORTED_OP for an unknown objective; MALFORMED. */
export function objectiveOf({ objective, outputs }: Header): Link {
  const [name = 'none', ...parameters] = objective;
  if (outputs > 1 && !MANY.has(name)) throw malformed(`${name} has one output, found ${outputs}`);
  if (IDENTITY.has(name)) return parameters.includes('sqrt') ? squared : (_, scores) => scores;
  if (EXPONENTIAL.has(name)) return (emitter, scores) => emitter.unary(scores, 'exp');
  switch (name) {
    case 'binary':
    case 'multiclassova':
      return logistic(numberOf(parameters, 'sigmoid', 1));
    case 'cross_entropy':
      return logistic(1);
    case 'cross_entropy_lambda':
      return logarithmOfMore;
    case 'multiclass':
      return (emitter, scores) => emitter.softmax(scores);
    default:
      throw new ForwardpassError(
        'UNSUPPORTED_OP',
        `the objective ${JSON.stringify(name.slice(0, 40))} is not supported`,
        'objective',
      );
  }
}

/** Objectives with several outputs. */
const MANY = new Set(['multiclass', 'multiclassova', 'custom', 'none']);

function logistic(slope: number): Link {
  return (emitter, scores) => emitter.unary(slope === 1 ? scores : emitter.binary('mul', scores, slope), 'sigmoid');
}

/** The greatest number whose exponential is finite. */
const GREATEST = 709.782712893384;

/** log(1 + exp(x)), where the exponential may be infinite. */
const logarithmOfMore: Link = (emitter, scores) =>
  emitter.select(emitter.binary('greater', scores, GREATEST), Infinity, emitter.unary(scores, 'softplus', 1));

/** For models that were fitted on square roots; keeps the sign of the sum. */
function squared(emitter: Emitter, scores: RowVector): RowVector {
  return emitter.binary('mul', emitter.unary(scores, 'abs'), scores);
}

function numberOf(parameters: readonly string[], name: string, otherwise: number): number {
  const found = parameters.find((parameter) => parameter.startsWith(`${name}:`));
  if (found === undefined) return otherwise;
  const word = found.slice(name.length + 1);
  const number = /^[\d.]{1,20}(?:e[-+]?\d{1,3})?$/.test(word) ? Number(word) : Number.NaN;
  if (number > 0 && Number.isFinite(number)) return number;
  throw malformed(`expected a positive ${name}, found ${JSON.stringify(word.slice(0, 40))}`);
}

function malformed(message: string): ForwardpassError {
  return new ForwardpassError('MALFORMED', message, 'objective');
}
