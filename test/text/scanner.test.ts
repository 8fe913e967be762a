/** What the addon reads texts by gives what the reader in JavaScript gives, to the bit, whatever the program and the texts. */
import { describe, expect, it } from 'vitest';
import { engine } from '../../lib/engine/native.ts';
import type { Port } from '../../lib/graph/lower.ts';
import type { Analysis, TermProgram, TermStep } from '../../lib/graph/terms.ts';
import type { RaggedParts } from '../../lib/ragged.ts';
import { type CreateScanner, TermColumn } from '../../lib/rows/term-column.ts';
import { scanningOf } from '../../lib/text/scanning.ts';
import { isAscii } from '../../lib/text/unicode.ts';
import { failureOf } from '../failure.ts';

const WORDS: Analysis = {
  ...{ unit: 'word', lowercase: true, accents: 'keep', pattern: '(?u)\\b\\w\\w+\\b', stopWords: [], least: 1, most: 1 },
};

type Floats = Float32ArrayConstructor | Float64ArrayConstructor;

function columnOf(program: TermProgram, scanner?: CreateScanner, Floats: Floats = Float64Array): TermColumn {
  const port: Port = { name: 'text', shape: [], width: 0, dtype: 'float64', ragged: true };
  return new TermColumn(port, program, Floats, scanner);
}

function readBy(column: TermColumn, texts: readonly unknown[]): RaggedParts {
  return column.readAll(
    texts.length,
    (row) => texts[row],
    (row) => `rows[${row}]`,
  );
}

/** `read` is called with how many texts the addon has read. */
const nativeScanner =
  (threads = 1, read: (count: number) => void = () => {}): CreateScanner =>
  (scanning) => {
    const scan = engine.createScanner?.(scanning, threads);
    return (
      scan &&
      ((texts, at, ...rest) => {
        const next = scan(texts, at, ...rest);
        if (next >= 0) read(next - at);
        return next;
      })
    );
  };

/** The columns by the addon, which has to read the program, and by JavaScript alone. */
function expectSame(program: TermProgram, texts: readonly string[], threads = 1, Floats: Floats = Float64Array): void {
  expect(scanningOf(program, 'test')).toBeDefined();
  const found = readBy(columnOf(program, nativeScanner(threads), Floats), texts);
  const expected = readBy(columnOf(program, undefined, Floats), texts);
  expect(found.offsets).toEqual(expected.offsets);
  expect(found.ids).toEqual(expected.ids);
  expect(found.weights).toEqual(expected.weights);
}

let state = 2024;
function next(below: number): number {
  state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
  return (state >> 8) % below;
}
const oneOf = <T>(list: readonly T[]): T => list[next(list.length)];
const isHeads = () => next(2) === 0;

const PARTS = [
  ...[
    'the',
    'The',
    'ab',
    'b_1',
    'x',
    '1',
    'I',
    'abcdefgh',
    'abcdefghi',
    'abcdefghijkl',
    'abcdefghijklm',
    'ABCDEFGHIJKLMNOPQRSTU',
  ],
  ...[' ', '  ', '\t\n', '. ', "'s ", '-', '\0', '\x1c', '\x7f', '@', '[', '`', '{', '/', ':', '_', '  \r\n  '],
];
const ODD = ['é', 'ß', 'İ', '\u212a', '\u00a0', '\u0301', 'Σ', '中', '😀', '\ud800', '\udc00'];

const textOf = (parts: number, isOdd: boolean) =>
  Array.from({ length: parts }, () => oneOf(isOdd && next(6) === 0 ? ODD : PARTS)).join(isHeads() ? ' ' : '');

function randomTexts(count: number): string[] {
  const texts = Array.from({ length: count }, () => textOf(next(oneOf([3, 12, 60])), next(3) === 0));
  // As long as what is looked at together, and one more and less.
  const whole = [62, 63, 64, 65, 126, 127, 128, 129].flatMap((length) => [
    'a'.repeat(length),
    'ab '.repeat(length).slice(0, length),
  ]);
  return [...texts, '', ' ', 'a', '\0', ...whole, textOf(4000, false), ...texts.slice(0, 20)];
}

