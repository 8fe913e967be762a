/** Rows of strangers: however many, however long, and whatever they do when they are looked at, an error in words and soon. */
import { expect, it } from 'vitest';
import { ForwardpassError } from '../../lib/errors.ts';
import { define } from '../../lib/load.ts';
import { failureOf } from '../failure.ts';

const model = define({ layers: [{ weight: [[1, 2]] }], featureNames: ['age', 'income'] });
const many = Object.fromEntries(Array.from({ length: 300_000 }, (_, i) => [`key ${i}`, i]));
const throwing = new Proxy(
  {},
  {
    ownKeys: () => {
      throw new RangeError('not mine');
    },
    getOwnPropertyDescriptor: () => {
      throw new RangeError('not mine');
    },
  },
);
const revoked = () => {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
};
const nested = () => {
  let inner: unknown = 1;
  for (let i = 0; i < 100_000; i++) inner = [inner];
  return inner;
};

const STRANGE: readonly (readonly [string, () => unknown])[] = [
  ['a record of 300,000 other keys', () => many],
  ['rows of such records', () => [many, many]],
  ['ten million numbers', () => new Array(1e7).fill(1)],
  ['four billion rows that are not there', () => new Array(2 ** 32 - 1)],
  ['a row of four billion', () => [new Array(2 ** 32 - 1)]],
  ['a deep array', nested],
  ['a row of deep arrays', () => [[nested(), 1]]],
  ['a proxy that throws', () => throwing],
  ['a row that throws', () => [throwing]],
  ['a proxy that is revoked', revoked],
  ['a row that is revoked', () => [revoked()]],
  ['a word of 50 MB', () => ({ age: 'x'.repeat(5e7), income: 1 })],
  ['a key of 50 MB', () => ({ ['x'.repeat(5e7)]: 1 })],
  ['a million digits', () => ({ age: 10n ** 1_000_000n, income: 1 })],
];

it.each(STRANGE)('%s is refused in a short message', async (_, make) => {
  const error = await failureOf(() => model.predict(make() as never));
  expect(error).toBeInstanceOf(ForwardpassError);
  expect(error.message.length).toBeLessThan(500);
  expect(error.message).not.toMatch(/undefined|\[object /);
});

it('takes a record of 300,000 other keys beside its own, and a million rows', () => {
  expect(model.predict({ ...many, age: 1, income: 2 })).toBe(5);
  expect(model.predict(new Array(1e6).fill([1, 2]))).toHaveLength(1e6);
});
