/**
 * What the tests of the Python package compare with: `node make.js FOLDER` freezes fixtures into FOLDER and writes, as
 * expected.json, what Node gives for arrays and records. Needs what `npm run build` leaves.
 */
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { argv } from 'node:process';
import { fileURLToPath } from 'node:url';

const [, , folder] = argv;
const root = fileURLToPath(new URL('../../', import.meta.url));
mkdirSync(folder, { recursive: true });

// By URL, since the types are checked before anything is built.
const dist = new URL('../../dist/', import.meta.url);
/** @type {typeof import('../../lib/load.ts')} */
const { load } = await import(new URL('index.js', dist).href);
/** @type {typeof import('../../lib/freeze.ts')} */
const { freeze } = await import(new URL('freeze.js', dist).href);

/** Of each folder, at most so many files, spread over it. */
const FILES = 12;
const ROWS = 23;

const FOLDERS = [
  ...['onnx-torch', 'onnx-ml', 'keras', 'sklearn', 'sklearn-records', 'sklearn-missing', 'sklearn-steps', 'tflite'],
  ...['tensorflow', 'lightgbm', 'catboost', 'xgboost', 'integers', 'special', 'statsmodels'],
];

/** @type {{ path: string, precision?: 'f64' | 'f32' | 'bf16' | 'int8' }[]} */
const models = FOLDERS.flatMap((name) => {
  const files = readdirSync(join(root, 'test/fixtures', name)).filter((file) => !/\.(json|md|py)$/.test(file));
  const step = Math.max(1, Math.floor(files.length / FILES));
  return files.filter((_, at) => at % step === 0).map((file) => ({ path: join('test/fixtures', name, file) }));
});
for (const precision of /** @type {const} */ (['f64', 'f32', 'bf16', 'int8'])) {
  models.push({ path: 'examples/digits/digits.onnx', precision });
  models.push({ path: 'test/fixtures/onnx-torch/heads.older.onnx', precision });
}
for (const name of [
  'lightgbm/categories.txt',
  'catboost/categories-symmetric-cbm.cbm',
  'sklearn-steps/one-hot-given.joblib',
  'sklearn-steps/one-hot-none.joblib',
])
  models.push({ path: `test/fixtures/${name}` });

/** The same on every machine. */
let state = 7;
const random = () => {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return state / 2 ** 32;
};
/** @template T @param {readonly T[]} list */
const any = (list) => list[Math.floor(random() * list.length)];

const cases = [];
for (const [at, { path, precision }] of models.entries()) {
  const options = precision === undefined ? {} : { precision };
  const parts = await freeze(join(root, path), options).catch(() => undefined);
  if (parts === undefined) continue; // needs options that only its own test knows
  const file = `${at}.safetensors`;
  writeFileSync(join(folder, file), Buffer.concat(parts));
  const model = await load(join(root, path), options);
  cases.push({ path, file, about: aboutOf(model), run: runOf(model), ...recordsOf(model) });
  model.dispose();
}
writeFileSync(join(folder, 'expected.json'), JSON.stringify(cases));
console.log(`${cases.length} models`);

/** @param {import('../../lib/model.ts').Model} model */
function aboutOf({ inputs, outputs, classes, featureNames, parameterCount }) {
  const short = (/** @type {readonly import('../../lib/model.ts').TensorInfo[]} */ ports) =>
    ports.map(({ name, shape, dtype }) => ({ name, shape, dtype }));
  return { inputs: short(inputs), outputs: short(outputs), classes, featureNames, parameterCount };
}

