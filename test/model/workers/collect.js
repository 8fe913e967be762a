/** Memory that comes back, in the way that its argument says. Needs --expose-gc. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { argv, memoryUsage } from 'node:process';
import { setImmediate, setTimeout } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { define, load, network, ones, rowsOf } from './forwardpass.js';

const MEGABYTE = 2 ** 20;

/** Everything that nobody holds is gone afterwards: finalizers run between the turns of the event loop. */
async function collect() {
  for (let i = 0; i < 5; i++) {
    /** @type {NonNullable<typeof gc>} */ (globalThis.gc)();
    await setImmediate();
  }
}

/** Waits until the memory of runs off the event loop is freed. @param {number} before of the resident memory */
async function untilFreed(before) {
  for (let i = 0; memoryUsage().rss - before > 16 * MEGABYTE; i++) {
    assert.ok(i < 300, 'the memory is still there');
    await setTimeout(100);
  }
}

/** Runs some hundred cycles again and again until they leave the resident memory as it was. @param {() => Promise<void>} cycles */
async function drift(cycles) {
  const sizes = [];
  for (let round = 0; round < 7; round++) {
    await cycles();
    await collect();
    sizes.push(memoryUsage().rss);
    const [before, after] = sizes.slice(-2);
    if (round >= 3 && after < before * 1.01) return;
  }
  assert.fail(`resident memory grows by the cycle: ${sizes.map((size) => (size / MEGABYTE).toFixed(1)).join(', ')} MB`);
}

