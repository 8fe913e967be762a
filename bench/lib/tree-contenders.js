/** Who runs the trees within this process. */
import { join } from 'node:path';
import { load } from '../../dist/index.js';
import { TREES } from './tree-files.js';

/**
 * @typedef {import('./tree-files.js').TreeModel} TreeModel
 * @typedef {import('./measure.js').LocalCandidate & { label: string, outputs: () => Promise<Float64Array>,
 *   close: () => unknown }} TreeContender
 */

const OTHER_ISAS = /** @type {const} */ (['avx2', 'neon', 'scalar']);

/**
 * The bound call, by the best instruction set, by the others that there are, and of the ONNX file of the same trees.
 *
 * @param {TreeModel} model @param {Float32Array} rows @param {number} batch
 * @returns {Promise<TreeContender[]>}
 */
export async function openForwardpass({ name, file }, rows, batch) {
  const own = await load(join(TREES, file));
  const onnx = await load(join(TREES, `${name}.onnx`));
  const contenders = [
    bound('forwardpass-bound', `forwardpass, ${own.isa}`, own, rows, batch),
    bound('forwardpass-onnx', `forwardpass, ${own.isa}, ONNX`, onnx, rows, batch),
  ];
  for (const isa of OTHER_ISAS.filter((isa) => isa !== own.isa)) {
    try {
      const other = await load(join(TREES, file), { isa });
      contenders.push(bound(`forwardpass-${isa}`, `forwardpass, ${isa}`, other, rows, batch));
    } catch (error) {
      if (/** @type {{ code?: string }} */ (error).code !== 'ISA') throw error; // not of this processor
    }
  }
  return contenders;
}

/**
 * Each call copies the next rows into the buffer and runs them.
 *
 * @param {string} id @param {string} label @param {import('../../dist/index.js').Model} model
 * @param {Float32Array} rows @param {number} batch @returns {TreeContender}
 */
function bound(id, label, model, rows, batch) {
  const { input, outputs, run } = model.bind({ batch });
  const output = outputs.scores ?? Object.values(outputs)[0];
  const parts = slices(/** @type {any} */ (input.constructor).from(rows), input.length);
  return {
    ...{ id, label, isAsync: false, call: rotation(input, parts, run) },
    outputs: async () => {
      const all = new Float64Array(parts.length * output.length);
      parts.forEach((part, i) => {
        input.set(part);
        run();
        all.set(output, i * output.length);
      });
      return all;
    },
    close: () => model.dispose(),
  };
}

/**
 * A function of its own for each contender, as in lib/measure.js.
 *
 * @param {unknown} input @param {readonly unknown[]} parts @param {() => void} run @returns {() => void}
 */
function rotation(input, parts, run) {
  const source = `let next = 0;
    return () => {
      input.set(parts[next]);
      next = next + 1 === parts.length ? 0 : next + 1;
      run();
    };`;
  return new Function('input', 'parts', 'run', source)(input, parts, run);
}

/**
 * onnxruntime-node on one thread. Its tensors are made beforehand, over the rows where they lie.
 *
 * @param {TreeModel} model @param {Float32Array} rows @param {number} features @param {number} batch
 * @returns {Promise<TreeContender>}
 */
export async function openOnnxruntime({ name }, rows, features, batch) {
  const { default: ort } = await import('onnxruntime-node');
  const options = { executionProviders: ['cpu'], intraOpNumThreads: 1, interOpNumThreads: 1 };
  const session = await ort.InferenceSession.create(join(TREES, `${name}.onnx`), options);
  const feeds = slices(rows, batch * features).map((part) => ({
    features: new ort.Tensor('float32', part, [batch, features]),
  }));
  let next = 0;
  const call = () => {
    const feed = feeds[next];
    next = next + 1 === feeds.length ? 0 : next + 1;
    return session.run(feed, ['scores']);
  };
  return {
    ...{ id: 'onnxruntime-node', label: 'onnxruntime-node', isAsync: true, call },
    outputs: async () => {
      const parts = [];
      for (const feed of feeds) parts.push(.../** @type {Float32Array} */ ((await session.run(feed)).scores.data));
      return Float64Array.from(parts);
    },
    close: () => session.release(),
  };
}

/** Views of `length` elements, one after another. @template {Float32Array | Float64Array} T @param {T} array @param {number} length */
function slices(array, length) {
  return Array.from(
    { length: array.length / length },
    (_, i) => /** @type {T} */ (array.subarray(i * length, (i + 1) * length)),
  );
}
