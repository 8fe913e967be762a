import { describe, expect, it } from 'vitest';
import { openAddon } from '../lib/addon.ts';
import { ERROR_CODES, type ErrorCode, ForwardpassError } from '../lib/errors.ts';
import type { Graph } from '../lib/graph/graph.ts';
import { define, load, modelFromGraph } from '../lib/load.ts';
import { Model } from '../lib/model.ts';
import { createNative } from '../lib/native.ts';
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
  UNSUPPORTED_DTYPE: () => load(fileOf({ a: { ...tensor, dtype: 'F8_E5M2' } }, [0, 0, 0, 0])),
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
  INPUT: () => line().run(['1'] as unknown as Float32Array),
  BUFFER: () => line().run(new Float64Array(new SharedArrayBuffer(8))),
  ID: () =>
    define({
      inputs: [{ name: 'id', shape: [], dtype: 'int64' }],
      layers: [{ type: 'embedding', weight: [[1], [2]] }],
    }).run(Int32Array.of(2)),
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
  PLAN: () => createNative({ words: Int32Array.of(1, 2, 3), parameters: [] }, 'scalar', [], 1),
  MEMORY: () => line().bind({ batch: 2 ** 50 }),
  ABORTED: () => load('model.onnx', { signal: AbortSignal.abort() }),
};

describe('every code', () => {
  it.each(Object.keys(ERROR_CODES) as ErrorCode[])('%s is provoked', async (code) => {
    expect((await failureOf(PROVOCATIONS[code])).code).toBe(code);
  });
});

describe('an error', () => {
  it('says its place before its message', () => {
    const error = new ForwardpassError('SHAPE', 'does not fit', 'layers[2].weight', { cause: 5 });
    expect(error).toMatchObject({
      name: 'ForwardpassError',
      code: 'SHAPE',
      place: 'layers[2].weight',
      message: 'layers[2].weight: does not fit',
      cause: 5,
    });
    expect(new ForwardpassError('SHAPE', 'does not fit').message).toBe('does not fit');
  });
});
