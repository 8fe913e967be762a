/** A thread that says what it starts with, and ends as it is told to: by an error, or well. */
import { parentPort, workerData } from 'node:worker_threads';

parentPort?.on('message', ({ kind, most }) => {
  if (kind === 'drain') throw new Error(`thread of ${workerData.fd} fails`);
  // One that hangs takes no notice.
  if (kind === 'close' && most > 0) parentPort?.close();
});
parentPort?.postMessage({ kind: 'taken', edition: workerData.models.number });
parentPort?.postMessage({ kind: 'metrics', state: { series: [], statuses: { 200: 1 }, connections: 0, waiting: 0 } });
parentPort?.postMessage({ kind: 'listening' });
