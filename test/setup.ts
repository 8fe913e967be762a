/** What every file of tests has: quick comparisons of arrays of numbers, and stacks of refusals that cost little. */
import { expect } from 'vitest';

const READY = Symbol.for('forwardpass.tests.ready');

// The files of a worker share its globals, and each runs this anew.
if (!(READY in globalThis)) {
  Object.assign(globalThis, { [READY]: true });
  expect.addEqualityTesters([sameElements]);
  shortenStacks();
}

/** `toEqual` looks at each element as if it were a property, in microseconds. What differs is left to it, and to its words. */
function sameElements(a: unknown, b: unknown): boolean | undefined {
  if (!isTyped(a) || !isTyped(b)) return undefined;
  if (a.constructor !== b.constructor || a.length !== b.length) return undefined;
  for (let at = 0; at < a.length; at++) if (!Object.is(a[at], b[at])) return undefined;
  return true;
}

function isTyped(value: unknown): value is Float64Array {
  return ArrayBuffer.isView(value) && !(value instanceof DataView);
}

/** A ForwardpassError reads its stack at once. Mapping ten frames to their sources takes longer than reading a small file. */
function shortenStacks(): void {
  const mapped = Error.prepareStackTrace;
  if (mapped === undefined) return;
  const most = 3;
  Error.prepareStackTrace = (error, frames) => mapped(error, 'code' in error ? frames.slice(0, most) : frames);
}
