/** Operators on categories: integers, numbers or words, each mapped to another value or to a column. */
import type { ForwardpassError } from '../../../../errors.ts';
import {
  allocate,
  type Constant,
  constant,
  type ElementType,
  literal,
  type Row,
  range,
  type Value,
} from '../../../tensors/value.ts';
import { Vocabulary } from '../../../tensors/vocabulary.ts';
import type { OnnxCall, Translations } from '../../call.ts';

/** What an operator searches for: numbers, or words by their index in `words`. */
interface Keys {
  readonly type: ElementType;
  readonly numbers: readonly number[];
}

/** A column for each category, on a new last axis. An unknown category is refused, or gives zeros. */
function oneHotEncoder(call: OnnxCall): Value {
  const { build } = call;
  const x = call.row(0);
  const words = call.strings('cats_strings');
  const numbers = call.integers('cats_int64s');
  if ((words === undefined) === (numbers === undefined)) {
    throw call.error('MALFORMED', 'expected either cats_strings or cats_int64s');
  }
  const keys = words ? wordKeys(call, x, words) : { type: 'int64' as const, numbers: numbers ?? [] };
  if ((x.type === 'string') !== (words !== undefined)) throw typeMismatch(call, x, keys);
  const whole = words ? x : build.asRow(build.cast(x, 'int64'));
  const columns = { ...oneHotOf(call, whole, keys.numbers), type: 'float32' as const };
  return call.flag('zeros', true) ? columns : requireOne(call, columns, keys.numbers.length);
}

/** Consecutive categories become offsets from the first; others are compared one by one. */
function oneHotOf(call: OnnxCall, x: Row, keys: readonly number[]): Row {
  const { build } = call;
  const axis = x.shape.length;
  const shape = [...x.shape, keys.length];
  if (isConsecutive(keys)) {
    const numbers = x.type === 'string' ? indicesOf(x) : x;
    const ids = keys[0] === 0 ? numbers : build.asRow(build.binary('sub', numbers, build.scalar(numbers, keys[0])));
    const attributes = { depth: keys.length, on: 1, off: 0, axis, wrap: false };
    return build.emit('one_hot', [ids.operand], attributes, { ...numbers, shape });
  }
  const column = build.reshaped(x.type === 'string' ? indicesOf(x) : x, [...x.shape, 1]);
  return build.asRow(build.binary('equal', column, literal(column.type, keys, [keys.length])));
}

/** Words as their indices. */
function indicesOf(x: Row): Row {
  return { ...x, type: 'int64', words: undefined };
}

function isConsecutive(keys: readonly number[]): boolean {
  return keys.every((key, i) => key === keys[0] + i);
}

/** The index of the column that is set, from 1; 0 if none is. */
function positionOf(call: OnnxCall, columns: Row, count: number): Row {
  call.build.spend(count);
  const positions = constant(
    'int64',
    [count, 1],
    Float64Array.from({ length: count }, (_, i) => i + 1),
  );
  const found = call.build.dense({ ...columns, type: 'int64' }, positions, 'in-out') as Row;
  return { ...call.build.reshaped(found, columns.shape.slice(0, -1)), below: count + 1 };
}

/**
 * Looks up the columns by the index of the one that is set, so that a run without one has no row to look up and is
 * refused.
 */
function requireOne(call: OnnxCall, columns: Row, count: number): Row {
  const { build } = call;
  build.spend(count * count);
  const position = positionOf(call, columns, count);
  const ids = build.asRow(build.binary('sub', position, build.scalar(position, 1)));
  const table = new Float32Array(count * count);
  for (let i = 0; i < count; i++) table[i * count + i] = 1;
  const operands = [ids.operand, build.tensor(constant('float32', [count, count], table))];
  return build.emit('embedding', operands, { wrap: false }, { ...columns, words: undefined });
}

/** Words as indices in the operand's vocabulary. */
function wordKeys(call: OnnxCall, x: Value, words: readonly string[]): Keys {
  call.build.spend(words.length);
  const vocabulary = x.kind === 'row' ? x.words : call.build.constantWords;
  if (vocabulary === undefined) throw typeMismatch(call, x, { type: 'string', numbers: [] });
  return { type: 'string', numbers: words.map((word) => vocabulary.indexOf(word)) };
}

function typeMismatch(call: OnnxCall, x: Value, { type }: Keys): ForwardpassError {
  return call.error('UNSUPPORTED_DTYPE', `cannot look up categories of type ${type} in ${x.type}`);
}

/** The values of keys, numbers or words, and the value of everything else. */
interface Values {
  readonly type: ElementType;
  readonly list: readonly number[] | readonly string[];
  readonly otherwise: number | string;
}

/** If a key occurs twice, the first one counts. */
function mapped(call: OnnxCall, x: Value, keys: readonly number[], { type, list, otherwise }: Values): Value {
  const { build } = call;
  if (keys.length !== list.length || keys.length === 0) {
    throw call.error('SHAPE', `expected as many keys as values, found ${keys.length} and ${list.length}`);
  }
  build.spend(keys.length);
  const pairs = new Map(keys.map((key, i): [number, number | string] => [key, list[i]]).reverse());
  const known = [...pairs.keys()].reverse();
  if (x.kind === 'constant') return mappedConstant(call, x, pairs, type, otherwise);
  // Ids from 0, all of them in range: the values are a table, and words a list.
  const isComplete = isConsecutive(known) && known[0] === 0 && (x.below ?? Infinity) <= known.length;
  const position = isComplete ? x : positionAmong(call, x, known);
  const values = known.map((key) => pairs.get(key) ?? otherwise);
  const table = isComplete ? values : [otherwise, ...values];
  if (type === 'string') return { ...position, type, words: new Vocabulary(table as string[]) };
  return build.embedding(position, literal(type, table as number[], [table.length]));
}

