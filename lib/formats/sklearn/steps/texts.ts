/** Vectorizers: from a text, or a record of any keys, to a sparse row. */
import type { Analysis, HashedValue, OwnText, TermStep } from '../../../graph/terms.ts';
import { didYouMean, quote } from '../../../messages.ts';
import { ENGLISH_STOP_WORDS } from '../../../text/english.ts';
import {
  PickleDict,
  PickleGlobal,
  PickleObject,
  PickleSet,
  type PickleValue,
  pickleKind,
} from '../../containers/pickle/values.ts';
import type { GivenFunctions } from '../../format.ts';
import { plainAttributes } from '../../own/plain.ts';
import type { Emitter } from '../emitter.ts';
import type { Estimator } from '../estimator.ts';
import type { Features } from '../features.ts';
import type { RowVector } from '../outcome.ts';
import { TermRow } from '../sparse.ts';
import { functionName, isNone, itemsOf, noSuchOption, plainScalar } from '../values.ts';
import { tfidfTransformer } from './tfidf.ts';

const DEFAULT_PATTERN = '(?u)\\b\\w\\w+\\b';
const UNITS = ['word', 'char', 'char_wb'] as const;
const MOST_HASHES = 2 ** 31 - 1;
/** Bytes of a term besides those in the file. */
const TERM_BYTES = 48;

/** A row is a single text. */
export function oneText(): Features {
  return { width: 1 };
}

export function countVectorizer(estimator: Estimator, emitter: Emitter, x: RowVector): RowVector {
  const terms = termsOf(estimator);
  const [analysis, binary] = [analysisOf(estimator, emitter), estimator.boolean('binary', false)];
  const feature = featureOf(estimator, x);
  return rowOf(estimator, emitter, { op: 'count', feature, analysis, terms, binary }, terms.length);
}

export function tfidfVectorizer(estimator: Estimator, emitter: Emitter, x: RowVector): RowVector {
  const counts = countVectorizer(estimator, emitter, x);
  return emitter.within(estimator.estimator('_tfidf'), () =>
    tfidfTransformer(estimator.estimator('_tfidf'), emitter, counts),
  );
}

export function hashingVectorizer(estimator: Estimator, emitter: Emitter, x: RowVector): RowVector {
  const hashed = hashOf(estimator, emitter, featureOf(estimator, x), 'text', {
    analysis: analysisOf(estimator, emitter),
    binary: estimator.boolean('binary', false),
  });
  if (isNone(estimator.value('norm', 'l2'))) return hashed;
  const name = estimator.text('norm', 'l2');
  if (name === 'l1' || name === 'l2') return emitter.normalize(hashed, name);
  throw estimator.error('MALFORMED', noSuchOption('the norm', name, ['l1', 'l2']), 'norm');
}

const HASHED: Readonly<Record<string, HashedValue>> = { dict: 'record', pair: 'pairs', string: 'strings' };

export function featureHasher(estimator: Estimator, emitter: Emitter, x: RowVector): RowVector {
  const type = estimator.text('input_type', 'dict');
  if (!Object.hasOwn(HASHED, type)) {
    throw estimator.error('MALFORMED', noSuchOption('the input type', type, Object.keys(HASHED)), 'input_type');
  }
  return hashOf(estimator, emitter, featureOf(estimator, x), HASHED[type], { binary: false });
}

function hashOf(
  estimator: Estimator,
  emitter: Emitter,
  feature: number,
  value: HashedValue,
  options: { readonly analysis?: Analysis; readonly binary: boolean },
): RowVector {
  const size = estimator.number('n_features', 2 ** 20);
  if (!(Number.isInteger(size) && size >= 1 && size <= MOST_HASHES)) {
    throw estimator.error('MALFORMED', `expected 1 to 2^31 - 1 features, found ${size}`, 'n_features');
  }
  const signed = estimator.boolean('alternate_sign', true);
  const single = isSingle(estimator);
  return rowOf(estimator, emitter, { op: 'hash', feature, value, size, signed, single, ...options }, size);
}

function rowOf(estimator: Estimator, emitter: Emitter, step: TermStep, width: number): TermRow {
  if (width > emitter.budget.limits.rowElements && step.op === 'count') {
    throw estimator.error('LIMIT', `knows ${width} terms; \`limits.rowElements\` allows fewer`);
  }
  return new TermRow(width, [step], isSingle(estimator), emitter.terms);
}

/** `dtype`: a NumPy class or dtype. */
function isSingle(estimator: Estimator): boolean {
  const value = estimator.value('dtype');
  const name = value instanceof PickleGlobal ? value.name : value instanceof PickleObject ? value.args[0] : value;
  return name === 'float32' || name === 'f4' || name === '<f4';
}

