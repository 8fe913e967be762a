/**
 * A thousand random nets (or --count N, --seed S): 1 to 8 layers, widths of 1 to 2048, any activation, 1 to 512 rows.
 * Each is measured against onnxruntime-node on one thread and lists where forwardpass does worst: its cliffs.
 *
 * Widths and rows are drawn log-uniformly, so that small ones are as frequent as large ones, and rounded to a multiple
 * of 16 half of the time, as people do.
 */
import { parseArgs } from 'node:util';
import { open as openForwardpass } from './contenders/forwardpass.js';
import { open as openBaseline } from './contenders/onnxruntime-node.js';
import { BASELINE } from './lib/contenders.js';
import { duration, times } from './lib/format.js';
import { describeMachine, packageVersion } from './lib/machine.js';
import { measure } from './lib/measure.js';
import { makeNet, randomRows } from './lib/nets.js';
import { ACTIVATIONS, writeOnnx } from './lib/onnx-writer.js';
import { randomNumbers } from './lib/random.js';
import { saveResult } from './lib/results.js';
import { geometricMean, median, quantile } from './lib/stats.js';

const EFFORT = { rounds: 5, trialMilliseconds: 5, warmUpMilliseconds: 30 };
/** The slowest are measured again, longer: short trials find what disturbed the machine as well as cliffs. */
const EFFORT_AGAIN = { rounds: 11, trialMilliseconds: 20, warmUpMilliseconds: 100 };
const AGAIN = 50;
const WHOLE = 1000;
const MOST_LAYERS = 8;
const WIDEST = 2048;
const MOST_ROWS = 512;
const SHOWN = 25;
/** Curves multiply float32 rounding; beyond this, one of the two is wrong. */
const TOLERANCE = 1e-4;

const { values: flags } = parseArgs({
  options: { count: { type: 'string', default: String(WHOLE) }, seed: { type: 'string', default: '1' } },
});
const total = Number(flags.count);
const random = randomNumbers(Number(flags.seed));

/** @typedef {{ seed: number, widths: number[], activations: string[], batch: number }} Shape */
/** @typedef {Shape & { name: string, nanoseconds: number, baseline: number, speedup: number, difference: number }} Result */
/** @type {Result[]} */
const results = [];
for (let i = 0; i < total; i++) {
  results.push(await measureShape(randomShape(i), EFFORT));
  if (process.stderr.isTTY) process.stderr.write(`\r${i + 1} of ${total} `);
}
if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');
const bySpeed = (/** @type {Result} */ a, /** @type {Result} */ b) => a.speedup - b.speedup;
results.sort(bySpeed);
for (const [i, shape] of results.slice(0, AGAIN).entries()) results[i] = await measureShape(shape, EFFORT_AGAIN);
report(results.sort(bySpeed));

/** @param {number} seed @returns {Shape} */
function randomShape(seed) {
  const layers = 1 + Math.floor(random() * MOST_LAYERS);
  const widths = Array.from({ length: layers + 1 }, () => randomSize(WIDEST));
  const names = Object.keys(ACTIVATIONS);
  const activations = Array.from({ length: layers }, () => names[Math.floor(random() * names.length)]);
  return { seed, widths, activations, batch: randomSize(MOST_ROWS) };
}

/** @param {Shape} shape @param {typeof EFFORT} effort @returns {Promise<Result>} */
async function measureShape({ seed, widths, activations, batch }, effort) {
  const net = makeNet(widths, activations, seed);
  const input = randomRows(net, batch);
  const onnx = writeOnnx(net);
  const [ours, theirs] = [await openForwardpass(net, onnx), await openBaseline(net, onnx)];
  try {
    const bound = await ours.prepare('forwardpass-bound', batch, input);
    const baseline = await theirs.prepare(BASELINE, batch, input);
    const difference = distance(await bound.output(), await baseline.output());
    const [a, b] = await measure(
      [
        { ...bound, id: 'forwardpass-bound' },
        { ...baseline, id: BASELINE },
      ],
      effort,
    );
    const speedup = median(a.rounds.map((time, round) => b.rounds[round] / time));
    const [nanoseconds, baselineTime] = [a.nanoseconds, b.nanoseconds];
    return {
      seed,
      widths,
      activations,
      batch,
      name: net.name,
      nanoseconds,
      baseline: baselineTime,
      speedup,
      difference,
    };
  } finally {
    await ours.close();
    await theirs.close();
  }
}

/** @param {number} most */
function randomSize(most) {
  const size = Math.round(most ** random());
  return random() < 0.5 && size > 16 ? Math.round(size / 16) * 16 : size;
}

/** max |a - b| / max |b| @param {ArrayLike<number>} a @param {ArrayLike<number>} b */
function distance(a, b) {
  let [difference, size] = [0, 0];
  for (let i = 0; i < b.length; i++) {
    difference = Math.max(difference, Math.abs(a[i] - b[i]));
    size = Math.max(size, Math.abs(b[i]));
  }
  return size > 0 ? difference / size : difference;
}

/** @param {Result[]} sorted the slowest first */
function report(sorted) {
  const speedups = sorted.map(({ speedup }) => speedup);
  console.log(`${sorted.length} random shapes, the bound call against ${BASELINE} on one thread:`);
  console.log(
    `  faster in ${speedups.filter((speedup) => speedup > 1).length}, ${times(geometricMean(speedups))} in the geometric mean`,
  );
  console.log(
    `  p1 ${times(quantile(speedups, 0.01))}, p10 ${times(quantile(speedups, 0.1))}, median ${times(median(speedups))}\n`,
  );
  console.log(`The slowest ${Math.min(SHOWN, sorted.length)}:\n`);
  for (const { name, batch, activations, nanoseconds, baseline, speedup } of sorted.slice(0, SHOWN)) {
    const numbers = [times(speedup).padStart(6), duration(nanoseconds).padStart(8), duration(baseline).padStart(8)];
    console.log(`${numbers.join('  ')}  batch ${String(batch).padStart(3)}  ${name}`);
    console.log(`${''.padStart(37)}${activations.join(' ')}`);
  }
  for (const { name, batch, activations, difference } of sorted.filter((shape) => !(shape.difference <= TOLERANCE))) {
    process.exitCode = 1;
    console.log(
      `WRONG: outputs differ by ${difference.toExponential(1)}: ${name}, batch ${batch}, ${activations.join(' ')}`,
    );
  }
  saveResult(total === WHOLE ? 'random-shapes' : 'last', {
    machine: describeMachine(),
    versions: { [BASELINE]: packageVersion(BASELINE) },
    seed: Number(flags.seed),
    shapes: sorted,
  });
}
