// Answers a batch of requests on four threads that share one model, with nothing but Node. Run it with
// `node examples/workers.js`; examples/piscina does the same with a pool.
import { once } from 'node:events';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { load, Model } from 'forwardpass';

if (isMainThread) {
  const model = await load(new URL('./digits/digits.onnx', import.meta.url));
  const workers = Array.from({ length: 4 }, () => new Worker(new URL(import.meta.url), { workerData: model.share() }));
  const requests = workers.map((_, i) => new Float32Array(64 * 100).fill(i));
  const answers = workers.map(async (worker, i) => {
    worker.postMessage(requests[i]);
    const [scores] = await once(worker, 'message');
    return scores;
  });
  const scores = await Promise.all(answers);
  const same = scores.every((found, i) => model.run(requests[i]).every((score, at) => Object.is(score, found[at])));
  console.log(`${workers.length} threads, ${requests.length * 100} images: ${same ? 'the same bits' : 'other bits'}`);
  await Promise.all(workers.map((worker) => worker.terminate()));
  process.exitCode = same ? 0 : 1;
} else {
  // The weights that the main thread loaded: nothing is read or copied.
  const model = Model.attach(workerData);
  parentPort.on('message', (images) => parentPort.postMessage(model.run(images)));
}
