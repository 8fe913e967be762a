/** Ragged rows as callers give them: what fits, and what is said of what does not. */
import { describe, expect, it } from 'vitest';
import { define, modelFromGraph } from '../../lib/load.ts';
import type { Model } from '../../lib/model.ts';
import { failureOf } from '../failure.ts';

const text = { name: 'text', shape: [4], ragged: true } as const;
const table = [
  [1, 10],
  [2, 20],
  [3, 30],
  [4, 40],
];

/** The types of the language do not know it yet. */
const resizable = (): ArrayBuffer => Reflect.construct(ArrayBuffer, [4, { maxByteLength: 8 }]);

/** Two numbers of each row of pairs. */
function sums(): Model {
  return define({ inputs: [text], layers: [{ type: 'bag', weight: table, bias: [0.5, 0] }] });
}

/** Those, and two numbers beside them. */
function beside(): Model {
  return define({
    inputs: [{ name: 'numbers', shape: [2] }, text],
    layers: [
      { name: 'words', type: 'bag', inputs: 'text', weight: table },
      { type: 'add', inputs: ['words', 'numbers'] },
    ],
  });
}

describe('ragged rows', () => {
  it('are known of an input', () => {
    expect(sums().inputs).toEqual([{ name: 'text', shape: [null, 4], dtype: 'float64', ragged: true }]);
    expect(sums().summary()).toContain('bag sum');
  });

  it('go by themselves or by name, with weights or without', async () => {
    const model = sums();
    const rows = { ids: Int32Array.of(0, 3, 3), offsets: [0, 0, 1, 3] };
    const wanted = Float64Array.of(0.5, 0, 1.5, 10, 8.5, 80);
    expect(model.run(rows)).toEqual(wanted);
    expect(model.run({ text: rows })).toEqual({ output: wanted });
    expect(await model.runAsync(rows)).toEqual(wanted);
    const y = new Float32Array(6);
    expect(model.run({ ...rows, weights: Float32Array.of(2, 1, 0) }, y)).toBe(y);
    expect(y).toEqual(Float32Array.of(0.5, 0, 2.5, 20, 4.5, 40));
  });

  it('go beside numbers', () => {
    const inputs = { numbers: Float64Array.of(1, 2, 3, 4), text: { ids: Int32Array.of(1), offsets: [0, 1, 1] } };
    expect(beside().run(inputs)).toEqual({ output: Float64Array.of(3, 22, 3, 4) });
  });

  it('of an input called ids go by its name', () => {
    const model = define({ inputs: [{ ...text, name: 'ids' }], layers: [{ type: 'scatter' }] });
    const rows = { ids: Int32Array.of(2, 2), offsets: [0, 2] };
    expect(model.run(rows)).toEqual(Float64Array.of(0, 0, 2, 0));
    expect(model.run({ ids: rows })).toEqual({ output: Float64Array.of(0, 0, 2, 0) });
  });

  it.each([
    [{ ids: Int32Array.of(1), offsets: [1, 1] }, 'INPUT', "input 'text': offsets[0] is 1; expected 0"],
    [{ ids: Int32Array.of(1, 2), offsets: [0, 2, 1] }, 'INPUT', `offsets[2] is 1; expected 2`],
    [{ ids: Int32Array.of(1, 2), offsets: [0, 2, 1, 2] }, 'INPUT', 'offsets[2] is 1; expected 2'],
    [{ ids: Int32Array.of(1, 2), offsets: [0, 3] }, 'INPUT', 'offsets[1] is 3; expected 2'],
    [{ ids: Int32Array.of(1, 2), offsets: [0, 1] }, 'INPUT', 'offsets[1] is 1; expected 2'],
    [{ ids: Int32Array.of(1, 2), offsets: [0, -1, 2] }, 'INPUT', 'offsets[1] is -1; expected a number from 0 to 2'],
    [{ ids: Int32Array.of(1), offsets: [0, 0.5] }, 'INPUT', "input 'text'.offsets[1]: expected integers"],
    [{ ids: Int32Array.of(1), offsets: [0, 2 ** 31] }, 'INPUT', 'expected integers below 2^31'],
    [{ ids: Int32Array.of(1), offsets: [] }, 'INPUT', 'found none'],
    [
      { ids: Int32Array.of(1), offsets: Float32Array.of(0, 1) },
      'INPUT',
      'expected an Int32Array or an array of numbers',
    ],
    [{ ids: Int32Array.of(1) }, 'INPUT', "input 'text'.offsets: expected an Int32Array"],
    [{ text: { ids: Int32Array.of(1) } }, 'INPUT', "input 'text'.offsets: expected an Int32Array"],
    [{ text: { ids: [1], offsets: [0, 1] } }, 'INPUT', "input 'text'.ids: expected an Int32Array, Uint32Array"],
    [{ text: { ids: Float32Array.of(1), offsets: [0, 1] } }, 'INPUT', 'found a Float32Array'],
    [{ ids: Int32Array.of(1), offsets: [0, 1], weights: Int32Array.of(1) }, 'INPUT', 'expected a Float32Array or'],
    [
      { ids: Int32Array.of(1), offsets: [0, 1], weights: Float32Array.of(1, 2) },
      'INPUT',
      'expected 1, one for each id',
    ],
    [
      { ids: Int32Array.of(1), offsets: [0, 1], rows: 1 },
      'INPUT',
      "expected only { ids, weights, offsets }, found 'rows'",
    ],
    [Float32Array.of(1, 2, 3, 4), 'INPUT', 'expected { ids, weights, offsets }, because its rows are pairs'],
    [{ text: Float32Array.of(1, 2, 3, 4) }, 'INPUT', 'because its rows are pairs, found a Float32Array'],
    [
      { ids: Int32Array.of(0, 4), offsets: [0, 0, 2] },
      'ID',
      'row 1 holds the id 4 in its pair 1; expected ids from 0 to 3',
    ],
    [{ ids: Int32Array.of(-1), offsets: [0, 1] }, 'ID', 'row 0 holds the id -1 in its pair 0'],
    [{ ids: Uint32Array.of(2 ** 32 - 1), offsets: [0, 1] }, 'ID', 'the id 4294967295'],
    [{ ids: BigInt64Array.of(2n ** 32n), offsets: [0, 1] }, 'ID', 'the id 4294967296'],
    [{ ids: new Int32Array(new SharedArrayBuffer(4)), offsets: [0, 1] }, 'BUFFER', 'shared'],
    [{ ids: new Int32Array(resizable()), offsets: [0, 1] }, 'BUFFER', 'resizable'],
  ])('that do not fit are refused (%#)', async (rows, code, message) => {
    const model = sums();
    for (const run of [() => model.run(rows as never), () => model.runAsync(rows as never)]) {
      const error = await failureOf(run);
      expect([error.code, error.message]).toEqual([code, expect.stringContaining(message)]);
    }
  });

  it('that are detached, or of other rows than the numbers beside, are refused', async () => {
    const ids = Int32Array.of(1);
    structuredClone(ids.buffer, { transfer: [ids.buffer] });
    expect((await failureOf(() => sums().run({ ids, offsets: [0, 0] }))).code).toBe('BUFFER');
    const rows = { numbers: new Float64Array(4), text: { ids: Int32Array.of(1), offsets: [0, 1] } };
    expect((await failureOf(() => beside().run(rows))).message).toContain("expected 2 rows as in input 'numbers'");
  });

  it('may not overlap an output', async () => {
    const buffer = new ArrayBuffer(64);
    const rows = {
      ids: new Int32Array(buffer, 0, 2),
      weights: new Float32Array(buffer, 8, 2),
      offsets: new Int32Array(buffer, 16, 2),
    };
    rows.offsets[1] = 2;
    for (const at of [0, 8, 16]) {
      const y = new Float32Array(buffer, at, 2);
      const error = await failureOf(() => sums().run(rows, y));
      expect([error.code, error.message]).toEqual(['BUFFER', expect.stringContaining('overlaps')]);
    }
    expect(sums().run(rows, new Float32Array(buffer, 24, 2))).toEqual(Float32Array.of(0.5, 0));
  });

  it('are copied when an asynchronous run begins', async () => {
    const rows = { ids: Int32Array.of(0, 1), weights: Float64Array.of(1, 1), offsets: Int32Array.of(0, 2) };
    const running = sums().runAsync(rows);
    rows.ids.fill(99);
    rows.weights.fill(Number.NaN);
    rows.offsets.fill(-5);
    expect(await running).toEqual(Float64Array.of(3.5, 30));
  });

  it('are read once, whatever getters give', () => {
    let reads = 0;
    const rows = {
      get ids() {
        reads++;
        return Int32Array.of(1);
      },
      offsets: [0, 1],
    };
    expect(sums().run({ text: rows }).output).toEqual(Float64Array.of(2.5, 20));
    expect(reads).toBe(1);
  });

  it('are not rows for predict', async () => {
    const error = await failureOf(() => sums().predict([[1, 2, 3, 4]]));
    expect([error.code, error.message]).toEqual(['INPUT', expect.stringContaining('run()')]);
  });
});

