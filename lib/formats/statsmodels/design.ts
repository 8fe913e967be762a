/**
 * The columns of a design that patsy made from a formula. Their names describe them: products of factors, each an
 * expression, followed in brackets by the category for which it is 1. The categories come from the frame that the model
 * was fitted on.
 */
import { ForwardpassError } from '../../errors.ts';
import { listNames, quote } from '../../messages.ts';
import type { Emitter } from '../sklearn/emitter.ts';
import type { Estimator } from '../sklearn/estimator.ts';
import type { RowVector } from '../sklearn/outcome.ts';
import { type Categories, lookUp } from '../sklearn/steps/categories.ts';
import { type Expression, parseExpression } from './expression.ts';
import type { Frame, Level } from './frame.ts';
import { applied, combined, type Term } from './functions.ts';

/** A factor of a column. */
interface Factor {
  readonly code: string;
  /** The content of the brackets. */
  readonly level?: string;
}

/** Parses brackets, quotes and colons in the name of a column: categories may contain colons. */
function factorsOf(name: string): Factor[] {
  const parts: string[] = [];
  let [depth, quoted, start] = [0, '', 0];
  for (let at = 0; at <= name.length; at++) {
    const letter = name[at];
    if (letter === undefined || (letter === ':' && depth === 0 && quoted === '')) {
      parts.push(name.slice(start, at));
      start = at + 1;
    } else if (quoted !== '') quoted = letter === quoted ? '' : quoted;
    else if ((letter === '"' || letter === "'") && depth === 0) quoted = letter;
    else if ('([{'.includes(letter)) depth++;
    else if (')]}'.includes(letter)) depth--;
    else if (depth > 0 && (letter === '"' || letter === "'") && name.slice(start, at).includes('(')) quoted = letter;
  }
  return parts.map((part) => {
    const open = part.endsWith(']') ? bracketOf(part) : -1;
    return open < 1 ? { code: part } : { code: part.slice(0, open), level: part.slice(open + 1, -1) };
  });
}

/** The position of the opening bracket that matches the one at the end of the text. */
function bracketOf(part: string): number {
  let depth = 0;
  for (let at = part.length - 1; at >= 0; at--) {
    if (part[at] === ']') depth++;
    else if (part[at] === '[' && --depth === 0) return at;
  }
  return -1;
}

export const INTERCEPT = 'Intercept';

/** Columns of the frame that the expressions use, in the frame's order. */
export function columnsOf(estimator: Estimator, names: readonly string[], frame: Frame): readonly string[] {
  const used = new Set<string>();
  const walk = [...codesOf(names)].map((code) => parseExpression(code, estimator.placeOf(`column ${quote(code)}`)));
  for (let next = walk.pop(); next !== undefined; next = walk.pop()) {
    estimator.budget.step(1, estimator.title);
    const name = columnName(next);
    if (name !== undefined) used.add(name);
    else for (const part of partsOf(next)) walk.push(part);
  }
  const missing = [...used].filter((name) => !frame.names.includes(name));
  if (missing.length > 0) {
    const message = `uses ${listNames(missing)}, which is not a column of the frame that it was fitted on; add it to the frame and fit the model again`;
    throw estimator.error('UNSUPPORTED_OP', message);
  }
  return frame.names.filter((name) => used.has(name));
}

function codesOf(names: readonly string[]): Set<string> {
  return new Set(names.filter((name) => name !== INTERCEPT).flatMap((name) => factorsOf(name).map(({ code }) => code)));
}

/** The name of a column, or of Q('a name'). */
function columnName(expression: Expression): string | undefined {
  if (expression.kind === 'name') return expression.name;
  if (expression.kind !== 'call' || expression.name !== 'Q') return undefined;
  const [name] = expression.given;
  return name?.kind === 'text' ? name.value : undefined;
}

/** In C(…), only the first argument is the coded value. */
function partsOf(expression: Expression): readonly Expression[] {
  switch (expression.kind) {
    case 'unary':
      return [expression.of];
    case 'binary':
      return [expression.left, expression.right];
    case 'list':
      return expression.items;
    case 'call':
      return expression.name === 'C'
        ? expression.given.slice(0, 1)
        : [...expression.given, ...expression.named.values()];
    default:
      return [];
  }
}

export class Design {
  readonly #terms = new Map<string, Term>();
  readonly #coded = new Map<string, RowVector>();

