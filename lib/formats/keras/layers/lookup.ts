/** StringLookup and IntegerLookup: words and whole numbers by their place in a vocabulary. */
import { greatest } from '../../../extremes.ts';
import type { Tensor } from '../../../graph/graph.ts';
import { describe, quote } from '../../../words.ts';
import type { LayerCall, LayerKind, Value } from '../layer.ts';
import { encode, gatherHits } from './preprocessing.ts';

type Token = string | number;

/** Where the places of a vocabulary begin: the mask, if it has one, what is unknown, then the words. */
interface Vocabulary {
  readonly tokens: readonly Token[];
  readonly mask: Token | undefined;
  readonly unknown: number;
  readonly first: number;
  readonly hasUnknown: boolean;
  readonly size: number;
}

const MODES = ['int', 'one_hot', 'multi_hot', 'count', 'binary', 'tf_idf', 'tf-idf'] as const;

function lookup(read: (layer: LayerCall, token: unknown) => Token, match: typeof matchWords): LayerKind {
  return {
    build(layer) {
      const { config } = layer;
      const mode = config.choice('output_mode', MODES, 'int');
      if (mode === 'tf_idf' || mode === 'tf-idf') throw layer.unsupported('weighs words by tf-idf, which is not read');
      if (config.flag('invert', false)) throw layer.unsupported('gives words for places, which is not read');
      if (config.flag('sparse', false)) throw layer.unsupported('gives sparse tensors; expected dense ones');
      const vocabulary = readVocabulary(layer, mode === 'int', read);
      layer.spend(vocabulary.size);
      const found = match(layer, layer.input, [...vocabulary.tokens, ...present(vocabulary.mask)]);
      if (mode === 'int') return placesOf(layer, found, vocabulary);
      const form = mode === 'binary' ? 'multi_hot' : mode;
      if (vocabulary.hasUnknown) return hitsOf(layer, found, vocabulary, form);
      if (vocabulary.mask !== undefined) throw layer.unsupported('has a mask and no place for unknown words');
      return encode(layer, placesOf(layer, found, vocabulary), depthOf(layer, vocabulary), form);
    },
  };
}

function readVocabulary(
  layer: LayerCall,
  isInt: boolean,
  read: (layer: LayerCall, token: unknown) => Token,
): Vocabulary {
  const { config } = layer;
  const unknowns = config.whole('num_oov_indices', 1);
  if (unknowns < 0 || unknowns > 1) {
    throw layer.unsupported(
      `spreads unknown words over ${unknowns} places by a hash, which is not read; expected 0 or 1`,
    );
  }
  const mask = config.has('mask_token') ? read(layer, config.raw('mask_token')) : undefined;
  const unknown = isInt && mask !== undefined ? 1 : 0;
  const first = unknown + unknowns;
  const special = [...(unknown === 1 ? present(mask) : []), ...(unknowns === 1 ? [config.raw('oov_token')] : [])];
  const words = givenWords(layer).map((token) => read(layer, token));
  const hasSpecial = special.every((token, i) => token === words[i]);
  const tokens = hasSpecial ? words.slice(first) : words;
  if (tokens.length === 0)
    throw layer.error('MALFORMED', 'its vocabulary is empty: it was saved before it was adapted');
  if (new Set(tokens).size < tokens.length) throw layer.error('DUPLICATE', 'a word is in its vocabulary twice');
  return { tokens, mask, unknown, first, hasUnknown: unknowns === 1, size: first + tokens.length };
}

/** From the description, or from the text file beside the weights. */
function givenWords(layer: LayerCall): readonly unknown[] {
  const { config } = layer;
  const given = config.raw('vocabulary');
  if (typeof given === 'string') {
    throw layer.error('UNSAFE', `wants its vocabulary from the file ${quote(given)}, which is not opened`);
  }
  if (given !== undefined) return config.list('vocabulary');
  const text = layer.options.asset('vocabulary.txt');
  if (text === undefined) throw layer.error('MALFORMED', 'the file holds no vocabulary for it');
  const lines = text.split('\n');
  return lines.at(-1) === '' ? lines.slice(0, -1) : lines;
}

function present<T>(value: T | undefined): T[] {
  return value === undefined ? [] : [value];
}

