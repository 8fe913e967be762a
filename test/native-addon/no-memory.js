/**
 * Has each allocation of the addon, each of its threads, and each of its calls of Node-API that make something, fail in
 * turn: `FORWARDPASS_ADDON=FILE node no-memory.js`, of an addon that was built with -DFORWARDPASS_FAULTS=ON
 * (test/native/faults.cc, napi_faults.h). Whatever fails, the outcome is the right result or an error of code MEMORY;
 * afterwards all works again.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { env, execPath } from 'node:process';

const entry = new URL('../../dist/index.js', import.meta.url).href;
const { define, load, Model } = await import(entry);

const file = new Uint8Array(
  readFileSync(new URL('../fixtures/platforms/every-kernel-f32.safetensors', import.meta.url)),
);
const pipeline = new URL('../fixtures/sklearn-texts/logistic.pkl', import.meta.url);
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
  texts: async () =>
    using(await load(pipeline), (model) => {
      const texts = [
        'free money now',
        'déjà vu',
        ...Array.from({ length: 300 }, (_, i) => `what is ${i} to me, my friend`),
      ];
      return [...model.predictProba(texts)];
    }),
  // What a call says that is refused takes memory too.
  'wrong rows': async () =>
    using(define(architecture), async (model) => {
      const refusals = [() => model.run(rows.subarray(1)), () => model.runAsync(rows.subarray(1))];
      return Promise.all(refusals.map((refuse) => refusal(async () => refuse())));
    }),
};

/** @template T @param {import('../../lib/index.ts').Model} model @param {(model: import('../../lib/index.ts').Model) => T | Promise<T>} use @returns {Promise<T>} */
async function using(model, use) {
  try {
    return await use(model);
  } finally {
    model.dispose();
  }
}

/** What a call is refused for; where memory ran out, that is thrown. @param {() => Promise<unknown>} call */
async function refusal(call) {
  const error = /** @type {Error & { code?: string }} */ (await call().catch((error) => error));
  if (error.code === 'MEMORY') throw error;
  return error.message;
}

/** Bytes of models that the collector knows of. */
const told = () => Number(env.FORWARDPASS_TOLD ?? 0);
const weights = 2 * 300 * 300 * 4;
const model = define(architecture, { precision: 'f32' });
const another = Model.attach(model.share());
assert(told() >= weights && told() < weights * 1.1, `the collector was told of ${told()} bytes`);
another.dispose();
model.dispose();

let round = 0;
/** Whether the allocation failed. @param {() => Promise<unknown>} scenario @param {number} at @param {unknown} expected */
async function fail(scenario, at, expected) {
  // A new text each time: the number is read up to the space.
  process.env.FORWARDPASS_FAIL_AT = `${at} ${++round}`;
  const outcome = await scenario().catch((error) => error);
  const failed = process.env.FORWARDPASS_FAILED === process.env.FORWARDPASS_FAIL_AT;
  assert.equal(told(), 0, `at ${at}: the collector counts bytes that are no more`);
  process.env.FORWARDPASS_FAIL_AT = `0 ${round}`;
  if (outcome instanceof Error) {
    assert.equal(/** @type {{ code?: string }} */ (outcome).code, 'MEMORY', `at ${at}: ${outcome.stack}`);
    assert(failed, `nothing failed, and yet: ${outcome.message}`);
  } else {
    assert.deepEqual(outcome, expected, `at ${at}: another result`);
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
  tell(name, at - 1, refused);
}

// Opening the addon happens once in a process.
const open = `
  const { define } = await import(${JSON.stringify(entry)});
  try {
    define({ layers: [{ weight: [[1]] }] }).dispose();
  } catch (error) {
    if (error.name !== 'ForwardpassError' || error.code !== 'MEMORY') throw error;
    console.log('refused');
  }
  console.log(process.env.FORWARDPASS_FAILED);`;
for (let [at, refused] = [1, 0]; ; at++) {
  const options = { env: { ...env, FORWARDPASS_FAIL_AT: `${at}`, FORWARDPASS_FAILED: undefined } };
  const { status, stdout, stderr } = spawnSync(execPath, ['--input-type=module', '--eval', open], options);
  assert.equal(status, 0, `at ${at}: ${stderr}`);
  const lines = String(stdout).split('\n');
  if (lines[0] === 'refused') refused++;
  else if (lines[0] === 'undefined') {
    assert(refused > 0);
    tell('opening the addon', at - 1, refused);
    break;
  }
}

/** @param {string} name @param {number} failures @param {number} refused */
function tell(name, failures, refused) {
  console.log(`${name}: ${failures} failures in turn; ${refused} times an error, otherwise the same result`);
}
