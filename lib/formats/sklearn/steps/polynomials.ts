/** PolynomialFeatures: products of features. */
import type { Emitter } from '../emitter.ts';
import type { Estimator } from '../estimator.ts';
import type { RowVector } from '../outcome.ts';
import { itemsOf, plainScalar } from '../values.ts';

/** Bytes for the two positions of each product's factors, while it is built. */
const PRODUCT_BYTES = 32;

/**
 * All products of one degree. The features of a product are in ascending order, and products are ordered by their
 * features.
 */
interface Products {
  readonly row: RowVector;
  /** The first feature of each product. */
  readonly first: readonly number[];
}

export function polynomialFeatures(estimator: Estimator, emitter: Emitter, x: RowVector): RowVector {
  const [least, most] = degreesOf(estimator);
  const distinct = estimator.boolean('interaction_only', false);
  const count = checkCount(estimator, emitter, x.width, most, distinct);
  estimator.budget.build(PRODUCT_BYTES * count, estimator.title);
  const input = emitter.requireFinite(x);
  const parts: RowVector[] = [];
  let products: Products | undefined = { row: input, first: Array.from({ length: x.width }, (_, i) => i) };
  for (let degree = 1; degree <= most && products !== undefined; degree++) {
    if (degree > 1) products = nextDegree(emitter, input, products, distinct);
    if (degree >= least && products !== undefined) parts.push(products.row);
  }
  return estimator.boolean('include_bias', true) ? withOne(emitter, parts) : emitter.concat(parts);
}

function degreesOf(estimator: Estimator): readonly [least: number, most: number] {
  const degree = plainScalar(estimator.value('degree', 2));
  const [least, most] = typeof degree === 'number' ? [0, degree] : (itemsOf(degree)?.map(plainScalar) ?? []);
  if (typeof least === 'number' && typeof most === 'number' && most >= 0) return [least, most];
  throw estimator.error('MALFORMED', 'expected a degree, or the minimum and the maximum', 'degree');
}

/** There are C(n, d) products of d distinct features, and C(n + d − 1, d) if features may repeat. */
function checkCount(estimator: Estimator, emitter: Emitter, features: number, most: number, distinct: boolean): number {
  const { rowElements, depth } = emitter.budget.limits;
  let [count, total] = [1, 1];
  for (let degree = 1; degree <= most && count > 0; degree++) {
    count = (count * (distinct ? features - degree + 1 : features + degree - 1)) / degree;
    total += count;
    if (total > rowElements || degree > depth) {
      const limit = total > rowElements ? `\`limits.rowElements\` (${rowElements})` : `\`limits.depth\` (${depth})`;
      throw estimator.error('LIMIT', `products of ${degree} of ${features} features exceed ${limit}`, 'degree');
    }
  }
  return total;
}

/** Each feature times the products of the previous degree that begin with it or a later one. */
function nextDegree(emitter: Emitter, x: RowVector, { row, first }: Products, distinct: boolean): Products | undefined {
  const [left, right]: [number[], number[]] = [[], []];
  // Those that begin with the same feature are consecutive.
  let begin = 0;
  for (let feature = 0; feature < x.width; feature++) {
    while (begin < first.length && (distinct ? first[begin] <= feature : first[begin] < feature)) begin++;
    for (let at = begin; at < first.length; at++) {
      left.push(at);
      right.push(feature);
    }
  }
  if (left.length === 0) return undefined;
  return { row: emitter.binary('mul', emitter.gather(row, left), emitter.gather(x, right)), first: right };
}

function withOne(emitter: Emitter, parts: readonly RowVector[]): RowVector {
  const one = { shape: [1], data: Float64Array.of(1) };
  const operand = emitter.emit('concat', [one, ...parts.map((part) => part.operand)], { axis: 0 });
  return { operand, width: 1 + parts.reduce((sum, { width }) => sum + width, 0) };
}
