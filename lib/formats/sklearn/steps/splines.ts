/** SplineTransformer: converts each feature to the values of B-splines, which are polynomials between knots. */
import type { Matrix, Vector } from '../arrays.ts';
import type { Emitter } from '../emitter.ts';
import type { Estimator } from '../estimator.ts';
import { rangeOf } from '../interpolation.ts';
import type { RowVector } from '../outcome.ts';
import { noSuchOption } from '../values.ts';

const EXTRAPOLATIONS = ['constant', 'continue', 'error', 'linear', 'periodic'] as const;
type Extrapolation = (typeof EXTRAPOLATIONS)[number];

export function splineTransformer(estimator: Estimator, emitter: Emitter, x: RowVector): RowVector {
  const splines = estimator.estimators('bsplines_');
  if (splines.length !== x.width) {
    throw estimator.error('SHAPE', `expected splines of ${x.width} features, found ${splines.length}`, 'bsplines_');
  }
  const given = estimator.text('extrapolation', 'constant');
  const extrapolation = EXTRAPOLATIONS.find((known) => known === given);
  if (extrapolation === undefined) {
    throw estimator.error('MALFORMED', noSuchOption('it', given, EXTRAPOLATIONS), 'extrapolation');
  }
  const takesNan = estimator.text('handle_missing', 'error') === 'zeros';
  if (takesNan) emitter.cells.takesMissing = true;
  // Nothing is checked where NaN is taken, and beyond the knots an infinite number is as good as any.
  const takesInfinite = takesNan && extrapolation === 'constant';
  const input = takesInfinite ? x : emitter.requireFinite(x, takesNan);
  let edge = estimator.number('degree', 3);
  const parts = splines.map((spline, column) => {
    const basis = basisOf(spline);
    const pieces = piecesOf(spline, basis, extrapolation, edge);
    // scikit-learn does this from the second feature on.
    if (extrapolation === 'linear' && edge <= 1) edge++;
    const own = emitter.gather(input, [column]);
    const isNan = takesNan ? emitter.unary(own, 'is_nan') : undefined;
    const finite = takesInfinite ? withinKnots(emitter, own, basis) : own;
    const known = isNan === undefined ? finite : emitter.select(isNan, basis.knots[basis.degree], finite);
    const values = evaluated(emitter, known, basis, pieces, extrapolation === 'periodic');
    // An infinite value, where a spline is undefined, is refused.
    const checked = pieces.areBounded ? emitter.requireFinite(values) : values;
    const kept = estimator.boolean('include_bias', true) ? checked : withoutLast(emitter, checked);
    return isNan === undefined ? kept : emitter.select(isNan, 0, kept);
  });
  return emitter.concat(parts);
}

/** Numbers beyond the first and the last knot in use become those next to it. */
function withinKnots(emitter: Emitter, x: RowVector, { knots, degree }: Basis): RowVector {
  const [first, last] = [knots[degree], knots[knots.length - degree - 1]];
  return emitter.unary(x, 'clip', -nextUp(-first), nextUp(last));
}

function withoutLast(emitter: Emitter, values: RowVector): RowVector {
  return emitter.gather(
    values,
    Array.from({ length: values.width - 1 }, (_, i) => i),
  );
}

/** A spline of SciPy: knots [n + degree + 1], weights [n, outputs]. */
interface Basis {
  readonly knots: Vector;
  readonly degree: number;
  readonly weights: Matrix;
}

const HIGHEST_DEGREE = 32;

/** Newer versions of SciPy prefix the attributes with an underscore. */
function basisOf(spline: Estimator): Basis {
  const [t, c] = ['t', 'c'].map((name) => (spline.has(`_${name}`) ? `_${name}` : name));
  const degree = spline.number('k');
  if (!(Number.isInteger(degree) && degree >= 0 && degree <= HIGHEST_DEGREE)) {
    throw spline.error('UNSUPPORTED_OP', `expected a degree of 0 to ${HIGHEST_DEGREE}, found ${degree}`, 'k');
  }
  const knots = spline.vector(t);
  const weights = spline.matrix(c, knots.length - degree - 1);
  if (knots.length < 2 * degree + 2 || weights.columns === 0) {
    throw spline.error('SHAPE', `expected at least ${2 * degree + 2} knots, found ${knots.length}`, t);
  }
  if (!knots.every((knot, i) => i === 0 || knot >= knots[i - 1]))
    throw spline.error('MALFORMED', 'expected increasing knots', t);
  return { knots, degree, weights };
}

