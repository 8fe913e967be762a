/**
 * Bags: sums of table rows over pairs of an id and a weight, a linear model over a sparse row. In turns: forwardpass's bound
 * call and its run, and scipy's product of a sparse matrix and the table, on one thread. Bits are compared first.
 * `node ragged.js --help`.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { define } from '../dist/index.js';
import { describeMachine } from './lib/machine.js';
import { measure } from './lib/measure.js';
import { PythonPeers } from './lib/python.js';
import { saveResult } from './lib/results.js';

const HELP = `Bags of pairs: forwardpass beside scipy.

  node ragged.js               a minute

  --python NAME    the Python that has scipy (default: $PYTHON or python3)
  --json FILE      where results go (default: results/ragged.json)

With PREBUILDS_ONLY=1 in the environment, it is the release's binary that is measured: npm run prebuild makes it.
`;

/** Ids, columns of the table, pairs of a row, rows. */
const SHAPES = [
  [20_000, 1, 100, 1],
  [20_000, 1, 100, 256],
  [20_000, 20, 100, 1],
  [20_000, 20, 100, 256],
  [100_000, 64, 30, 1],
  [100_000, 64, 30, 256],
  [100_000, 1, 1000, 256],
];
const EFFORT = { rounds: 11, trialMilliseconds: 20, warmUpMilliseconds: 150 };

const { values: flags } = parseArgs({
  options: {
    python: { type: 'string', default: process.env.PYTHON ?? 'python3' },
    json: { type: 'string' },
    help: { type: 'boolean', short: 'h' },
  },
});

if (flags.help) console.log(HELP);
else await main();

async function main() {
  const peer = new PythonPeers(flags.python, 'ragged.py');
  const folder = mkdtempSync(join(tmpdir(), 'ragged-'));
  const cases = [];
  try {
    for (const dtype of /** @type {const} */ (['float32', 'float64'])) {
      for (const shape of SHAPES) cases.push(await compare(peer, folder, dtype, shape));
    }
  } finally {
    rmSync(folder, { recursive: true });
    await peer.close();
  }
  saveResult('ragged', { machine: describeMachine(), cases }, flags.json);
}

/** @param {PythonPeers} peer @param {string} folder @param {'float32' | 'float64'} dtype @param {number[]} shape */
async function compare(peer, folder, dtype, [ids, width, pairs, rows]) {
  await peer.ask({ make: true, ids, width, pairs, rows, dtype, folder, seed: 7 });
  const Floats = dtype === 'float32' ? Float32Array : Float64Array;
  /** @param {string} name @param {any} Type */
  const read = (name, Type = Floats) => new Type(new Uint8Array(readFileSync(join(folder, `${name}.bin`))).buffer);
  const model = define({
    inputs: [{ name: 'text', shape: [ids], ragged: true, dtype }],
    layers: [{ type: 'bag', weight: { shape: [ids, width], data: read('table') }, bias: read('bias') }],
  });
  const given = { ids: read('ids', Int32Array), weights: read('weights'), offsets: read('offsets', Int32Array) };
  const call = model.bind({ batch: rows, items: rows * pairs });
  call.inputs.text.ids.set(given.ids);
  call.inputs.text.weights.set(given.weights);
  call.inputs.text.offsets.set(given.offsets);
  call.run();
  const wanted = read('wanted');
  if (Buffer.compare(Buffer.from(call.output.buffer), Buffer.from(wanted.buffer)) !== 0) {
    throw new Error(`${ids} × ${width}, ${dtype}: other bits than scipy's`);
  }
  const timings = await measure(
    [
      { id: 'bound', isAsync: false, call: () => call.run() },
      { id: 'run', isAsync: false, call: () => model.run(given) },
      { id: 'scipy', time: async (calls) => (await peer.ask({ calls })).nanoseconds },
    ],
    EFFORT,
  );
  const [bound, run, scipy] = timings.map(({ nanoseconds }) => nanoseconds);
  const row = (/** @type {number} */ nanoseconds) => `${(nanoseconds / rows).toFixed(0)} ns`;
  const times = (scipy / bound).toFixed(1);
  console.log(
    `${dtype} ${ids} × ${width}, ${pairs} pairs, ${rows} rows: bound ${row(bound)} a row, run ${row(run)}, scipy ${row(scipy)} (× ${times})`,
  );
  model.dispose();
  return { dtype, ids, width, pairs, rows, bound, run, scipy };
}
