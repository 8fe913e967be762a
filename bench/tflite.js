/**
 * TensorFlow Lite's models of int8 throughout, beside the interpreter that they are made for (with XNNPACK, on one thread), and
 * beside our float32 of the same nets: processor time of a call, in turns. Results are compared byte by byte.
 * `PYTHON` names a Python that has tensorflow.
 */
import { env } from 'node:process';
import { load } from '../dist/index.js';
import { duration, times } from './lib/format.js';
import { PythonPeers } from './lib/python.js';
import { median } from './lib/stats.js';

const NETS = ['64-64-32-1', '32-128-64-1', '256-256-256-10', '784-512-256-10', '1024-1024-512-256-1'];
const BATCHES = [1, 16, 256];
const ROUNDS = 11;
const TRIAL_NANOSECONDS = 2e7;

const peer = new PythonPeers(env.PYTHON ?? 'python3', 'tflite_nets.py');
try {
  for (const net of NETS) {
    const files = await peer.ask({ make: net });
    for (const batch of BATCHES) await measureCase(net, batch, files);
  }
} finally {
  await peer.close();
}

/** @param {() => void} call @param {number} calls */
function timeOf(call, calls) {
  const start = process.cpuUsage();
  for (let i = 0; i < calls; i++) call();
  const { user, system } = process.cpuUsage(start);
  return (user + system) * 1000;
}

/** @param {string} path @param {number} batch */
async function boundCall(path, batch) {
  const model = await load(path);
  const call = model.bind({ batch });
  const width = call.input.length / batch;
  for (let at = 0; at < call.input.length; at++) {
    call.input[at] = ((Math.floor(at / width) * 37 + (at % width) * 101) % 256) - 128;
  }
  return { model, call };
}

/** @param {string} net @param {number} batch @param {{ float: string, int8: string, version: string }} files */
async function measureCase(net, batch, files) {
  const [whole, real] = await Promise.all([boundCall(files.int8, batch), boundCall(files.float, batch)]);
  const { outputs } = await peer.ask({ open: files.int8, batch });
  whole.call.run();
  const others = outputs.filter(
    (/** @type {number} */ byte, /** @type {number} */ at) => byte !== whole.call.output[at],
  );
  /** @type {Record<string, (calls: number) => Promise<number>>} */
  const contenders = {
    int8: async (calls) => timeOf(whole.call.run, calls),
    float32: async (calls) => timeOf(real.call.run, calls),
    tflite: async (calls) => (await peer.ask({ time: calls })).nanoseconds,
  };
  /** @type {Record<string, number>} */
  const calls = {};
  /** @type {Record<string, number[]>} */
  const found = {};
  for (const [id, time] of Object.entries(contenders)) {
    await time(50);
    calls[id] = Math.max(1, Math.round((TRIAL_NANOSECONDS * 200) / Math.max(1, await time(200))));
    found[id] = [];
  }
  for (let round = 0; round < ROUNDS; round++) {
    for (const [id, time] of Object.entries(contenders)) found[id].push((await time(calls[id])) / calls[id]);
  }
  const cells = Object.entries(found).map(([id, spent]) => `${id} ${duration(median(spent))}`.padEnd(20));
  const faster = ['float32', 'tflite'].map((id) => times(median(found[id].map((time, at) => time / found.int8[at]))));
  console.log(
    `${net.padEnd(22)}${String(batch).padStart(4)}  ${cells.join('')}times ${faster.join(', ')}  ${others.length} of ${outputs.length} bytes differ`,
  );
  for (const { model } of [whole, real]) model.dispose();
}
