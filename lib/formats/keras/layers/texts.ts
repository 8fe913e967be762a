/** TextVectorization: splits a text into tokens and looks them up in a vocabulary. */
import type { Tokenizing } from '../../../graph/terms.ts';
import { constant } from '../../tensors/value.ts';
import type { LayerCall, LayerKind } from '../layer.ts';
import { EXPORT } from '../refusals.ts';
import { asValue, rowOf } from '../traced.ts';
import { depthOf, documentWeights, readTextVocabulary } from './lookup.ts';

const MODES = ['int', 'one_hot', 'multi_hot', 'count', 'binary', 'tf_idf', 'tf-idf'] as const;
const STANDARDS = ['lower_and_strip_punctuation', 'lower', 'strip_punctuation'] as const;
const SPLITS = ['whitespace', 'character'] as const;
/** As Keras writes it. */
const PUNCTUATION = '[!"#$%&()\\*\\+,-\\./:;<=>?@\\[\\\\\\]^_`{|}~\\\']';

const textVectorization: LayerKind = {
  build(layer) {
    const { config, build, input } = layer;
    const mode = config.choice('output_mode', MODES, 'int');
    for (const what of ['sparse', 'ragged']) {
      if (config.flag(what, false)) throw layer.unsupported(`gives ${what} tensors; expected dense ones`);
    }
    const text = input.dtype === 'string' ? build.texts.textOf(build, rowOf(input)) : undefined;
    if (text === undefined)
      throw layer.unsupported('takes something other than a single text that is an input of the model');
    const tokenizing = tokenizingOf(layer);
    const isWhole = tokenizing.split === 'none';
    if (isWhole && input.shape.length === 0)
      throw layer.unsupported('takes texts without an axis; give rows of one text');
    if (mode === 'one_hot' && !isWhole) throw layer.unsupported('gives a row for each token');
    const vocabulary = readTextVocabulary(layer, mode === 'int');
    layer.spend(2 * vocabulary.size);
    const depth = depthOf(layer, vocabulary);
    const masked = mode === 'int' ? 0 : depth;
    const terms = [...(vocabulary.tokens as readonly string[]), ''];
    const numbers = terms.map((_, i) => (i < terms.length - 1 ? vocabulary.first + i : masked));
    const known = { op: 'tokens', tokenizing, terms, numbers, unknown: vocabulary.unknown } as const;
    if (mode === 'int') {
      const width = lengthOf(layer, isWhole);
      return asValue(build, build.texts.row(build, text, { ...known, row: 'places', width }, 'int64'));
    }
    const row = mode === 'count' || mode === 'tf_idf' || mode === 'tf-idf' ? 'counts' : 'hits';
    const isWeighed = mode === 'tf_idf' || mode === 'tf-idf';
    const type = isWeighed ? 'float32' : 'int64';
    const counts = build.texts.row(build, text, { ...known, row, width: depth }, type);
    if (!isWeighed) return asValue(build, counts);
    const weights = constant('float32', [depth], documentWeights(layer, vocabulary, depth));
    return asValue(build, build.binary('mul', counts, weights));
  },
};

/** How many entries a row of tokens has. */
function lengthOf(layer: LayerCall, isWhole: boolean): number {
  const { config } = layer;
  if (config.has('output_sequence_length')) {
    const length = config.whole('output_sequence_length');
    layer.checkCount(length, 'output_sequence_length');
    return length;
  }
  if (isWhole) return 1;
  const message =
    'gives rows as long as the longest text of a batch, so that the result for a row depends on other rows';
  throw layer.unsupported(`${message}; set output_sequence_length`);
}

function tokenizingOf(layer: LayerCall): Tokenizing {
  const { config } = layer;
  const standard = optionOf(layer, 'standardize', STANDARDS);
  const split = optionOf(layer, 'split', SPLITS);
  const isLower = standard?.startsWith('lower') === true;
  const isStripped = standard?.endsWith('strip_punctuation') === true;
  const grams = gramsOf(layer);
  if (grams.length > 0 && split === undefined) throw layer.unsupported('makes n-grams of whole texts');
  if (config.text('encoding', 'utf-8').toLowerCase() !== 'utf-8')
    throw layer.unsupported('takes texts that are not UTF-8');
  return {
    changes: [
      ...(isLower ? [{ op: 'lower', ascii: true } as const] : []),
      ...(isStripped ? [{ op: 'replace', pattern: PUNCTUATION, by: '', all: true } as const] : []),
    ],
    split: split === 'whitespace' ? 'space' : (split ?? 'none'),
    grams,
  };
}

/** Undefined for None. */
function optionOf<T extends string>(layer: LayerCall, field: string, choices: readonly T[]): T | undefined {
  const { config } = layer;
  if (!config.has(field)) return undefined;
  if (typeof config.raw(field) === 'string') return config.choice(field, choices, choices[0]);
  throw layer.unsupported(`has a user-defined function as ${field}, whose code is not in the file; ${EXPORT}`);
}

/** A single number means all sizes up to it. */
function gramsOf(layer: LayerCall): readonly number[] {
  const { config } = layer;
  if (!config.has('ngrams')) return [];
  const given = config.wholes('ngrams');
  const isAll = !Array.isArray(config.raw('ngrams'));
  for (const count of given) layer.checkCount(count, 'ngrams');
  layer.spend(isAll ? given[0] : given.length);
  return isAll ? Array.from({ length: given[0] }, (_, i) => i + 1) : given;
}

export const textLayers: Readonly<Record<string, LayerKind>> = { TextVectorization: textVectorization };