/** @type {Record<string, () => Promise<void>>} */
const ways = {
  // Hundreds of cycles of loading, running and disposing: the resident memory stays. Other parts of the process may grow
  // once, a leak grows each time.
  'cycles end where they began': async () => {
    const bytes = await readFile(new URL('../../../examples/digits/digits.onnx', import.meta.url));
    await drift(async () => {
      for (let i = 0; i < 500; i++) {
        const model = await load(bytes);
        const call = model.bind({ batch: 1 });
        call.input.fill(1);
        call.run();
        assert.deepEqual(model.run(call.input), call.output);
        if (i % 10 === 0) await model.runAsync(call.input);
        model.dispose();
      }
    });
  },

  // The same of files that other readers open: HDF5, zips, pickles.
  'cycles of other formats end where they began': async () => {
    const files = await Promise.all(
      [
        'sklearn/logistic-cv.joblib',
        'keras/activation-layers.h5',
        'torch-export/arithmetic.pt2',
        'tflite/arithmetic.tflite',
      ]
        .concat(['keras/activation-layers.keras', 'platforms/every-kernel-f64.safetensors'])
        .map((name) => readFile(new URL(`../../fixtures/${name}`, import.meta.url))),
    );
    await drift(async () => {
      for (let i = 0; i < 180; i++) {
        const model = await load(files[i % files.length]);
        const inputs = model.inputs.map(({ name, shape }) => {
          const width = shape.slice(1).reduce((/** @type {number} */ a, b) => a * Number(b), 1);
          return /** @type {const} */ ([name, new Float64Array(width).fill(1)]);
        });
        model.run(Object.fromEntries(inputs));
        model.dispose();
      }
    });
  },

  'models that were not disposed of are freed': async () => {
    await collect();
    const before = memoryUsage().rss;
    const models = Array.from({ length: 16 }, () => network(1024, 1));
    await collect();
    assert.ok(memoryUsage().rss - before > 60 * MEGABYTE, 'the weights are not there yet');
    assert.deepEqual(models[15].run(ones(1024)), ones(1024));
    models.length = 0;
    await collect();
    assert.ok(memoryUsage().rss - before < 16 * MEGABYTE, 'the weights are still there');
  },

  // 800 MB of weights, of which JavaScript sees nothing but what it was told.
  'models that were not disposed of call the collector in time': async () => {
    const weight = { shape: [1024, 1024], data: ones(1024 * 1024) };
    const before = memoryUsage().rss;
    for (let i = 0; i < 200; i++) {
      define({ layers: [{ weight }] }, { precision: 'f32' });
      await setImmediate();
      assert.ok(memoryUsage().rss - before < 400 * MEGABYTE, `${i} models have not been collected`);
    }
  },

  'dispose frees at once, whoever holds the model': async () => {
    const model = network(2048, 1);
    const call = model.bind({ batch: 1 });
    call.run();
    await collect();
    const before = memoryUsage().rss;
    model.dispose();
    assert.ok(before - memoryUsage().rss > 15 * MEGABYTE, 'the weights are still there');
    assert.throws(() => call.run(), { code: 'DISPOSED' });
  },

  // Runs off the event loop work on copies. The next run takes over their memory if it comes soon.
  'the memory of runs off the event loop is freed': async () => {
    const model = network(64, 1);
    const x = rowsOf(model, 2 ** 17);
    const y = new Float32Array(x.length);
    model.run(x, y);
    await collect();
    const before = memoryUsage().rss;
    await model.runAsync(x, y);
    await collect();
    assert.ok(memoryUsage().rss - before > 50 * MEGABYTE, 'the next run would have to ask for memory');
    await untilFreed(before);
    const controller = new AbortController();
    const aborted = model.runAsync(x, y, { signal: controller.signal });
    controller.abort();
    await assert.rejects(aborted, { code: 'ABORTED' });
    await untilFreed(before);
    await Promise.all([model.runAsync(x, y), model.runAsync(x, y)]);
    const running = model.runAsync(x, y);
    model.dispose();
    await running;
    assert.deepEqual(y, x);
    await collect();
    assert.ok(memoryUsage().rss - before < 16 * MEGABYTE, 'dispose has left the memory of runs');
  },

  'weights are kept once': async () => {
    await collect();
    const before = memoryUsage().arrayBuffers;
    const model = network(1024, 1);
    await collect();
    assert.ok(memoryUsage().arrayBuffers - before < MEGABYTE, 'the arrays that the engine has packed are still there');
    assert.deepEqual(model.run(ones(1024)), ones(1024));
  },

  // Four threads, each with its own scratch for one row.
  'threads that attach add no weights': async () => {
    const workers = Array.from({ length: 4 }, () => new Worker(new URL('shared.js', import.meta.url)));
    /** @param {import('../../../lib/index.ts').Model} model */
    const attachAll = async (model) => {
      for (const worker of workers) {
        worker.postMessage({ task: 'attach', handle: model.share() });
        assert.deepEqual(await once(worker, 'message'), ['attached']);
      }
      await collect();
      return memoryUsage().rss;
    };
    const small = await attachAll(network(64, 1));
    const model = network(4096, 1);
    const large = await attachAll(model);
    assert.ok(large - small > 60 * MEGABYTE, 'the weights are not there yet');
    assert.ok(large - small < 90 * MEGABYTE, 'the weights are there more than once');
    await Promise.all(workers.map((worker) => worker.terminate()));
    model.dispose();
    await collect();
    assert.ok(memoryUsage().rss - small < 20 * MEGABYTE, 'the weights are still there');
  },

  'a bound call outlives its model': async () => {
    const { input, output, run } = network(64, 2).bind({ batch: 3 });
    await collect();
    for (let i = 1; i < 5; i++) {
      input.fill(i);
      run();
      assert.deepEqual(output, ones(3 * 64).fill(i));
      await collect();
    }
  },

  'the function of a bound call keeps its buffers': async () => {
    const calls = Array.from({ length: 50 }, () => network(64, 1).bind({ batch: 100 }).run);
    await collect();
    const other = Array.from({ length: 50 }, () => ones(6400).fill(5));
    for (const run of calls) run();
    await collect();
    for (const array of other) assert.ok(array.every((value) => value === 5));
  },

  'bound calls are freed, even those that their own buffers hold': async () => {
    const model = network(64, 1);
    await collect();
    const before = memoryUsage().arrayBuffers;
    const bindAndForget = () => {
      const call = model.bind({ batch: 4096 });
      Object.assign(call.input, { call });
      Object.assign(call.output, { call });
      call.run();
    };
    for (let i = 0; i < 50; i++) bindAndForget();
    await collect();
    assert.ok(memoryUsage().arrayBuffers - before < MEGABYTE);
    assert.deepEqual(model.run(ones(64)), ones(64));
  },

  'work in flight outlives its model': async () => {
    const pending = Array.from({ length: 20 }, () => network(64, 2).runAsync(ones(64 * 500)));
    await collect();
    for (const y of await Promise.all(pending)) assert.deepEqual(y, ones(64 * 500));
  },

  'results that nobody waits for are freed': async () => {
    const model = define({ layers: [{ weight: 2 }] }, { precision: 'f32' });
    const x = ones(MEGABYTE);
    await model.runAsync(x);
    await collect();
    const before = memoryUsage().arrayBuffers;
    for (let i = 0; i < 40; i++) void model.runAsync(x);
    await model.runAsync(x);
    await collect();
    assert.ok(memoryUsage().arrayBuffers - before < MEGABYTE);
  },
};
await ways[argv[2]]();
