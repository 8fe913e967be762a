import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { Adwin, Ddm, type DriftName, driftDetector, PageHinkley } from '../../lib/learn/drift.ts';
import { failureOf } from '../failure.ts';

interface Case {
  readonly detector: DriftName;
  readonly stream: string;
  readonly drifts: readonly number[];
  readonly warnings?: readonly number[];
}
const { cases } = JSON.parse(readFileSync('test/fixtures/learn/drift.json', 'utf8')) as { cases: Case[] };

it.each(cases)('$detector says that the stream changed where river says so: $drifts', (example) => {
  const detector = driftDetector(example.detector);
  const drifts: number[] = [];
  const warnings: number[] = [];
  let isWarned = false;
  for (const [i, digit] of Array.from(example.stream).entries()) {
    if (detector.update(Number(digit))) drifts.push(i);
    expect(detector.drift).toBe(drifts.at(-1) === i);
    const { warning } = detector as { warning?: boolean };
    if (warning && !isWarned) warnings.push(i);
    isWarned = warning || (isWarned && !detector.drift);
  }
  expect(drifts).toEqual(example.drifts);
  expect(warnings).toEqual(example.warnings ?? []);
});

it('keeps what ADWIN says of its window to the window', () => {
  const adwin = new Adwin();
  expect([adwin.width, adwin.mean]).toEqual([0, 0]);
  for (let i = 0; i < 2000; i++) adwin.update(i < 1000 ? 0 : 1);
  // The window began anew behind the change.
  expect(adwin.width).toBeLessThan(1000);
  expect(adwin.mean).toBe(1);
});

it('keeps ADWIN small, whatever its options and however long the stream', () => {
  for (const maxBuckets of [1, 2, 5]) {
    const adwin = new Adwin({ maxBuckets, clock: 1, minWindowLength: 1, gracePeriod: 0, delta: 1 });
    for (let i = 0; i < 20_000; i++) adwin.update((i >> 8) & 1);
    expect(Number.isFinite(adwin.mean)).toBe(true);
    expect(adwin.width).toBeGreaterThan(0);
  }
});

it('never fires on a stream that stays as it is', () => {
  for (const detector of [new Adwin(), new Ddm(), new PageHinkley()]) {
    for (let i = 0; i < 5000; i++) expect(detector.update(i & 1)).toBe(false);
  }
});

it('refuses what is not a value of a stream', async () => {
  expect(await failureOf(() => new Adwin().update(Number.NaN))).toMatchObject({ code: 'INPUT' });
  expect(await failureOf(() => new PageHinkley().update(Number.POSITIVE_INFINITY))).toMatchObject({ code: 'INPUT' });
  expect(await failureOf(() => new PageHinkley().update('1' as never))).toMatchObject({ code: 'INPUT' });
  expect((await failureOf(() => new Ddm().update(0.5))).message).toBe(
    'expected 0 (right) or 1 (wrong), found the number 0.5',
  );
});

it('refuses options that are none', async () => {
  expect((await failureOf(() => new Adwin({ delta: 2 }))).message).toBe(
    'delta: expected a finite number, from 0 to 1, found the number 2',
  );
  expect((await failureOf(() => new Adwin({ clock: 0.5 }))).message).toContain('expected an integer, 1 or more');
  expect((await failureOf(() => new Ddm({ warmstart: 1 } as never))).message).toContain("did you mean 'warmStart'?");
  expect((await failureOf(() => new PageHinkley(null as never))).code).toBe('OPTION');
  expect((await failureOf(() => driftDetector('adwn' as never))).message).toContain("did you mean 'adwin'?");
  expect((await failureOf(() => driftDetector('toString' as never))).code).toBe('OPTION');
});
