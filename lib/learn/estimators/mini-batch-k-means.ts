/** MiniBatchKMeans. */
import type { FloatArray } from '../../buffers.ts';
import { ForwardpassError } from '../../errors.ts';
import { PickleArray } from '../../formats/containers/pickle/values.ts';
import type { Estimator } from '../../formats/sklearn/estimator.ts';
import type { LearningOptions } from '../origin.ts';
import { diverged } from '../stepper.ts';
import { arrayOf, setAttribute } from '../tree.ts';
import { Centres, type CentresState } from './centres.ts';
import { Generator } from './generator.ts';
import type { Batch, Incremental } from './incremental.ts';
import { asFloats, checkRows } from './inputs.ts';

/** The last batch, from which labels_ and inertia_ are computed on demand. */
interface LastBatch {
  readonly x: FloatArray;
  readonly rows: number;
  readonly weights: FloatArray | undefined;
}

export class MiniBatchKMeans implements Incremental {
  readonly name: string;
  readonly targets = 'none';
  readonly width: number;
  readonly Floats: Incremental['Floats'];
  readonly #estimator: Estimator;
  readonly #generator: Generator;
  readonly #centres: Centres;
  readonly #labels: boolean;
  #last: LastBatch | undefined;

  constructor(estimator: Estimator, { seed }: LearningOptions) {
    this.#estimator = estimator;
    this.name = estimator.className;
    if (!estimator.has('cluster_centers_')) {
      const message = 'has no centres yet; fit it once in scikit-learn, with enough rows to find them';
      throw estimator.error('UNSUPPORTED_OP', message, 'cluster_centers_');
    }
    const { rows, columns, data } = estimator.matrix('cluster_centers_');
    this.width = columns;
    this.Floats = data instanceof Float32Array ? Float32Array : Float64Array;
    const ratio = estimator.number('reassignment_ratio', 0.01);
    // The generator continues after partial_fit. After fit, it starts again and then continues.
    this.#generator = new Generator(estimator, seed, {
      attribute: estimator.has('_random_state') ? '_random_state' : 'random_state',
      goesOn: true,
    });
    this.#labels = estimator.boolean('compute_labels', true);
    const state: CentresState = {
      centres: data.slice(),
      counts: asFloats(estimator.vector('_counts', rows), this.Floats).slice(),
      sinceReassigned: estimator.number('_n_since_last_reassign'),
      steps: estimator.number('n_steps_', 0),
    };
    if (state.counts.some((count) => count < 0)) throw estimator.error('MALFORMED', 'expected 0 or more', '_counts');
    this.#centres = new Centres(state, estimator.number('_batch_size'), ratio, (count) => this.#permutation(count));
  }

  partialFit({ x, rows, weights }: Batch): void {
    checkRows(x, this.width);
    const batch = { x: asFloats(x, this.Floats), rows, weights: weights && asFloats(weights, this.Floats) };
    this.#generator.mark();
    try {
      if (!this.#centres.learn(batch.x, rows, batch.weights)) throw diverged();
    } catch (error) {
      this.#generator.restore();
      throw error;
    }
    this.#last = this.#labels ? { ...batch, x: batch.x === x ? batch.x.slice() : batch.x } : undefined;
  }

  #permutation(count: number): Int32Array {
    const rows = Int32Array.from({ length: count }, (_, row) => row);
    const random = this.#generator.ofCall();
    if (random === undefined) {
      const message =
        'clusters must be restarted at random rows, but random_state is None and the file was saved after fit, not partial_fit; pass the option `seed`';
      throw new ForwardpassError('OPTION', message, 'seed');
    }
    random.shuffle(rows);
    return rows;
  }

  undo(): void {
    this.#centres.undo();
    this.#generator.restore();
    this.#last = undefined;
  }

  keep(): unknown {
    return { state: this.#centres.state, generator: this.#generator.keep() };
  }

  restore(kept: unknown): void {
    const { state, generator } = kept as { state: CentresState; generator: unknown };
    this.#centres.state = state;
    this.#generator.take(generator);
    this.#last = undefined;
  }

  state(): Record<string, unknown> {
    const { centres, counts, sinceReassigned, steps } = this.#centres.state;
    return {
      cluster_centers_: centres.slice(),
      _counts: counts.slice(),
      _n_since_last_reassign: sinceReassigned,
      n_steps_: steps,
      ...this.#assigned(),
    };
  }

  /** The labels and inertia of the last batch for the current centres. */
  #assigned(): { labels_: Int32Array; inertia_: number } | undefined {
    if (this.#last === undefined) return undefined;
    const { x, rows, weights } = this.#last;
    const labels = this.#centres.labels(x, rows);
    return { labels_: labels, inertia_: this.#centres.inertia(x, labels, weights) };
  }

  store(): void {
    const { object } = this.#estimator;
    const { cluster_centers_: centres, _counts: counts, labels_: labels, ...numbers } = this.state();
    const length = (counts as FloatArray).length;
    setAttribute(object, 'cluster_centers_', arrayOf([length, this.width], centres as FloatArray));
    setAttribute(object, '_counts', arrayOf([length], counts as FloatArray));
    for (const [name, value] of Object.entries(numbers)) setAttribute(object, name, value as number);
    if (labels instanceof Int32Array) setAttribute(object, 'labels_', new PickleArray([labels.length], 'i4', labels));
    this.#generator.store();
    const random = this.#generator.object();
    if (random !== undefined) setAttribute(object, '_random_state', random);
  }
}
