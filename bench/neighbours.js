/**
 * Neighbours of scikit-learn among 10,000 points, in turns: forwardpass's `run` and scikit-learn's own `predict` (or
 * `kneighbors`), with other rows in each call. `node neighbours.js [PYTHON]`.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { load } from '../dist/index.js';
import { duration } from './lib/format.js';
import { measure } from './lib/measure.js';
import { PythonPeers } from './lib/python.js';
import { median } from './lib/stats.js';

const FOLDER = join(import.meta.dirname, 'build', 'neighbours');
const BATCHES = [1, 256];
const FEATURES = 30;
const EFFORT = { rounds: 9, trialMilliseconds: 20, warmUpMilliseconds: 100 };

const peers = new PythonPeers(process.argv[2] ?? process.env.PYTHON ?? 'python3', 'neighbours.py');
const { models } = await peers.ask({ versions: true });
const all = new Float64Array(new Uint8Array(readFileSync(join(FOLDER, 'rows.f64'))).buffer);
for (const { name, features } of models) {
  const model = await load(join(FOLDER, `${name}.pkl`));
  const rows = columnsOf(features);
  for (const batch of BATCHES) {
    const timings = await measure([here(model, rows, batch * features), there(name, batch)], EFFORT);
    const [own, library] = timings;
    const slower = median(library.rounds.map((time, round) => time / own.rounds[round]));
    const [ours, theirs] = timings.map(({ nanoseconds }) => duration(nanoseconds / batch));
    console.log(`${name}, ${batch} rows: ${ours} a row; scikit-learn ${theirs}, ${slower.toFixed(1)} times as long`);
  }
  model.dispose();
}
await peers.close();

/** The first columns of each row. @param {number} features */
function columnsOf(features) {
  const count = all.length / FEATURES;
  const rows = new Float64Array(count * features);
  for (let row = 0; row < count; row++)
    rows.set(all.subarray(row * FEATURES, row * FEATURES + features), row * features);
  return rows;
}

/** @param {Awaited<ReturnType<typeof load>>} model @param {Float64Array} rows @param {number} size */
function here(model, rows, size) {
  let at = 0;
  return {
    id: 'forwardpass',
    time: async (/** @type {number} */ calls) => {
      const start = process.hrtime.bigint();
      for (let call = 0; call < calls; call++) {
        at = at + 2 * size > rows.length ? 0 : at + size;
        model.run(rows.subarray(at, at + size));
      }
      return Number(process.hrtime.bigint() - start);
    },
  };
}

/** @param {string} name @param {number} batch */
function there(name, batch) {
  return {
    id: 'scikit-learn',
    time: async (/** @type {number} */ calls) => (await peers.ask({ time: name, batch, calls })).nanoseconds,
  };
}
