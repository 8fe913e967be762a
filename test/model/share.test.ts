/** A model that threads share: the same results over the same weights, and what handles may go wrong with. */
import { spawnSync } from 'node:child_process';
import { execPath } from 'node:process';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import type { ForwardpassError } from '../../lib/errors.ts';
import type { Decision, Graph } from '../../lib/graph/graph.ts';
import type { ModelHandle } from '../../lib/handle.ts';
import { define, modelFromGraph } from '../../lib/load.ts';
import { Model } from '../../lib/model.ts';
import { failureOf } from '../failure.ts';
import { line, lookup, network, randomRows, towers } from './models.ts';
import { Threads } from './threads.ts';

const threads = new Threads();
afterAll(() => threads.end());

/** A classifier with all that a description may hold. */
function classifier(): Model {
  const decision: Decision = { rule: 'arg_max', probabilities: true, scores: 'scores', output: 'p' };
  const graph: Graph = {
    format: 'test',
    precision: 'f64',
    inputs: [
      { name: 'x', shape: [2], dtype: 'float64', missing: true, categories: new Map([[1, ['no', 'yes', '\ud800']]]) },
    ],
    outputs: [{ name: 'p', value: 'p', dtype: 'float64' }],
    nodes: [
      {
        op: 'dense',
        name: 'scores',
        inputs: ['x', { shape: [3, 2], data: Float64Array.of(1, 0, 0, 1, 1, 1) }],
        output: 'scores',
        attributes: { layout: 'out-in' },
      },
      { op: 'softmax', name: 'softmax', inputs: ['scores'], output: 'p', attributes: { fn: 'softmax', axis: 0 } },
    ],
    classes: [-0, Number.NaN, Number.POSITIVE_INFINITY],
    featureNames: ['age', 'answer'],
    decision,
  };
  return modelFromGraph(graph);
}

describe('an attached model', () => {
  it('gives the same bits in another thread, in every way to run', async () => {
    for (const precision of ['f32', 'f64'] as const) {
      const model = network([20, 40, 30, 5], precision);
      const x = randomRows(20 * 37);
      for (const count of [1, 2]) {
        const found = await threads.ask('run', model.share(), { x, threads: count });
        expect(found).toEqual({ run: model.run(x), bound: model.run(x), async: model.run(x) });
      }
    }
  });

  it('is all that the model is', async () => {
    const model = classifier();
    const attached = Model.attach(model.share());
    const { format, inputs, outputs, classes, featureNames, precision, isa, parameterCount } = model;
    expect(attached).toEqual(model);
    expect({ ...attached }).toEqual({ format, inputs, outputs, classes, featureNames, precision, isa, parameterCount });
    expect(Object.isFrozen(attached.classes)).toBe(true);
    expect(attached.summary()).toBe(model.summary());
    const rows = [
      { age: 1, answer: 'no' },
      { age: 40, answer: 'yes' },
      { age: null, answer: 'yes' },
    ];
    expect(attached.predict(rows)).toEqual(model.predict(rows));
    expect(attached.predictProba(rows)).toEqual(model.predictProba(rows));
    // By their scores: their probabilities are all 1 or 0.
    expect(await threads.ask('predict', model.share(), [{ age: 800, answer: 'yes' }])).toEqual(
      model.predict([{ age: 800, answer: 'yes' }]),
    );
  });

  it('has ports by name, and errors of its own', async () => {
    const model = towers();
    const inputs = { user: Int32Array.of(2), grid: Float32Array.of(1, 2, 3, 4) };
    expect(Model.attach(model.share()).run(inputs)).toEqual(model.run(inputs));
    const id = Model.attach(lookup().share());
    expect((await failureOf(() => id.run(Int32Array.of(7)))).message).toBe(
      (await failureOf(() => lookup().run(Int32Array.of(7)))).message,
    );
  });

  it('may have several targets, and labels that are each decided', () => {
    const decision: Decision = { rule: 'above', threshold: Number.NEGATIVE_INFINITY, probabilities: false };
    const model = modelFromGraph({
      format: 'test',
      precision: 'f32',
      inputs: [{ name: 'x', shape: [1], dtype: 'float32' }],
      outputs: [
        { name: 'a', value: 'a', dtype: 'float32' },
        { name: 'b', value: 'b', dtype: 'float32' },
      ],
      nodes: [
        { op: 'unary', name: 'a', inputs: ['x'], output: 'a', attributes: { fn: 'relu' } },
        { op: 'unary', name: 'b', inputs: ['x'], output: 'b', attributes: { fn: 'neg' } },
      ],
      targets: [
        { classes: ['off', 'on'], decision },
        { classes: [0, 1], decision: { ...decision, threshold: 0 } },
      ],
    });
    expect(Model.attach(model.share()).predict([[1], [-1]])).toEqual(model.predict([[1], [-1]]));
    expect(model.predict([[1], [-1]])).toEqual(['on', 0, 'on', 1]);
  });

  it('lives on when the one that was shared is disposed of, and its thread has ended', async () => {
    const model = line();
    const handle = model.share();
    const attached = Model.attach(handle);
    model.dispose();
    expect(attached.run(Float32Array.of(3))).toEqual(Float32Array.of(7));
    expect(Model.attach(handle).run(Float32Array.of(3))).toEqual(Float32Array.of(7));
    expect((await failureOf(() => model.run(Float32Array.of(3)))).code).toBe('DISPOSED');

    const short = new Threads();
    const theirs = Model.attach(await short.ask<ModelHandle>('share'));
    await short.end();
    expect(theirs.run(Float32Array.of(3))).toEqual(Float32Array.of(7));
  });

  it('is disposed of alone', async () => {
    const model = line();
    const attached = Model.attach(model.share());
    const pending = attached.runAsync(Float32Array.of(3));
    attached.dispose();
    attached.dispose();
    expect(await pending).toEqual(Float32Array.of(7));
    expect((await failureOf(() => attached.run(Float32Array.of(3)))).code).toBe('DISPOSED');
    expect(model.run(Float32Array.of(3))).toEqual(Float32Array.of(7));
  });

  it('may be shared in turn, under the same handle', async () => {
    const model = line();
    const attached = Model.attach(model.share());
    expect(attached.share()).toEqual(model.share());
    model.dispose();
    expect((await threads.ask('run', attached.share(), { x: Float32Array.of(3), threads: 1 })).run).toEqual(
      Float32Array.of(7),
    );
  });
});

