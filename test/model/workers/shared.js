/** A thread that does what it is asked with the model of a handle, and answers with what came out. */
import { parentPort } from 'node:worker_threads';
import { define, Model } from './forwardpass.js';

/** @type {import('../../../lib/index.ts').Model[]} */
const held = [];

/** @type {Record<string, (handle: import('../../../lib/index.ts').ModelHandle, argument: any) => unknown>} */
const tasks = {
  run: async (handle, { x, threads }) => {
    const model = Model.attach(handle, { threads });
    const call = model.bind({ batch: x.length / Number(model.inputs[0].shape[1]) });
    call.input.set(x);
    call.run();
    return { run: model.run(x), bound: call.output, async: await model.runAsync(x) };
  },
  predict: (handle, rows) => Model.attach(handle).predict(rows),
  attach: (handle) => {
    const model = Model.attach(handle);
    held.push(model);
    model.run(new Float32Array(Number(model.inputs[0].shape[1])));
    return 'attached';
  },
  // y = 2·x + 1, from now on held here.
  share: () => {
    const model = define({ layers: [{ weight: 2, bias: 1 }] }, { precision: 'f32' });
    held.push(model);
    return model.share();
  },
};

parentPort?.on('message', async ({ task, handle, argument }) => {
  try {
    parentPort?.postMessage(await tasks[task](handle, argument));
  } catch (error) {
    const { code, message } = /** @type {import('../../../lib/index.ts').ForwardpassError} */ (error);
    parentPort?.postMessage({ code, message });
  }
});
