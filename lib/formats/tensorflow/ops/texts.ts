/**
 * Operators on texts, as used by Keras' TextVectorization and similar code: changes of a text, its tokens, their
 * numbers, and a row of these. In between, a file computes where each row's tokens begin; these computations are
 * followed step by step, so that no other computation is mistaken for them.
 */
import type { TextChange, Tokenizing } from '../../../graph/terms.ts';
import type { GraphBuilder } from '../../tensors/builder.ts';
import { type Constant, constant, literal, type Row, type Value } from '../../tensors/value.ts';
import type { TensorFlowCall, Translation, Translations } from '../call.ts';
import type { Partition, Result, Text, TokenNumbers, Tokens, TokenTest } from '../value.ts';

const PLAIN: Tokenizing = { changes: [], split: 'none', grams: [] };

// Texts

/** The input text, original or changed. */
function textAt(call: TensorFlowCall, index: number): Text {
  const given = call.inputs[index];
  if (given?.kind === 'text') return given;
  const x = call.input(index);
  const input = x.kind === 'row' ? call.build.texts.textOf(call.build, x) : undefined;
  if (input !== undefined && call.build.batchAxis === 0) return { kind: 'text', input, changes: [], shape: x.shape };
  throw call.error('UNSUPPORTED_OP', `${call.node.op} is supported only for text that is a single text of an input`);
}

function changed(call: TensorFlowCall, change: TextChange): Text {
  const text = textAt(call, 0);
  return { ...text, changes: [...text.changes, change] };
}

/** With an encoding it converts all letters, otherwise only ASCII. */
function lower(call: TensorFlowCall): Text {
  return changed(call, { op: 'lower', ascii: call.string('encoding', '') === '' });
}

function replaced(call: TensorFlowCall, pattern: string, by: string): Text {
  const change = { op: 'replace', pattern, by, all: call.flag('replace_global', true) } as const;
  return changed(call, change);
}

function wordOf(call: TensorFlowCall, index: number): string {
  const x = call.constant(index);
  const word = x.data.length === 1 ? call.build.constantWords.list[x.data[0]] : undefined;
  if (word !== undefined && x.type === 'string') return word;
  throw call.error('UNSUPPORTED_OP', `input ${index} is not a constant text`);
}

/** A text of one element, with any number of axes. */
function reshaped(call: TensorFlowCall, text: Text): Text {
  const { op } = call.node;
  if (op === 'Identity') return text;
  if (op === 'Squeeze') return { ...text, shape: [] };
  if (op === 'ExpandDims') return { ...text, shape: [...text.shape, 1] };
  const sizes = call.numbers(1);
  if (sizes[0] === -1 && sizes.slice(1).every((size) => size === 1)) return { ...text, shape: sizes.slice(1) };
  throw call.error('UNSUPPORTED_OP', `reshapes a text to [${sizes.join(', ')}]; only one element is supported`);
}

const MOVES: ReadonlySet<string> = new Set(['Identity', 'Squeeze', 'ExpandDims', 'Reshape']);

// Tokens

function tokensOf(text: Text, split: Tokenizing['split']): Tokens {
  return { kind: 'tokens', input: text.input, tokenizing: { ...PLAIN, changes: text.changes, split } };
}

function part(of: Tokens, what: Partition['what']): Partition {
  return { kind: 'partition', of, what };
}

function split(call: TensorFlowCall): readonly Result[] {
  const text = textAt(call, 0);
  if (text.shape.length > 0) throw call.error('UNSUPPORTED_OP', 'splits texts that have an axis of their own');
  if (call.integer('maxsplit', -1) >= 0) throw call.error('UNSUPPORTED_OP', 'limits the number of splits of a text');
  const between = wordOf(call, 1);
  const tokens = tokensOf(text, between === '' ? 'space' : { between });
  return [part(tokens, 'indices'), tokens, part(tokens, 'shape')];
}

/** The characters of texts as numbers, which `UnicodeEncode` converts back to texts of one character. */
function decoded(call: TensorFlowCall): readonly Result[] {
  const text = textAt(call, 0);
  const isPlain =
    call.string('input_encoding', '').toUpperCase() === 'UTF-8' && call.string('errors', 'replace') === 'replace';
  if (text.shape.length > 0 || !isPlain || call.flag('replace_control_characters')) {
    throw call.error('UNSUPPORTED_OP', 'decodes characters in an unsupported way');
  }
  const tokens = tokensOf(text, 'character');
  return [part(tokens, 'splits'), part(tokens, 'codes')];
}