  constructor(
    private readonly estimator: Estimator,
    private readonly emitter: Emitter,
    private readonly frame: Frame,
    /** The columns of the model's input. */
    private readonly columns: readonly string[],
    private readonly x: RowVector,
  ) {}

  /** One column of the design. */
  column(name: string): RowVector {
    const rows = factorsOf(name).map((factor) => this.#factor(factor, name));
    return rows.reduce((product, row) => this.emitter.binary('mul', product, row));
  }

  #error(message: string, name: string): ForwardpassError {
    return new ForwardpassError('UNSUPPORTED_OP', message, this.estimator.placeOf(`column ${quote(name)}`));
  }

  #factor({ code, level }: Factor, name: string): RowVector {
    const expression = parseExpression(code, this.estimator.placeOf(`column ${quote(name)}`));
    if (level !== undefined) return this.#category(expression, code, level, name);
    const term = this.#term(expression, name);
    if (typeof term === 'number') throw this.#error('is the same number for every row', name);
    return term.row;
  }

  /** 1 for the category, or the contrast's value for each category. */
  #category(expression: Expression, code: string, level: string, name: string): RowVector {
    const key = `${code}[${level}]`;
    const known = this.#coded.get(key);
    if (known !== undefined) return known;
    const row = this.#coding(expression, level, name);
    this.#coded.set(key, row);
    return row;
  }

  #coding(expression: Expression, level: string, name: string): RowVector {
    const isCoded = expression.kind === 'call' && expression.name === 'C';
    const inner = isCoded ? expression.given[0] : expression;
    const contrast = isCoded ? (expression.given[1] ?? expression.named.get('contrast')) : undefined;
    if (inner === undefined) throw this.#error('codes nothing', name);
    const column = columnName(inner);
    const of = column === undefined ? undefined : this.frame.column(column);
    if (column === undefined || of === undefined) {
      const term = column === undefined ? this.#term(inner, name) : undefined;
      if (typeof term === 'object' && term.isTruth) {
        return this.emitter.dense(
          term.row,
          oneByOne(weights([false, true], level, contrast, () => this.#unknown(level, name))),
        );
      }
      throw this.#error('has unknown categories: the frame that the model was fitted on is not in the file', name);
    }
    const levels =
      isCoded && expression.named.has('levels') ? this.#listed(expression.named.get('levels'), name) : of.levels;
    const rows = weights(levels, level, contrast, () => this.#unknown(level, name));
    const position = this.columns.indexOf(column);
    const categories: Categories = {
      column: position,
      items: levels,
      areWords: of.kind === 'words',
      nan: undefined,
      missing: undefined,
    };
    return lookUp(this.estimator, this.emitter, this.x, categories, { width: 1, rows });
  }

  #unknown(level: string, name: string): ForwardpassError {
    return this.#error(`the coding ${quote(level)} is not supported; expected treatment, sum or Helmert`, name);
  }

  #listed(expression: Expression | undefined, name: string): readonly Level[] {
    const items = expression?.kind === 'list' ? expression.items : [];
    return items.map((item) => {
      if (item.kind === 'text' || item.kind === 'number') return item.value;
      throw this.#error('has a list of levels, which is not supported', name);
    });
  }

  #term(expression: Expression, name: string): Term {
    const column = columnName(expression);
    if (column !== undefined) return this.#named(column, name);
    if (expression.kind === 'number') return expression.value;
    if (expression.kind === 'call') return this.#call(expression, name);
    if (expression.kind === 'unary') {
      const of = this.#term(expression.of, name);
      return combined(this.emitter, expression.operator, [of]) ?? this.#refuse(expression.operator, name);
    }
    if (expression.kind !== 'binary') throw this.#error('contains values that are not numbers', name);
    const operands = [this.#term(expression.left, name), this.#term(expression.right, name)];
    return combined(this.emitter, expression.operator, operands) ?? this.#refuse(expression.operator, name);
  }

  #refuse(what: string, name: string): never {
    throw this.#error(`${quote(what)} is not supported in a formula`, name);
  }

  /** A column of numbers. */
  #named(column: string, name: string): Term {
    const known = this.#terms.get(column);
    if (known !== undefined) return known;
    const position = this.columns.indexOf(column);
    const of = this.frame.column(column);
    if (position < 0 || of === undefined || of.kind === 'words') {
      throw this.#error(`computes with ${quote(column)}, which is not a column of numbers`, name);
    }
    const term = { row: this.emitter.gather(this.x, [position]), isTruth: of.kind === 'truths' };
    this.#terms.set(column, term);
    return term;
  }

  #call({ name: called, given, named }: Extract<Expression, { kind: 'call' }>, name: string): Term {
    if (called === 'I' && given.length === 1) return this.#term(given[0], name);
    if (STATEFUL.has(called)) return this.#standardised(called, given, named, name);
    if (named.size > 0) throw this.#refuse(called, name);
    const terms = given.map((each) => this.#term(each, name));
    return applied(this.emitter, called, terms) ?? this.#refuse(called, name);
  }

  /** Statistics that patsy remembers from the data: the mean, and the standard deviation with N in its denominator. */
  #standardised(
    called: string,
    [inner, ...others]: readonly Expression[],
    named: ReadonlyMap<string, Expression>,
    name: string,
  ): Term {
    const column = inner && columnName(inner);
    const numbers = column === undefined ? undefined : this.frame.column(column)?.numbers;
    if (column === undefined || numbers === undefined || numbers.length === 0 || others.length + named.size > 0) {
      throw this.#error(
        `${quote(called)} is supported only for a column without missing values, and without arguments`,
        name,
      );
    }
    const term = this.#named(column, name);
    if (typeof term === 'number') throw this.#refuse(called, name);
    this.estimator.budget.step(numbers.length / 64, this.estimator.title);
    let mean = 0;
    for (const value of numbers) mean += value;
    mean /= numbers.length;
    const centred = this.emitter.binary('sub', term.row, mean);
    if (called === 'center') return { row: centred };
    let squares = 0;
    for (const value of numbers) squares += (value - mean) ** 2;
    return { row: this.emitter.divided(centred, Math.sqrt(squares / numbers.length)) };
  }
}

