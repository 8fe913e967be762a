/** StringLookup and IntegerLookup: words and integers by their index in a vocabulary. */
import type { Tensor } from '../../../graph/graph.ts';
import { describe, quote } from '../../../messages.ts';
import { lookUp, lookUpWords } from '../../tensors/lookup.ts';
import { type Constant, constant, literal, type Row } from '../../tensors/value.ts';
import { placesOf } from '../../tensors/word-places.ts';
import type { KerasTensor, LayerCall, LayerKind } from '../layer.ts';
import { asValue, rowOf, type Traced } from '../traced.ts';
import { encode } from './preprocessing.ts';

type Token = string | number;

/** The layout of a vocabulary: the mask, if there is one, then unknown words, then the words. */
export interface Vocabulary {
  readonly tokens: readonly Token[];
  readonly mask: Token | undefined;
  /** The first index for unknown words, and how many there are. */
  readonly unknown: number;
  readonly unknowns: number;
  /** The index of the first token. */
  readonly first: number;
  readonly size: number;
  /** Whether the given list begins with the mask and the unknown token. */
  readonly hasSpecial: boolean;
}

const MODES = ['int', 'one_hot', 'multi_hot', 'count', 'binary', 'tf_idf', 'tf-idf'] as const;

/** The kind of a lookup layer: its tokens, and how unknown ones are distributed over several indices. */
interface Kind {
  read(layer: LayerCall, token: unknown): Token;
  /** The input, cast to the type of the tokens. */
  input(layer: LayerCall): KerasTensor;
  find(layer: LayerCall, x: Row, tokens: readonly Token[], values: Constant, otherwise: number): Traced;
  spread(layer: LayerCall, x: Row, count: number): Traced;
}

function lookup(kind: Kind): LayerKind {
  return {
    build(layer) {
      const { config, build } = layer;
      const mode = config.choice('output_mode', MODES, 'int');
      if (config.flag('invert', false))
        throw layer.unsupported('converts indices to words (invert=True), which is not supported');
      if (config.flag('sparse', false)) throw layer.unsupported('gives sparse tensors; expected dense ones');
      const vocabulary = readVocabulary(layer, mode === 'int', kind);
      layer.spend(vocabulary.size);
      const depth = mode === 'int' ? vocabulary.size : depthOf(layer, vocabulary);
      const places = asValue(build, placeOf(layer, vocabulary, kind, mode === 'int' ? 0 : depth));
      if (mode === 'int') return places;
      if (mode === 'one_hot' || mode === 'count') return { ...encode(layer, places, depth, mode), dtype: 'int64' };
      if (mode === 'multi_hot' || mode === 'binary') {
        return { ...encode(layer, places, depth, 'multi_hot'), dtype: 'int64' };
      }
      const counts = rowOf(encode(layer, places, depth, 'count'));
      const weights = constant('float32', [depth], documentWeights(layer, vocabulary, depth));
      return asValue(build, build.binary('mul', build.cast(counts, 'float32'), weights));
    },
  };
}

function readVocabulary(layer: LayerCall, isInt: boolean, kind: Kind): Vocabulary {
  const { config } = layer;
  const unknowns = config.whole('num_oov_indices', 1);
  if (unknowns < 0) throw config.wrong('num_oov_indices', '0 or more');
  if (unknowns > 0) layer.checkCount(unknowns, 'num_oov_indices');
  const mask = config.has('mask_token') ? kind.read(layer, config.raw('mask_token')) : undefined;
  return vocabularyOf(layer, isInt, kind, { unknowns, mask, unknownToken: config.raw('oov_token') });
}

/** The vocabulary of the words of a text, which TextVectorization looks up. */
export function readTextVocabulary(layer: LayerCall, isInt: boolean): Vocabulary {
  const vocabulary = vocabularyOf(layer, isInt, words, { unknowns: 1, mask: '', unknownToken: '[UNK]' });
  if (!layer.config.has('vocabulary_size') || layer.config.whole('vocabulary_size') === vocabulary.size)
    return vocabulary;
  const message = `expected a vocabulary of ${layer.config.whole('vocabulary_size')}, found ${vocabulary.size}`;
  throw layer.error(
    'MALFORMED',
    `${message}; words with line breaks cannot be saved, because the file has one word per line`,
  );
}

interface Special {
  readonly unknowns: number;
  readonly mask: Token | undefined;
  readonly unknownToken: unknown;
}

function vocabularyOf(layer: LayerCall, isInt: boolean, kind: Kind, special: Special): Vocabulary {
  const { unknowns, mask, unknownToken } = special;
  const unknown = isInt && mask !== undefined ? 1 : 0;
  const first = unknown + unknowns;
  const words = givenWords(layer).map((token) => kind.read(layer, token));
  const hasSpecial = words.slice(0, first).every((token, i) => token === (i < unknown ? mask : unknownToken));
  const tokens = hasSpecial && words.length >= first ? words.slice(first) : words;
  if (tokens.length === 0)
    throw layer.error('MALFORMED', 'its vocabulary is empty: it was saved before it was adapted');
  if (new Set(tokens).size < tokens.length) throw layer.error('DUPLICATE', 'its vocabulary contains a word twice');
  return { tokens, mask, unknown, unknowns, first, size: first + tokens.length, hasSpecial: tokens !== words };
}

