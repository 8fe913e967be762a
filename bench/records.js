/**
 * Rows of JavaScript values: what `predict` takes for a record, beside an array and a flat array, and what one record takes
 * beside a bound call. Nanoseconds of processor time, medians of rounds in turns.
 */
import { define } from '../dist/index.js';
import { describeMachine } from './lib/machine.js';
import { saveResult } from './lib/results.js';
import { median } from './lib/stats.js';

const ROUNDS = 9;
const MICROSECONDS_OF_ROUND = 50_000;

const cases = [[13, 1000], [30, 10_000]].map(([features, rows]) => measureRows(features, rows)); // biome-ignore format: pairs
saveResult('records', { machine: describeMachine(), rounds: ROUNDS, cases });

/** @param {number} features @param {number} rows */
function measureRows(features, rows) {
  const featureNames = Array.from({ length: features }, (_, i) => `feature_${i}`);
  const weight = [featureNames.map((_, i) => i / features)];
  const model = define({
    featureNames,
    layers: [{ weight, bias: [0], activation: 'sigmoid' }],
    classes: ['no', 'yes'],
  });
  const arrays = Array.from({ length: rows }, (_, r) => featureNames.map((_, i) => Math.sin(r * features + i)));
  const records = arrays.map((row) => Object.fromEntries(row.map((value, i) => [featureNames[i], value])));
  const flat = Float64Array.from(arrays.flat());
  const bound = model.bind({ batch: 1 });
  const times = inTurns({
    'a record of many': { call: () => model.predict(records), rows },
    'an array of many': { call: () => model.predict(arrays), rows },
    'a row of a flat array': { call: () => model.predict(flat), rows },
    'one record, predictProba': { call: () => model.predictProba(records[0]), rows: 1 },
    'a bound call': { call: bound.run, rows: 1 },
  });
  for (const [what, nanoseconds] of Object.entries(times)) {
    console.log(`${String(features).padStart(3)} features  ${what.padEnd(26)}${nanoseconds.toFixed(0).padStart(6)} ns`);
  }
  model.dispose();
  return { features, rows, nanoseconds: times };
}

/** @param {Record<string, { call: () => unknown, rows: number }>} candidates @returns {Record<string, number>} */
function inTurns(candidates) {
  const entries = Object.entries(candidates).map(([name, { call, rows }]) => {
    let calls = 1;
    while (microseconds(call, calls) < MICROSECONDS_OF_ROUND) calls *= 2;
    return { name, call, rows, calls, found: /** @type {number[]} */ ([]) };
  });
  for (let round = 0; round < ROUNDS; round++) {
    for (const { call, rows, calls, found } of entries) found.push((microseconds(call, calls) * 1e3) / calls / rows);
  }
  return Object.fromEntries(entries.map(({ name, found }) => [name, median(found)]));
}

/** @param {() => unknown} call @param {number} times */
function microseconds(call, times) {
  const begin = process.cpuUsage();
  for (let i = 0; i < times; i++) call();
  const { user, system } = process.cpuUsage(begin);
  return user + system;
}