const STATEFUL: ReadonlySet<string> = new Set(['center', 'standardize', 'scale']);

function oneByOne(rows: readonly number[]): { rows: number; columns: number; data: Float64Array } {
  // For 0 and 1: the second minus the first, added to the first.
  return { rows: 1, columns: 1, data: Float64Array.of(rows[1] - rows[0]) };
}

/** The way patsy writes a level. */
function textOf(level: Level): string {
  if (typeof level === 'boolean') return level ? 'True' : 'False';
  return String(level);
}

/** Integers as floats are written with a decimal point: 1.0. */
function isWritten(level: Level, text: string): boolean {
  return textOf(level) === text || (typeof level === 'number' && Number.isInteger(level) && `${level}.0` === text);
}

/** For each level, the value in this column of the coding: see patsy's contrasts. */
function weights(
  levels: readonly Level[],
  coded: string,
  contrast: Expression | undefined,
  refuse: () => ForwardpassError,
): readonly number[] {
  const indexOf = (text: string) => levels.findIndex((level) => isWritten(level, text));
  const kinds = [...'TSH'].filter((kind) => coded.startsWith(`${kind}.`));
  const [whole, part] = [indexOf(coded), kinds.length > 0 ? indexOf(coded.slice(2)) : -1];
  // A level may itself be named T.a.
  if (whole < 0 === part < 0) throw refuse();
  if (whole >= 0) return levels.map((_, at) => Number(at === whole));
  const [kind] = kinds;
  if (kind === 'T') return levels.map((_, at) => Number(at === part));
  if (kind === 'H') return levels.map((_, at) => (at < part ? -1 : at === part ? part : 0));
  const omitted = omittedOf(contrast, levels);
  if (omitted === undefined) throw refuse();
  return levels.map((_, at) => (at === part ? 1 : at === omitted ? -1 : 0));
}

/** In sum coding, the level without a column: the last, unless another is named. */
function omittedOf(contrast: Expression | undefined, levels: readonly Level[]): number | undefined {
  if (contrast === undefined || contrast.kind === 'name') return levels.length - 1;
  if (contrast.kind !== 'call') return undefined;
  const omit = contrast.given[0] ?? contrast.named.get('omit');
  if (omit === undefined) return levels.length - 1;
  if (omit.kind === 'number' && levels.some((level) => typeof level !== 'number')) return omit.value;
  const value = omit.kind === 'text' || omit.kind === 'number' ? omit.value : undefined;
  const at = value === undefined ? -1 : levels.indexOf(value);
  return at < 0 ? undefined : at;
}
