import { readdirSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Graph } from '../lib/graph/graph.ts';
import { load, modelFromGraph } from '../lib/load.ts';
import { failureOf } from './failure.ts';
import { fileOf, fileOfShapes } from './formats/safetensors-file.ts';

/** y = 0.25·a + 0.5·b + 0.75 */
const LINE = fileOfShapes({ weight: [1, 2], bias: [1] });
const ROW = Float32Array.of(4, 8);
const RESULT = Float32Array.of(5.75);

let folder: string;
let path: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'forwardpass-load-'));
  path = join(folder, 'model.onnx');
  await writeFile(path, LINE);
});
afterAll(() => rm(folder, { recursive: true }));

describe('load', () => {
  it('takes a path, a URL or bytes, and tells the format by the content', async () => {
    const server = createServer((_, response) => response.end(LINE)).listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/model`;
    for (const source of [path, pathToFileURL(path), LINE, url, new URL(url)]) {
      const model = await load(source);
      expect(model.format).toBe('safetensors');
      expect(model.run(ROW)).toEqual(RESULT);
    }
    server.close();
  });

  it('computes in the precision of the file unless told otherwise', async () => {
    const model = await load(LINE);
    expect([model.precision, model.run(ROW)]).toEqual(['f32', RESULT]);
    const double = await load(LINE, { precision: 'f64' });
    expect([double.precision, double.run(ROW)]).toEqual(['f64', Float64Array.from(RESULT)]);
  });

  it('applies the activations and the architecture that it is given', async () => {
    const negative = Float32Array.of(-100, 0);
    expect((await load(LINE, { outputActivation: 'relu' })).run(negative)).toEqual(Float32Array.of(0));
    const layers = [{ weight: 'weight', bias: 'bias', activation: 'neg' }];
    expect((await load(LINE, { architecture: { layers } })).run(ROW)).toEqual(Float32Array.of(-5.75));
  });

  it('refuses a network described for a file that describes its own', async () => {
    const onnx = new URL('./fixtures/onnx-torch/', import.meta.url);
    const file = readdirSync(onnx).find((name) => name.endsWith('.onnx'));
    const error = await failureOf(() => load(new URL(String(file), onnx), { activation: 'relu' }));
    expect([error.code, error.message]).toEqual([
      'OPTION',
      expect.stringContaining('activation: only applies to files that'),
    ]);
  });

  it('takes a member of files that may hold several things, and of no others', async () => {
    const bundle = new URL('./fixtures/sklearn-bundles/chain.joblib', import.meta.url);
    expect((await load(bundle, { member: ['scaler', 'model'] })).classes).toHaveLength(3);
    const error = await failureOf(() => load(LINE, { member: 'weight' }));
    expect([error.code, error.message]).toEqual([
      'OPTION',
      expect.stringMatching(/^member: only applies to scikit-learn and PyTorch files.*safetensors has one model$/),
    ]);
  });

  it('reads the format that it is told, and no other', async () => {
    expect((await load(LINE, { format: 'safetensors' })).run(ROW)).toEqual(RESULT);
    const error = await failureOf(() => load(fileOf(' {}'), { format: 'safetensors' }));
    expect(error.code).toBe('MALFORMED');
  });

  it('says so if the content has another format than the requested one', async () => {
    const error = await failureOf(() => load(path, { format: 'onnx' }));
    expect(error).toMatchObject({ code: 'MALFORMED', place: 'model.onnx' });
    const hint = "(the option `format` is 'onnx', but the content looks like format 'safetensors')";
    expect(error.message).toBe(`model.onnx: field 14 has the wire type 6, which is not supported ${hint}`);
  });

  it.skipIf(process.platform !== 'linux')('closes the file, also when it is refused', async () => {
    await writeFile(join(folder, 'bad'), fileOf({ a: 1 }));
    const openFiles = () => readdirSync('/proc/self/fd').length;
    const before = openFiles();
    for (let i = 0; i < 20; i++) {
      await load(path);
      await failureOf(() => load(join(folder, 'bad')));
      await failureOf(() => load(path, { limits: { bytes: 1 } }));
    }
    expect(openFiles()).toBeLessThanOrEqual(before + 2);
  });

  it('does not see what happens to the bytes afterwards', async () => {
    const bytes = LINE.slice();
    const model = await load(bytes);
    bytes.fill(0);
    expect(model.run(ROW)).toEqual(RESULT);
  });
});

describe('modelFromGraph', () => {
  const graph: Graph = {
    format: 'test',
    precision: 'f64',
    inputs: [{ name: 'x', shape: [1], dtype: 'float64' }],
    outputs: [{ name: 'y', value: 'b', dtype: 'float64' }],
    nodes: [
      { op: 'affine', name: 'second', inputs: ['a', two(), two()], output: 'b', attributes: {} },
      { op: 'unary', name: 'first', inputs: ['x'], output: 'a', attributes: { fn: 'relu' } },
      { op: 'affine', name: 'unused', inputs: ['x', two(), two()], output: 'c', attributes: {} },
    ],
    classes: ['no', 'yes'],
    decision: { rule: 'above', threshold: 3, probabilities: false },
  };

  function two() {
    return { shape: [], data: Float64Array.of(2) };
  }

  it('makes a model of a graph, in whatever order its nodes stand', () => {
    const model = modelFromGraph(graph);
    expect(model.run(Float64Array.of(-1, 5))).toEqual(Float64Array.of(2, 12));
    expect(model.predict(Float64Array.of(-1, 5))).toEqual(['no', 'yes']);
    expect([model.format, model.precision, model.parameterCount]).toEqual(['test', 'f64', 2]);
  });

  it('counts shared constants once', () => {
    const shared = two();
    const nodes = [{ ...graph.nodes[0], inputs: ['a', shared, shared] } as Graph['nodes'][number], graph.nodes[1]];
    expect(modelFromGraph({ ...graph, nodes }).parameterCount).toBe(1);
  });
});
