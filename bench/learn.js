/**
 * Learning one row at a time, as a call from JavaScript: `npm --prefix bench run learn`, after a build.
 * Prints nanoseconds a call, the least of several rounds, since a machine that others use only adds to them.
 */
import { learn } from '../dist/learn.js';

const FEATURES = [30, 1000];
/** Of so many calls that a round lasts some hundred microseconds: between two of them others have their turn. */
const ROUNDS = 2000;

let seed = 1;
function random() {
  seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
  return seed / 2 ** 31 - 1;
}

/** @param {(at: number) => void} call @param {number} calls */
function nanoseconds(call, calls) {
  let best = Infinity;
  for (let round = 0; round < ROUNDS; round++) {
    const start = process.hrtime.bigint();
    for (let at = 0; at < calls; at++) call(at);
    best = Math.min(best, Number(process.hrtime.bigint() - start) / calls);
  }
  return best;
}

const SOURCES = {
  'SGDClassifier log_loss, 2 classes': { estimator: 'SGDClassifier', loss: 'log_loss' },
  'SGDClassifier log_loss, 3 classes': { estimator: 'SGDClassifier', loss: 'log_loss' },
  'SGDClassifier log_loss, average': { estimator: 'SGDClassifier', loss: 'log_loss', average: true },
  SGDRegressor: { estimator: 'SGDRegressor' },
  PassiveAggressiveClassifier: { estimator: 'PassiveAggressiveClassifier' },
  'GaussianNB, 3 classes': { estimator: 'GaussianNB' },
  'BernoulliNB, 3 classes': { estimator: 'BernoulliNB' },
  StandardScaler: { estimator: 'StandardScaler' },
  MinMaxScaler: { estimator: 'MinMaxScaler' },
  'MLPClassifier (64, 32) adam, 3 classes': { estimator: 'MLPClassifier', hidden_layer_sizes: [64, 32] },
};
/** Without targets. */
const SCALERS = ['StandardScaler', 'MinMaxScaler'];

for (const [name, source] of Object.entries(SOURCES)) {
  for (const features of FEATURES) {
    const learner = await learn(source);
    const rows = Array.from({ length: 64 }, () => Float64Array.from({ length: features }, random));
    const classes = name.includes('3 classes') ? [0, 1, 2] : [0, 1];
    const isScaler = SCALERS.includes(source.estimator);
    const targets = rows.map((row) => (isScaler ? undefined : row[0] > 0 ? 1 : 0));
    const isClassifier = /Classifier$|NB$/.test(source.estimator);
    learner.partialFit([rows[0]], isScaler ? undefined : [targets[0]], isClassifier ? { classes } : undefined);
    const calls = Math.ceil(15000 / features);
    nanoseconds((at) => learner.partialFit(rows[at & 63], targets[at & 63]), 20 * calls);
    const time = nanoseconds((at) => learner.partialFit(rows[at & 63], targets[at & 63]), calls);
    console.log(`${name.padEnd(36)} ${String(features).padStart(5)} features ${time.toFixed(0).padStart(7)} ns`);
  }
}
