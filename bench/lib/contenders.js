/** Who takes part. */

/**
 * `output` runs the model and gives its outputs, in a promise or not.
 *
 * @typedef {{ isAsync: boolean, call: () => unknown, output: () => ArrayLike<number> | Promise<ArrayLike<number>> }} Prepared
 * @typedef {{
 *   prepare(variant: string, batch: number, input: Float32Array): Promise<Prepared>,
 *   close(): Promise<void>,
 * }} Opened
 * @typedef {(net: import('./nets.js').Net, onnx: Uint8Array) => Promise<Opened>} Open
 * @typedef {{ id: string, label: string }} Variant
 * @typedef {{
 *   file: string,
 *   package?: string,
 *   variants: Variant[],
 *   mostParameters?: number,
 *   activatesOutputs?: boolean,
 * }} Contender
 */

/** What others are compared with. */
export const BASELINE = 'onnxruntime-node';

/** The short set: what decides whether to use forwardpass. */
export const QUICK = ['forwardpass-bound', 'forwardpass-run', BASELINE];

/**
 * In the order of the tables. Each file of contenders/ exports `open`, which loads a net for its variants.
 *
 * @type {readonly Contender[]}
 */
export const CONTENDERS = [
  {
    file: 'forwardpass.js',
    variants: [
      { id: 'forwardpass-bound', label: 'forwardpass, bound call' },
      { id: 'forwardpass-run', label: 'forwardpass, run(x, y)' },
      { id: 'forwardpass-async', label: 'forwardpass, runAsync(x, y)' },
    ],
  },
  {
    file: 'onnxruntime-node.js',
    package: 'onnxruntime-node',
    variants: [
      { id: 'onnxruntime-node', label: 'onnxruntime-node, one thread' },
      { id: 'onnxruntime-node-threads', label: 'onnxruntime-node, its default' },
    ],
  },
  {
    file: 'onnxruntime-web.js',
    package: 'onnxruntime-web',
    variants: [{ id: 'onnxruntime-web', label: 'onnxruntime-web, wasm' }],
  },
  {
    file: 'litert.js',
    package: '@litertjs/core',
    variants: [{ id: 'litert', label: 'LiteRT.js, wasm' }],
    mostParameters: 4_000_000, // its memory holds every batch's model
  },
  {
    file: 'tfjs-wasm.js',
    package: '@tensorflow/tfjs-backend-wasm',
    variants: [{ id: 'tfjs-wasm', label: 'tfjs, wasm' }],
  },
  {
    file: 'brain.js',
    package: 'brain.js',
    variants: [{ id: 'brain.js', label: 'brain.js' }],
    // Made for small nets; beyond, its arrays of arrays take memory and time without telling anything new.
    mostParameters: 200_000,
    activatesOutputs: true,
  },
  { file: 'plain-js.js', variants: [{ id: 'plain-js', label: 'plain JavaScript loops' }] },
];

/**
 * Imports those that have a variant which `wanted` takes; says of the others why they are missing.
 *
 * @param {(id: string) => boolean} wanted
 */
export async function importContenders(wanted) {
  /** @type {(Contender & { open: Open })[]} */
  const contenders = [];
  /** @type {string[]} */
  const missing = [];
  for (const contender of CONTENDERS) {
    const variants = contender.variants.filter(({ id }) => wanted(id));
    if (variants.length === 0) continue;
    try {
      const { open } = await import(`../contenders/${contender.file}`);
      contenders.push({ ...contender, variants, open });
    } catch (error) {
      const reason = /** @type {Error} */ (error).message.split('\n')[0];
      if (contender.package === undefined)
        throw new Error(`${reason} (build it first: npm run build)`, { cause: error });
      missing.push(`${contender.package}: ${reason}`);
    }
  }
  return { contenders, missing };
}
