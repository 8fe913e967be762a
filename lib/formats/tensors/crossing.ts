/** Combines several values of a row into one index, by TensorFlow's hash of them together. */
import { crossedWith, crossingStart, placeOfHash } from '../../graph/word-hash.ts';
import type { GraphBuilder } from './builder.ts';
import { type Range, Ranges } from './range.ts';
import { constant, isFloat, literal, type Row, type Value } from './value.ts';

/** The maximum number of combinations of values, each of which is hashed while the model loads. */
const MOST_COMBINATIONS = 2 ** 18;
/** Combinations that are hashed in a microsecond. */
const PER_STEP = 1;

/** The default key of TensorFlow's sparse.cross_hashed. */
export const USUAL_KEY = '956888297470';

/** The index below `count` of integers that each have a small range: the hashes of all combinations become a table. */
export function crossed(build: GraphBuilder, given: readonly Value[], count: number, key = USUAL_KEY): Value {
  const columns = given.map((x) => build.asRow(x));
  const ranges = new Ranges(build);
  const known = columns.map((column) => rangeOf(build, ranges, column));
  const sizes = known.map(({ low, high }) => high - low + 1);
  const total = sizes.reduce((product, size) => product * size, 1);
  if (!(total <= MOST_COMBINATIONS)) {
    throw build.error('LIMIT', `crosses values with ${total} combinations; at most ${MOST_COMBINATIONS} are supported`);
  }
  build.spend(2 * total);
  build.budget.step(total / PER_STEP, build.place);
  let hashes = [crossingStart(key)];
  for (const { low, high } of known) {
    const values = Array.from({ length: high - low + 1 }, (_, i) => BigInt(low + i));
    hashes = hashes.flatMap((hash) => values.map((value) => crossedWith(hash, value)));
  }
  const table = Float64Array.from(hashes, (hash) => placeOfHash(hash, count));
  const index = columns.reduce<Value>(
    (sum, column, i) => {
      const scaled = build.binary('mul', sum, literal('int64', [sizes[i]]));
      const own = build.binary('sub', { ...column, type: 'int64' }, literal('int64', [known[i].low]));
      return build.binary('add', scaled, own);
    },
    literal('int64', [0]),
  );
  return build.embedding(build.asRow(index), constant('int64', [total], table));
}

function rangeOf(build: GraphBuilder, ranges: Ranges, { type, operand }: Row): Range {
  const range = type === 'string' || isFloat(type) ? undefined : ranges.of(operand);
  if (range !== undefined && Number.isSafeInteger(range.high - range.low)) return range;
  const what = type === 'string' ? 'unchanged words' : 'numbers of unknown range';
  const message = `hashes ${what} together with others; cross the indices from a lookup, Hashing or Discretization`;
  throw build.error('UNSUPPORTED_OP', message);
}
