/** Maps words to indices by their hash, both known words and those that occur only in a run. */
import type { Tensor } from '../../graph/graph.ts';
import { MOST_SPREAD, spreadOf, type WordSpread } from '../../graph/word-hash.ts';
import type { GraphBuilder } from './builder.ts';
import { type Constant, constant, literal, type Row, type Value } from './value.ts';
import type { Vocabulary } from './vocabulary.ts';

/** The indices of the words that a model finally knows: others may still be added while it is read. */
class KnownPlaces implements Tensor {
  #data = new Float32Array(0);

  constructor(
    readonly words: Vocabulary,
    readonly way: WordSpread,
  ) {}

  get shape(): readonly number[] {
    return [this.data.length];
  }

  get data(): Float32Array {
    const { list } = this.words;
    const count = Math.max(list.length, 1);
    if (this.#data.length !== count) {
      this.#data = Float32Array.from({ length: count }, (_, i) => placeOf(list[i] ?? '', this.way));
    }
    return this.#data;
  }
}

function placeOf(word: string, way: WordSpread): number {
  return spreadOf(word, [{ ...way, stride: 1 }]);
}

/** The index below `count` of each word, by TensorFlow's hash; with a key, by its strong hash. */
export function placesOf(build: GraphBuilder, x: Value, count: number, key?: WordSpread['key']): Value {
  if (x.kind === 'constant') return ofConstants(build, x, { count, stride: 1, ...(key && { key }) });
  const { words, spread } = x;
  if (words === undefined || spread === undefined) {
    throw build.error(
      'UNSUPPORTED_OP',
      'hashes words of several inputs together, or words that the model itself computes',
    );
  }
  const way = spread.way(count, key);
  if (way === undefined) {
    const message = `distributes the words of one input over ${count} indices, in addition to other ways; at most ${MOST_SPREAD} are supported in total`;
    throw build.error('LIMIT', message);
  }
  build.spend(words.list.length);
  const codes: Row = { ...x, type: 'int64', words: undefined, spread: undefined };
  const number = (value: number) => literal('int64', [value]);
  const behind = build.binary('sub', number(-1), codes);
  const own = way.stride === 1 ? behind : build.unary(build.binary('div', behind, number(way.stride)), 'floor');
  const unknown = build.binary('fmod', own, number(way.count));
  const indices = build.asRow(build.unary(codes, 'clip', 0, MOST_SPREAD));
  const operands = [indices.operand, new KnownPlaces(words, way)];
  const known = build.emit('embedding', operands, { wrap: false }, { ...indices, type: 'int64' });
  return build.select(build.binary('less', codes, number(0)), unknown, known);
}

function ofConstants(build: GraphBuilder, x: Constant, way: WordSpread): Constant {
  build.spend(x.data.length);
  const { list } = build.constantWords;
  return constant(
    'int64',
    x.shape,
    Float64Array.from(x.data, (index) => placeOf(list[index] ?? '', way)),
  );
}
