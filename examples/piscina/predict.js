// A thread of the pool in serve.js: attached when it starts, and then a function of a request.
import { threadId } from 'node:worker_threads';
import { Model } from 'forwardpass';
import { workerData } from 'piscina';

const model = Model.attach(workerData);

/** Scores of the request's images, ten each. */
// biome-ignore lint/style/noDefaultExport: what a pool calls
export default function predict(images) {
  return { scores: model.run(images), thread: threadId };
}