/** [..., tokens]: 1 where the element is the token. Inputs of strings are written as places among all their words. */
function matchWords(layer: LayerCall, x: Value, tokens: readonly Token[]): Value {
  const positions = x.dtype === 'string' ? layer.words.positions(x.name, tokens.map(String)) : undefined;
  if (positions === undefined) {
    throw layer.unsupported('is read where it is called on an input of strings, not on what another layer makes');
  }
  const depth = greatest(positions) + 1;
  const attributes = { depth, on: 1, off: 0, axis: x.shape.length, wrap: false };
  const hot = layer.emit('one_hot', [x], attributes, [...x.shape, depth]);
  const isInOrder = positions.every((position, i) => position === i) && positions.length === depth;
  return isInOrder ? hot : layer.gather(hot, x.shape.length, positions);
}

function matchNumbers(layer: LayerCall, x: Value, tokens: readonly Token[]): Value {
  const spread = layer.reshape(x, [...x.shape, 1]);
  return layer.binary('equal', spread, { shape: [tokens.length], data: Float64Array.from(tokens, Number) });
}

/** The place of each element. Without a place for unknown words a run that meets one is refused. */
function placesOf(
  layer: LayerCall,
  found: Value,
  { tokens, mask, unknown, first, hasUnknown, size }: Vocabulary,
): Value {
  const otherwise = hasUnknown ? unknown : -1;
  const weights = [...tokens.map((_, i) => first + i - otherwise), ...present(mask).map(() => -otherwise)];
  const kernel: Tensor = { shape: [weights.length, 1], data: Float64Array.from(weights) };
  const sums = layer.dense(found, kernel, { shape: [1], data: Float64Array.of(otherwise) });
  const places = layer.reshape(sums, found.shape.slice(0, -1));
  if (hasUnknown) return { ...places, dtype: 'int64' };
  const table: Tensor = { shape: [size], data: Float64Array.from({ length: size }, (_, i) => i) };
  return { ...layer.emit('embedding', [places, table], { wrap: false }, places.shape), dtype: 'int64' };
}

/** Without a mask in front; what is unknown is what is no token and no mask. */
function hitsOf(
  layer: LayerCall,
  found: Value,
  vocabulary: Vocabulary,
  mode: 'one_hot' | 'multi_hot' | 'count',
): Value {
  const last = found.shape.length - 1;
  const none = layer.reduce('sum', found, [last], true);
  const unknown = layer.binary('sub', { shape: [], data: Float64Array.of(1) }, none);
  const { tokens, mask } = vocabulary;
  const own = mask === undefined ? found : layer.gather(found, last, [...tokens.keys()]);
  const padding = depthOf(layer, vocabulary) - vocabulary.size;
  layer.spend(paddedCount(found, padding));
  const zeros: Tensor = {
    shape: [...found.shape.slice(0, -1), padding],
    data: new Float64Array(paddedCount(found, padding)),
  };
  const parts = [unknown, own, ...(padding > 0 ? [zeros] : [])];
  const all = layer.emit(
    'concat',
    parts,
    { axis: last },
    found.shape.with(last, vocabulary.size + Math.max(0, padding)),
  );
  const isColumn = mode === 'one_hot' && last > 0 && all.shape[last - 1] === 1;
  const hot = isColumn ? layer.reshape(all, [...all.shape.slice(0, last - 1), all.shape[last]]) : all;
  return { ...gatherHits(layer, hot, mode), dtype: 'int64' };
}

function paddedCount(found: Value, padding: number): number {
  return found.shape.slice(0, -1).reduce((product, size) => product * size, Math.max(0, padding));
}

function depthOf(layer: LayerCall, { size }: Vocabulary): number {
  if (!layer.config.flag('pad_to_max_tokens', false)) return size;
  const most = layer.config.whole('max_tokens');
  layer.checkCount(most, 'max_tokens');
  return Math.max(size, most);
}

function readWord(layer: LayerCall, token: unknown): Token {
  if (typeof token === 'string') return token;
  throw layer.error('MALFORMED', `expected words in its vocabulary, found ${describe(token)}`);
}

function readNumber(layer: LayerCall, token: unknown): Token {
  const number = typeof token === 'string' && /^-?\d+$/.test(token) ? Number(token) : token;
  if (Number.isSafeInteger(number)) return number as number;
  throw layer.error('MALFORMED', `expected whole numbers in its vocabulary, found ${describe(token)}`);
}

export const lookupLayers: Readonly<Record<string, LayerKind>> = {
  StringLookup: lookup(readWord, matchWords),
  IntegerLookup: lookup(readNumber, matchNumbers),
};
