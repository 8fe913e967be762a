/** Nets of dense layers in every way that bench/peers.js measures: ours, onnxruntime's, and those of Python's libraries. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as forwardpass from '../contenders/forwardpass.js';
import * as onnxruntime from '../contenders/onnxruntime-node.js';
import { randomRows, reluNet } from './nets.js';
import { writeOnnx } from './onnx-writer.js';
import { referenceRows, relativeDifference } from './reference.js';
import { staticFile } from './static-file.js';

/** @typedef {import('./measure.js').Candidate & { difference: number }} Candidate */

const FOLDER = join(import.meta.dirname, '..', 'build', 'nets');

/** What computes in float32, by its id: what ours of float32 is compared with. @type {Record<string, string>} */
export const FLOAT_PEERS = {
  onnxruntime: 'onnxruntime-node',
  tflite: 'TFLite, XNNPACK',
  'torch-eager': 'torch, eager',
  'torch-script': 'torch, TorchScript',
  numpy: 'NumPy',
};

/** What computes in int8, by its id. @type {Record<string, string>} */
export const QUANTIZED_PEERS = {
  'onnxruntime-dynamic': 'onnxruntime-node, dynamic',
  'onnxruntime-static': 'onnxruntime-node, static',
  'tflite-int8': 'TFLite, XNNPACK, int8',
};

/** @type {Record<string, string>} */
export const OURS = {
  forwardpass: 'forwardpass, f32',
  'forwardpass-bf16': 'forwardpass, bf16',
  'forwardpass-int8': 'forwardpass, int8',
  'forwardpass-static': 'forwardpass, int8 of one scale',
  'forwardpass-tflite': "forwardpass, TFLite's int8 file",
};

/** @type {Record<string, import('../../dist/index.js').LoadOptions>} */
const PRECISIONS = {
  forwardpass: {},
  'forwardpass-bf16': { precision: 'bf16' },
  'forwardpass-int8': { precision: 'int8' },
};

export class NetInEveryWay {
  net;
  #path;
  #python;
  /** @type {{ id: string, variant: string, model: import('./contenders.js').Opened }[]} */
  #models;

  /**
   * @param {import('./nets.js').Net} net @param {string} path of its ONNX file
   * @param {import('./python.js').PythonPeers | undefined} python @param {{ id: string, variant: string, model: import('./contenders.js').Opened }[]} models
   */
  constructor(net, path, python, models) {
    this.net = net;
    this.#path = path;
    this.#python = python;
    this.#models = models;
  }

  /**
   * Without Python, only ours and onnxruntime-node's of float32.
   *
   * @param {string} name @param {import('./python.js').PythonPeers | undefined} python
   */
  static async open(name, python) {
    const net = reluNet(name);
    mkdirSync(FOLDER, { recursive: true });
    const path = join(FOLDER, `${name}.onnx`);
    writeIfOther(path, writeOnnx(net));
    const files = await python?.ask({ quantize: path });
    const models = [];
    for (const [id, options] of Object.entries(PRECISIONS))
      models.push({ id, variant: 'forwardpass-bound', model: await forwardpass.open(net, path, options) });
    const staticPath = join(FOLDER, `${name}.static.safetensors`);
    writeIfOther(staticPath, staticFile(net, readFileSync(path)));
    models.push({
      id: 'forwardpass-static',
      variant: 'forwardpass-bound',
      model: await forwardpass.open(net, staticPath),
    });
    if (files?.int8)
      models.push({
        id: 'forwardpass-tflite',
        variant: 'forwardpass-bytes',
        model: await forwardpass.open(net, files.int8),
      });
    const sessions = { onnxruntime: path, 'onnxruntime-dynamic': files?.dynamic, 'onnxruntime-static': files?.static };
    for (const [id, file] of Object.entries(sessions))
      if (file) models.push({ id, variant: 'onnxruntime-node', model: await onnxruntime.open(net, file) });
    return new NetInEveryWay(net, path, python, models);
  }

  /**
   * @param {number} batch
   * @returns {Promise<{ candidates: Candidate[], bytes?: { differ: number, of: number } }>}
   */
  async prepare(batch) {
    const rows = randomRows(this.net, batch);
    const expected = referenceRows(this.net, rows, batch);
    const away = (/** @type {ArrayLike<number>} */ found) => relativeDifference(found, expected, batch);
    const rowsPath = join(FOLDER, 'rows.f32');
    writeFileSync(rowsPath, rows);
    const python = this.#python;
    /** @type {Record<string, { outputs: string, given: string, scale: number, zero: number }>} */
    const ways = python ? (await python.ask({ open: this.#path, batch, rows: rowsPath })).ways : {};
    const whole = ways['tflite-int8'];
    /** @type {Candidate[]} */
    const candidates = [];
    let bytes;
    for (const { id, variant, model } of this.#models) {
      const ofBytes = id === 'forwardpass-tflite';
      const { output, ...prepared } = await model.prepare(variant, batch, ofBytes ? floats(whole.given) : rows);
      const found = await output();
      if (ofBytes) bytes = differing(found, floats(whole.outputs));
      candidates.push({ ...prepared, id, difference: away(ofBytes ? dequantized(found, whole) : found) });
    }
    for (const [id, way] of Object.entries(ways)) {
      const found = floats(way.outputs);
      const difference = away(way === whole ? dequantized(found, whole) : found);
      const time = async (/** @type {number} */ calls) => (await python?.ask({ time: id, calls }))?.nanoseconds;
      candidates.push({ id, difference, time });
    }
    return { candidates, bytes };
  }

  async close() {
    for (const { model } of this.#models) await model.close();
  }
}

/** A file that stays as it is is not quantised again. @param {string} path @param {Uint8Array} content */
function writeIfOther(path, content) {
  try {
    if (readFileSync(path).equals(content)) return;
  } catch {}
  writeFileSync(path, content);
}

/** @param {string} path */
function floats(path) {
  return new Float32Array(new Uint8Array(readFileSync(path)).buffer);
}

/** @param {ArrayLike<number>} bytes @param {{ scale: number, zero: number }} quantization */
function dequantized(bytes, { scale, zero }) {
  return Float64Array.from(bytes, (byte) => (byte - zero) * scale);
}

/** @param {ArrayLike<number>} found @param {Float32Array} expected */
function differing(found, expected) {
  return { differ: expected.filter((byte, at) => byte !== found[at]).length, of: expected.length };
}
