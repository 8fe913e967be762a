import { expect } from 'vitest';

/**
 * Compares results by name: errors up to `tolerance` times the greatest finite magnitude in the output, or, with
 * `each`, times the element's own. NaN equals NaN.
 */
export function expectClose(
  actual: Readonly<Record<string, ArrayLike<number>>>,
  expected: Readonly<Record<string, ArrayLike<number>>>,
  tolerance: number,
  what: string,
  each = false,
): void {
  expect(Object.keys(actual), what).toEqual(Object.keys(expected));
  for (const [name, wanted] of Object.entries(expected)) {
    const found = actual[name];
    expect(found.length, `${what}, length of ${name}`).toBe(wanted.length);
    const finite = Array.from(wanted).filter(Number.isFinite);
    const greatest = finite.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    for (let at = 0; at < wanted.length; at++) {
      if (Object.is(found[at], wanted[at]) || found[at] === wanted[at]) continue;
      const bound = tolerance * (each ? Math.abs(wanted[at]) : greatest);
      if (!(Math.abs(found[at] - wanted[at]) <= bound)) {
        expect.fail(`${what}, ${name}[${at}]: found ${found[at]}, expected ${wanted[at]} within ${bound}`);
      }
    }
  }
}
