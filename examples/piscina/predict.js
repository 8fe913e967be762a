// A thread of the pool in serve.js: attached when it starts, and then a function of a request.
import { threadId } from 'node:worker_threads';
import { ForwardpassError, Model } from 'forwardpass';
import { workerData } from 'piscina';

const model = Model.attach(workerData);

/** Scores of the request's images, ten each. */
// biome-ignore lint/style/noDefaultExport: what a pool calls
export default function predict(images) {
  try {
    return { scores: model.run(images), thread: threadId };
  } catch (error) {
    // A message keeps message and stack of an error, and all of a plain object.
    throw error instanceof ForwardpassError ? error.toJSON() : error;
  }
}