function encoded(call: TensorFlowCall): Result {
  const [codes, splits] = call.inputs;
  const isWhole = codes?.kind === 'partition' && splits?.kind === 'partition' && codes.of === splits.of;
  if (isWhole && codes.what === 'codes' && splits.what === 'code_splits') return codes.of;
  throw call.error('UNSUPPORTED_OP', 'encodes characters in an unsupported way');
}

function grams(call: TensorFlowCall): readonly Result[] {
  const [tokens, splits] = call.inputs;
  const isWhole = tokens?.kind === 'tokens' && splits?.kind === 'partition' && splits.of === tokens;
  const isPlain =
    call.string('separator', ' ') === ' ' &&
    call.integer('pad_width', 0) === 0 &&
    !call.flag('preserve_short_sequences');
  const widths = call.integers('ngram_widths');
  const isCounted = widths.length > 0 && widths.every((width) => width >= 1);
  if (!isWhole || splits.what !== 'splits' || !isPlain || !isCounted || tokens.tokenizing.grams.length > 0) {
    throw call.error('UNSUPPORTED_OP', 'makes n-grams in an unsupported way');
  }
  const joined: Tokens = { ...tokens, tokenizing: { ...tokens.tokenizing, grams: [...widths] } };
  return [joined, part(joined, 'splits')];
}

/** A text that is not split is a single token; returns the same list each time. */
const wholes = new WeakMap<Text, Tokens>();

function listOf(x: Result | undefined): Tokens | undefined {
  if (x?.kind === 'tokens') return x;
  if (x?.kind !== 'text') return undefined;
  const known = wholes.get(x) ?? { ...tokensOf(x, 'none'), shape: x.shape };
  wholes.set(x, known);
  return known;
}

// Numbers

/** Beyond all rows of any table. */
const FAR_BEYOND = 2 ** 52;

function find(call: TensorFlowCall, of: Tokens): TokenNumbers {
  const [table] = call.inputs;
  if (table?.kind !== 'contents') throw call.error('MALFORMED', 'input 0 is not a lookup table');
  const { keys, values } = table;
  if (keys.type !== 'string' || values.type === 'string') {
    throw call.error('UNSUPPORTED_DTYPE', `looks words up in a table from ${keys.type} to ${values.type}`);
  }
  const { list } = call.build.constantWords;
  call.build.spend(2 * keys.data.length);
  const known = new Map(Array.from(keys.data, (key, i) => [list[key], values.data[i]]));
  return { kind: 'numbers', of, known, unknown: call.number(2), type: values.type };
}

function equals(call: TensorFlowCall): TokenTest | undefined {
  for (const [i, x] of call.inputs.entries()) {
    const of = listOf(x);
    if (of !== undefined) return { kind: 'test', of, word: wordOf(call, 1 - i) };
  }
  return undefined;
}

/** Replaces the number of one word. */
function chosen(call: TensorFlowCall): TokenNumbers {
  const [test, , numbers] = call.inputs;
  if (test?.kind !== 'test' || numbers?.kind !== 'numbers' || test.of !== numbers.of) {
    throw call.error('UNSUPPORTED_OP', 'selects words of texts in an unsupported way');
  }
  call.build.spend(2 * numbers.known.size);
  return { ...numbers, known: new Map([...numbers.known, [test.word, call.number(1)]]) };
}

function rowOf(
  build: GraphBuilder,
  { of, known, unknown, type }: TokenNumbers,
  row: 'counts' | 'hits' | 'places',
  width: number,
): Row {
  if (!Number.isSafeInteger(width) || width < 1) throw build.error('SHAPE', `a row of ${width} tokens`);
  // A masked word gets the greatest integer as its index, which is beyond all others: any large number that a double
  // represents will do.
  const kept = (number: number) => (row !== 'places' && number >= width ? width : Math.min(number, FAR_BEYOND));
  const [terms, numbers] = [[...known.keys()], Array.from(known.values(), kept)];
  if (![...numbers, kept(unknown)].every(Number.isSafeInteger))
    throw build.error('UNSUPPORTED_DTYPE', 'words have numbers that are not integers');
  build.spend(2 * terms.length);
  const { tokenizing } = of;
  const step = { op: 'tokens', tokenizing, terms, numbers, unknown: kept(unknown), row, width } as const;
  return build.texts.row(build, of.input, step, type);
}

