import { describe, expect, it } from 'vitest';
import { fakeModel, runCommand } from './support.ts';

describe('bench', () => {
  it('measures calls of one row and of several', async () => {
    const runs: number[] = [];
    const { status, stdout, stderr } = await runCommand(
      ['bench', 'm.onnx', '--seconds', '0.01'],
      fakeModel({ inputs: { x: [3] }, runs }),
    );
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toContain('m.onnx  1,234 parameters, f32, scalar');
    const rows = [...stdout.matchAll(/^ +(\d+) +[\d.]+ (ns|µs|ms) +[\d.]+ (ns|µs|ms) +[\d,]+/gm)];
    expect(rows.map(([, batch]) => batch)).toEqual(['1', '8', '64', '256']);
    expect(new Set(runs)).toEqual(new Set([1, 8, 64, 256]));
  });

  it('measures the batches asked for, over several inputs, as JSON', async () => {
    const runs: number[] = [];
    const model = fakeModel({ inputs: { a: [2], b: [1] }, runs });
    const { stdout } = await runCommand(
      ['bench', 'm', '--batch', '5', '--batch', '1000', '--seconds', '0.01', '--json'],
      model,
    );
    const { timings, ...facts } = JSON.parse(stdout);
    expect(facts).toEqual({ parameterCount: 1234, precision: 'f32', isa: 'scalar' });
    expect(timings.map(({ batch }: { batch: number }) => batch)).toEqual([5, 1000]);
    for (const { batch, median, p99, rowsPerSecond } of timings) {
      expect(median).toBeGreaterThan(0);
      expect(p99).toBeGreaterThanOrEqual(median);
      expect(rowsPerSecond).toBeCloseTo((batch * 1e9) / median, 3);
    }
    expect(new Set(runs)).toEqual(new Set([5, 1000]));
  });

  it.each(['0', '-1', 'soon', '1e9'])('refuses to measure for %s seconds', async (seconds) => {
    const { status, stderr } = await runCommand(['bench', 'm', '--seconds', seconds]);
    expect(status).toBe(2);
    expect(stderr).toContain('expected a number above 0, up to 3600');
  });
});
