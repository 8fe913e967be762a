/** Models of several formats without the addon: `#engine` is the reference engine, and opening the addon fails. */
import { afterAll, describe, expect, it, vi } from 'vitest';
import { engine } from '#engine';
import { OPCODE } from '../../lib/graph/operations/opcodes.ts';
import { define } from '../../lib/index.ts';
import { modelFromGraph } from '../../lib/load.ts';
import { Model } from '../../lib/model.ts';
import { failureOf } from '../failure.ts';
import { testFixtures } from '../formats/expectations.ts';
import { graphOf, node } from '../graph/graphs.ts';
import { opcodesRun } from './run-instruction.ts';

vi.mock('#engine', () => import('./reference-engine.ts'));
vi.mock('../../lib/addon.ts', () => ({
  openAddon() {
    throw new Error('the addon was opened');
  },
}));

// Of each format some, so that each operation is among them.
for (const [folder, extension] of [
  ['onnx-hand', '.onnx'],
  ['onnx-ml', '.onnx'],
  ['sklearn-texts', '.pkl'],
  ['sklearn-neighbours', '.pkl'],
  ['lightgbm', '.txt'],
  ['keras', '.keras'],
] as const) {
  testFixtures(folder, extension);
}

const line = () => define({ layers: [{ weight: [[2, 3]], bias: [1] }] });

describe('a model of the reference engine', () => {
  it('says that it is of no instruction set of this processor', () => {
    expect(engine.instructionSets()).toEqual(['scalar']);
    using model = line();
    expect(model.isa).toBe('scalar');
  });

  it('runs in each way that a model runs', async () => {
    using model = line();
    expect(model.run(Float64Array.of(1, 2, 0, 1))).toEqual(Float64Array.of(9, 4));
    expect(await model.runAsync(Float64Array.of(1, 2))).toEqual(Float64Array.of(9));
    expect(model.predict([[1, 2]])).toEqual(Float64Array.of(9));
    const call = model.bind({ batch: 2 });
    for (const x of [1, 2]) {
      call.input.set([x, x, 0, x]);
      call.run();
      expect(call.output).toEqual(Float64Array.of(5 * x + 1, 3 * x + 1));
    }
  });

  it('refuses what a model of the addon refuses', async () => {
    const model = line();
    const failing = (use: () => unknown) => failureOf(use);
    expect((await failing(() => model.run(Float64Array.of(1, 2, 3)))).message).toContain('not a whole number of rows');
    expect(await failing(() => model.run(Int32Array.of(1, 2)))).toMatchObject({ code: 'INPUT' });
    expect(await failing(() => model.run(Float64Array.of(1, 2), new Float64Array(2)))).toMatchObject({ code: 'INPUT' });
    const call = model.bind({ batch: 1 });
    model.dispose();
    expect(await failing(() => call.run())).toMatchObject({ code: 'DISPOSED' });
    expect(await failing(() => model.run(Float64Array.of(1, 2)))).toMatchObject({ code: 'DISPOSED' });
  });

  it('is shared and attached to', async () => {
    const model = line();
    const handle = model.share();
    using other = Model.attach(handle);
    model.dispose();
    expect(other.run(Float64Array.of(1, 2))).toEqual(Float64Array.of(9));
    expect(await failureOf(() => Model.attach(handle))).toMatchObject({ code: 'HANDLE' });
  });

  it('takes weights in fewer bits, which it has whole', () => {
    const data = Float32Array.from({ length: 4 * 16 }, (_, at) => at / 64);
    const graph = (weights?: 'int8') =>
      graphOf({ x: [4] }, [node('y', 'dense', ['x', { shape: [4, 16], data }], { layout: 'in-out', weights })]);
    using model = modelFromGraph(graph('int8'));
    using whole = modelFromGraph(graph());
    const x = Float32Array.of(1, 2, 3, 4);
    expect(model.run(x)).toEqual(whole.run(x));
  });

  it('takes int8 layers of one scale for all rows', () => {
    const data = Float32Array.from({ length: 3 * 16 }, (_, at) => (at % 127) / 64);
    const layer = (output: string, x: string, shape: number[], scale: number) =>
      node(output, 'dense', [x, { shape, data }], { layout: 'in-out', weights: 'int8', inputScale: [scale, -100] });
    const graph = graphOf({ x: [3] }, [layer('a', 'x', [3, 16], 0.5), layer('y', 'a', [16, 3], 2)]);
    using model = modelFromGraph(graph);
    // 0.75 is between 0.5 and 1.0, of which the integer is even for 1.0; 300 is beyond 113.5.
    const middle = Array.from({ length: 16 }, (_, n) => 1 * data[n] + 113.5 * data[16 + n] - 14 * data[32 + n]);
    const integers = middle.map((value) => 2 * Math.min(Math.max(Math.round(value / 2), -28), 227));
    const wanted = [0, 1, 2].map((n) => integers.reduce((sum, value, k) => sum + value * data[3 * k + n], 0));
    expect(Array.from(model.run(Float32Array.of(0.75, 300, -40)))).toEqual(wanted.map(Math.fround));
    expect(model.run(Float32Array.of(0, Infinity, 0))).toEqual(new Float32Array(3).fill(Number.NaN));
  });

  it('multiplies bytes', () => {
    const number = (value: number) => ({ shape: [], data: Float64Array.of(value) });
    const weight = { shape: [16, 8], data: Float32Array.from({ length: 128 }, (_, at) => (at % 255) - 127) };
    const graph = graphOf({ x: [8] }, [
      node('sum', 'dense', ['x', weight], { layout: 'out-in' }),
      node('scaled', 'affine', ['sum', number(1 / 16), number(0.5)], {}),
      node('floor', 'unary', ['scaled'], { fn: 'floor' }),
      node('y', 'unary', ['floor'], { fn: 'clip', alpha: -100, beta: 100 }),
    ]);
    using model = modelFromGraph({ ...graph, precision: 'f64', inputs: [{ name: 'x', shape: [8], dtype: 'int8' }] });
    expect(model.summary()).toContain('dense in bytes');
    const found = Array.from(model.run(Float64Array.of(1, -2, 3, -4, 5, -6, 7, -8)));
    expect(found).toEqual(Array.from({ length: 16 }, (_, n) => Math.floor((-4 * (8 * n - 127) - 32) / 16 + 0.5)));
  });
});

afterAll(() => {
  expect([...opcodesRun].sort()).toEqual(Object.keys(OPCODE).sort());
});