/** The column of the model's input that contains the texts. */
function featureOf(estimator: Estimator, x: RowVector): number {
  if (x.width !== 1) throw estimator.error('SHAPE', `expected one column of texts, found ${x.width}`);
  const [column] = x.raw ?? [];
  if (column !== undefined) return column;
  throw estimator.error('UNSUPPORTED_OP', 'takes texts that an earlier step computes, which is not supported');
}

// Terms

/** By id. */
function termsOf(estimator: Estimator): readonly string[] {
  const attribute = estimator.has('vocabulary_') ? 'vocabulary_' : 'vocabulary';
  const value = estimator.value(attribute);
  const entries = entriesOf(estimator, value, attribute);
  estimator.budget.build(TERM_BYTES * entries.length, estimator.title);
  const terms = new Array<string | undefined>(entries.length).fill(undefined);
  const known = new Set<string>();
  for (const [term, index] of entries) {
    const id = plainScalar(index);
    if (typeof term !== 'string') {
      throw estimator.error('MALFORMED', `expected terms that are strings, found ${pickleKind(term)}`, attribute);
    }
    if (!(typeof id === 'number' && Number.isInteger(id) && id >= 0 && id < terms.length)) {
      const message = `expected indices between 0 and ${terms.length - 1}, found ${pickleKind(id)} for ${quote(term)}`;
      throw estimator.error('MALFORMED', message, attribute);
    }
    if (terms[id] !== undefined || known.has(term)) {
      throw estimator.error('MALFORMED', `contains the index ${id} or the term ${quote(term)} twice`, attribute);
    }
    known.add(term);
    terms[id] = term;
  }
  return terms as string[];
}

/** From a dict; from a list, or a set in its order, with positions as indices. */
function entriesOf(estimator: Estimator, value: PickleValue, attribute: string): readonly (readonly PickleValue[])[] {
  const dict = value instanceof PickleDict ? value.entries : value instanceof PickleObject ? value.items : undefined;
  const list = value instanceof PickleSet ? sortedAsPython(value.items) : itemsOf(value);
  const entries = dict ?? list?.map((term, index) => [plainScalar(term), index]);
  if (entries !== undefined && entries.length > 0) return entries;
  const message = `expected a dict of terms, found ${pickleKind(value)}; the vectorizer may not be fitted`;
  throw estimator.error('MALFORMED', message, attribute);
}

/** By code points, whereas JavaScript compares code units. */
function sortedAsPython(items: readonly PickleValue[]): PickleValue[] {
  const keyOf = (item: PickleValue) => Array.from(`${item}`, (character) => character.codePointAt(0) as number);
  const keyed = items.map((item) => ({ item, key: keyOf(item) }));
  keyed.sort((a, b) => {
    const at = a.key.findIndex((code, i) => code !== b.key[i]);
    return at < 0 ? a.key.length - b.key.length : a.key[at] - (b.key[at] ?? -1);
  });
  return keyed.map(({ item }) => item);
}

// Analysis

function analysisOf(estimator: Estimator, { functions }: Emitter): Analysis {
  const input = estimator.text('input', 'content');
  if (input !== 'content') {
    throw estimator.error(
      'UNSUPPORTED_OP',
      `reads texts from files (input=${quote(input)}), which are not opened here`,
      'input',
    );
  }
  if (isOwn(estimator.value('analyzer'))) {
    const analyzer = ownText(estimator, 'analyzer', functions);
    const none = { lowercase: false, accents: 'keep', pattern: '.', stopWords: [], least: 1, most: 1 } as const;
    return { unit: 'word', ...none, own: { analyzer } };
  }
  const unit = unitOf(estimator);
  const [least, most] = rangeOf(estimator);
  const { own, ...preparation } = preparationOf(estimator, functions);
  const isWord = unit === 'word';
  const stopWords = isWord ? stopWordsOf(estimator) : [];
  const rest = { unit, ...preparation, stopWords, least, most };
  // An analyzer of characters does not use a tokenizer.
  if (isWord && isMethod(estimator, 'tokenizer', 'split')) return { ...rest, pattern: '\\S+', ...(own && { own }) };
  if (isWord && estimator.has('tokenizer')) {
    return { ...rest, pattern: '.', own: { ...own, tokenizer: ownText(estimator, 'tokenizer', functions) } };
  }
  const pattern = isWord ? estimator.text('token_pattern', DEFAULT_PATTERN) : '';
  return { ...rest, pattern, ...(own && { own }) };
}

function unitOf(estimator: Estimator): Analysis['unit'] {
  const name = estimator.text('analyzer', 'word');
  const unit = UNITS.find((known) => known === name);
  if (unit !== undefined) return unit;
  throw estimator.error('MALFORMED', noSuchOption('the analyzer', name, UNITS), 'analyzer');
}

