/** Learners from estimators of scikit-learn: pickle, joblib or skops files; names with parameters; checkpoints. */

import { ForwardpassError } from '../errors.ts';
import type { PickleValue } from '../formats/containers/pickle/values.ts';
import { PickleObject } from '../formats/containers/pickle/values.ts';
import type { Member, Source } from '../formats/format.ts';
import { choose } from '../formats/sklearn/bundle/choose.ts';
import { Estimator } from '../formats/sklearn/estimator.ts';
import { graphOf, readValues } from '../formats/sklearn/read.ts';
import { isSkops } from '../formats/sklearn/sklearn.ts';
import { itemsOf } from '../formats/sklearn/values.ts';
import { Budget } from '../graph/budget.ts';
import type { Graph } from '../graph/graph.ts';
import type { Limits } from '../graph/limits.ts';
import type { Incremental } from './estimators/incremental.ts';
import { classArray } from './estimators/labels.ts';
import { stepsOf } from './estimators/steps.ts';
import { newEstimator, openEstimator } from './estimators/table.ts';
import type { LearningOptions, Origin } from './origin.ts';
import { setAttribute } from './tree.ts';

/** The options for reading. */
export interface ReadingOptions extends LearningOptions {
  readonly member: Member | undefined;
  readonly limits: Partial<Limits>;
}

class SklearnOrigin implements Origin {
  readonly kind = 'sklearn';
  readonly learns: Incremental;
  readonly featureNames: readonly string[] | undefined;
  readonly #estimator: Estimator;
  readonly #options: ReadingOptions;

  constructor(estimator: Estimator, options: ReadingOptions) {
    this.#estimator = estimator;
    this.#options = options;
    this.learns = openEstimator(estimator, options);
    const first = estimator.className === 'Pipeline' ? stepsOf(estimator)[0]?.step : undefined;
    const names = itemsOf((first ?? estimator).value('feature_names_in_'));
    this.featureNames = names?.every((name) => typeof name === 'string') ? (names as string[]) : undefined;
  }

  setFeatureNames(names: readonly string[]): void {
    setAttribute(this.#estimator.object, 'feature_names_in_', classArray(names));
  }

  graph(): Graph {
    return this.#graphOf((estimator) => [estimator]);
  }

  front(): Graph | undefined {
    const { frontSteps = 0 } = this.learns;
    if (frontSteps === 0) return undefined;
    return this.#graphOf((estimator) =>
      stepsOf(estimator)
        .slice(0, frontSteps)
        .map(({ step }) => step),
    );
  }

  #graphOf(parts: (estimator: Estimator) => readonly Estimator[]): Graph {
    const budget = new Budget(this.#options.limits);
    budget.opened(MODEST_FILE);
    const estimators = parts(Estimator.of(this.#estimator.object, '', budget));
    return graphOf({ estimators, names: () => undefined }, { budget, numIteration: undefined, functions: new Map() });
  }

  again(tree: PickleValue): Origin {
    return reopenSklearn(tree, this.#options);
  }

  tree(): PickleValue {
    return this.#estimator.object;
  }
}

/** The budget of a load depends on its file size; without a file, this size is assumed. */
const MODEST_FILE = 2 ** 24;

export async function openSklearn(source: Source, options: ReadingOptions): Promise<Origin> {
  const budget = new Budget(options.limits);
  budget.opened(source.main.size);
  const values = await readValues(source, budget, await isSkops(source));
  const { estimators } = choose(values, options.member, budget);
  if (estimators.length > 1) {
    const message = 'names several estimators, but only one can learn; use a Pipeline of them';
    throw new ForwardpassError('OPTION', message, 'member');
  }
  return new SklearnOrigin(estimators[0], options);
}

/** A new estimator. */
export function newSklearn(
  name: string,
  parameters: Readonly<Record<string, unknown>>,
  options: ReadingOptions,
): Origin {
  return reopenSklearn(newEstimator(name, parameters), options);
}

/** Reopens the result of {@link Origin.tree}. */
export function reopenSklearn(tree: PickleValue, options: ReadingOptions): Origin {
  if (!(tree instanceof PickleObject)) {
    throw new ForwardpassError('MALFORMED', 'the checkpoint has no estimator', 'checkpoint');
  }
  return new SklearnOrigin(Estimator.of(tree, '', new Budget(options.limits)), options);
}