/** How many tokens of each row have each number. */
function counted(call: TensorFlowCall): Row {
  const [splits, numbers] = call.inputs;
  const weights = call.constant(3);
  const isWhole = splits?.kind === 'partition' && numbers?.kind === 'numbers' && splits.of === numbers.of;
  if (!isWhole || splits.what !== 'splits' || weights.data.length > 0) {
    throw call.error('UNSUPPORTED_OP', 'counts words of texts in an unsupported way');
  }
  const type = call.type('T', 'float32');
  return { ...rowOf(call.build, numbers, call.flag('binary_output') ? 'hits' : 'counts', call.number(2)), type };
}

/** Rows padded or cut to a fixed length. */
function padded(call: TensorFlowCall): Row {
  const [, numbers, , ...parts] = call.inputs;
  const types = call.strings('row_partition_types').join();
  const [first, second] = parts;
  const isOf = (x: Result | undefined, what: Partition['what']) =>
    x?.kind === 'partition' && numbers?.kind === 'numbers' && x.of === numbers.of && x.what === what;
  const isRows = types === 'FIRST_DIM_SIZE,VALUE_ROWIDS' && isOf(first, 'row_count') && isOf(second, 'rows');
  const isSplits = types === 'ROW_SPLITS' && isOf(first, 'splits');
  if (numbers?.kind !== 'numbers' || !(isRows || isSplits)) {
    throw call.error('UNSUPPORTED_OP', 'takes ragged tensors in an unsupported way; give the model dense ones');
  }
  const [rows, width, ...others] = call.numbers(0);
  if (rows !== -1 || others.length > 0 || width === undefined || call.number(2) !== 0) {
    throw call.error('UNSUPPORTED_OP', 'pads rows of words in an unsupported way');
  }
  if (width > 0) return rowOf(call.build, numbers, 'places', width);
  const message =
    'makes rows as long as the longest text of a batch, so that the result for a row depends on other rows';
  throw call.error('UNSUPPORTED_OP', `${message}; set output_sequence_length`);
}

// Where the tokens are

const OTHER: ReadonlySet<string> = new Set([
  'Size',
  'Greater',
  'Cast',
  'Max',
  'AddV2',
  'Add',
  'Mul',
  'Maximum',
  'Minimum',
]);

/** The result of an operator on partitions; undefined if it is not followed. */
function followed(call: TensorFlowCall): Partition | Constant | undefined {
  const { op } = call.node;
  const parts = call.inputs.filter((x): x is Partition => x.kind === 'partition');
  const [{ of }] = parts;
  if (!parts.every((x) => x.of === of)) return undefined;
  const whats = parts.map(({ what }) => what);
  const [what] = whats;
  const only = parts.length === 1 && call.inputs[0]?.kind === 'partition' ? what : undefined;
  const isOne = () => call.inputs.some((x) => x.kind === 'constant' && isNumber(x, 1));
  switch (op) {
    case 'Identity':
      return parts[0];
    case 'Cast':
      return what === 'other' || what === 'rows' || what === 'row_count' || what === 'splits'
        ? parts[0]
        : part(of, 'other');
    case 'StridedSlice':
      return only && sliced(call, parts[0]);
    case 'Maximum':
      if (whats.includes('row_count')) return part(of, 'row_count_or_more');
      break;
    case 'Minimum':
      if (whats.includes('row_count') && whats.includes('row_count_or_more')) return part(of, 'row_count');
      break;
    case 'Reshape':
      if (only === 'rows' && call.numbers(1).join() === '-1') return parts[0];
      if (whats.join() === 'code_column,code_count') return part(of, 'codes');
      return undefined;
    case 'DenseBincount': {
      const isPlain = !call.flag('binary_output') && call.constant(2).data.length === 0;
      return whats.join() === 'rows,row_count' && isPlain ? part(of, 'lengths') : undefined;
    }
    case 'Cumsum': {
      const isPlain = !call.flag('exclusive') && !call.flag('reverse') && call.number(1) === 0;
      return only === 'lengths' && isPlain ? part(of, 'ends') : undefined;
    }
    case 'ConcatV2':
      if (what === 'ends' && call.inputs.length === 3 && isNumber(call.constant(0), 0)) return part(of, 'splits');
      return what === 'code_count' && call.inputs.length === 3 && call.constant(1).data.length === 0
        ? parts[0]
        : undefined;
    case 'ExpandDims':
      return only === 'codes' && [1, -1].includes(call.number(1)) ? part(of, 'code_column') : undefined;
    case 'Shape':
      return only === 'code_column' ? part(of, 'column_shape') : only === 'codes' ? part(of, 'codes_shape') : undefined;
    case 'Pack':
      return only === 'code_count' && call.inputs.length === 1 ? parts[0] : undefined;
    case 'AddV2':
      if (only === 'code_count' && isOne()) return part(of, 'code_count_and_one');
      break;
    case 'Mul':
      if ((what === 'code_count' || what === 'code_splits') && parts.length === 1 && isOne()) return parts[0];
      break;
    case 'Range':
      return what === 'code_count_and_one' && call.number(0) === 0 && call.number(2) === 1
        ? part(of, 'code_splits')
        : undefined;
  }
  return OTHER.has(op) ? part(of, 'other') : undefined;
}