/** For each range of x, the polynomials of all outputs, relative to the range's origin. */
interface Pieces {
  /** Where each range but the first begins. */
  readonly edges: number[];
  /** For each range: the origin, then for each power, from the lowest, the coefficients of all outputs. */
  readonly rows: Float64Array[];
  /** Whether the first or the last range has no value, which is represented by an infinity. */
  readonly areBounded: boolean;
}

function piecesOf(spline: Estimator, basis: Basis, extrapolation: Extrapolation, edge: number): Pieces {
  const { knots, degree, weights } = basis;
  const [first, last] = [degree, knots.length - degree - 2];
  const width = 1 + (degree + 1) * weights.columns;
  spline.budget.buildElements(width * (last - first + 3), spline.title);
  spline.budget.step(((last - first + 1) * (degree + 1) ** 2 * (degree + weights.columns)) / 256, spline.title);
  const piece = (at: number) => pieceAt(basis, at);
  if (extrapolation === 'continue' || extrapolation === 'periodic') {
    const rows = range(first, last).map(piece);
    return { edges: range(first + 1, last).map((at) => knots[at]), rows, areBounded: false };
  }
  // For low degrees, scikit-learn's linear extrapolation uses other knots for the first and the last range.
  const [from, to] = extrapolation === 'linear' ? [edge, knots.length - edge - 2] : [first, last];
  if (from > to + 1) throw spline.error('UNSUPPORTED_OP', 'has too few knots for linear extrapolation');
  // With one knot, the only range is the knot itself.
  const starts = range(from, Math.max(from, to));
  const inner = starts.map(piece);
  const ends = endsOf(basis, extrapolation, edge, [from, to]);
  const edges = [...starts.map((at) => knots[at]), nextUp(knots[to + 1])];
  const areBounded = ends.some((end) => !Number.isFinite(end[1]));
  return { edges, rows: [ends[0], ...inner, ends[1]], areBounded };
}

function range(first: number, last: number): number[] {
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => first + i);
}

/** The ranges before the first relevant knot and after the last one. */
function endsOf(
  basis: Basis,
  extrapolation: Extrapolation,
  edge: number,
  [from, to]: readonly [number, number],
): readonly [Float64Array, Float64Array] {
  const { knots, degree, weights } = basis;
  const outputs = weights.columns;
  const empty = () => new Float64Array(1 + (degree + 1) * outputs);
  if (extrapolation === 'error' || (extrapolation === 'constant' && degree === 0)) {
    const beyond = empty().fill(Infinity, 1, 1 + outputs);
    return [extrapolation === 'error' ? beyond : empty(), beyond];
  }
  // The number of outputs at each end that continue beyond it.
  const isLinear = extrapolation === 'linear';
  const count = isLinear && edge <= 1 ? edge + 1 : edge;
  const [before, after] = [empty(), empty()];
  // A knot belongs to the range that begins there, if there is one.
  const end = Math.min(to + 1, knots.length - degree - 2);
  const [low, high] = [valuesAt(basis, from, knots[from]), valuesAt(basis, end, knots[to + 1])];
  before[0] = knots[from];
  after[0] = knots[to + 1];
  for (let i = 0; i < Math.min(count, outputs); i++) {
    const last = outputs - 1 - i;
    before[1 + i] = low.values[i];
    after[1 + last] = high.values[last];
    if (!isLinear || degree === 0) continue;
    before[1 + outputs + i] = low.slopes[i];
    after[1 + outputs + last] = high.slopes[last];
  }
  return [before, after];
}