/** Words become indices in the constant list of words. */
function mappedConstant(
  { build }: OnnxCall,
  x: Constant,
  pairs: ReadonlyMap<number, number | string>,
  type: ElementType,
  otherwise: number | string,
): Constant {
  if (x.batch) throw build.crossing('the result depends on the batch size');
  build.spend(x.data.length);
  const data = allocate(type, x.data.length);
  for (let i = 0; i < data.length; i++) {
    const value = pairs.get(x.data[i]) ?? otherwise;
    data[i] = typeof value === 'string' ? build.constantWords.indexOf(value) : value;
  }
  return constant(type, x.shape, data);
}

/** The index of x among the keys, from 1; 0 if it is not there. */
function positionAmong(call: OnnxCall, x: Row, keys: readonly number[]): Row {
  const { build } = call;
  const found = positionOf(call, oneHotOf(call, x, keys), keys.length);
  const nan = keys.findIndex(Number.isNaN);
  if (nan < 0) return found;
  const position = build.select(build.unary(x, 'is_nan'), build.scalar(found, nan + 1), found);
  return { ...(position as Row), below: found.below };
}

/** Before opset 2 a list of words, mapped to and from their indices. */
function labelEncoder(call: OnnxCall): Value {
  const x = call.input(0);
  const words = call.strings('classes_strings');
  if (words && call.opset < 2) return betweenWordsAndNumbers(call, x, words, range(0, words.length, 1));
  const keys = keysOf(call, x);
  if ((keys.type === 'string') !== (x.type === 'string')) throw typeMismatch(call, x, keys);
  if (call.opset < 4 && keys.numbers.some(Number.isNaN)) {
    throw call.error('UNSUPPORTED_OP', 'NaN as a key is equal to nothing before opset 4 of ai.onnx.ml');
  }
  return mapped(call, x, keys.numbers, valuesOf(call));
}

function keysOf(call: OnnxCall, x: Value): Keys {
  const words = call.strings('keys_strings');
  if (words) return wordKeys(call, x, words);
  const tensor = call.tensor('keys_tensor');
  if (tensor?.type === 'string') return wordKeys(call, x, constantWords(call, tensor));
  const floats = call.floats('keys_floats');
  if (floats?.length) return { type: 'float32', numbers: floats };
  const integers = call.integers('keys_int64s');
  if (integers?.length) return { type: 'int64', numbers: integers };
  if (tensor) return { type: tensor.type, numbers: Array.from(tensor.data) };
  throw call.error('MALFORMED', 'expected keys, found none');
}

function valuesOf(call: OnnxCall): Values {
  const tensor = call.tensor('values_tensor');
  const fallback = call.tensor('default_tensor');
  const words = call.strings('values_strings') ?? (tensor?.type === 'string' ? constantWords(call, tensor) : undefined);
  if (words) {
    const [word] = fallback?.type === 'string' ? constantWords(call, fallback) : [];
    return { type: 'string', list: words, otherwise: word ?? call.string('default_string', '_Unused') };
  }
  const given = fallback?.data[0];
  const floats = call.floats('values_floats');
  if (floats?.length) return { type: 'float32', list: floats, otherwise: given ?? call.float('default_float', -0) };
  const integers = call.integers('values_int64s');
  if (integers?.length) return { type: 'int64', list: integers, otherwise: given ?? call.integer('default_int64', -1) };
  if (tensor) return { type: tensor.type, list: Array.from(tensor.data), otherwise: given ?? 0 };
  throw call.error('MALFORMED', 'expected values, found none');
}

function constantWords(call: OnnxCall, tensor: Constant): string[] {
  call.build.spend(tensor.data.length);
  return Array.from(tensor.data, (index) => call.build.constantWords.list[index]);
}

function categoryMapper(call: OnnxCall): Value {
  const [words, numbers] = [call.strings('cats_strings') ?? [], call.integers('cats_int64s') ?? []];
  return betweenWordsAndNumbers(call, call.input(0), words, numbers);
}

/** In the direction that the operand's type determines. */
function betweenWordsAndNumbers(call: OnnxCall, x: Value, words: readonly string[], numbers: readonly number[]): Value {
  if (x.type !== 'string') {
    return mapped(call, x, numbers, {
      type: 'string',
      list: words,
      otherwise: call.string('default_string', '_Unused'),
    });
  }
  const values: Values = { type: 'int64', list: numbers, otherwise: call.integer('default_int64', -1) };
  return mapped(call, x, wordKeys(call, x, words).numbers, values);
}

export const encoding: Translations = {
  OneHotEncoder: oneHotEncoder,
  LabelEncoder: labelEncoder,
  CategoryMapper: categoryMapper,
};
