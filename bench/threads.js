/**
 * What a second core brings at 4096 rows: two threads over one, and two `runAsync` in flight over one. In turns within one
 * process; medians of the ratios of the rounds. The ceiling is what two threads of JavaScript reach that run the same
 * model at the same time: less than 2 where the cores share memory, or the machine has other work.
 */
import { loadavg } from 'node:os';
import { argv } from 'node:process';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { load, Model } from '../dist/index.js';
import { duration } from './lib/format.js';
import { describeMachine } from './lib/machine.js';
import { randomRows, reluNet } from './lib/nets.js';
import { writeOnnx } from './lib/onnx-writer.js';
import { saveResult } from './lib/results.js';
import { median } from './lib/stats.js';

const ROWS = 4096;
const ROUNDS = 25;
const NETS = ['256-256-256-10', '784-512-256-10', '1024-1024-512-256-1', '2048-64-2048'];
/** The states of the other thread, in the one number that both see. */
const [WAIT, GO, END] = [0, 1, 2];

if (isMainThread) await compare(argv.length > 2 ? argv.slice(2) : NETS);
else accompany();

/** @param {readonly string[]} nets */
async function compare(nets) {
  console.log(`${ROWS} rows, load ${loadavg()[0].toFixed(1)}\n`);
  const titles = ['run', 'new y', '2 threads', 'ceiling', 'async', '2 in flight', 'async new y', '2 new y'];
  console.log(''.padEnd(22) + titles.map((title) => title.padStart(12)).join(''));
  const cases = [];
  for (const net of nets) cases.push(await measureNet(net));
  saveResult('threads', { machine: describeMachine(), rows: ROWS, rounds: ROUNDS, cases });
}

/** @param {string} name */
async function measureNet(name) {
  const net = reluNet(name);
  const onnx = writeOnnx(net);
  const [model, two] = [await load(onnx), await load(onnx, { threads: 2 })];
  const x = randomRows(net, ROWS);
  const [y, z] = [model.run(x), model.run(x)];
  const state = new Int32Array(new SharedArrayBuffer(4));
  const worker = new Worker(import.meta.filename, { workerData: { handle: model.share(), name, state } });
  await new Promise((resolve) => worker.once('message', resolve));

  /** The second number is how many runs it is. @type {Record<string, [() => unknown, number]>} */
  const subjects = {
    run: [() => model.run(x, y), 1],
    fresh: [() => model.run(x), 1],
    threads: [() => two.run(x, y), 1],
    ceiling: [() => model.run(x, y), 2], // the other thread's as well
    async: [() => model.runAsync(x, y), 1],
    asyncFresh: [() => model.runAsync(x), 1],
    flight: [() => Promise.all([model.runAsync(x, y), model.runAsync(x, z)]), 2],
    flightFresh: [() => Promise.all([model.runAsync(x), model.runAsync(x)]), 2],
  };
  /** Nanoseconds of a run, by round. @type {Record<string, number[]>} */
  const times = Object.fromEntries(Object.keys(subjects).map((id) => [id, []]));
  for (let round = -2; round < ROUNDS; round++) {
    for (const [id, [call, runs]] of Object.entries(subjects)) {
      if (id === 'ceiling') signal(state, GO);
      await call();
      const start = process.hrtime.bigint();
      await call();
      if (round >= 0) times[id].push(Number(process.hrtime.bigint() - start) / runs);
      if (id === 'ceiling') signal(state, WAIT);
    }
  }
  signal(state, END);
  await new Promise((resolve) => worker.once('exit', resolve));
  model.dispose();
  two.dispose();

  const faster = (/** @type {string} */ id, /** @type {string} */ than) =>
    median(times[id].map((time, round) => times[than][round] / time));
  const result = {
    net: name,
    best: Object.fromEntries(Object.entries(times).map(([id, all]) => [id, Math.min(...all)])),
    threads: faster('threads', 'run'),
    ceiling: faster('ceiling', 'run'),
    async: 1 / faster('async', 'run'),
    flight: faster('flight', 'async'),
    asyncFresh: 1 / faster('asyncFresh', 'fresh'),
    flightFresh: faster('flightFresh', 'asyncFresh'),
  };
  const cells = [
    ...[duration(result.best.run), duration(result.best.fresh), result.threads.toFixed(2)],
    ...[result.ceiling.toFixed(2), result.async.toFixed(2), result.flight.toFixed(2)],
    ...[result.asyncFresh.toFixed(2), result.flightFresh.toFixed(2)],
  ];
  console.log(name.padEnd(22) + cells.map((cell) => cell.padStart(12)).join(''));
  return result;
}

/** @param {Int32Array} state @param {number} what */
function signal(state, what) {
  Atomics.store(state, 0, what);
  Atomics.notify(state, 0);
}

/** Runs the model of the main thread while that says so. */
function accompany() {
  const { handle, name, state } = workerData;
  const model = Model.attach(handle);
  const x = randomRows(reluNet(name), ROWS);
  const y = model.run(x);
  parentPort?.postMessage('ready');
  for (let now = WAIT; now !== END; now = Atomics.load(state, 0)) {
    if (now === GO) model.run(x, y);
    else Atomics.wait(state, 0, WAIT);
  }
  model.dispose();
}
