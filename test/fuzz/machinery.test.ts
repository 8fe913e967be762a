/** What fuzzing is made of: files are made smaller, findings told apart, what was tried written down, branches counted. */
import { describe, expect, it } from 'vitest';
import { kindOf } from './finding.ts';
import { instrument } from './instrument.js';
import { minimised } from './minimise.ts';
import { recordOf, triedOf } from './record.ts';

const bytesOf = (text: string) => new TextEncoder().encode(text);
const textOf = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

describe('a file with a fault', () => {
  const hasFault = async (bytes: Uint8Array) => /a.*b/.test(textOf(bytes));

  it('is made smaller for as long as the fault stays', async () => {
    expect(textOf(await minimised(bytesOf('xxxaxxxxxbxxxx'), bytesOf(''), hasFault))).toBe('ab');
  });

  it('is first made what it was before', async () => {
    const isFault = async (bytes: Uint8Array) => bytes.length === 6 && textOf(bytes).includes('!');
    expect(textOf(await minimised(bytesOf('12!!56'), bytesOf('123456'), isFault))).toMatch(/^12(!4|3!)56$/);
  });
});

describe('findings', () => {
  const at = (fault: string) => kindOf({ sample: 'a.onnx', fault });

  it('are one where the same place throws the same, whatever the numbers', () => {
    const thrown = (message: string, by: string) => `throws RangeError: ${message}\n    at ${by} (file:///x.js:1:2)`;
    expect(at(thrown('index 5', 'read'))).toBe(at(thrown('index 70', 'read')));
    expect(at(thrown('index 5', 'read'))).not.toBe(at(thrown('index 5', 'write')));
  });
});

describe('the record of what is tried', () => {
  it('reads back', () => {
    const tried = { executions: 7, sample: 3, seed: 2 ** 31 + 1, bytes: bytesOf('abc') };
    // What was there before was longer.
    expect(triedOf(Buffer.concat([recordOf(tried), bytesOf('rest')]))).toEqual(tried);
  });

  it('is nothing before the first', () => {
    expect(triedOf(Buffer.alloc(0))).toBeUndefined();
  });
});

describe('counters', () => {
  /** What the counters say after a call of `f`. */
  function counted(code: string, argument: unknown): number[] {
    const instrumented = instrument(/./).transform(`${code}\nreturned = f;`, 'a.ts')?.code ?? '';
    const hits = new Uint8Array(20);
    const f = new Function('$hits', 'returned', `${instrumented} return returned;`)(hits);
    f(argument);
    return [...hits];
  }

  it.each([
    ['an if', 'const f = (x) => { if (x) return 1; return 2; }'],
    ['an else without braces', 'const f = (x) => { let y; if (x) y = 1; else y = 2; return y; }'],
    ['a choice', 'const f = (x) => (x ? 1 : 2);'],
    ['an object', 'const f = (x) => ({ y: x && 1 });'],
    ['a case', 'const f = (x) => { switch (x) { case true: return 1; default: return 2; } }'],
    ['a loop', 'const f = (x) => { while (x) x = false; for (const y of x ? [1] : []) f(y); }'],
  ])('tell the branches of %s apart', (_, code) => {
    expect(counted(code, true)).not.toEqual(counted(code, false));
  });

  it('count a loop by its rounds', () => {
    const code = 'function f(n) { for (let i = 0; i < n; i++); }';
    expect(counted(code, 3)).toEqual([1, 3, ...Array(18).fill(0)]);
  });
});
