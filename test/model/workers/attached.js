/** A thread that gets a handle in the way that its argument says, and posts what the model makes of 3. */
import { argv, env } from 'node:process';
import { BroadcastChannel, parentPort, workerData } from 'node:worker_threads';
import { Model } from './forwardpass.js';

const variable = 'FORWARDPASS_TEST_HANDLE';
const way = argv[2];

/** @param {import('../../../lib/index.ts').ModelHandle} handle */
function answer(handle) {
  parentPort?.postMessage(Model.attach(handle).run(Float32Array.of(3)));
}

const channel = new BroadcastChannel(variable);
channel.onmessage = (message) => answer(/** @type {{ data: any }} */ (message).data);
parentPort?.postMessage('ready');
if (way === 'workerData') setImmediate(() => answer(workerData.handle));
if (way === 'environment variable') setImmediate(() => answer(JSON.parse(env[variable] ?? '')));