/** The outputs' values and slopes at x, by the polynomials of a range. */
function valuesAt(basis: Basis, at: number, x: number) {
  const { columns: outputs } = basis.weights;
  const piece = pieceAt(basis, at);
  const values = new Float64Array(outputs);
  const slopes = new Float64Array(outputs);
  const u = x - piece[0];
  for (let power = basis.degree; power >= 0; power--) {
    for (let i = 0; i < outputs; i++) {
      slopes[i] = slopes[i] * u + values[i];
      values[i] = values[i] * u + piece[1 + power * outputs + i];
    }
  }
  return { values, slopes };
}

/** The polynomials between a knot and the next, relative to the former, by the de Boor–Cox recursion. */
function pieceAt({ knots, degree, weights }: Basis, at: number): Float64Array {
  const origin = knots[at];
  /**
   * For the basis functions that are nonzero here, by the degree so far: `terms[i]` belongs to the one that begins at
   * knot at − degree + i.
   */
  let terms: Float64Array[] = [Float64Array.of(1)];
  for (let order = 1; order <= degree; order++) {
    const next = Array.from({ length: order + 1 }, () => new Float64Array(order + 1));
    for (const [i, term] of terms.entries()) {
      const begin = at - order + 1 + i;
      const span = knots[begin + order] - knots[begin];
      const scale = span === 0 ? 0 : 1 / span;
      // It increases in the basis function that begins here, and decreases in the previous one.
      addTimesLine(next[i + 1], term, (origin - knots[begin]) * scale, scale);
      addTimesLine(next[i], term, (knots[begin + order] - origin) * scale, -scale);
    }
    terms = next;
  }
  const { columns: outputs, data } = weights;
  const piece = new Float64Array(1 + (degree + 1) * outputs);
  piece[0] = origin;
  for (const [i, term] of terms.entries()) {
    const row = at - degree + i;
    for (let power = 0; power <= degree; power++) {
      for (let output = 0; output < outputs; output++) {
        piece[1 + power * outputs + output] += term[power] * data[row * outputs + output];
      }
    }
  }
  return piece;
}

/** Adds term·(shift + slope·u). */
function addTimesLine(to: Float64Array, term: Float64Array, shift: number, slope: number): void {
  for (let power = 0; power < term.length; power++) {
    to[power] += term[power] * shift;
    to[power + 1] += term[power] * slope;
  }
}

function evaluated(
  emitter: Emitter,
  x: RowVector,
  basis: Basis,
  { edges, rows }: Pieces,
  isPeriodic: boolean,
): RowVector {
  const { degree, weights } = basis;
  const outputs = weights.columns;
  const width = 1 + (degree + 1) * outputs;
  const data = new Float64Array(rows.length * width);
  for (const [i, row] of rows.entries()) data.set(row, i * width);
  const input = isPeriodic ? wrapped(emitter, x, basis) : x;
  const piece = rangeOf(emitter, input, Float64Array.from(edges), { shape: [rows.length, width], data });
  const u = emitter.binary('sub', input, emitter.gather(piece, [0]));
  const coefficients = (power: number) => emitter.gather(piece, range(1 + power * outputs, (power + 1) * outputs));
  let value = coefficients(degree);
  for (let power = degree - 1; power >= 0; power--) {
    value = emitter.binary('add', emitter.binary('mul', value, u), coefficients(power));
  }
  return value;
}

/** Wraps x into the period of the knots; 0 if the period is empty. */
function wrapped(emitter: Emitter, x: RowVector, { knots, degree }: Basis): RowVector {
  const first = knots[degree];
  const period = knots[knots.length - degree - 1] - first;
  if (period === 0) return emitter.affine(x, 0, 0);
  const rest = emitter.binary('fmod', emitter.binary('sub', x, first), period);
  const positive = emitter.select(emitter.binary('less', rest, 0), emitter.binary('add', rest, period), rest);
  return emitter.binary('add', positive, first);
}

const BITS = new Float64Array(1);
const WORDS = new BigInt64Array(BITS.buffer);

/** The next greater double. */
function nextUp(value: number): number {
  if (value === 0) return Number.MIN_VALUE;
  BITS[0] = value;
  WORDS[0] += value > 0 ? 1n : -1n;
  return BITS[0];
}