/** Terms of the texts, and others, as the program's own analysis makes them. */
function termsOf(analysis: Analysis, texts: readonly string[]): string[] {
  const known = new Set<string>();
  for (const text of texts.slice(0, 60)) {
    const cased = analysis.lowercase ? text.toLowerCase() : text;
    const words = analysis.unit === 'word' ? (cased.match(/\w+/g) ?? []) : [...cased];
    for (let size = analysis.least; size <= Math.min(analysis.most, 5); size++) {
      for (let i = 0; i + size <= words.length; i += 1 + next(3)) {
        known.add(words.slice(i, i + size).join(analysis.unit === 'word' ? ' ' : ''));
      }
    }
  }
  for (const extra of ['a b', ' a ', 'é', '', '中', 'a\0']) known.add(extra);
  return [...known];
}

function randomAnalysis(): Analysis {
  const unit = oneOf(['word', 'word', 'char', 'char_wb'] as const);
  const least = 1 + next(3);
  const pattern = oneOf(['(?u)\\b\\w\\w+\\b', '\\w+', '\\b\\w{3,}\\b', '[^\\W]+']);
  const stopWords = unit === 'word' && isHeads() ? ['the', 'abcdefghijklm', 'é', 'b_1'] : [];
  const accents = oneOf(['keep', 'keep', 'ascii', 'unicode'] as const);
  return { unit, lowercase: isHeads(), accents, pattern, stopWords, least, most: least + next(3) };
}

const numbers = (count: number) => Array.from({ length: count }, () => (next(2000) - 700) / 617);

function randomProgram(analysis: Analysis, terms: readonly string[]): TermProgram {
  const size = oneOf([1, 7, 64, 65, 4096, 4099, 2 ** 20]);
  const first: TermStep = isHeads()
    ? { op: 'count', feature: 3, analysis, terms, binary: next(4) === 0 }
    : {
        ...{ op: 'hash', feature: 3, value: 'text', analysis, size, signed: isHeads() },
        ...{ binary: next(4) === 0, single: isHeads() },
      };
  let width = first.op === 'count' ? terms.length : size;
  const steps: TermStep[] = [first];
  for (let left = next(5); left > 0; left--) {
    const of = steps.length - 1;
    const single = next(3) === 0;
    const by = isHeads() ? numbers(1) : numbers(Math.min(width, 5000));
    switch (next(6)) {
      case 0:
        steps.push({
          op: 'map',
          of,
          fn: oneOf(['sublinear', 'abs', 'sign', 'sqrt', 'square', 'float32', 'keep_zeros']),
          single,
        });
        break;
      case 1:
        steps.push({ op: 'above', of, threshold: oneOf([0, 0.4, 1]) });
        break;
      case 2:
        if (by.length === 1 || by.length === width)
          steps.push({
            op: 'scale',
            of,
            by: isHeads() ? by : Float64Array.from(by, (factor) => factor || 1),
            divides: false,
            single,
          });
        break;
      case 3:
        steps.push({ op: 'norm', of, norm: oneOf(['l1', 'l2', 'max']), single });
        break;
      case 4: {
        if (width > 5000) break;
        const ids = Array.from({ length: width }, (_, id) => id).filter((id) => id === 0 || isHeads());
        steps.push({ op: 'select', of, ids });
        width = ids.length;
        break;
      }
      default:
        if (steps.length < 4 && width <= 5000) {
          steps.push({ op: 'join', of: [of, 0] });
          width += first.op === 'count' ? terms.length : size;
        }
    }
  }
  return steps;
}