/** Arrays, and what they give. @param {import('../../lib/model.ts').Model} model */
function runOf(model) {
  /** @type {Record<string, Float64Array>} */
  const inputs = {};
  for (const { name, shape, dtype } of model.inputs) {
    const width = shape.reduce((/** @type {number} */ count, size) => count * (size ?? 1), 1); // null: the rows
    const isWhole = /int|bool|string/.test(dtype);
    inputs[name] = Float64Array.from({ length: ROWS * width }, () =>
      isWhole ? Math.floor(random() * 2) : Math.fround(random() * 4 - 2),
    );
  }
  const encoded = Object.fromEntries(Object.entries(inputs).map(([name, values]) => [name, encode(values)]));
  return { inputs: encoded, ...outcomeOf(() => named(model, model.run(/** @type {never} */ (inputs)))) };
}

/** Records, and what is predicted of them. @param {import('../../lib/model.ts').Model} model */
function recordsOf(model) {
  // What makes pairs of texts is in Node alone.
  if (model.inputs.some(({ ragged }) => ragged)) return {};
  const places = model.inputs.flatMap((input) => {
    const width = input.shape.reduce((/** @type {number} */ count, size) => count * (size ?? 1), 1);
    return Array.from({ length: width }, (_, element) => ({ input, element, width }));
  });
  if (places.length > 200) return {};
  const records = Array.from({ length: ROWS }, () => {
    /** @type {Record<string, unknown>} */
    const record = {};
    if (model.featureNames !== undefined) {
      for (const [at, place] of places.entries()) {
        const value = elementOf(place);
        if (value !== undefined) record[model.featureNames[at]] = value;
      }
    } else {
      for (const { input, width } of places.filter(({ element }) => element === 0)) {
        const values = Array.from({ length: width }, (_, element) => elementOf({ input, element }) ?? 0);
        record[input.name] = width === 1 && input.shape.length === 1 ? values[0] : values;
      }
    }
    return record;
  });
  // Those that the model refuses are one case; the others another.
  const good = records.filter((record) => !('error' in outcomeOf(() => model.predict([record]))));
  const bad = records.find((record) => !good.includes(record));
  return {
    records: good,
    predict: outcomeOf(() => model.predict(good)),
    proba: outcomeOf(() => model.predictProba(good)),
    one: good.length === 0 ? undefined : outcomeOf(() => model.predict(good[0])),
    bad,
    badError: bad && outcomeOf(() => model.predict([bad])).error,
  };
}

/** @param {{ input: import('../../lib/model.ts').TensorInfo, element: number }} place */
function elementOf({ input, element }) {
  if (input.unused?.includes(element)) return any([undefined, 'anything', 3]);
  if (input.hashes?.[element] !== undefined) return any(['red', 'blue', 'green', '3', 3, 'an unknown word']);
  const categories = input.categories?.[element];
  const isMissing = input.missing?.includes(element) === true && random() < 0.2;
  if (isMissing) return null;
  if (categories !== undefined) return random() < 0.1 ? 'an unknown word' : any(categories);
  if (input.spread !== undefined) return any(['one', 'another', 'a word that is longer than the others']);
  if (/int|bool/.test(input.dtype)) return Math.floor(random() * 2);
  return any([Math.floor(random() * 3), Math.fround(random() * 4 - 2)]);
}

/** @param {() => unknown} call */
function outcomeOf(call) {
  try {
    return { gives: encode(call()) };
  } catch (error) {
    return { error: /** @type {{ code: string }} */ (error).code };
  }
}

/** @param {import('../../lib/model.ts').Model} model @param {unknown} result */
function named(model, result) {
  return ArrayBuffer.isView(result) ? { [model.outputs[0].name]: result } : result;
}

/** Arrays to their bits. @param {unknown} value @returns {unknown} */
function encode(value) {
  if (value instanceof Float32Array || value instanceof Float64Array) {
    const bits = Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64');
    return { [value instanceof Float64Array ? 'f64' : 'f32']: bits };
  }
  if (Array.isArray(value)) return value.map(encode);
  if (typeof value === 'number' && (!Number.isFinite(value) || Object.is(value, -0)))
    return encode(Float64Array.of(value));
  if (typeof value !== 'object' || value === null) return value;
  return { named: Object.entries(value).map(([name, part]) => [name, encode(part)]) };
}
