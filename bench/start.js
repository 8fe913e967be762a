/**
 * From nothing to the first prediction: fresh processes, in turns, import the library, load 784-512-256-10 from an ONNX
 * file and run one row. Prints how long that takes, and what it adds to the memory of a bare Node process.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { argv, execPath } from 'node:process';
import { byteCount, duration, percent } from './lib/format.js';
import { describeMachine, packageVersion } from './lib/machine.js';
import { reluNet } from './lib/nets.js';
import { saveResult } from './lib/results.js';
import { median } from './lib/stats.js';

const NET = '784-512-256-10';
const ROUNDS = 21;

/** What each fresh process does; the first stands for Node alone. */
const SUBJECTS = {
  node: async () => {},
  forwardpass: async (/** @type {string} */ path) => {
    const { load } = await import('../dist/index.js');
    const model = await load(path);
    return model.run(new Float32Array(784));
  },
  'onnxruntime-node': async (/** @type {string} */ path) => {
    const { default: ort } = await import('onnxruntime-node');
    const session = await ort.InferenceSession.create(path, { intraOpNumThreads: 1, interOpNumThreads: 1 });
    const features = new ort.Tensor('float32', new Float32Array(784), [1, 784]);
    return (await session.run({ features })).scores.data;
  },
};

/** @typedef {{ nanoseconds: number, residentBytes: number }} Start */

const [, , subject, path] = argv;
if (subject === undefined) await compare();
else await startOnce(/** @type {keyof typeof SUBJECTS} */ (subject), path);

/** @param {keyof typeof SUBJECTS} name @param {string} path */
async function startOnce(name, path) {
  const start = process.hrtime.bigint();
  await SUBJECTS[name](path);
  const nanoseconds = Number(process.hrtime.bigint() - start);
  console.log(JSON.stringify({ nanoseconds, residentBytes: process.memoryUsage.rss() }));
}

async function compare() {
  const { writeOnnx } = await import('./lib/onnx-writer.js');
  const folder = mkdtempSync(join(tmpdir(), 'forwardpass-bench-'));
  const file = join(folder, 'model.onnx');
  /** @type {Record<string, Start[]>} */
  const starts = Object.fromEntries(Object.keys(SUBJECTS).map((name) => [name, []]));
  try {
    writeFileSync(file, writeOnnx(reluNet(NET)));
    readFileSync(file); // into the system's cache, for everyone
    for (let round = 0; round < ROUNDS; round++) {
      for (const name of Object.keys(SUBJECTS)) {
        const child = spawnSync(execPath, [import.meta.filename, name, file], { encoding: 'utf8' });
        if (child.status !== 0) throw new Error(`${name}: ${child.stderr}`);
        starts[name].push(JSON.parse(child.stdout));
      }
    }
  } finally {
    rmSync(folder, { recursive: true });
  }

  const bare = median(starts.node.map(({ residentBytes }) => residentBytes));
  console.log(`${NET} from an ONNX file; medians of ${ROUNDS} fresh processes each\n`);
  console.log(`${''.padEnd(18)}${'import to prediction'.padStart(22)}${'memory above Node'.padStart(20)}`);
  const results = Object.entries(starts)
    .filter(([name]) => name !== 'node')
    .map(([name, runs]) => {
      const nanoseconds = median(runs.map((run) => run.nanoseconds));
      const addedBytes = median(runs.map(({ residentBytes }) => residentBytes)) - bare;
      console.log(`${name.padEnd(18)}${duration(nanoseconds).padStart(22)}${byteCount(addedBytes).padStart(20)}`);
      return { name, nanoseconds, addedBytes };
    });
  const [ours, peers] = ['forwardpass', 'onnxruntime-node'].map((name) =>
    results.find((result) => result.name === name),
  );
  const ratio = (/** @type {'nanoseconds' | 'addedBytes'} */ what) =>
    percent((ours?.[what] ?? 0) / (peers?.[what] ?? 0));
  console.log(`
forwardpass takes ${ratio('nanoseconds')} of onnxruntime-node's time (target: 25 %), ${ratio('addedBytes')} of its memory (target: 33 %)`);
  console.log(`\nA bare Node process takes ${byteCount(bare)}.`);
  const versions = { 'onnxruntime-node': packageVersion('onnxruntime-node') };
  saveResult('start', { machine: describeMachine(), versions, net: NET, rounds: ROUNDS, bareBytes: bare, results });
}
