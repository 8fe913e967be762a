/**
 * The text of a model: lines of `key=value`, first for the whole model, then for each tree, in blocks that begin with
 * `Tree=0` and so on. `tree_sizes`, the bytes of each block, is ignored: editing a file, or changing its line ends,
 * makes it wrong.
 */
import { ForwardpassError } from '../../errors.ts';
import type { Budget } from '../../graph/budget.ts';
import { spendOnJson } from '../containers/json-cost.ts';
import { integersIn } from './numbers.ts';

/** Characters that are read in a microsecond, including what is made of them. */
const LETTERS_IN_A_STEP = 8;
/** For each load, which parts of which texts were already read. */
const readTexts = new WeakMap<Budget, Readonly<Record<'header' | 'trees', Set<string>>>>();

const OF_HEADER = new Set([
  ...['version', 'num_class', 'num_tree_per_iteration', 'max_feature_idx', 'objective', 'average_output'],
  ...['feature_names', 'feature_infos'],
]);
const OF_TREE = new Set([
  ...[
    'num_leaves',
    'num_cat',
    'split_feature',
    'split_gain',
    'threshold',
    'decision_type',
    'left_child',
    'right_child',
  ],
  ...['leaf_value', 'cat_boundaries', 'cat_threshold', 'is_linear', 'leaf_const', 'num_features'],
  ...['leaf_features', 'leaf_coeff'],
]);
/** The memory of a name until its model is made. */
const WORD_BYTES = 64;
const VERSIONS = ['v3', 'v4'];

/** The fields of a model or of one tree. */
export class Fields {
  readonly #values = new Map<string, string>();

  constructor(readonly place: string) {}

