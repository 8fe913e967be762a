import { inspect } from 'node:util';
import { Worker } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import { engine } from '#engine';
import { openAddon } from '../lib/addon.ts';
import { ERROR_CODES, type ErrorCode, ForwardpassError } from '../lib/errors.ts';
import type { Graph } from '../lib/graph/graph.ts';
import { learn } from '../lib/learn.ts';
import { define, load, modelFromGraph } from '../lib/load.ts';
import { Model } from '../lib/model.ts';
import { siblingSegments } from '../lib/source/sibling-path.ts';
import { watch } from '../lib/watch.ts';
import { failureOf } from './failure.ts';
import { fileOf, fileOfShapes } from './formats/safetensors-file.ts';

const line = () => define({ layers: [{ weight: 2, bias: 1 }] });
const tensor = { dtype: 'F32', shape: [], data_offsets: [0, 4] };

/** ir_version 99, a graph named g */
const onnxOfTomorrow = Uint8Array.of(0x08, 99, 0x3a, 3, 0x12, 1, 0x67);

const circular: Graph = {
  format: 'test',
  precision: 'f32',
  inputs: [{ name: 'x', shape: [1], dtype: 'float32' }],
  outputs: [{ name: 'y', value: 'a', dtype: 'float32' }],
  nodes: [
    { op: 'binary', name: 'first', inputs: ['x', 'b'], output: 'a', attributes: { fn: 'add' } },
    { op: 'unary', name: 'second', inputs: ['a'], output: 'b', attributes: { fn: 'relu' } },
  ],
};

/** What leads to each code. */
const PROVOCATIONS: Record<ErrorCode, () => unknown> = {
  SOURCE: () => load('no/such/model.onnx'),
  UNKNOWN_FORMAT: () => load(new TextEncoder().encode('<!doctype html>')),
  TRUNCATED: () => load(fileOf({ a: tensor }, [0, 0])),
  MALFORMED: () => load(fileOf('{"a":1,"a":2}')),
  UNSAFE: () => siblingSegments('../weights.bin'),
  UNSUPPORTED_OP: () => load(fileOfShapes({ 'conv.weight': [1, 1, 3, 3] })),
  UNSUPPORTED_DTYPE: () => load(fileOf({ a: { ...tensor, dtype: 'C64' } }, [0, 0, 0, 0])),
  UNSUPPORTED_VERSION: () => load(onnxOfTomorrow, { format: 'onnx' }),
  ARCHITECTURE: () => load(fileOfShapes({ '0.weight': [2, 2], '2.weight': [2, 2] })),
  SHAPE: () => define({ layers: [{ weight: [[1, 2], [3]] }] }),
  DANGLING: () => define({ layers: [{ weight: 1, name: 'a' }], outputs: 'b' }),
  DUPLICATE: () =>
    define({
      layers: [
        { weight: 1, name: 'a' },
        { weight: 1, name: 'a' },
      ],
    }),
  CYCLE: () => modelFromGraph(circular),
  LIMIT: () => load(fileOfShapes({ weight: [1, 1] }), { limits: { bytes: 10 } }),
  OPTION: () => load('model.onnx', { threads: 0 }),
  FUNCTION: async () => {
    const functions = { '__main__.absolute': () => [] };
    const model = await load(new URL('./fixtures/own-steps/validated.pkl', import.meta.url), { functions });
    return model.predict([[1, 2, 3, 4]]);
  },
  INPUT: () => line().run(['1'] as unknown as Float32Array),
  BUFFER: () => line().run(new Float64Array(new SharedArrayBuffer(8))),
  ID: () =>
    define({
      inputs: [{ name: 'id', shape: [], dtype: 'int64' }],
      layers: [{ type: 'embedding', weight: [[1], [2]] }],
    }).run(Int32Array.of(2)),
  DIVERGED: async () => {
    const learner = await learn({ estimator: 'SGDRegressor', learning_rate: 'constant', eta0: 1e300 });
    return learner.partialFit([[1e10]], [1]).partialFit([[1e10]], [-1e300]);
  },
  NOT_A_CLASSIFIER: () => line().predictProba([[1]]),
  CHECKSUM: () => watch('examples/digits/digits.onnx', { sha256: '0'.repeat(64), onReject() {} }),
  REJECTED: () => watch('examples/digits/digits.onnx', { validate: () => false, onReject() {} }),
  DISPOSED: () => {
    const model = line();
    model.dispose();
    model.run(Float64Array.of(1));
  },
  HANDLE: () => Model.attach({ forwardpass: 1, addon: crypto.randomUUID(), model: crypto.randomUUID() }),
  ISA: () => define({ layers: [{ weight: 1 }] }, { isa: 'mmx' as 'scalar' }),
  NATIVE: () => openAddon({ platform: 'plan9', arch: 'mips', env: {}, folders: ['/nowhere'] }),
  PLAN: () =>
    engine.create({ code: Int32Array.of(1, 2, 3), parameters: [] }, { isa: 'scalar', integers: [], threads: 1 }),
  MEMORY: () => line().bind({ batch: 2 ** 50 }),
  ABORTED: () => load('model.onnx', { signal: AbortSignal.abort() }),
};

describe('every code', () => {
  it.each(Object.keys(ERROR_CODES) as ErrorCode[])('%s is provoked', async (code) => {
    expect((await failureOf(PROVOCATIONS[code])).code).toBe(code);
  });
});

