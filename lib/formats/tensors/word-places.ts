/** Words that are put into places by their hash: those that the model knows too, and those that only a run will bring. */
import type { Tensor } from '../../graph/graph.ts';
import { MOST_SPREAD, spreadOf, type WordSpread } from '../../graph/word-hash.ts';
import type { GraphBuilder } from './builder.ts';
import { type Constant, constant, literal, type Row, type Value } from './value.ts';
import type { Vocabulary } from './vocabulary.ts';

/** The places of the words that a model knows in the end: others may still be looked up while it is read. */
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

/** The place from 0 to before `count` of each word, by TensorFlow's hash, with a key its strong one. */
export function placesOf(build: GraphBuilder, x: Value, count: number, key?: WordSpread['key']): Value {
  if (x.kind === 'constant') return ofConstants(build, x, { count, stride: 1, ...(key && { key }) });
  const { words, spread } = x;
  if (words === undefined || spread === undefined) {
    throw build.error('UNSUPPORTED_OP', 'hashes words of several inputs together, or that the model makes itself');
  }
  const way = spread.way(count, key);
  if (way === undefined) {
    const message = `spreads the words of one input over ${count} places, beside other ways; at most ${MOST_SPREAD} together`;
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
