/** Converts words from different vocabularies to indices of one. */
import type { TensorEmitter } from './emitter.ts';
import { type Constant, constant, type Row, type Value } from './value.ts';
import { Vocabulary } from './vocabulary.ts';

/** Picks elements of a table by the ids of each row. */
type Picking = (ids: Row, table: Constant) => Row;

/** Values of one kind: words become indices of one vocabulary, that of the row tensors, which must all share it. */
export function ofOneVocabulary<V extends Value>(
  build: TensorEmitter,
  values: readonly V[],
  pick: Picking,
): readonly V[] {
  const strangers = values.filter((x) => x.type !== 'string');
  if (strangers.length === values.length) return values;
  if (strangers.length > 0)
    throw build.error('UNSUPPORTED_DTYPE', `words are combined with values of type ${strangers[0].type}`);
  const words = commonWords(build, values);
  return words === undefined ? values : values.map((x) => inWords(build, x, words, pick));
}

/** The vocabulary of the row tensors, or one with the words of all; those of inputs are incomplete until the end. */
function commonWords(build: TensorEmitter, values: readonly Value[]): Vocabulary | undefined {
  const all = new Set(values.flatMap((x) => (x.kind === 'row' && x.words ? [x.words] : [])));
  if (all.size <= 1) return [...all][0];
  if (all.has(build.inputWords)) throw build.error('UNSUPPORTED_OP', 'words of different origins are combined');
  const common = new Vocabulary();
  for (const { list } of all) {
    build.spend(2 * list.length);
    for (const word of list) common.indexOf(word);
  }
  return common;
}

function inWords<V extends Value>(build: TensorEmitter, x: V, words: Vocabulary, pick: Picking): V {
  const own = x.kind === 'row' ? x.words : build.constantWords;
  if (own === undefined || own === words) return x;
  if (x.kind === 'constant') {
    build.spend(x.data.length);
    return { ...x, data: x.data.map((index) => words.indexOf(own.list[index])) };
  }
  const table = Float64Array.from(own.list, (word) => words.indexOf(word));
  build.spend(table.length);
  const ids: Row = { ...(x as Row), type: 'int64', words: undefined };
  return { ...pick(ids, constant('int64', [table.length], table)), type: 'string', words } as Row as V;
}

/** The spread of the rows' words, if they all come from one input. */
export function spreadOf(values: readonly Value[]): Row['spread'] {
  const all = new Set(values.flatMap((x) => (x.kind === 'row' && x.type === 'string' ? [x.spread] : [])));
  return all.size === 1 ? [...all][0] : undefined;
}

export function wordsOf(values: readonly Value[]): Vocabulary | undefined {
  const row = values.find((x): x is Row => x.kind === 'row' && x.type === 'string');
  return row?.words;
}