describe('an error', () => {
  const placed = () => new ForwardpassError('SHAPE', 'does not fit', 'layers[2].weight', { cause: 5 });
  const plain = () => new ForwardpassError('INPUT', 'shape: expected [2]');
  const occurrences = (text: string) => text.split('layers[2].weight').length - 1;

  it('says its place before its message', () => {
    expect(placed()).toMatchObject({
      name: 'ForwardpassError',
      code: 'SHAPE',
      place: 'layers[2].weight',
      message: 'layers[2].weight: does not fit',
      cause: 5,
    });
    expect(plain()).toMatchObject({ message: 'shape: expected [2]', place: undefined });
  });

  it('says its place once, however it is printed', () => {
    const error = placed();
    const printed = inspect(error);
    expect(printed).toMatch(
      /^ForwardpassError \[SHAPE\]: layers\[2\]\.weight: does not fit\n {4}at .*errors\.test\.ts/,
    );
    expect(printed).toContain("code: 'SHAPE'");
    expect(String(error)).toBe('ForwardpassError: layers[2].weight: does not fit');
    for (const text of [printed, String(error), error.message, error.stack as string]) {
      expect(occurrences(text)).toBe(1);
    }
    expect(Object.keys(error)).toEqual(['code']);
  });

  it('has its whole message in JSON', () => {
    const record = { name: 'ForwardpassError', code: 'SHAPE', message: placed().message, place: 'layers[2].weight' };
    expect(JSON.parse(JSON.stringify(placed()))).toEqual(record);
    expect(JSON.parse(JSON.stringify(plain()))).toEqual({
      name: 'ForwardpassError',
      code: 'INPUT',
      message: 'shape: expected [2]',
    });
  });

  it('is made again of its record, and of the copy that a thread gets', () => {
    for (const error of [placed(), plain()]) {
      const { code, message, place } = error;
      for (const record of [JSON.parse(JSON.stringify(error)), structuredClone(error.toJSON())]) {
        const again = ForwardpassError.from(record);
        expect(again).toBeInstanceOf(ForwardpassError);
        expect(again).toMatchObject({ name: 'ForwardpassError', code, message });
        expect(again?.place).toBe(place);
      }
      const copy = structuredClone(error);
      expect(copy).not.toBeInstanceOf(ForwardpassError);
      const again = ForwardpassError.from(copy);
      expect(again).toMatchObject({ code, message, stack: error.stack });
      expect(again?.cause).toBe(error.cause);
      expect(again?.place).toBeUndefined();
      expect(ForwardpassError.from(error)).toBe(error);
    }
  });

  it('is short, whatever it is about, and made again as it is', () => {
    const long = new ForwardpassError('SHAPE', 'm'.repeat(1e6), 'p'.repeat(1e6));
    expect(long.place).toMatch(/^p{225}…p{74}$/);
    expect(long.message).toHaveLength(300 + 2 + 2000);
    expect(ForwardpassError.from(JSON.parse(JSON.stringify(long)))).toMatchObject({
      message: long.message,
      place: long.place,
    });
  });

  it('shows what is invisible, and cuts no surrogate pair apart', () => {
    const { place, message } = new ForwardpassError('SHAPE', 'a\0b\nc\n  d\u202e', 'tensor \x1b[31m\n  x');
    expect(place).toBe('tensor \\u001b[31m\\n  x');
    expect(message).toBe(`${place}: a\\u0000b\\nc\n  d\\u202e`);
    for (const [front, back] of [
      ['', ''],
      ['x', ''],
      ['', 'x'],
    ]) {
      const cut = new ForwardpassError('SHAPE', `${front}${'😀'.repeat(5000)}${back}`).message;
      expect(cut).not.toMatch(/\p{Cs}/u);
      expect(cut.length).toBeGreaterThan(1990);
      expect(cut).not.toContain('\\u');
    }
  });

  it('is not made of anything else', () => {
    const others = [undefined, null, 'x', {}, new Error('ForwardpassError [SHAPE]: x'), new TypeError('x')];
    const records = [
      { name: 'ForwardpassError', code: 'SHAPES', message: 'x' },
      { name: 'ForwardpassError', code: 'toString', message: 'x' },
      { name: 'ForwardpassError', code: 'SHAPE', message: 5 },
      { name: 'Error', code: 'SHAPE', message: 'x' },
    ];
    for (const value of [...others, ...records]) expect(ForwardpassError.from(value)).toBeUndefined();
  });

  it('goes whole from a worker thread as a record, and with its code as what the thread threw', async () => {
    const script = (end: string) => `
      const { parentPort } = require('node:worker_threads');
      import(${JSON.stringify(new URL('../dist/index.js', import.meta.url).href)}).then(async ({ load }) => {
        const error = await load('no/such.onnx').catch((error) => error);
        ${end}
      });`;
    const answerOf = (end: string) =>
      new Promise<unknown>((resolve) => {
        const worker = new Worker(script(end), { eval: true });
        worker.once('message', resolve);
        worker.once('error', resolve);
      });
    const message = expect.stringMatching(/^no\/such\.onnx: /);
    const whole = { code: 'SOURCE', place: 'no/such.onnx', message };
    expect(ForwardpassError.from(await answerOf('parentPort.postMessage(error.toJSON());'))).toMatchObject(whole);
    const posted = await answerOf('parentPort.postMessage(error);');
    expect(ForwardpassError.from(posted)).toMatchObject({ code: 'SOURCE', message });
    // Node keeps what it can of an error that ends a thread.
    expect(await answerOf('queueMicrotask(() => { throw error; });')).toMatchObject({ code: 'SOURCE', message });
  });
});
