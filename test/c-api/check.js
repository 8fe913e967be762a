/**
 * Runs models through the C library and through Node, and compares the bits: `node check.js RUN FOLDER`, where RUN is
 * run.c, compiled, and FOLDER is for files that may go afterwards. Models are those of test/fixtures, frozen here.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { argv, exit } from 'node:process';
import { fileURLToPath } from 'node:url';

const [, , run, folder] = argv;
const root = fileURLToPath(new URL('../../', import.meta.url));
mkdirSync(folder, { recursive: true });

// By URL, since the types are checked before anything is built.
const dist = new URL('../../dist/', import.meta.url);
/** @type {typeof import('../../lib/load.ts')} */
const { load } = await import(new URL('index.js', dist).href);
/** @type {typeof import('../../lib/freeze.ts')} */
const { freeze } = await import(new URL('freeze.js', dist).href);

const FOLDERS = ['onnx-torch', 'onnx-ml', 'keras', 'sklearn', 'tflite', 'integers', 'special'];
/** At most so many files of each folder, spread over it. */
const FILES = 24;
/** One row, and more than a tile's. */
const ROWS = [1, 53];

/** @type {{ path: string, precision?: 'f64' | 'f32' | 'bf16' | 'int8' }[]} */
const models = FOLDERS.flatMap((name) => {
  const files = readdirSync(join(root, 'test/fixtures', name)).filter((file) => !/\.(json|md|py)$/.test(file));
  const step = Math.max(1, Math.floor(files.length / FILES));
  return files.filter((_, at) => at % step === 0).map((file) => ({ path: join('test/fixtures', name, file) }));
});
for (const precision of /** @type {const} */ (['f64', 'f32', 'bf16', 'int8'])) {
  models.push({ path: 'examples/digits/digits.onnx', precision });
  models.push({ path: 'test/fixtures/onnx-torch/embeddings-and-numbers.older.onnx', precision });
  models.push({ path: 'test/fixtures/onnx-torch/heads.older.onnx', precision });
}

models.push({ path: 'test/fixtures/platforms/every-static-f32.safetensors' });

for (const file of ['svc-probable.pkl', 'svc-probable-pairs.pkl'])
  models.push({ path: `test/fixtures/sklearn/${file}` });
models.push({ path: 'test/fixtures/sklearn-steps/one-hot-none.joblib' });

let [compared, refused, wrong] = [0, 0, 0];
/** What the models compared were, to see that no kind is missing. */
const kinds = new Set();
for (const { path, precision } of models) {
  try {
    await compare(path, precision);
  } catch (error) {
    wrong++;
    console.error(`${path} ${precision ?? ''}: ${error instanceof Error ? error.message : error}`);
  }
}
for (const file of readdirSync(join(root, 'test/fixtures/released-plans')).filter((name) => name.endsWith('.json'))) {
  try {
    compareReleased(join(root, 'test/fixtures/released-plans', file));
    compared++;
  } catch (error) {
    wrong++;
    console.error(`${file}: ${error instanceof Error ? error.message : error}`);
  }
}
for (const kind of [
  ...['f32', 'f64', 'bf16', 'int8', 'ids', 'several inputs', 'several outputs'],
  ...['exact outputs', 'FP_ERROR_ID', 'FP_ERROR_NOT_EXACT', 'FP_ERROR_NOT_FINITE', 'coupled pairs', 'None'],
]) {
  if (kinds.has(kind)) continue;
  wrong++;
  console.error(`no model compared was one of ${kind}`);
}
console.log(`${compared} runs to the bits of Node, ${refused} refused by both, ${wrong} wrong`);
exit(wrong === 0 && compared > 100 ? 0 : 1);

/** @param {string} path @param {'f64' | 'f32' | 'bf16' | 'int8' | undefined} precision */
async function compare(path, precision) {
  const options = precision === undefined ? {} : { precision };
  const frozen = join(folder, 'model.safetensors');
  const parts = await freeze(join(root, path), options).catch(() => undefined);
  if (parts === undefined) return; // needs options that only its own test knows
  writeFileSync(frozen, Buffer.concat(parts));
  const model = await load(join(root, path), options);
  const holdsLarge = model.inputs.some(({ dtype }) => dtype.includes('64'));
  const runs = ROWS.flatMap((rows) =>
    holdsLarge
      ? [
          { rows, isLarge: false },
          { rows, isLarge: true },
        ]
      : [{ rows, isLarge: false }],
  );
  for (const { rows, isLarge } of runs) {
    /** @type {Record<string, Float64Array | BigInt64Array>} */
    const inputs = {};
    const files = model.inputs.map(({ name, shape, dtype }, at) => {
      const integers = /int|bool/.test(dtype);
      const width = shape.reduce((/** @type {number} */ count, size) => count * (size ?? 1), 1); // null: the rows
      const values = valuesOf(rows * width, integers, at + rows, isLarge);
      inputs[name] = values;
      const file = join(folder, `input${at}.${integers ? 'i64' : 'f64'}`);
      writeFileSync(file, new Uint8Array(values.buffer));
      return file;
    });
    const results = resultsOf(() => model.run(/** @type {never} */ (inputs)), model);
    const isExact = (/** @type {number} */ at) => !(results instanceof Error) && results[at] instanceof Float64Array;
    const outputs = model.outputs.map((_, at) => join(folder, `output${at}${isExact(at) ? '.f64' : ''}`));
    const threads = rows === 1 ? '1' : '3';
    const { status, stderr } = spawnSync(run, [frozen, String(rows), threads, ...files, ...outputs], {
      encoding: 'utf8',
    });
    if (results instanceof Error) {
      if (status !== 1 || stderr === '') throw new Error(`Node: ${results.message}; C: ${status} ${stderr}`);
      kinds.add(stderr.split(':')[0]);
      refused++;
      continue;
    }
    if (status !== 0) throw new Error(`${status} ${stderr}`);
    results.forEach((wanted, at) => {
      const found = readFileSync(outputs[at]);
      if (!found.equals(new Uint8Array(wanted.buffer, wanted.byteOffset, wanted.byteLength))) {
        throw new Error(`output ${model.outputs[at].name} differs at ${rows} rows`);
      }
    });
    compared++;
    kinds.add(model.precision);
    if (model.inputs.some(({ dtype }) => dtype.includes('int'))) kinds.add('ids');
    if (model.inputs.length > 1) kinds.add('several inputs');
    if (model.outputs.length > 1) kinds.add('several outputs');
    if (model.precision !== 'f64' && results.some((result) => result instanceof Float64Array))
      kinds.add('exact outputs');
    if (path.includes('svc-probable')) kinds.add('coupled pairs');
    if (path.includes('none')) kinds.add('None');
  }
  model.dispose();
}

