import { expect, test } from 'vitest';
import { codeViolations } from '../../scripts/code-rules.js';

function refused(text: string, allowed = {}): string[] {
  return codeViolations(new Map([['lib/some.ts', text]]), allowed).map((line) => line.replace('lib/some.ts: ', ''));
}

test.each([
  ['Math.max(...widths)'],
  ['lines.push(...more)'],
  ['String.fromCharCode(...bytes.subarray(0, n))'],
  ['new Set(...rows)'],
  ['add(a, ...[...b])'],
  ['Math.max.apply(null, widths)'],
  ['add.apply(undefined, widths)'],
  ['Reflect.apply(add, null, widths)'],
])('refuses %s', (text) => {
  expect(refused(`const x = ${text};`)).toEqual([expect.stringContaining('spreads an array into arguments')]);
});

test.each([
  ['[...widths, 1]'],
  ['Math.max(...[a, b])'],
  ["trained('kernel', ...(hasBias ? ['bias'] : []))"],
  ['rule.apply(node, graph)'],
  ['((...values: number[]) => values)(1)'],
])('takes %s', (text) => {
  expect(refused(`const x = ${text};`)).toEqual([]);
});

test.each([
  [/\0+$/, 'starts again'],
  [/\d+$/, 'starts again'],
  [/"(?:[^"\\]|\\.)*"/, 'starts again'],
  [/(^|\.)optimizer\..*$/, 'starts again'],
  [/^\d+\.?\d*$/, 'goes back'],
  [/^(a+)+$/, 'exponential'],
  [/^(?:a|ab|b)*c/, 'repeats a choice'],
])('refuses the expression %s', (pattern, why) => {
  expect(refused(`const x = ${pattern};`)).toEqual([expect.stringContaining(why)]);
});

test.each([[/^\d+$/], [/\s+/g], [/:\s*x/], [/^\d+(\.\d+)?$/], [/\d+x/y], [/(000){1,2}$/], [/^[^.]*\.[^.]*$/]])(
  'takes %s',
  (pattern) => {
    expect(refused(`const x = ${pattern};`)).toEqual([]);
  },
);

test('refuses an expression that is made, since nothing has checked it', () => {
  expect(refused('const x = new RegExp(name);')).toEqual([expect.stringContaining('is not checked')]);
  expect(refused('const x = RegExp(name);')).toEqual([expect.stringContaining('is not checked')]);
});

test.each([
  ['function walk(x) { return x.map(walk); }', 'walk'],
  ['const walk = (x) => x.map((y) => walk(y));', 'walk'],
  ['function f() { g(); } function g() { if (a) { f(); } }', 'f g'],
  ['function f() { const visit = (x) => x.forEach(visit); visit(1); }', 'f/visit'],
  ['class P { #list() { return this.#item(); } #item() { return this.#list(); } }', 'P.#item P.#list'],
  ['class P { static of(x) { return P.of(x); } }', 'P.of'],
  ['class P { get size() { return this.size; } }', 'P.size'],
  ['const TABLE = { list: readList }; function readList(x) { return TABLE[x](x); }', 'TABLE readList'],
  ['export function walk(x) { for (const y of x) walk(y); }', 'walk'],
  ['function walk(x, next = walk) { next(x); }', 'walk'],
])('refuses the recursion of %s', (text, names) => {
  expect(refused(text)).toEqual([`${names} calls itself: write a loop, or say in allowed.js what bounds the depth`]);
});

test.each([
  ['function f() { g(); } function g() {}'],
  ['function f(g) { g(); } function g() { f(); }'],
  ['class P { read() { return this.inner.read(); } }'],
  ['function f() { return { f: 1 }.f; }'],
  ['function f() { const f = 1; return f; }'],
  ['interface F { f: F } function g(x: F): F { return x; }'],
])('sees no recursion in %s', (text) => {
  expect(refused(text)).toEqual([]);
});

test('takes what is allowed, and refuses an allowance for what is gone', () => {
  const allowed = { 'lib/some.ts': { walk: 'at most limits.depth', 'f(...xs)': 'at most two' } };
  expect(refused('function walk(x) { walk(x); } f(...xs);', allowed)).toEqual([]);
  expect(refused('f(...xs);', allowed)).toEqual([
    'walk is allowed in scripts/code-rules/allowed.js, and not there any more',
  ]);
});

test.each([
  ['the option is not to be had here'],
  ['names a layer, which there is not'],
  ['rows as people hold them'],
  ['for files that hold parameters alone'],
  ['there is no such file'],
  ['expected a whole number from 1'],
])('refuses the words of %s', (text) => {
  expect(refused(`const x = '${text}';`)).toEqual([expect.stringContaining('is not plain English')]);
});

test.each([
  ['5 elements are not a whole number of rows'],
  ['rounded to the nearest whole number'],
  ['the model is not available'],
])('takes the words of %s', (text) => {
  expect(refused(`const x = '${text}';`)).toEqual([]);
});
