/** Measures nets of dense layers beside the best that others have, on one thread and in turns: `node peers.js --help`. */
import { env } from 'node:process';
import { parseArgs } from 'node:util';
import { best } from './lib/best-peer.js';
import { Ceilings } from './lib/ceilings.js';
import { duration, percent, times } from './lib/format.js';
import { describeMachine, packageVersion } from './lib/machine.js';
import { measure } from './lib/measure.js';
import { FLOAT_PEERS, NetInEveryWay, QUANTIZED_PEERS } from './lib/net-peers.js';
import { NETS } from './lib/nets.js';
import { PythonPeers } from './lib/python.js';
import { TOLERANCE } from './lib/reference.js';
import { readResult, writeResult } from './lib/results.js';

/** @typedef {import('./lib/best-peer.js').Case} Case */

const MORE_NETS = [
  '13-100-1',
  '28-64-64-2',
  '512-512-512-512-1',
  '128-1024-128',
  '2048-64-2048',
  '300-1',
  '300-3',
  '5000-1',
];
const BATCHES = [1, 2, 5, 7, 8, 13, 16, 64, 256, 1024];
// Processor time, since it does not count what others on a busy machine take away. Nobody's threads help here.
const CLOCK = { clock: /** @type {const} */ ('processor'), samples: false };
const QUICK_EFFORT = { rounds: 5, trialMilliseconds: 8, warmUpMilliseconds: 30, ...CLOCK };
const FULL_EFFORT = { rounds: 11, trialMilliseconds: 20, warmUpMilliseconds: 100, ...CLOCK };

const HELP = `Measures nets of dense layers beside onnxruntime-node, TensorFlow Lite, torch and NumPy, on one thread and in turns.

  node peers.js              every net at every batch, half an hour
  node peers.js --quick      fewer and shorter rounds, ten minutes

  --net NAME      only this net; may be repeated, and may be widths of your own: --net 20-64-64-2
  --batch ROWS    only this batch; may be repeated
  --contender ID  only these; may be repeated; nothing is written
  --resume        only what results/peers.json does not have of today

PYTHON names a Python that has onnx, onnxruntime, tensorflow, torch and numpy; without it they are left out. Each case goes into results/peers.json when it is
measured; other cases there stay.
`;

const { values: flags } = parseArgs({
  options: {
    quick: { type: 'boolean' },
    net: { type: 'string', multiple: true },
    batch: { type: 'string', multiple: true },
    contender: { type: 'string', multiple: true },
    resume: { type: 'boolean' },
    help: { type: 'boolean', short: 'h' },
  },
});

if (flags.help) console.log(HELP);
else await main();

async function main() {
  const nets = flags.net ?? [...NETS, ...MORE_NETS];
  const batches = flags.batch?.map(Number) ?? BATCHES;
  const machine = describeMachine();
  const { python, versions } = await startPython();
  const ceilings = new Ceilings(machine.caches);
  const effort = flags.quick ? QUICK_EFFORT : FULL_EFFORT;
  const about = {
    machine,
    versions: { 'onnxruntime-node': packageVersion('onnxruntime-node'), ...versions },
    binary: env.PREBUILDS_ONLY ? "the release's" : 'built here',
    effort,
  };
  for (const name of nets) {
    const left = batches.filter((batch) => !(flags.resume && measuredToday(name, batch, machine.date)));
    if (left.length === 0) continue;
    const ways = await NetInEveryWay.open(name, python);
    console.log(`\n${name}`);
    for (const batch of left) {
      const found = await measureCase(ways, batch, effort);
      ceilings.measure([ways.net], [batch]);
      const result = { net: name, batch, date: machine.date, floor: ceilings.floor(ways.net, batch), ...found };
      console.log(caseText(result));
      if (!flags.contender) keep(about, result);
    }
    await ways.close();
  }
  await python?.close();
}

/** Without its libraries, only onnxruntime-node's float32 is left to compare with. */
async function startPython() {
  const python = new PythonPeers(env.PYTHON ?? 'python3', 'net_peers.py');
  try {
    return { python, ...(await python.ask({ versions: true })) };
  } catch (error) {
    console.log(`Left out: Python's peers: ${/** @type {Error} */ (error).message}`);
    await python.close();
    return { versions: {} };
  }
}

/** @param {NetInEveryWay} ways @param {number} batch @param {import('./lib/measure.js').Effort} effort */
async function measureCase(ways, batch, effort) {
  const { candidates, bytes } = await ways.prepare(batch);
  const chosen = candidates.filter(({ id }) => flags.contender?.includes(id) ?? true);
  const timings = await measure(chosen, effort);
  const results = timings.map(({ id, nanoseconds, rounds }, i) => ({
    id,
    nanoseconds,
    rounds,
    difference: chosen[i].difference,
  }));
  return { results, bytes };
}

/** @param {string} net @param {number} batch @param {string} date */
function measuredToday(net, batch, date) {
  return readResult('peers')?.cases.some(
    (/** @type {Case} */ found) => found.net === net && found.batch === batch && found.date === date,
  );
}

/** Written after each case, so that an interruption loses one. @param {object} about @param {Case} result */
function keep(about, result) {
  const before = /** @type {Case[]} */ (readResult('peers')?.cases ?? []);
  const at = before.findIndex(({ net, batch }) => net === result.net && batch === result.batch);
  writeResult('peers', { ...about, cases: at < 0 ? [...before, result] : before.with(at, result) });
}

/** @param {Case} result */
function caseText(result) {
  const parts = [String(result.batch).padStart(5)];
  for (const [id, peers] of /** @type {const} */ ([
    ['forwardpass', Object.keys(FLOAT_PEERS)],
    ['forwardpass-int8', Object.keys(QUANTIZED_PEERS)],
    ['forwardpass-static', Object.keys(QUANTIZED_PEERS)],
    ['forwardpass-tflite', ['tflite-int8']],
  ])) {
    const ours = result.results.find((one) => one.id === id);
    if (!ours) continue;
    const peer = best(result, id, peers);
    const share =
      id === 'forwardpass' && result.floor ? ` ${percent(result.floor.nanoseconds / ours.nanoseconds)}` : '';
    const against = peer ? ` ${times(peer.ratio)} ${peer.id}` : '';
    parts.push(`${id.replace('forwardpass', 'fp')} ${duration(ours.nanoseconds)}${against}${share}`.padEnd(46));
  }
  const wrong = result.results.filter(({ id, difference }) => isFloat(id) && !(difference <= TOLERANCE));
  for (const { id, difference } of wrong) parts.push(`WRONG: ${id} differs by ${difference.toExponential(1)}`);
  if (wrong.length > 0) process.exitCode = 1;
  return parts.join('  ').trimEnd();
}

/** @param {string} id */
function isFloat(id) {
  return id === 'forwardpass' || id in FLOAT_PEERS;
}