/**
 * That a file of an earlier version gives what it gave then: see test/formats/released-plans.test.ts, which writes them.
 * @param {string} path of what is beside the model
 */
function compareReleased(path) {
  /** @type {{ rows: number, inputs: Record<string, { elements?: number[], offsets?: number[], ids?: number[], weights?: number[] }>, outputs: Record<string, string> }} */
  const { rows, inputs, outputs } = JSON.parse(readFileSync(path, 'utf8'));
  const given = Object.values(inputs).map(({ elements, offsets = [], ids = [], weights = [] }, at) => {
    const file = join(folder, `released${at}.${elements ? 'f64' : 'rag'}`);
    writeFileSync(file, new Uint8Array(Float64Array.from(elements ?? [...offsets, ...ids, ...weights]).buffer));
    return file;
  });
  const isSingle = path.includes('f32');
  const isExact = (/** @type {string} */ name) => exactOutputs(path).has(name);
  const results = Object.keys(outputs).map((name, at) => join(folder, `released${at}${isExact(name) ? '.f64' : ''}`));
  const model = path.replace(/json$/, 'safetensors');
  const { status, stderr } = spawnSync(run, [model, String(rows), '1', ...given, ...results], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${status} ${stderr}`);
  for (const [at, [name, wanted]] of Object.entries(outputs).entries()) {
    const { buffer } = new Uint8Array(readFileSync(results[at]));
    const data = isSingle && !isExact(name) ? new Float32Array(buffer) : new Float64Array(buffer);
    const plain = data.map((value) => (Number.isNaN(value) ? Number.NaN : value));
    const found = createHash('sha256').update(new Uint8Array(plain.buffer)).digest('hex').slice(0, 16);
    if (found !== wanted) throw new Error(`output ${name} differs`);
  }
}

/** The names of outputs that are doubles in a model of floats. @param {string} path */
function exactOutputs(path) {
  const file = readFileSync(path.replace(/json$/, 'safetensors'));
  const header = JSON.parse(file.toString('utf8', 8, 8 + Number(file.readBigUInt64LE(0))));
  /** @type {{ outputs: { name: string, exact?: true }[] }} */
  const plan = JSON.parse(header.__metadata__['forwardpass.plan']);
  return new Set(plan.outputs.filter(({ exact }) => exact).map(({ name }) => name));
}

/**
 * The outputs in order, or the reason why there are none.
 * @param {() => unknown} run @param {import('../../lib/model.ts').Model} model
 * @returns {ArrayBufferView[] | Error}
 */
function resultsOf(run, model) {
  try {
    const results = run();
    const named = /** @type {Record<string, ArrayBufferView>} */ (results);
    return ArrayBuffer.isView(results) ? [results] : model.outputs.map(({ name }) => named[name]);
  } catch (error) {
    return /** @type {Error} */ (error);
  }
}

/**
 * The same on every machine: from −2 to 2, or ids that most tables have; large ones are about where floats and doubles
 * end.
 * @param {number} count @param {boolean} integers @param {number} seed @param {boolean} isLarge
 */
function valuesOf(count, integers, seed, isLarge) {
  let state = seed + 1;
  const next = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  if (isLarge) {
    const powers = [24n, 31n, 53n];
    const large = () => 2n ** powers[Math.floor(next() * 3)] + BigInt(Math.floor(next() * 5) - 2);
    if (integers) return BigInt64Array.from({ length: count }, large);
    return Float64Array.from({ length: count }, () => (next() < 0.1 ? NaN : Number(large())));
  }
  if (integers) return BigInt64Array.from({ length: count }, () => BigInt(Math.floor(next() * 3)));
  return Float64Array.from({ length: count }, () => Math.fround(next() * 4 - 2));
}