describe('a bound call of ragged rows', () => {
  it('runs the pairs that its offsets speak of', () => {
    const call = sums().bind({ batch: 2, items: 5 });
    expect(call.input).toBe(call.inputs.text);
    const { ids, weights, offsets } = call.inputs.text;
    expect([ids, weights, offsets]).toEqual([new Int32Array(5), new Float64Array(5).fill(1), new Int32Array(3)]);
    call.run();
    expect(call.output).toEqual(Float64Array.of(0.5, 0, 0.5, 0));
    ids.set([1, 3, 3, 99, -4]);
    offsets.set([0, 1, 3]);
    call.run();
    expect(call.output).toEqual(Float64Array.of(2.5, 20, 8.5, 80));
  });

  it('stands beside a dense input', () => {
    const call = beside().bind<{
      numbers: Float64Array;
      text: { ids: Int32Array; weights: Float64Array; offsets: Int32Array };
    }>({ batch: 1, items: 2 });
    call.inputs.numbers.set([1, 2]);
    call.inputs.text.ids[0] = 2;
    call.inputs.text.offsets[1] = 1;
    call.run();
    expect(call.output).toEqual(Float64Array.of(4, 32));
  });

  it('looks at its buffers each time', async () => {
    const call = sums().bind({ batch: 1, items: 3 });
    const { ids, offsets } = call.inputs.text;
    offsets[1] = 4;
    expect((await failureOf(() => call.run())).message).toContain('offsets[1] is 4; expected a number from 0 to 3');
    offsets.set([1, 2]);
    expect((await failureOf(() => call.run())).message).toContain('offsets[0] is 1; expected 0');
    offsets.set([0, 2]);
    ids[1] = 4;
    expect((await failureOf(() => call.run())).message).toContain('row 0 holds the id 4 in its pair 1');
    structuredClone(ids.buffer, { transfer: [ids.buffer as ArrayBuffer] });
    const error = await failureOf(() => call.run());
    expect([error.code, error.place]).toEqual(['BUFFER', "buffer of 'text'"]);
  });

  it.each([
    [sums, undefined],
    [sums, -1],
    [sums, 1.5],
    [() => define({ layers: [{ weight: 2 }] }), 3],
  ])('says how many pairs it takes, and no other model does (%#)', async (make, items) => {
    expect((await failureOf(() => make().bind({ batch: 1, items: items as number }))).place).toBe('option items');
  });
});