describe('texts read by the addon', () => {
  it('become the rows that JavaScript makes of them', () => {
    for (let round = 0; round < 100; round++) {
      const analysis = randomAnalysis();
      const texts = randomTexts(1 + next(40));
      const program = randomProgram(analysis, termsOf(analysis, texts));
      if (scanningOf(program, 'test') === undefined) continue;
      expectSame(program, texts, oneOf([1, 1, 2, 3]), isHeads() ? Float64Array : Float32Array);
    }
  });

  it('are those of the usual pipeline', () => {
    const texts = randomTexts(2500);
    const terms = termsOf(WORDS, texts);
    const program: TermProgram = [
      { op: 'count', feature: 0, analysis: WORDS, terms, binary: false },
      { op: 'map', of: 0, fn: 'sublinear', single: false },
      { op: 'scale', of: 1, by: Float64Array.from(terms, (_, i) => 1 + (i % 7) / 3), divides: false, single: false },
      { op: 'norm', of: 2, norm: 'l2', single: false },
    ];
    for (const threads of [1, 4]) {
      expectSame(program, texts, threads);
      let count = 0;
      const scanner = nativeScanner(threads, (more) => {
        count += more;
      });
      readBy(columnOf(program, scanner), texts);
      expect(count).toBe(texts.filter(isAscii).length);
    }
  });

  it('of several ways to read a text are side by side', () => {
    const chars: Analysis = { ...WORDS, unit: 'char_wb', least: 2, most: 4 };
    const texts = randomTexts(50);
    const terms = [termsOf(WORDS, texts), termsOf({ ...chars, unit: 'char' }, texts)];
    const program: TermProgram = [
      { op: 'count', feature: 0, analysis: WORDS, terms: terms[0], binary: false },
      { op: 'norm', of: 0, norm: 'l1', single: false },
      { op: 'count', feature: 0, analysis: chars, terms: terms[1], binary: true },
      { op: 'join', of: [1, 2] },
    ];
    for (const threads of [1, 2]) expectSame(program, texts, threads);
  });

  it('have counts beyond the table of logarithms', () => {
    const program: TermProgram = [
      { op: 'count', feature: 0, analysis: WORDS, terms: ['ab', 'cd'], binary: false },
      { op: 'map', of: 0, fn: 'sublinear', single: false },
    ];
    expectSame(program, ['ab '.repeat(1023), 'ab '.repeat(1024), `cd ${'ab '.repeat(5000)}`, 'cd']);
  });

  it('may be longer than those that are read together', () => {
    const program: TermProgram = [{ op: 'count', feature: 0, analysis: WORDS, terms: ['ab', 'cd'], binary: false }];
    for (const length of [2 ** 16 - 1, 2 ** 16, 2 ** 16 + 1, 3 * 2 ** 20]) {
      expectSame(program, ['cd', 'ab '.repeat(length).slice(0, length), 'ab cd']);
    }
  });

  it('are told apart from what is no text', async () => {
    const program: TermProgram = [{ op: 'count', feature: 0, analysis: WORDS, terms: ['ab'], binary: false }];
    const column = columnOf(program, nativeScanner());
    const error = await failureOf(() => readBy(column, ['ab', 'é', 5]));
    expect(error.message).toContain('rows[2]: expected a string, found the number 5');
    expect(readBy(column, ['ab ab', 'é ab'])).toMatchObject({
      ids: Int32Array.of(0, 0),
      weights: Float64Array.of(2, 1),
      offsets: Int32Array.of(0, 1, 2),
    });
  });

  it('have so many terms that are hashed, and no more', async () => {
    const analysis: Analysis = { ...WORDS, unit: 'char', most: 2 ** 31 };
    const program: TermProgram = [
      {
        ...{ op: 'hash', feature: 0, value: 'text', analysis, size: 64, signed: true, binary: false, single: false },
      },
    ];
    const error = await failureOf(() => readBy(columnOf(program, nativeScanner()), ['ab', 'a'.repeat(2000)]));
    expect(error.message).toContain('rows[1]: has too many terms');
    expectSame(program, ['ab', 'a'.repeat(200)]);
  });

  it('of programs with functions of others, hashes of records and tokens are not read', () => {
    const own = { tokenizer: { name: 'f', place: 'x', attributes: {}, run: () => [] } };
    for (const program of [
      [{ op: 'count', feature: 0, analysis: { ...WORDS, own }, terms: ['ab'], binary: false }],
      [{ op: 'count', feature: 0, analysis: { ...WORDS, pattern: '[a-z]+' }, terms: ['ab'], binary: false }],
      [
        { op: 'count', feature: 0, analysis: WORDS, terms: ['ab'], binary: false },
        { op: 'map', of: 0, fn: 'log1p', single: false },
      ],
      [{ op: 'hash', feature: 0, value: 'record', size: 8, signed: true, binary: false, single: false }],
    ] satisfies TermProgram[]) {
      expect(scanningOf(program, 'test')).toBeUndefined();
    }
  });
});
