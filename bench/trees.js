/**
 * Forests and boosted trees, in turns: forwardpass's bound call, onnxruntime-node, and the libraries that made them, all on
 * one thread and with other rows in each call: a row that comes again and again teaches the processor's branch predictor
 * its way through the trees. `node trees.js --help`.
 */
import { parseArgs } from 'node:util';
import { duration, times } from './lib/format.js';
import { describeMachine, packageVersion } from './lib/machine.js';
import { measure } from './lib/measure.js';
import { PythonPeers } from './lib/python.js';
import { saveResult } from './lib/results.js';
import { median } from './lib/stats.js';
import { openForwardpass, openOnnxruntime } from './lib/tree-contenders.js';
import { rowsOf, treeIndex } from './lib/tree-files.js';

const BATCHES = [1, 256];
const EFFORT = { rounds: 15, trialMilliseconds: 20, warmUpMilliseconds: 200 };
/** For the largest output: the libraries' own bits from their files, float32 sums from ONNX files. */
const TOLERANCE = { library: 0, onnx: 1e-5 };

const HELP = `Forests and boosted trees, in turns: forwardpass, onnxruntime-node, and the libraries that made them.

  node trees.js                some three minutes; first: python python/make_trees.py

  --model NAME     only this model; may be repeated
  --batch ROWS     only this batch; may be repeated
  --python NAME    the Python that has the libraries (default: $PYTHON or python3)
  --json FILE      where results go (default: results/trees.json; with filters results/last.json)

time     of a row: the median of rounds in which contenders take turns, over the rows of a call
p50, p99 of single calls; of the means of small batches for calls under 2 µs
slower   how many times as long as forwardpass's bound call, round by round

With PREBUILDS_ONLY=1 in the environment, it is the release's binary that is measured: npm run prebuild makes it.
`;

const { values: flags } = parseArgs({
  options: {
    model: { type: 'string', multiple: true },
    batch: { type: 'string', multiple: true },
    python: { type: 'string', default: process.env.PYTHON ?? 'python3' },
    json: { type: 'string' },
    help: { type: 'boolean', short: 'h' },
  },
});

/** @typedef {{ id: string, label: string, nanoseconds: number, p50: number, p99: number, slower: number }} TreeResult */
/** @typedef {import('./lib/tree-files.js').TreeModel & { batch: number, results: TreeResult[] }} TreeCase */

if (flags.help) console.log(HELP);
else await main();

async function main() {
  const index = treeIndex();
  const models = index.models.filter(({ name }) => flags.model?.includes(name) ?? true);
  const unknown = flags.model?.find((name) => !index.models.some((model) => model.name === name));
  if (unknown !== undefined) fail(`--model: expected ${index.models.map(({ name }) => name)}, found ${unknown}`);
  const batches = flags.batch?.map(Number) ?? BATCHES;
  const wrong = batches.find((batch) => !(batch >= 1 && Number.isInteger(index.rows / batch)));
  if (wrong !== undefined) fail(`--batch: expected a divisor of ${index.rows} rows, found ${wrong}`);

  const { peers, versions } = await startPeers();
  const cases = [];
  for (const model of models) {
    for (const batch of batches) {
      const result = await measureCase(model, index.features, batch, peers);
      if (result.name !== cases.at(-1)?.name) console.log(heading(result));
      console.log(caseTable(result));
      cases.push(result);
    }
  }
  await peers?.close();
  const binary = process.env.PREBUILDS_ONLY ? 'release' : 'built here';
  const isWhole = !flags.model && !flags.batch;
  const { features, rows } = index;
  const result = { machine: describeMachine(), versions, binary, effort: EFFORT, features, rows, cases };
  saveResult(isWhole ? 'trees' : 'last', result, flags.json);
}

async function startPeers() {
  /** @type {Record<string, string>} */
  const versions = { 'onnxruntime-node': packageVersion('onnxruntime-node') };
  const peers = new PythonPeers(flags.python);
  try {
    const found = await peers.ask({ versions: true });
    for (const reason of found.missing) console.log(`Left out: ${reason}`);
    return { peers, versions: { ...versions, ...found.versions } };
  } catch (error) {
    console.log(`Left out: the libraries of Python (${flags.python}): ${/** @type {Error} */ (error).message}`);
    return { peers: undefined, versions };
  }
}