describe('a graph', () => {
  const graph = {
    format: 'test',
    precision: 'f32',
    inputs: [{ name: 'text', shape: [4], dtype: 'float32', ragged: true }],
    outputs: [{ name: 'y', value: 'y', dtype: 'float32' }],
  } as const;

  it.each([
    [{ op: 'unary', attributes: { fn: 'exp' } }, 'does not take ragged inputs such as text'],
    [{ op: 'concat', inputs: ['text', 'text'], attributes: { axis: 0 } }, 'does not take ragged inputs'],
    [
      { op: 'bag', inputs: ['text', { shape: [5, 1], data: new Float32Array(5) }], attributes: { mode: 'sum' } },
      '[5, 1]',
    ],
    [{ op: 'bag', inputs: ['text', { shape: [4, 1], data: new Float32Array(4) }], attributes: { mode: 'min' } }, 'min'],
  ])('whose ragged input is read by something else is refused (%#)', async (node, message) => {
    const nodes = [{ name: 'n', inputs: ['text'], output: 'y', ...node }] as never;
    expect((await failureOf(() => modelFromGraph({ ...graph, nodes }))).message).toContain(message);
  });

  it.each([
    [{ shape: [2, 2] }, 'one axis'],
    [{ dtype: 'int64' }, 'floats'],
    [{ missing: true }, 'cannot have categories or missing'],
    [{ ragged: false }, 'expected a ragged input, found text'],
  ])('whose input is not ragged rows is refused (%#)', async (input, message) => {
    const nodes = [{ op: 'scatter', name: 'n', inputs: ['text'], output: 'y', attributes: {} }] as const;
    const inputs = [{ ...graph.inputs[0], ...input }] as never;
    expect((await failureOf(() => modelFromGraph({ ...graph, inputs, nodes }))).message).toContain(message);
  });

  it('may not give the ragged input itself', async () => {
    const outputs = [{ name: 'y', value: 'text', dtype: 'float32' }] as const;
    expect((await failureOf(() => modelFromGraph({ ...graph, outputs, nodes: [] }))).message).toContain('itself');
  });
});
