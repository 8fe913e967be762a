/**
 * Has each allocation of the addon, and each of its threads, fail in turn: `FORWARDPASS_ADDON=FILE node no-memory.js`, of
 * an addon that was built with -DFORWARDPASS_FAULTS=ON (test/native/faults.cc). Whatever fails, the outcome is the right
 * result or a ForwardpassError of code MEMORY; afterwards all works again.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';

const { define, ForwardpassError, load, Model } = await import(new URL('../../dist/index.js', import.meta.url).href);

const file = new Uint8Array(
  readFileSync(new URL('../fixtures/platforms/every-kernel-f32.safetensors', import.meta.url)),
);
const wide = Array.from({ length: 300 }, (_, i) => Array.from({ length: 300 }, (_, j) => Math.sin(i * 300 + j)));
const architecture = { layers: [{ weight: wide, activation: 'relu' }, { weight: wide }] };
const rows = Float32Array.from({ length: 400 * 300 }, (_, i) => Math.cos(i));

/** @typedef {Record<string, Float32Array | Float64Array>} Results */

/** Every way to make, run and share a model. @type {Record<string, () => Promise<unknown>>} */
const SCENARIOS = {
  'threads, run': async () => using(define(architecture, { threads: 2, precision: 'f32' }), (model) => model.run(rows)),
  'threads, runAsync': async () =>
    using(define(architecture, { threads: 2, precision: 'int8' }), (model) => model.runAsync(rows)),
  'bound calls': async () =>
    using(define(architecture, { precision: 'bf16' }), (model) => {
      const call = model.bind({ batch: 3 });
      call.input.set(rows.subarray(0, call.input.length));
      call.run();
      return Float32Array.from(call.output);
    }),
  'every kernel': async () =>
    using(await load(file), (model) => Object.values(model.run({ x: rows.subarray(0, 37 * 5) })).map((y) => [...y])),
  sharing: async () =>
    using(define(architecture), (model) => {
      const attached = Model.attach(model.share());
      return using(attached, () => attached.runAsync(rows.subarray(0, 300)));
    }),
  'rows of people': async () => using(define(architecture), (model) => model.predict([wide[0], wide[1]])),
};

/** @template T @param {import('../../lib/index.ts').Model} model @param {(model: import('../../lib/index.ts').Model) => T | Promise<T>} use @returns {Promise<T>} */
async function using(model, use) {
  try {
    return await use(model);
  } finally {
    model.dispose();
  }
}

let round = 0;
/** Whether the allocation failed. @param {() => Promise<unknown>} scenario @param {number} at @param {unknown} expected */
async function fail(scenario, at, expected) {
  // A new text each time: the number is read up to the space.
  process.env.FORWARDPASS_FAIL_AT = `${at} ${++round}`;
  const outcome = await scenario().catch((error) => error);
  const failed = process.env.FORWARDPASS_FAILED === process.env.FORWARDPASS_FAIL_AT;
  process.env.FORWARDPASS_FAIL_AT = `0 ${round}`;
  if (outcome instanceof Error) {
    assert(outcome instanceof ForwardpassError, `allocation ${at}: ${outcome.stack}`);
    assert.equal(/** @type {{ code?: string }} */ (outcome).code, 'MEMORY', `allocation ${at}: ${outcome.message}`);
    assert(failed, `nothing failed, and yet: ${outcome.message}`);
  } else {
    assert.deepEqual(outcome, expected, `allocation ${at}: another result`);
  }
  return { failed, refused: outcome instanceof Error };
}

for (const [name, scenario] of Object.entries(SCENARIOS)) {
  const expected = await scenario();
  let [at, refused] = [1, 0];
  for (; ; at++) {
    const outcome = await fail(scenario, at, expected);
    if (outcome.refused) refused++;
    if (!outcome.failed) break;
    assert(at < 100_000);
  }
  assert(refused > 0, `${name}: the build has no faults`);
  assert.deepEqual(await scenario(), expected);
  console.log(`${name}: ${at - 1} allocations failed in turn; ${refused} times an error, otherwise the same result`);
}
