/**
 * One hash of everything that the package computes, which is the same under every host and on every processor:
 * `node test/platforms/hash.js [INDEX]`, the package's own index.js unless told which. Plain JavaScript of the standard
 * library alone, so that Bun and Deno run it too.
 *
 * Prints a line for each instruction set that is there, and fails where one differs from expected.json.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

const place = new URL('./', import.meta.url);
const index = process.argv[2] ? pathToFileURL(process.argv[2]) : new URL('../../dist/index.js', place);
const { define, load } = await import(index.href);

/** From 0 to below 1, from a seed (mulberry32). @param {number} seed */
function generator(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** @param {() => number} next @param {number} count @param {number} scale */
const values = (next, count, scale = 1) => Float32Array.from({ length: count }, () => (next() * 2 - 1) * scale);

/** A stack of dense layers. @param {number[]} widths @param {string} precision @param {string} isa */
function stack(widths, precision, isa) {
  const next = generator(widths.reduce((sum, width) => sum * 31 + width, 7));
  const activations = ['relu', 'tanh', 'gelu', 'sigmoid', 'silu', 'softplus'];
  const layers = widths.slice(1).map((outputs, i) => ({
    weight: Array.from({ length: outputs }, () => [...values(next, widths[i], 0.4)]),
    bias: [...values(next, outputs)],
    ...(i + 2 < widths.length && { activation: activations[(i + outputs) % activations.length] }),
  }));
  return define({ layers }, { precision, isa });
}

/** Shapes on both sides of tiles, panels, runs and lanes. */
const SHAPES = [
  [1, 1],
  [3, 2],
  [4, 16, 16, 3],
  [5, 7, 11, 13],
  [16, 1],
  [17, 8],
  [31, 33, 9],
  [64, 64, 32, 1],
  [65, 63, 129, 5],
  [100, 4],
  [255, 257, 10],
  [256, 16, 2],
  [300, 48, 31],
];
const BATCHES = [0, 1, 2, 3, 4, 5, 6, 7, 8, 11, 13, 24, 50];
/** @type {[path: string, options: object][]} */
const FILES = [
  ['fixtures/platforms/every-kernel-f32.safetensors', {}],
  ['fixtures/platforms/every-kernel-f64.safetensors', {}],
  ['fixtures/platforms/every-bag-f32.safetensors', {}],
  ['fixtures/platforms/every-bag-f64.safetensors', {}],
  ['fixtures/platforms/every-static-f32.safetensors', {}],
  ['../examples/digits/digits.onnx', {}],
  ['../examples/digits/digits.onnx', { precision: 'f64' }],
  ['../examples/digits/digits.onnx', { precision: 'bf16' }],
  ['../examples/digits/digits.onnx', { precision: 'int8' }],
];

/** Rows of pairs: some of none, some with an id more than once. @param {() => number} next @param {number} batch @param {number} ids */
function pairs(next, batch, ids) {
  const offsets = [0];
  for (let row = 0; row < batch; row++) offsets.push(offsets[row] + Math.floor(next() * 4) * Math.floor(next() * 6));
  const count = offsets[batch];
  return {
    ids: Int32Array.from({ length: count }, () => Math.floor(next() * ids)),
    weights: values(next, count, 4),
    offsets,
  };
}

/** @param {import('../../lib/index.ts').Model} model @param {import('node:crypto').Hash} hash */
function addResults(model, hash) {
  for (const batch of BATCHES) {
    const next = generator(batch + 1);
    const inputs = Object.fromEntries(
      model.inputs.map(({ name, shape, ragged }) => {
        const width = shape.slice(1).reduce((/** @type {number} */ a, b) => a * Number(b), 1);
        return [name, ragged ? pairs(next, batch, width) : values(next, batch * width, 4)];
      }),
    );
    for (const [name, result] of Object.entries(model.run(inputs))) {
      // NaNs count as equal whatever their sign and payload.
      for (let i = 0; i < result.length; i++) if (Number.isNaN(result[i])) result[i] = 12345.5;
      hash.update(`${name} ${result.length}`);
      hash.update(new Uint8Array(result.buffer));
    }
  }
  model.dispose();
}

/** Of all models on an instruction set; undefined where this machine has none of that name. @param {string} isa */
async function hashOf(isa) {
  const hash = createHash('sha256');
  try {
    stack([1, 1], 'f32', isa).dispose();
  } catch (error) {
    if (/** @type {{ code?: string }} */ (error).code === 'ISA') return undefined;
    throw error;
  }
  for (const precision of ['f32', 'f64', 'bf16', 'int8']) {
    for (const widths of SHAPES) addResults(stack(widths, precision, isa), hash);
  }
  for (const [path, options] of FILES) {
    const bytes = new Uint8Array(readFileSync(new URL(`../${path}`, place)));
    addResults(await load(bytes, { ...options, isa }), hash);
  }
  return hash.digest('hex');
}

const expected = JSON.parse(readFileSync(new URL('expected.json', place), 'utf8')).sha256;
let failed = false;
for (const isa of ['avx512', 'avx2', 'neon', 'scalar']) {
  const found = await hashOf(isa);
  if (found === undefined) continue;
  const same = found === expected;
  failed ||= !same;
  console.log(`${isa} ${found} ${same ? 'as expected' : `instead of ${expected}`}`);
}
console.log(`best ${define({ layers: [{ weight: 1, bias: 0 }] }).isa}`);
process.exitCode = failed ? 1 : 0;
