/** GaussianNB: single rows of doubles are learnt by native/learn/gaussian.h, everything else by gaussian-moments.ts. */
import type { FloatArray } from '../../buffers.ts';
import type { Estimator } from '../../formats/sklearn/estimator.ts';
import type { Label } from '../../labels.ts';
import type { LearningOptions } from '../origin.ts';
import { allocated, diverged, Stepper } from '../stepper.ts';
import { vectorSum } from '../sums.ts';
import { ClassTargets } from '../targets.ts';
import { arrayOf, setAttribute } from '../tree.ts';
import { GaussianMoments } from './gaussian-moments.ts';
import type { Batch, Incremental } from './incremental.ts';
import { asFloats, checkRows, labelsOf } from './inputs.ts';
import { classArray } from './labels.ts';
import { likelihoods } from './likelihoods.ts';

export class GaussianNaiveBayes implements Incremental {
  readonly name: string;
  readonly targets = 'classes';
  classes: readonly Label[] | undefined;
  width: number | undefined;
  Floats: Incremental['Floats'] = Float64Array;

  readonly #estimator: Estimator;
  readonly #smoothing: number;
  #memory: Memory | undefined;

  constructor(estimator: Estimator, _options: LearningOptions) {
    this.#estimator = estimator;
    this.name = estimator.className;
    this.#smoothing = estimator.number('var_smoothing', 1e-9);
    if (!(this.#smoothing >= 0)) throw estimator.error('MALFORMED', 'expected 0 or more', 'var_smoothing');
    if (estimator.has('theta_')) this.#open();
  }

  begin(width: number, classes: readonly Label[] | undefined, Floats: Incremental['Floats']): void {
    const { object } = this.#estimator;
    const memory = this.#allocate(width, classes ?? [], Floats);
    if (this.#estimator.has('priors')) memory.priors.set(this.#givenPriors(memory.priors.length));
    setAttribute(object, 'classes_', classArray(this.classes as readonly Label[]));
    setAttribute(object, 'n_features_in_', width);
  }

  partialFit(batch: Batch): void {
    const memory = this.#memory as Memory;
    const { stepper } = memory;
    if (stepper !== undefined && batch.rows === 1 && batch.weights === undefined) {
      memory.classTargets.read(batch.targets, 1, stepper.targets);
      stepper.x.set(batch.x);
      const { epsilon } = memory.moments;
      stepper.step(1, 0);
      memory.epsilonBefore = epsilon;
      memory.moments.epsilon = 0;
      memory.isNative = true;
      return;
    }
    const width = this.width as number;
    const labels = labelsOf(batch, memory.classTargets);
    checkRows(batch.x, width);
    const before = memory.state.slice();
    const { epsilon } = memory.moments;
    const weights = batch.weights && asFloats(batch.weights, this.Floats);
    const moments = new GaussianMoments(memory.moments, this.#smoothing);
    if (!moments.learn(asFloats(batch.x, this.Floats), batch.rows, labels, weights)) throw diverged();
    memory.before = before;
    memory.epsilonBefore = epsilon;
    memory.isNative = false;
  }

  outputs(x: FloatArray, rows: number): FloatArray {
    const memory = this.#memory as Memory;
    const width = this.width as number;
    const { theta, variances } = memory.moments;
    const starts = Float64Array.from(this.#priors(memory), (prior, label) => {
      let sum = 0;
      for (let at = label * width; at < (label + 1) * width; at++) sum += Math.log(2 * Math.PI * variances[at]);
      return Math.log(prior) - sum / 2;
    });
    return likelihoods(x, rows, starts, (label, feature, value) => {
      const at = label * width + feature;
      return -((value - theta[at]) ** 2) / (2 * variances[at]);
    });
  }

  undo(): void {
    const memory = this.#memory as Memory;
    if (memory.isNative) memory.stepper?.undo();
    else memory.state.set(memory.before);
    memory.moments.epsilon = memory.epsilonBefore;
  }

  keep(): unknown {
    return this.#memory && { state: this.#memory.state.slice(), epsilon: this.#memory.moments.epsilon };
  }

  restore(kept: unknown): void {
    if (this.#memory === undefined || kept === undefined) return;
    const { state, epsilon } = kept as { state: FloatArray; epsilon: number };
    this.#memory.state.set(state);
    this.#memory.moments.epsilon = epsilon;
  }

  state(): Record<string, unknown> {
    if (this.#memory === undefined) return {};
    const { theta, variances, counts, epsilon } = this.#memory.moments;
    return {
      theta_: theta.slice(),
      var_: variances.slice(),
      class_count_: counts.slice(),
      class_prior_: this.#priors(this.#memory),
      epsilon_: epsilon,
    };
  }

  store(): void {
    if (this.#memory === undefined) return;
    const { object } = this.#estimator;
    const { theta, variances, counts, epsilon } = this.#memory.moments;
    const shape = [counts.length, this.width as number];
    setAttribute(object, 'theta_', arrayOf(shape, theta.slice()));
    // Before 1.0, the attribute was sigma_; readers of the file prefer var_.
    setAttribute(object, 'var_', arrayOf(shape, variances.slice()));
    setAttribute(object, 'class_count_', arrayOf([counts.length], counts.slice()));
    setAttribute(object, 'class_prior_', arrayOf([counts.length], this.#priors(this.#memory)));
    setAttribute(object, 'epsilon_', epsilon);
  }

  #open(): void {
    const estimator = this.#estimator;
    const classes = estimator.labels('classes_');
    const means = estimator.matrix('theta_', classes.length);
    const Floats = means.data instanceof Float32Array ? Float32Array : Float64Array;
    const { moments, priors } = this.#allocate(means.columns, classes, Floats);
    moments.theta.set(means.data);
    const name = estimator.has('var_') ? 'var_' : 'sigma_';
    moments.variances.set(estimator.matrix(name, classes.length, means.columns).data);
    moments.counts.set(estimator.vector('class_count_', classes.length));
    moments.epsilon = estimator.number('epsilon_', 0);
    priors.set(estimator.vector('class_prior_', classes.length));
  }

  #allocate(width: number, classes: readonly Label[], Floats: Incremental['Floats']): Memory {
    this.width = width;
    this.Floats = Floats;
    this.classes = Object.freeze([...classes]);
    this.#memory = new Memory(width, this.classes, Floats);
    return this.#memory;
  }

  #givenPriors(count: number): FloatArray {
    const estimator = this.#estimator;
    const priors = estimator.vector('priors', count);
    const sum = vectorSum(priors);
    if (priors.some((prior) => prior < 0) || Math.abs(sum - 1) > 1e-8 + 1e-5) {
      throw estimator.error('OPTION', 'expected probabilities, whose sum is 1', 'priors');
    }
    return priors;
  }

  /** The class frequencies, unless the caller set the priors. */
  #priors({ moments: { counts }, priors }: Memory): FloatArray {
    if (this.#estimator.has('priors')) return priors.slice();
    const all = vectorSum(counts);
    const shares = counts.slice();
    if (all !== 0) for (let label = 0; label < shares.length; label++) shares[label] /= all;
    return shares;
  }
}

class Memory {
  /** For doubles, the learner of single rows. */
  readonly stepper: Stepper | undefined;
  /** The weight of each class, means, variances. */
  readonly state: FloatArray;
  readonly moments: GaussianMoments['moments'];
  /** The priors from the file or the caller. */
  readonly priors: FloatArray;
  readonly classTargets: ClassTargets;
  /** The state before the last batch, unless the native code learnt it. */
  before: FloatArray;
  epsilonBefore = 0;
  isNative = false;

  constructor(width: number, classes: readonly Label[], Floats: Incremental['Floats']) {
    const count = classes.length;
    const length = count + 2 * count * width;
    if (Floats === Float64Array) {
      this.stepper = new Stepper({
        kind: 'gaussian',
        integers: [width, count],
        numbers: [],
        stateLength: length,
        Floats,
        width,
      });
    }
    this.state = this.stepper?.state ?? allocated(() => new Floats(length));
    this.before = this.state;
    this.priors = new Floats(count);
    this.classTargets = new ClassTargets(classes);
    const [first, second] = [count, count + count * width];
    this.moments = {
      counts: this.state.subarray(0, first),
      theta: this.state.subarray(first, second),
      variances: this.state.subarray(second),
      epsilon: 0,
    };
  }
}
