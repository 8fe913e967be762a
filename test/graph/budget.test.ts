import { expect, it } from 'vitest';
import { Budget } from '../../lib/graph/budget.ts';
import type { Limits } from '../../lib/graph/limits.ts';

const MIB = 2 ** 20;

function budget(fileBytes: number, given: Partial<Limits> = {}): Budget {
  const made = new Budget(given);
  made.opened(fileBytes);
  return made;
}

const SPEND = {
  build: (spent: Budget, count: number) => spent.build(count, 'a place'),
  unpack: (spent: Budget, count: number) => spent.unpack(count, 'a place'),
  step: (spent: Budget, count: number) => spent.step(count, 'a place'),
};

it.each<[what: keyof typeof SPEND, fileBytes: number, most: number, given?: Partial<Limits>]>([
  ['build', 0, 32 * MIB],
  ['build', MIB, 34 * MIB],
  ['build', MIB, 100 * MIB, { bytes: 100 * MIB }],
  ['build', MIB, 800 * MIB, { parameters: 100 * MIB }],
  ['build', MIB, 800 * MIB, { rowElements: 100 * MIB }],
  ['build', MIB, 3072 * 100_000, { nodes: 100_000 }],
  ['unpack', 0, 32 * MIB],
  ['unpack', MIB, 52 * MIB],
  ['unpack', MIB, 100 * MIB, { bytes: 100 * MIB }],
  ['step', 0, MIB],
  ['step', MIB, MIB + MIB / 8],
  ['step', MIB, 32 * 10 ** 6, { nodes: 10 ** 6 }],
])('allows what docs/security.md says, and no more: %s, files of %d bytes, %d', (what, fileBytes, most, given) => {
  const once = budget(fileBytes, given);
  SPEND[what](once, most);
  expect(() => SPEND[what](once, 1)).toThrow(expect.objectContaining({ code: 'LIMIT', place: 'a place' }));
  const parts = budget(fileBytes, given);
  for (let i = 0; i < 4; i++) SPEND[what](parts, Math.floor(most / 4));
  expect(() => SPEND[what](parts, 4)).toThrow(/raise `limits\.(bytes|nodes)`/);
  expect(() => SPEND[what](budget(fileBytes, given), Number.NaN)).toThrow(expect.objectContaining({ code: 'LIMIT' }));
});
