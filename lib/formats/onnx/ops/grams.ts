/** TfIdfVectorizer: how often each n-gram in a list occurs among the tokens of a row, words or integers. */
import { type Constant, constant, type Row, range, type Value } from '../../tensors/value.ts';
import type { OnnxCall, Translations } from '../call.ts';

const MODES = ['TF', 'IDF', 'TFIDF'];
/** The maximum number of comparisons between tokens and n-grams, for one row. */
const MOST_COMPARED = 2 ** 22;

function tfIdf(call: OnnxCall): Value {
  const { build } = call;
  const x = call.row(0);
  if (x.shape.length !== 1 || x.batchAxis !== 0) throw call.error('SHAPE', 'expected rows of tokens');
  const mode = call.string('mode', '');
  if (!MODES.includes(mode)) throw call.error('MALFORMED', `expected the mode ${MODES.join(', ')}, found ${mode}`);
  const pool = poolOf(call);
  const counts = call.integers('ngram_counts') ?? [];
  const indexes = call.integers('ngram_indexes') ?? [];
  const [least, most] = [call.integer('min_gram_length', 0), call.integer('max_gram_length', 0)];
  const skips = call.integer('max_skip_count', 0);
  if (!(least >= 1 && most >= least && most <= counts.length && skips >= 0)) {
    throw call.error('MALFORMED', `expected n-grams of 1 to ${counts.length} tokens, found ${least} to ${most}`);
  }
  build.checkResults(most * (skips + 1));
  const found: Value[] = [];
  const wanted: number[] = [];
  let compared = 0;
  let first = 0;
  for (const [at, start] of counts.entries()) {
    const length = at + 1;
    const end = counts[at + 1] ?? pool.data.length;
    const grams = (end - start) / length;
    if (!Number.isInteger(grams) || grams < 0 || start < 0 || end > pool.data.length) {
      throw call.error('MALFORMED', `ngram_counts do not cut the pool into n-grams of ${length}`);
    }
    const own = indexes.slice(first, first + grams);
    first += grams;
    if (grams === 0 || length < least || length > most) continue;
    // For single tokens, skips make no difference.
    const distances = length === 1 ? [1] : range(1, skips + 2, 1);
    compared += grams * x.shape[0] * length * distances.length;
    if (compared > MOST_COMPARED)
      throw call.error('LIMIT', 'has too many combinations of tokens and n-grams to compare');
    const perDistance = distances.flatMap((distance) => counted(call, x, pool, start, grams, length, distance) ?? []);
    if (perDistance.length === 0) continue;
    found.push(perDistance.reduce((sum, each) => build.binary('add', sum, each)));
    for (const index of own) wanted.push(index);
  }
  if (first !== indexes.length)
    throw call.error('MALFORMED', `expected ${first} ngram_indexes, found ${indexes.length}`);
  const width = indexes.reduce((sofar, index) => Math.max(sofar, index + 1), 0);
  return weighed(call, placed(call, found, wanted, width), mode, indexes, width);
}

function poolOf(call: OnnxCall): Constant {
  const words = call.strings('pool_strings');
  if (words !== undefined) {
    const { constantWords } = call.build;
    const indices = Float64Array.from(words, (word) => constantWords.indexOf(word));
    return constant('string', [words.length], indices);
  }
  const numbers = call.integerArray('pool_int64s');
  if (numbers === undefined || numbers.length === 0)
    throw call.error('MALFORMED', 'expected a pool of n-grams, found none');
  return constant('int64', [numbers.length], Float64Array.from(numbers));
}

/** How often the tokens of each n-gram occur in a row at a given distance. Undefined if a row is too short. */
function counted(
  call: OnnxCall,
  x: Row,
  pool: Constant,
  start: number,
  grams: number,
  length: number,
  distance: number,
): Value | undefined {
  const { build } = call;
  const places = x.shape[0] - (length - 1) * distance;
  if (places < 1) return undefined;
  let hits: Value | undefined;
  for (let k = 0; k < length; k++) {
    const tokens = build.gather(x, 1, range(k * distance, k * distance + places, 1));
    const keys = pool.data.filter((_, i) => i >= start && i < start + grams * length && (i - start) % length === k);
    const each = build.reshaped(tokens, [places, 1]);
    const isKey = build.binary('equal', each, constant(pool.type, [grams], keys));
    hits = hits === undefined ? isKey : build.binary('and', hits, isKey);
  }
  return build.reduce(build.cast(hits as Value, 'float32'), 'sum', [1], false);
}

/** Puts counts at their indices in the result; indices without an n-gram are 0. */
function placed(call: OnnxCall, found: readonly Value[], wanted: readonly number[], width: number): Value {
  const { build } = call;
  if (found.length === 0) throw call.error('UNSUPPORTED_OP', 'no n-gram fits into a row: the result is always 0');
  const all = build.concat([...found, build.everyRow(constant('float32', [1], Float32Array.of(0)), 0)], 1);
  const sources = new Map(wanted.map((index, at) => [index, at]));
  if (sources.size < wanted.length) throw call.error('MALFORMED', 'two n-grams have the same index in the result');
  return build.gather(
    all,
    1,
    range(0, width, 1).map((index) => sources.get(index) ?? wanted.length),
  );
}

function weighed(call: OnnxCall, counts: Value, mode: string, indexes: readonly number[], width: number): Value {
  const { build } = call;
  if (mode === 'TF') return counts;
  const given = call.floats('weights');
  if (given !== undefined && given.length !== indexes.length) {
    throw call.error('MALFORMED', `expected ${indexes.length} weights, found ${given.length}`);
  }
  const weights = new Float32Array(width).fill(1);
  for (const [i, index] of indexes.entries()) weights[index] = given?.[i] ?? 1;
  const times = mode === 'IDF' ? build.cast(build.unary(counts, 'to_bool'), 'float32') : counts;
  return build.binary('mul', times, constant('float32', [width], weights));
}

export const grams: Translations = { TfIdfVectorizer: tfIdf };
