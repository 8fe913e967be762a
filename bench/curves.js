/**
 * Results a nanosecond of each curve, on one core inside cache: medians of rounds in which each has its turn.
 * Nothing but the curve runs: a layer that is an activation alone, over as many features as stay in the first cache.
 */
import { define } from '../dist/index.js';
import { median } from './lib/stats.js';

const FEATURES = 2048;
const ROUNDS = 41;
const CALLS = 100;
const CURVES = 'exp expm1 log log1p sigmoid tanh erf gelu gelu_tanh quick_gelu silu softplus log_sigmoid mish'.split(' ');

for (const precision of ['f32', 'f64']) {
  const curves = CURVES.map((name) => ({ name, call: callOf(name, precision), rates: /** @type {number[]} */ ([]) }));
  for (let round = 0; round < ROUNDS; round++) {
    for (const { call, rates } of curves) {
      const start = process.hrtime.bigint();
      for (let i = 0; i < CALLS; i++) call.run();
      rates.push((FEATURES * CALLS) / Number(process.hrtime.bigint() - start));
    }
  }
  for (const { name, rates } of curves) console.log(`${precision} ${name.padEnd(12)}${median(rates).toFixed(1)}`);
}

/** @param {string} activation @param {string} precision */
function callOf(activation, precision) {
  const call = define({ inputs: [{ name: 'x', shape: FEATURES }], layers: [{ type: 'activation', activation }] }, { precision }).bind({ batch: 1 });
  for (let i = 0; i < FEATURES; i++) call.input[i] = 4 * Math.sin(1.7 * i) + 1e-3 * i - 1;
  return call;
}