  add(key: string, value: string): void {
    if (this.#values.has(key)) throw this.error(`'${key}' occurs twice`);
    this.#values.set(key, value);
  }

  has(key: string): boolean {
    return this.#values.has(key);
  }

  text(key: string): string {
    const value = this.#values.get(key);
    if (value === undefined) throw this.error(`'${key}' is missing`);
    return value;
  }

  /** One non-negative integer. */
  count(key: string, otherwise?: number): number {
    if (otherwise !== undefined && !this.has(key)) return otherwise;
    const numbers = integersIn(this.text(key), this.#placeOf(key));
    if (numbers.length === 1 && numbers[0] >= 0) return numbers[0];
    throw this.error(
      `expected one count, found ${numbers.length === 1 ? numbers[0] : `${numbers.length} numbers`}`,
      key,
    );
  }

  /** `length` numbers, parsed by `read`. */
  numbers<T extends Float64Array | Int32Array>(
    key: string,
    length: number,
    read: (line: string, place: string) => T,
  ): T {
    const numbers = read(this.text(key), this.#placeOf(key));
    if (numbers.length === length) return numbers;
    throw this.error(`expected ${length} numbers, found ${numbers.length}`, key);
  }

  #placeOf(key: string): string {
    return this.place === '' ? key : `${this.place}, ${key}`;
  }

  error(message: string, key?: string): ForwardpassError {
    const place = key === undefined ? this.place : this.#placeOf(key);
    return new ForwardpassError('MALFORMED', message, place === '' ? undefined : place);
  }
}

export interface Header {
  /** Trees in each iteration: one for each output. */
  readonly outputs: number;
  readonly names: readonly string[];
  /** For each feature its range, its categories, or `none`; an empty list if the file does not have them. */
  readonly infos: readonly string[];
  /** The objective's name, then its parameters. */
  readonly objective: readonly string[];
  readonly isAveraged: boolean;
}

/** The text of a model, parsed on demand. */
export class ModelText {
  readonly header: Header;
  readonly #text: string;
  readonly #decode: (words: string) => string;
  readonly #budget: Budget;
  #categories: readonly (readonly unknown[])[] | undefined;
  /** Where the trees begin. */
  readonly #trees: number;

  /** `decode` decodes words from the characters of the text. Throws MALFORMED, TRUNCATED, LIMIT, UNSUPPORTED_OP. */
  constructor(text: string, budget: Budget, decode: (words: string) => string = (words) => words) {
    this.#text = text;
    this.#decode = decode;
    this.#budget = budget;
    const fields = new Fields('');
    const lines = new Lines(text, 0);
    let start = 0;
    for (let line = lines.next(); ; line = lines.next()) {
      if (line === undefined) throw truncated('expected trees, found none');
      if (line.startsWith('Tree=')) break;
      const [key, value] = split(line);
      if (OF_HEADER.has(key)) fields.add(key, value);
      start = lines.at;
    }
    this.#trees = start;
    this.#spend(start, 'header');
    this.header = this.#headerOf(fields);
  }

  /** Charges a text that is parsed again because it occurs in several places; the first time is linear in the file. */
  #spend(letters: number, part: 'header' | 'trees'): void {
    const known = readTexts.get(this.#budget) ?? { header: new Set(), trees: new Set() };
    readTexts.set(this.#budget, known);
    if (known[part].has(this.#text)) this.#budget.step(letters / LETTERS_IN_A_STEP, part);
    known[part].add(this.#text);
  }

  #headerOf(fields: Fields): Header {
    const version = fields.text('version');
    if (!VERSIONS.includes(version)) {
      const message = `files of version ${JSON.stringify(version.slice(0, 20))} are not supported; load it with a newer LightGBM, and save it again`;
      throw new ForwardpassError('UNSUPPORTED_OP', message, 'version');
    }
    const words = (key: string) => this.#wordsOf(fields.text(key), key);
    const names = words('feature_names');
    const width = fields.count('max_feature_idx') + 1;
    const { rowElements } = this.#budget.limits;
    if (names.length !== width) throw fields.error(`expected ${width} names, found ${names.length}`, 'feature_names');
    if (width > rowElements) {
      throw new ForwardpassError('LIMIT', `has ${width} features; \`limits.rowElements\` allows ${rowElements}`);
    }
    const infos = fields.has('feature_infos') ? words('feature_infos') : [];
    if (infos.length !== width && infos.length !== 0) {
      throw fields.error(`expected ${width} of them, found ${infos.length}`, 'feature_infos');
    }
    const outputs = fields.count('num_tree_per_iteration', fields.count('num_class'));
    if (outputs === 0) throw fields.error('expected at least one tree in an iteration', 'num_tree_per_iteration');
    const objective = fields.has('objective') ? words('objective') : [];
    return { outputs, names, infos, objective, isAveraged: fields.has('average_output') };
  }

  #wordsOf(line: string, place: string): readonly string[] {
    let spaces = 0;
    for (let at = line.indexOf(' '); at >= 0; at = line.indexOf(' ', at + 1)) spaces++;
    this.#budget.build(WORD_BYTES * spaces, place);
    const words = this.#decode(line).split(' ');
    return words.includes('') ? words.filter((word) => word !== '') : words;
  }

  /** The lines of each tree, in order. Throws TRUNCATED if the last tree has no end. */
  *trees(): Generator<Fields> {
    this.#spend(this.#text.length, 'trees');
    const lines = new Lines(this.#text, this.#trees);
    let count = 0;
    let tree: Fields | undefined;
    for (let line = lines.next(); ; line = lines.next()) {
      if (line === undefined) throw truncated(`the text ends in tree ${count - 1}`);
      const isEnd = line === 'end of trees';
      if (isEnd || line.startsWith('Tree=')) {
        if (tree !== undefined) yield tree;
        if (isEnd) return;
        if (line !== `Tree=${count}`) {
          throw new ForwardpassError('MALFORMED', `expected Tree=${count}, found ${JSON.stringify(line.slice(0, 20))}`);
        }
        tree = new Fields(`tree ${count++}`);
        continue;
      }
      const [key, value] = split(line);
      if (OF_TREE.has(key)) tree?.add(key, value);
    }
  }

  /** Whether leaves contain linear models. */
  get isLinear(): boolean {
    return this.#text.indexOf('\nis_linear=1', this.#trees) >= 0;
  }

  /** Whether LightGBM 4.7 or later wrote it: its classifiers have `decision_function`. */
  get knowsScores(): boolean {
    return this.#text.includes('\n[gpu_device_id_list:', this.#trees);
  }

  /** The categories of the columns that are categorical in pandas: one list for each, in order. */
  get categories(): readonly (readonly unknown[])[] {
    this.#categories ??= this.#readCategories();
    return this.#categories;
  }

  #readCategories(): readonly (readonly unknown[])[] {
    const mark = '\npandas_categorical:';
    const at = this.#text.lastIndexOf(mark);
    if (at < this.#trees) return [];
    const line = new Lines(this.#text, at + mark.length).next() ?? '';
    spendOnJson(line, this.#budget, 'pandas_categorical');
    let lists: unknown;
    try {
      lists = JSON.parse(this.#decode(line));
    } catch {
      throw new ForwardpassError('MALFORMED', 'expected JSON', 'pandas_categorical');
    }
    if (lists === null) return [];
    if (Array.isArray(lists) && lists.every(Array.isArray)) return lists;
    throw new ForwardpassError('MALFORMED', 'expected a list of lists', 'pandas_categorical');
  }
}

/** Lines in order, without line ends. */
class Lines {
  constructor(
    readonly text: string,
    public at: number,
  ) {}

  next(): string | undefined {
    const { text, at } = this;
    if (at >= text.length) return undefined;
    const found = text.indexOf('\n', at);
    const end = found < 0 ? text.length : found;
    this.at = end + 1;
    return text.slice(at, text[end - 1] === '\r' && end > at ? end - 1 : end);
  }
}

function split(line: string): readonly [key: string, value: string] {
  const at = line.indexOf('=');
  return at < 0 ? [line, ''] : [line.slice(0, at), line.slice(at + 1)];
}

function truncated(message: string): ForwardpassError {
  return new ForwardpassError('TRUNCATED', `${message}: 'end of trees' was not found`);
}