describe('a handle', () => {
  it('is a small plain object that any message takes, and JSON', () => {
    const handle = line().share();
    expect(JSON.stringify(handle).length).toBeLessThan(140);
    expect(JSON.parse(JSON.stringify(handle))).toEqual(handle);
    expect(structuredClone(handle)).toEqual(handle);
    expect(Object.isFrozen(handle)).toBe(true);
  });

  it.each(['postMessage', 'workerData', 'BroadcastChannel', 'environment variable'])('goes by %s', async (way) => {
    const model = line();
    expect(await threads.attachBy(way, model.share())).toEqual(Float32Array.of(7));
    model.dispose();
  });
});

describe('there is no model for a handle', () => {
  const model = line();
  const handle = model.share();
  const attach = (value: unknown, options?: object) => failureOf(() => Model.attach(value as ModelHandle, options));

  it.each<[string, unknown, string]>([
    ['undefined', undefined, 'expected a handle from share(), found nothing'],
    ['a model', model, 'expected a handle from share(), found an object that is not a handle'],
    ['a word', 'handle', "expected a handle from share(), found the string 'handle'"],
    ['an empty object', {}, 'expected a handle from share(), found an object that is not a handle'],
    ['one of a later version', { ...handle, forwardpass: 2 }, 'has version 2, from another version of forwardpass'],
    ['one without a model', { ...handle, model: undefined }, 'found one whose `model` is nothing'],
    ['one whose names are too long', { ...handle, addon: `${handle.addon}0` }, 'found one whose `addon` is '],
    ['one whose names are no text', { ...handle, model: [handle.model] }, 'found one whose `model` is '],
    ['one whose names are other letters', { ...handle, model: 'é'.repeat(36) }, 'found one whose `model` is '],
    ['a forged one', { ...handle, model: crypto.randomUUID() }, 'its model does not exist any more'],
    ['one of another copy', { ...handle, addon: crypto.randomUUID() }, 'it is of another process, or of another copy'],
  ])('that is %s', async (_, value, says) => {
    const error = await attach(value);
    expect(error).toMatchObject({ code: 'HANDLE', place: 'handle' });
    expect(error.message).toContain(says);
  });

  it('that comes from another process', async () => {
    const script = `import { define } from ${JSON.stringify(new URL('../../dist/index.js', import.meta.url).href)};
      process.stdout.write(JSON.stringify(define({ layers: [{ weight: 1 }] }).share()));`;
    const { stdout, stderr } = spawnSync(execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' });
    expect(stderr).toBe('');
    expect((await attach(JSON.parse(stdout))).message).toContain('it is of another process');
  });

  it('that goes to another process, of a cluster too', () => {
    const path = fileURLToPath(new URL('workers/cluster.js', import.meta.url));
    const { status, stdout, stderr } = spawnSync(execPath, [path], { encoding: 'utf8' });
    expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: 'HANDLE HANDLE', stderr: '' });
  });

  it('whose models were all disposed of', async () => {
    const other = line();
    const [first, again] = [other.share(), Model.attach(other.share())];
    other.dispose();
    again.dispose();
    const error = await attach(first);
    expect(error.code).toBe('HANDLE');
    expect(error.message).toContain('every Model of it was disposed of or collected, or its thread has ended');
  });

  it('whose thread was terminated before anybody attached', async () => {
    const short = new Threads();
    const theirs = await short.ask<ModelHandle>('share');
    await short.end();
    expect((await attach(theirs)).message).toContain('its thread has ended');
  });

  it('and a thread that is told so says so', async () => {
    const other = line();
    const theirs = other.share();
    other.dispose();
    const error = await threads.ask<ForwardpassError>('run', theirs, { x: Float32Array.of(1), threads: 1 });
    expect(error).toMatchObject({ code: 'HANDLE' });
  });

  it('of a model that was disposed of, which gives none', async () => {
    const other = classifier();
    other.dispose();
    expect((await failureOf(() => other.share())).code).toBe('DISPOSED');
  });

  it('but options are looked at all the same', async () => {
    expect((await attach(handle, { threads: 0 })).code).toBe('OPTION');
    expect((await attach(handle, { isa: 'scalar' })).message).toContain("unknown option 'isa'");
    expect((await failureOf(() => Model.attach(handle, null as unknown as object))).code).toBe('OPTION');
    expect(define({ layers: [{ weight: 1 }] }).share()).not.toEqual(handle);
  });
});