/** From the description, or from the text file beside the weights. */
function givenWords(layer: LayerCall): readonly unknown[] {
  const { config } = layer;
  const given = config.raw('vocabulary');
  if (typeof given === 'string') {
    throw layer.error(
      'UNSAFE',
      `takes its vocabulary from the file ${quote(given)}, which is not opened; pass the words to the layer before saving`,
    );
  }
  if (given !== undefined) return config.list('vocabulary');
  const text = layer.options.asset('vocabulary.txt');
  if (text === undefined) throw layer.error('MALFORMED', 'the file contains no vocabulary for it');
  const lines = text.split(/\r?\n/);
  while (lines.at(-1) === '') lines.pop();
  return lines;
}

/**
 * The index of each element; masked elements get `masked`. If the vocabulary has no index for unknown words, a run with
 * one is refused.
 */
function placeOf(layer: LayerCall, vocabulary: Vocabulary, kind: Kind, masked: number): Traced {
  const { build } = layer;
  const { tokens, mask, unknown, unknowns, first, size } = vocabulary;
  const x = rowOf(kind.input(layer));
  const all = mask === undefined ? tokens : [...tokens, mask];
  const values = Float64Array.from(all, (_, i) => (i < tokens.length ? first + i : masked));
  const found = kind.find(layer, x, all, constant('int64', [all.length], values), unknowns === 1 ? unknown : -1);
  if (unknowns === 1) return found;
  if (unknowns > 1) {
    const spread = build.binary('add', kind.spread(layer, x, unknowns), literal('int64', [unknown]));
    return build.select(build.binary('equal', found, literal('int64', [-1])), spread, found);
  }
  const count = Math.max(size, masked + 1);
  layer.spend(count);
  const itself: Tensor = { shape: [count], data: Float64Array.from({ length: count }, (_, i) => i) };
  const row = build.asRow(found);
  return build.emit('embedding', [row.operand, itself], { wrap: false }, { ...row, type: 'int64' });
}

export function depthOf(layer: LayerCall, { size }: Vocabulary): number {
  if (!layer.config.flag('pad_to_max_tokens', false)) return size;
  const most = layer.config.whole('max_tokens');
  layer.checkCount(most, 'max_tokens');
  return Math.max(size, most);
}

/**
 * The weight of each count: stored with the weights for every index, or given with the vocabulary; then unknown words
 * have the mean of the others, and indices beyond the words 0.
 */
export function documentWeights(layer: LayerCall, { first, hasSpecial }: Vocabulary, depth: number): Float32Array {
  const weights = new Float32Array(depth);
  layer.spend(depth);
  if (layer.config.has('idf_weights')) {
    const given = layer.config.list('idf_weights');
    if (!given.every((weight) => typeof weight === 'number')) throw layer.config.wrong('idf_weights', 'numbers');
    const padding = hasSpecial ? 0 : first;
    if (padding + given.length > depth)
      throw layer.error('SHAPE', `expected ${depth} idf_weights, found ${given.length}`);
    weights.fill(given.reduce((sum, weight) => sum + weight, 0) / given.length, 0, padding);
    weights.set(given, padding);
    return weights;
  }
  const stored = layer.options.kept('idf_weights')?.read();
  if (stored === undefined) throw layer.error('MALFORMED', 'the file contains no idf_weights for it');
  if (stored.data.length !== depth) {
    throw layer.error('SHAPE', `expected ${depth} idf_weights, found ${stored.data.length}`);
  }
  weights.set(stored.data);
  return weights;
}

/** The key of a salted hash, which JSON must represent exactly. */
export function saltOf({ config }: LayerCall): readonly [string, string] | undefined {
  if (!config.has('salt')) return undefined;
  const [first, second = first] = config.wholes('salt');
  return [`${first}`, `${second}`];
}

const words: Kind = {
  read(layer, token) {
    if (typeof token === 'string') return token;
    throw layer.error('MALFORMED', `expected words in its vocabulary, found ${describe(token)}`);
  },

  input(layer) {
    const { input } = layer;
    if (input.dtype === 'string') return input;
    throw layer.error('UNSUPPORTED_DTYPE', `looks up words, but its input is ${input.dtype}`);
  },

  find: ({ build }, x, tokens, values, otherwise) => lookUpWords(build, x, tokens as string[], values, otherwise),
  spread: (layer, x, count) => placesOf(layer.build, x, count, saltOf(layer)),
};

const numbers: Kind = {
  read(layer, token) {
    const number = typeof token === 'string' && /^-?\d+$/.test(token) ? Number(token) : token;
    if (Number.isSafeInteger(number)) return number as number;
    throw layer.error('MALFORMED', `expected integers in its vocabulary, found ${describe(token)}`);
  },

  input: (layer) => layer.cast(layer.input, 'int64'),

  find(layer, x, tokens, values, otherwise) {
    const keys = constant('int64', [tokens.length], Float64Array.from(tokens, Number));
    return lookUp(layer.build, x, { keys, values }, otherwise);
  },

  /** By remainder, unless the layer has a salt. */
  spread(layer, x, count) {
    const method = layer.config.choice('oov_method', ['floormod', 'farmhash'], 'floormod');
    if (method === 'farmhash') {
      const { build } = layer;
      const key = saltOf(layer);
      const place = build.texts.place(build, [rowOf(layer.input)], { count, ...(key && { key }) });
      if (place !== undefined) return build.reshaped(place, [...x.shape]);
      throw layer.unsupported(
        'distributes unknown numbers by their hash, which is supported only directly on an input of the model',
      );
    }
    return layer.build.remainder(x, literal('int64', [count]), 'floor');
  },
};

export const lookupLayers: Readonly<Record<string, LayerKind>> = {
  StringLookup: lookup(words),
  IntegerLookup: lookup(numbers),
};