function isNumber(x: Constant, value: number): boolean {
  return x.data.length === 1 && x.data[0] === value && !x.batch;
}

/** The rows of all tokens, or elements of a shape. */
function sliced(call: TensorFlowCall, { of, what }: Partition): Partition | Constant | undefined {
  const masks = ['begin_mask', 'end_mask', 'ellipsis_mask', 'new_axis_mask', 'shrink_axis_mask'];
  const said = masks.map((mask) => call.integer(mask, 0)).join();
  const [begin, end, step] = [1, 2, 3].map((index) => call.numbers(index));
  if (!step.every((size) => size === 1)) return undefined;
  if (what === 'indices') return said === '1,1,0,0,2' && begin[1] === 0 ? part(of, 'rows') : undefined;
  if (said === '0,2,0,0,0' || said === '0,1,0,0,0') {
    return what === 'column_shape' && said === '0,1,0,0,0' && begin[0] === 2
      ? constant('int64', [0], new Float64Array())
      : undefined;
  }
  if (said !== '0,0,0,0,1' || end[0] !== begin[0] + 1) return undefined;
  if (what === 'shape') return begin[0] === 0 ? part(of, 'row_count') : part(of, 'other');
  if (what !== 'column_shape' && what !== 'codes_shape') return undefined;
  if (begin[0] === 0) return part(of, 'code_count');
  return what === 'column_shape' && begin[0] === 1 ? literal('int64', [1]) : undefined;
}

// All operators

/** The result of an operator that takes values which only operators on texts return; undefined for any other operator. */
export function translateTexts(call: TensorFlowCall): readonly (Result | undefined)[] | undefined {
  const { op } = call.node;
  const [first] = call.inputs;
  if (call.inputs.some((x) => x.kind === 'partition') && !Object.hasOwn(texts, op)) {
    const made = followed(call);
    if (made !== undefined) return [made];
    throw call.error('UNSUPPORTED_OP', 'computes with positions of words in texts, which is not supported');
  }
  if (first?.kind === 'text' && MOVES.has(op)) return [reshaped(call, first)];
  if (op === 'Equal') {
    const test = equals(call);
    if (test !== undefined) return [test];
  }
  const of = op.startsWith('LookupTableFind') ? listOf(call.inputs[1]) : undefined;
  if (of !== undefined) return [find(call, of)];
  if (op.startsWith('Select') && call.inputs.some((x) => x.kind === 'test')) return [chosen(call)];
  if (first?.kind === 'numbers' && op === 'Identity') return [first];
  if (first?.kind === 'numbers' && op === 'Cast') return [{ ...first, type: call.type('DstT', first.type) }];
  return undefined;
}

/** The number of a text that is a single token, as a value of the row. */
export function wholeTexts(build: GraphBuilder, x: Result): Result {
  if (x.kind !== 'numbers' || x.of.shape === undefined) return x;
  return build.reshaped(rowOf(build, x, 'places', 1), [...x.of.shape]) as Value;
}

const replacing: Translation = (call) => replaced(call, wordOf(call, 1), wordOf(call, 2));

export const texts: Translations = {
  StringLower: lower,
  StringStrip: (call) => changed(call, { op: 'strip' }),
  StaticRegexReplace: (call) => replaced(call, call.string('pattern', ''), call.string('rewrite', '')),
  RegexReplace: replacing,
  StringSplitV2: split,
  StringNGrams: grams,
  UnicodeDecode: decoded,
  UnicodeEncode: encoded,
  RaggedBincount: counted,
  RaggedTensorToTensor: padded,
};
