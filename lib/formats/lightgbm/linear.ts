/**
 * Trees with a linear model in each leaf: its constant plus its features times their coefficients, added in order; if
 * one of these features is NaN, the leaf's plain value.
 */
import { ForwardpassError } from '../../errors.ts';
import type { Emitter } from '../sklearn/emitter.ts';
import type { RowVector } from '../sklearn/outcome.ts';
import type { LinearLeaf, TextTree } from './tree.ts';

const PLACE = 'the linear models of leaves';
/** The columns of a leaf's row before its coefficients: the plain value and the constant. */
const [VALUE, CONSTANT, FIRST] = [0, 1, 2];

export class LinearLeaves {
  /** For each leaf: its value, its constant, and its number of features. */
  readonly #values: number[] = [];
  readonly #constants: number[] = [];
  readonly #counts: number[] = [];
  /** The features of all leaves, one after another. */
  readonly #features: number[] = [];
  readonly #coefficients: number[] = [];
  readonly #used = new Set<number>();

  constructor(readonly width: number) {}

  /** Returns the number of the tree's first leaf among all leaves. */
  add(tree: TextTree): number {
    const first = this.#values.length;
    tree.values.forEach((value, leaf) => {
      const linear = tree.linear?.[leaf];
      this.#values.push(value);
      this.#constants.push(linear?.constant ?? value);
      this.#counts.push(linear?.features.length ?? 0);
      if (linear !== undefined) this.#addModel(tree, linear);
    });
    return first;
  }

  #addModel(tree: TextTree, { features, coefficients }: LinearLeaf): void {
    features.forEach((feature, i) => {
      if (feature < 0 || feature >= this.width)
        throw tree.error(`a leaf uses feature ${feature} of ${this.width}, which does not exist`);
      const isNext = i === 0 || feature > features[i - 1];
      if (!isNext || coefficients[i] === 0) throw unsupported(tree.place);
      this.#used.add(feature);
      this.#features.push(feature);
      this.#coefficients.push(coefficients[i]);
    });
  }

  /** Adds the leaves' results, iteration by iteration: `leaves` are their numbers, one for each tree. */
  sum(emitter: Emitter, x: RowVector, leaves: RowVector, outputs: number): RowVector {
    const trees = leaves.width;
    const values = this.#valuesOf(emitter, x, leaves);
    const iterations = emitter.emit('reshape', [values], { shape: [trees / outputs, outputs] });
    let total = column(emitter, iterations, 0, 0);
    for (let i = 1; i < trees / outputs; i++) {
      total = emitter.emit('binary', [total, column(emitter, iterations, 0, i)], { fn: 'add' });
    }
    return emitter.flat(total, outputs);
  }

  /** [trees, 1] */
  #valuesOf(emitter: Emitter, x: RowVector, leaves: RowVector): string {
    const features = [...this.#used].sort((a, b) => a - b);
    const rows = emitter.emit('embedding', [leaves.operand, this.#table(emitter, features)], { wrap: false });
    let sum = column(emitter, rows, 1, CONSTANT);
    if (features.length === 0) return sum;
    const indices = Int32Array.from(features, (_, i) => FIRST + i);
    const coefficients = emitter.emit('gather', [rows], { axis: 1, indices });
    const isUsed = emitter.emit('unary', [coefficients], { fn: 'to_bool' });
    const own = emitter.gather(x, features).operand;
    const products = emitter.emit('binary', [coefficients, own], { fn: 'mul' });
    const zero = { shape: [], data: new Float64Array(1) };
    // Unused coefficients may be NaN or infinite.
    const terms = emitter.emit('select', [isUsed, products, zero], {});
    for (let i = 0; i < features.length; i++) {
      sum = emitter.emit('binary', [sum, column(emitter, terms, 1, i)], { fn: 'add' });
    }
    const isNan = emitter.emit('unary', [own], { fn: 'is_nan' });
    const nans = emitter.emit('binary', [isUsed, isNan], { fn: 'and' });
    const isMissing = emitter.emit('reduce', [nans], { fn: 'max', axes: [1], keepDims: true });
    return emitter.emit('select', [isMissing, column(emitter, rows, 1, VALUE), sum], {});
  }

  /** A row for each leaf: its value, its constant, and the coefficient of each feature, 0 if there is none. */
  #table(emitter: Emitter, features: readonly number[]) {
    const width = FIRST + features.length;
    const count = this.#values.length;
    emitter.budget.buildElements(count * width, PLACE);
    const data = new Float64Array(count * width);
    emitter.budget.isNew(data);
    const places = new Map(features.map((feature, i) => [feature, FIRST + i]));
    let at = 0;
    for (let leaf = 0; leaf < count; leaf++) {
      const row = width * leaf;
      data[row + VALUE] = this.#values[leaf];
      data[row + CONSTANT] = this.#constants[leaf];
      for (let k = 0; k < this.#counts[leaf]; k++, at++) {
        data[row + (places.get(this.#features[at]) ?? 0)] = this.#coefficients[at];
      }
    }
    return { shape: [count, width], data };
  }
}

function column(emitter: Emitter, operand: string, axis: number, at: number): string {
  return emitter.emit('gather', [operand], { axis, indices: Int32Array.of(at) });
}

function unsupported(place: string): ForwardpassError {
  const message =
    'the linear model of a leaf has a coefficient of 0, or unsorted features, which LightGBM does not write';
  return new ForwardpassError('UNSUPPORTED_OP', message, place);
}
