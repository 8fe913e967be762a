/**
 * Texts of 100 words through TF-IDF of 20,000 words and logistic regression: one at a time, other texts in turn, and 10,000
 * at once; and scikit-learn's time for the same, in rounds that take turns. Of both it is the time of the processor, one thread
 * each, so that other work on the machine counts little. First: `python python/make_text.py`.
 * `node text.js`, with $PYTHON where scikit-learn is not python3's.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { load } from '../dist/index.js';
import { describeMachine } from './lib/machine.js';
import { median } from './lib/stats.js';

const FOLDER = join(import.meta.dirname, 'build', 'text');
const [ROUNDS, SINGLE] = [5, 2000];

const model = await load(join(FOLDER, 'spam.joblib'), { threads: 1 });
/** @type {{ texts: string[], proba: number[] }} */
const { texts, proba } = JSON.parse(readFileSync(join(FOLDER, 'texts.json'), 'utf8'));
const found = model.predictProba(texts.slice(0, proba.length));
const furthest = Math.max(...proba.map((value, i) => Math.abs(value - found[2 * i + 1])));
if (!(furthest < 1e-12)) throw new Error(`differs from scikit-learn by ${furthest}`);

/** Milliseconds of the processor that this process has taken. */
function now() {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

// Until all is compiled, which takes some thousand calls.
for (const text of texts) model.predict([text]);
model.predictProba(texts);
/** @type {Record<'one' | 'all' | 'theirOne' | 'theirAll', number[]>} milliseconds by round */
const times = { one: [], all: [], theirOne: [], theirAll: [] };
for (let round = 0; round < ROUNDS; round++) {
  let start = now();
  for (let i = 0; i < SINGLE; i++) model.predict([texts[(round * SINGLE + i) % texts.length]]);
  times.one.push((now() - start) / SINGLE);
  start = now();
  model.predictProba(texts);
  times.all.push(now() - start);
  const python = process.env.PYTHON ?? 'python3';
  const script = join(import.meta.dirname, 'python', 'make_text.py');
  const { one, all } = JSON.parse(execFileSync(python, [script, '--time'], { encoding: 'utf8' }));
  times.theirOne.push(one);
  times.theirAll.push(all);
}
const [one, all, theirOne, theirAll] = [times.one, times.all, times.theirOne, times.theirAll].map(median);
console.log(describeMachine());
console.log(
  `one text      ${(1000 * one).toFixed(1)} µs, scikit-learn ${(1000 * theirOne).toFixed(0)} µs: ${(theirOne / one).toFixed(0)} ×`,
);
console.log(
  `${texts.length} texts  ${all.toFixed(0)} ms, scikit-learn ${theirAll.toFixed(0)} ms: ${(theirAll / all).toFixed(1)} ×`,
);