function preparationOf(
  estimator: Estimator,
  functions: GivenFunctions,
): Pick<Analysis, 'lowercase' | 'accents' | 'own'> {
  if (isMethod(estimator, 'preprocessor', 'lower')) return { lowercase: true, accents: 'keep' };
  if (estimator.has('preprocessor')) {
    const preprocessor = ownText(estimator, 'preprocessor', functions);
    return { lowercase: false, accents: 'keep', own: { preprocessor } };
  }
  const lowercase = estimator.boolean('lowercase', true);
  const value = estimator.value('strip_accents');
  if (isNone(value) || value === '' || value === false) return { lowercase, accents: 'keep' };
  if (value === 'ascii' || value === 'unicode') return { lowercase, accents: value };
  const name = functionName(value)?.replace(/^sklearn\.feature_extraction\.text\.strip_accents_/, '');
  if (name === 'ascii' || name === 'unicode') return { lowercase, accents: name };
  if (isOwn(value)) {
    return { lowercase, accents: 'keep', own: { accents: ownText(estimator, 'strip_accents', functions) } };
  }
  const message = noSuchOption('`strip_accents`', estimator.text('strip_accents'), ['ascii', 'unicode']);
  throw estimator.error('MALFORMED', message, 'strip_accents');
}

/** Whether the option is this method of Python's str, such as `str.split`. */
function isMethod(estimator: Estimator, attribute: 'tokenizer' | 'preprocessor', name: string): boolean {
  return estimator.has(attribute) && functionName(estimator.value(attribute)) === `builtins.str.${name}`;
}

/** A function or an object, which only Python can call. */
function isOwn(value: PickleValue): boolean {
  return value instanceof PickleGlobal || value instanceof PickleObject;
}

/** The result of each option's function for a text. */
const GIVES = {
  analyzer: ['its terms, an array of strings', '[]'],
  tokenizer: ['its words, an array of strings', '[]'],
  preprocessor: ['the text to be split', 'text'],
  strip_accents: ['the text without accents', 'text'],
} as const;

/** The caller's function for an option that is a function in Python. */
function ownText(estimator: Estimator, attribute: keyof typeof GIVES, functions: GivenFunctions): OwnText {
  const value = estimator.value(attribute);
  const { name, object } = ownName(value);
  const given = functions.get(name);
  const place = estimator.placeOf(attribute);
  const attributes = object ? plainAttributes(object, estimator.budget, place) : {};
  if (given?.text !== undefined) return { name, place, attributes, run: given.text };
  if (given !== undefined) {
    const message = `the function for ${quote(name)} takes one text: give it as { text: (text) => … }`;
    throw estimator.error('OPTION', message, attribute);
  }
  const [gives, result] = GIVES[attribute];
  const message = `uses the function ${name} as its ${attribute}, of which only the name is in the file`;
  const stub = [
    'functions: {',
    `  ${quote(name)}: {`,
    `    // takes a text, returns ${gives}`,
    `    text: (text, { attributes }) => ${result},`,
    '  },',
    '}',
  ].map((line) => `\n  ${line}`);
  const hint = `pass a function that computes it to load(), in the option \`functions\`${didYouMean(name, functions.keys())}`;
  throw estimator.error(
    'UNSUPPORTED_OP',
    `${message}; use the vectorizer's own options, such as token_pattern, or ${hint}${stub.join('')}`,
    attribute,
  );
}

/** The name of a function, or of an object's class, and the object. */
function ownName(value: PickleValue): { readonly name: string; readonly object?: PickleObject } {
  const name = functionName(value);
  if (name !== undefined) return { name };
  if (!(value instanceof PickleObject)) return { name: pickleKind(value) };
  return { name: `${value.callable}`, object: value };
}

function rangeOf(estimator: Estimator): readonly number[] {
  const range = itemsOf(estimator.value('ngram_range'))?.map(plainScalar) ?? [1, 1];
  const [least, most] = range;
  const isCount = (value: PickleValue): value is number => typeof value === 'number' && Number.isSafeInteger(value);
  if (range.length === 2 && isCount(least) && isCount(most) && least >= 1 && least <= most) return [least, most];
  const found = range.map((each) => pickleKind(each)).join(', ');
  throw estimator.error('MALFORMED', `expected two increasing positive numbers, found ${found}`, 'ngram_range');
}

function stopWordsOf(estimator: Estimator): readonly string[] {
  const value = estimator.value('stop_words');
  if (isNone(value)) return [];
  if (value === 'english') return ENGLISH_STOP_WORDS;
  const items = value instanceof PickleSet ? value.items : itemsOf(value);
  const words = items?.map(plainScalar).filter((word) => typeof word === 'string');
  if (words !== undefined) return [...new Set(words)];
  const expected = "expected None, 'english' or a list of words";
  throw estimator.error('MALFORMED', `${expected}, found ${pickleKind(value)}`, 'stop_words');
}
