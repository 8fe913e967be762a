/**
 * This checkout beside another one, built as well: `node compare.js ../../other [ROUNDS] [CASES]`, where CASES is part of the
 * names of cases. Loads and runs the same models by both, in
 * turns within one process, and prints how many times as fast this one is: medians of processor time. Over 1, this one is faster.
 */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { argv } from 'node:process';
import { pathToFileURL } from 'node:url';
import { duration, times } from './lib/format.js';
import { NETS, randomRows, reluNet } from './lib/nets.js';
import { writeOnnx } from './lib/onnx-writer.js';
import { geometricMean, median } from './lib/stats.js';

const [, , folder, repeats = '9', only = ''] = argv;
if (folder === undefined) {
  console.error('compare: expected the folder of another checkout, with dist and a binary');
  process.exit(2);
}

const ROOT = join(import.meta.dirname, '..');
const FIXTURES = join(ROOT, 'test', 'fixtures');
const ROUNDS = Number(repeats);
const ROUND_NANOSECONDS = 2e7;
const FILES_OF_A_FORMAT = 3;
const FORMATS = {
  catboost: '.json',
  joblib: '.joblib',
  keras: '.keras',
  lightgbm: '.txt',
  'onnx-sklearn': '.onnx',
  'onnx-torch': '.onnx',
  pytorch: '.pt',
  safetensors: '.safetensors',
  sklearn: '.pkl',
  tflite: '.tflite',
  'torch-export': '.pt2',
  torchscript: '.pt',
  xgboost: '.json',
};

/** @typedef {typeof import('../dist/index.js')} Package */
/** @type {Package[]} */
const packages = await Promise.all(
  [ROOT, resolve(folder)].map((root) => import(pathToFileURL(join(root, 'dist', 'index.js')).href)),
);
/** @type {Record<string, number[]>} */
const groups = { loading: [], 'bound calls of files': [], 'bound calls of nets': [], records: [] };

for (const [format, ending] of Object.entries(FORMATS)) {
  for (const file of largest(join(FIXTURES, format), ending)) await compareFile(format, file);
}
for (const net of NETS.slice(0, -1)) await compareNet(net);
await compareRecords();

for (const [name, ratios] of Object.entries(groups)) {
  const slower = ratios.filter((ratio) => ratio < 0.95).length;
  console.log(
    `${name}: ${ratios.length} cases, ${times(geometricMean(ratios))} in the geometric mean, ` +
      `${times(Math.min(...ratios))} to ${times(Math.max(...ratios))}, ${slower} below 0.95`,
  );
}

/** The largest files of a folder, but none that takes long. @param {string} parent @param {string} ending */
function largest(parent, ending) {
  return readdirSync(parent)
    .filter((name) => name.endsWith(ending))
    .map((name) => ({ path: join(parent, name), size: statSync(join(parent, name)).size }))
    .filter(({ size }) => size < 2_000_000)
    .sort((a, b) => b.size - a.size)
    .slice(0, FILES_OF_A_FORMAT)
    .map(({ path }) => path);
}

/** @param {string} format @param {string} path */
async function compareFile(format, path) {
  const bytes = readFileSync(path);
  const name = `${format}/${path.slice(path.lastIndexOf('/') + 1)}`;
  try {
    for (const { load } of packages) (await load(bytes)).dispose();
  } catch (error) {
    console.log(`${name.padEnd(44)} left out: ${/** @type {Error} */ (error).message.split('\n')[0].slice(0, 80)}`);
    return;
  }
  await compare('loading', name, packages.map(({ load }) => async () => (await load(bytes)).dispose())); // biome-ignore format: one call
  const models = await Promise.all(packages.map(({ load }) => load(bytes)));
  for (const batch of [1, 64]) {
    await compare('bound calls of files', `${name} ${batch}`, models.map((model) => model.bind({ batch }).run)); // biome-ignore format: one call
  }
  for (const model of models) model.dispose();
}

/** @param {string} name */
async function compareNet(name) {
  const net = reluNet(name);
  const models = await Promise.all(packages.map(({ load }) => load(writeOnnx(net))));
  for (const batch of [1, 8, 64, 256]) {
    const calls = models.map((model) => {
      const bound = model.bind({ batch });
      bound.input.set(randomRows(net, batch));
      return bound.run;
    });
    await compare('bound calls of nets', `${name} ${batch}`, calls);
  }
  for (const model of models) model.dispose();
}

async function compareRecords() {
  const featureNames = Array.from({ length: 13 }, (_, i) => `feature_${i}`);
  const layers = [
    { weight: [featureNames.map((_, i) => i / 13)], bias: [0], activation: /** @type {const} */ ('sigmoid') },
  ];
  const models = packages.map(({ define }) => define({ featureNames, layers, classes: ['no', 'yes'] }));
  const records = Array.from({ length: 100 }, (_, r) =>
    Object.fromEntries(featureNames.map((key, i) => [key, Math.sin(r * 13 + i)])),
  );
  const arrays = records.map((record) => Object.values(record));
  await compare('records', 'predict of 100 records', models.map((model) => () => model.predict(records))); // biome-ignore format: one call
  await compare('records', 'predict of 100 arrays', models.map((model) => () => model.predict(arrays))); // biome-ignore format: one call
  await compare('records', 'predictProba of one', models.map((model) => () => model.predictProba(records[0]))); // biome-ignore format: one call
  for (const model of models) model.dispose();
}

/** @param {string} group @param {string} name @param {(() => unknown)[]} calls of this checkout, then of the other */
async function compare(group, name, calls) {
  if (!name.includes(only)) return;
  const counts = [];
  for (const call of calls) {
    let count = 1;
    while ((await leastOfThree(call, count)) < ROUND_NANOSECONDS) count *= 2;
    counts.push(count);
  }
  /** @type {number[][]} */
  const found = calls.map(() => []);
  for (let round = 0; round < ROUNDS; round++) {
    for (let turn = 0; turn < calls.length; turn++) {
      const which = (round + turn) % calls.length;
      found[which].push((await processorTime(calls[which], counts[which])) / counts[which]);
    }
  }
  const ratio = median(found[1].map((before, round) => before / found[0][round]));
  groups[group].push(ratio);
  const [now, before] = found.map((all) => duration(median(all)));
  console.log(`${name.padEnd(44)} ${now.padStart(9)}  other ${before.padStart(9)}  ${times(ratio)}`);
}

/** A single time may hold a collection of garbage, or a compilation. @param {() => unknown} call @param {number} count */
async function leastOfThree(call, count) {
  const found = [];
  for (let i = 0; i < 3; i++) found.push(await processorTime(call, count));
  return Math.min(...found);
}

/** @param {() => unknown} call @param {number} count */
async function processorTime(call, count) {
  const begin = process.cpuUsage();
  for (let i = 0; i < count; i++) {
    const pending = call();
    if (pending instanceof Promise) await pending;
  }
  const { user, system } = process.cpuUsage(begin);
  return (user + system) * 1000;
}
