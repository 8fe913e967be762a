/**
 * Networks that learn, beside torch on one thread: `npm --prefix bench run learn-nets`, after a build. Three dense layers of
 * the same width, relu, ten classes, cross-entropy. Prints microseconds of a step, the least of several rounds by turns,
 * since a machine that others use only adds to them. PYTHON names the Python that has torch.
 */
import { learn } from '../dist/learn.js';
import { PythonPeers } from './lib/python.js';

const WIDTHS = [64, 128, 256, 512];
const ROWS = [1, 32];
const OPTIMIZERS = {
  adam: { name: 'adam' },
  'sgd, momentum': { name: 'sgd', momentum: 0.9 },
};
const TURNS = 5;
const ROUNDS = 10;

const peer = new PythonPeers(process.env.PYTHON ?? 'python3', 'learn_nets.py');
const torch = async (question) => (await peer.ask(question)).microseconds;

async function network(width, optimizer) {
  const random = (length, scale) => Float32Array.from({ length }, () => (Math.random() - 0.5) * scale);
  const layer = (out, activation) => ({
    weight: { shape: [out, width], data: random(out * width, 2 / Math.sqrt(width)) },
    bias: new Float32Array(out),
    ...(activation && { activation }),
  });
  const layers = [layer(width, 'relu'), layer(width, 'relu'), layer(10)];
  return learn({ layers }, { loss: 'crossEntropy', optimizer });
}

function ours(learner, width, rows, steps) {
  const x = Float32Array.from({ length: rows * width }, () => Math.random() - 0.5);
  const y = Int32Array.from({ length: rows }, (_, i) => i % 10);
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < ROUNDS; round++) {
    const start = process.hrtime.bigint();
    for (let i = 0; i < steps; i++) learner.partialFit(x, y);
    best = Math.min(best, Number(process.hrtime.bigint() - start) / 1000 / steps);
  }
  return best;
}

console.log('optimizer      width rows   here     torch   torch, fused');
for (const [name, optimizer] of Object.entries(OPTIMIZERS)) {
  for (const width of WIDTHS) {
    for (const rows of ROWS) {
      const learner = await network(width, optimizer);
      const steps = Math.max(3, Math.floor(20_000 / (width * Math.sqrt(rows))));
      const times = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
      for (let turn = 0; turn < TURNS; turn++) {
        const question = { width, rows, steps, rounds: ROUNDS };
        times[0] = Math.min(times[0], ours(learner, width, rows, steps));
        times[1] = Math.min(times[1], await torch({ ...question, optimizer: name }));
        times[2] = Math.min(times[2], await torch({ ...question, optimizer: `${name}, fused` }));
      }
      const cells = times.map((time) => time.toFixed(0).padStart(9));
      console.log(`${name.padEnd(14)} ${String(width).padStart(5)} ${String(rows).padStart(4)} ${cells.join('')}`);
      learner.dispose();
    }
  }
}
await peer.close();