/**
 * @param {import('./lib/tree-files.js').TreeModel} model @param {number} features @param {number} batch
 * @param {PythonPeers | undefined} peers @returns {Promise<TreeCase>}
 */
async function measureCase(model, features, batch, peers) {
  const { rows, expected } = rowsOf(model);
  const here = await openForwardpass(model, rows, batch);
  try {
    here.push(await openOnnxruntime(model, rows, features, batch));
  } catch (error) {
    if (/** @type {{ code?: string }} */ (error).code !== 'ERR_MODULE_NOT_FOUND') throw error;
    console.log('Left out: onnxruntime-node, which is not installed');
  }
  for (const { id, label, outputs } of here) {
    const tolerance = /onnx/.test(id) ? TOLERANCE.onnx : TOLERANCE.library;
    check(`${label}, ${model.name}`, distance(await outputs(), expected), tolerance);
  }
  const there = peers ? await openPeers(model, batch, peers) : [];
  const contenders = [...here, ...there];
  const timings = await measure(contenders, EFFORT);
  for (const { close } of here) await close();
  const [{ rounds: ours }] = timings;
  const results = timings.map(({ id, nanoseconds, p50, p99, rounds }, i) => {
    const slower = median(rounds.map((time, round) => time / ours[round]));
    return { id, label: contenders[i].label, nanoseconds, p50, p99, slower };
  });
  return { ...model, batch, results };
}

/** @param {import('./lib/tree-files.js').TreeModel} model @param {number} batch @param {PythonPeers} peers */
async function openPeers({ name, file }, batch, peers) {
  const { ways, difference } = await peers.ask({ open: name, batch });
  check(`the library of ${file}`, difference, TOLERANCE.library);
  return ways.map((/** @type {string} */ way) => ({
    id: `library-${way}`,
    label: way === 'c' ? 'the library, C' : 'the library, Python',
    time: async (/** @type {number} */ calls) => (await peers.ask({ time: way, calls })).nanoseconds,
  }));
}

/** max |a - b| / max |b| @param {Float64Array} found @param {Float64Array} expected */
function distance(found, expected) {
  if (found.length !== expected.length) return Number.POSITIVE_INFINITY;
  let [difference, size] = [0, 0];
  for (let i = 0; i < expected.length; i++) {
    difference = Math.max(difference, Math.abs(found[i] - expected[i]));
    size = Math.max(size, Math.abs(expected[i]));
  }
  return difference / size;
}

/** @param {string} who @param {number} difference @param {number} allowed */
function check(who, difference, allowed) {
  if (difference <= allowed) return;
  process.exitCode = 1;
  console.log(`WRONG: ${who}: differs by ${difference.toExponential(1)} (allowed ${allowed})`);
}

/** @param {TreeCase} result */
function heading({ name, kind, trees, leaves, depth }) {
  return `\n${name}: ${kind}, ${trees} trees of ${leaves} leaves, ${depth} deep`;
}

/** @param {TreeCase} result */
function caseTable({ batch, results }) {
  const lines = results.map(({ label, nanoseconds, p50, p99, slower }, i) => {
    const cells = [nanoseconds, p50, p99].map((time) => time / batch).map((time) => duration(time).padStart(11));
    return `    ${label.padEnd(30)}${cells.join('')}${i === 0 ? '' : times(slower).padStart(9)}`;
  });
  const head = `  ${batch === 1 ? '1 row' : `${batch} rows, a row`}`.padEnd(34);
  return [
    `${head}${['time', 'p50', 'p99'].map((name) => name.padStart(11)).join('')}${'slower'.padStart(9)}`,
    ...lines,
  ].join('\n');
}

/** @param {string} message @returns {never} */
function fail(message) {
  console.error(`trees: ${message}`);
  process.exit(2);
}
