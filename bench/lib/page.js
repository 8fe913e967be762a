/** The generated part of docs/performance.md: tables of all results in results/. */
import { BASELINE, CONTENDERS } from './contenders.js';
import { byteCount, count, duration, percent, significant, times } from './format.js';
import { picture, table } from './markdown.js';
import { peersText } from './peers-page.js';
import { readResult } from './results.js';
import { geometricMean, median, quantile } from './stats.js';
import { treesText } from './trees-page.js';

/** @typedef {import('./session.js').Case} Case */
/** @typedef {ReturnType<typeof import('./machine.js').describeMachine>} Machine */

const ORDER = CONTENDERS.flatMap(({ variants }) => variants);

/** @param {{ machine: Machine, versions: Record<string, string>, effort: import('./measure.js').Effort, cases: Case[],
 *   ceilings: { fma: Record<string, number>, read: Record<string, number> } }} session */
export function pageTables(session) {
  const { cases } = session;
  const batches = [...new Set(cases.map(({ batch }) => batch))];
  return [
    machineText(session),
    '### Against onnxruntime-node',
    'The bound call and onnxruntime-node, both on one thread. *Ceiling* is the share of the ceiling that the bound call reaches.',
    againstBaseline(cases),
    picture('latency', 'Time of a call of one row against the number of parameters'),
    picture('throughput', 'GFLOP/s against rows per call, a panel for each net'),
    picture('ceiling', "Share of the machine's ceiling, by net and batch"),
    '### Every contender',
    ...batches.map((batch) => everyone(cases, batch)),
    variantsText(readResult('variants')),
    peersText(readResult('peers')),
    treesText(readResult('trees')),
    tailText(readResult('tail')),
    startText(readResult('start')),
    loadText(readResult('load')),
    manyModelsText(readResult('many-models')),
    asyncText(readResult('async')),
    randomShapesText(readResult('random-shapes')),
  ]
    .filter((part) => part !== '')
    .join('\n\n');
}

/** @param {{ machine: Machine, versions: Record<string, string>, effort: import('./measure.js').Effort,
 *   ceilings: { fma: Record<string, number>, read: Record<string, number> } }} session */
function machineText({ machine, versions, effort, ceilings }) {
  const list = (/** @type {Record<string, number>} */ rates) =>
    Object.entries(rates)
      .map(([name, rate]) => `${name} ${significant(rate)}`)
      .join(', ');
  return table(
    ['machine', ''],
    [
      ['processor', `${machine.cpu}, ${machine.cores} cores, ${machine.platform}`],
      ['caches', machine.caches.map(({ level, bytes }) => `${level} ${byteCount(bytes)}`).join(', ')],
      ['Node', machine.node],
      [
        'peers',
        Object.entries(versions)
          .map((entry) => entry.join(' '))
          .join(', '),
      ],
      ["one core's multiply-adds, f32, GFLOP/s", list(ceilings.fma)],
      ['reading, GB/s', list(ceilings.read)],
      ['effort', `${effort.rounds} rounds, ${effort.trialMilliseconds} ms per trial; ${machine.date}`],
    ],
  ).replaceAll('--:', '---');
}

/** @param {readonly Case[]} cases */
function againstBaseline(cases) {
  const rows = cases.map(({ net, batch, floor, results }) => {
    const find = (/** @type {string} */ id) => results.find((result) => result.id === id);
    const [ours, theirs] = [find('forwardpass-bound'), find(BASELINE)];
    return [
      net,
      String(batch),
      ours ? duration(ours.nanoseconds) : '–',
      ours ? duration(ours.p99) : '–',
      theirs ? duration(theirs.nanoseconds) : '–',
      theirs ? duration(theirs.p99) : '–',
      ours?.speedup === undefined ? '–' : `**${times(ours.speedup)}**`,
      ours && floor ? percent(floor.nanoseconds / ours.nanoseconds) : '–',
    ];
  });
  return table(['net', 'rows', 'forwardpass', 'p99', 'onnxruntime', 'p99', 'faster', 'ceiling'], rows);
}

/** @param {readonly Case[]} cases @param {number} batch */
function everyone(cases, batch) {
  const own = cases.filter((result) => result.batch === batch);
  const present = ORDER.filter(({ id }) => own.some(({ results }) => results.some((result) => result.id === id)));
  const rows = present.map(({ id, label }) => [
    label,
    ...own.map(({ results }) => {
      const result = results.find((result) => result.id === id);
      return result ? duration(result.nanoseconds) : '–';
    }),
  ]);
  const title = `${batch} ${batch === 1 ? 'row' : 'rows'} per call`;
  return table([title, ...own.map(({ net }) => net)], rows);
}

/** @param {any} result */
function variantsText(result) {
  if (result === undefined) return '';
  const ids = result.cases[0].results.map((/** @type {any} */ { id }) => id);
  const rows = result.cases.map((/** @type {any} */ { net, batch, nanoseconds, results }) => [
    net,
    String(batch),
    duration(nanoseconds),
    ...results.map((/** @type {any} */ { faster }) => times(faster)),
  ]);
  return `### Fewer bits, more threads\n\nThe speed of the bound call, relative to float32 on one thread.\n\n${table(
    ['net', 'rows', 'f32', ...ids],
    rows,
  )}`;
}

/** @param {any} result */
function tailText(result) {
  if (result === undefined) return '';
  const rows = result.results.map((/** @type {any} */ { net, callsPerSample, samples, p50, p99, p999, worst }) => [
    callsPerSample === 1 ? net : `${net}, means of ${callsPerSample} calls`,
    count(samples),
    ...[p50, p99, p999, worst].map(duration),
    significant(p99 / p50),
  ]);
  return `### The tail of bound calls\n\nOne row, ${result.seconds} seconds in total, with every call timed.\n\n${table(
    ['net', 'samples', 'p50', 'p99', 'p99.9', 'worst', 'p99/p50'],
    rows,
  )}`;
}

/** @param {any} result */
function startText(result) {
  if (result === undefined) return '';
  const rows = result.results.map((/** @type {any} */ { name, nanoseconds, addedBytes }) => [
    name,
    duration(nanoseconds),
    byteCount(addedBytes),
  ]);
  return `### From nothing to the first prediction\n\n${result.net} from an ONNX file in a fresh process, median of ${
    result.rounds
  }; a bare Node process takes ${byteCount(result.bareBytes)}.\n\n${table(
    ['', 'from `import` to the prediction', 'memory above bare Node'],
    rows,
  )}`;
}

/** @param {any} result */
function loadText(result) {
  if (result === undefined) return '';
  const rows = result.formats.map((/** @type {any} */ { name, fileBytes, read, load, memory }) => [
    name,
    byteCount(fileBytes),
    duration(read),
    duration(load),
    significant(load / read),
    significant(memory / fileBytes),
  ]);
  return `### Loading large files\n\nThe time to read the file, and to load it; the memory is the maximum that a process takes in addition, relative to the\nsize of the file.\n\n${table(
    ['format', 'file', 'read', 'load', 'times', 'memory'],
    rows,
  )}`;
}

/** @param {any} result */
function manyModelsText(result) {
  if (result === undefined) return '';
  const { models, net, weightBytes, loadedBytes, disposedBytes, releasedBytes, load } = result;
  return `### Many models\n\n${models.toLocaleString('en')} loaded models of ${net}.\n\n${table(
    ['', ''],
    [
      ['weights', byteCount(weightBytes)],
      [
        'resident memory with all loaded',
        `${byteCount(loadedBytes)}, ${percent(loadedBytes / weightBytes)} of the weights`,
      ],
      ['after `dispose()` of each model', byteCount(disposedBytes)],
      ['after their JavaScript objects were collected', byteCount(releasedBytes)],
      ['loading one from bytes, after warm-up', `${duration(load.p50)}, p99 ${duration(load.p99)}`],
    ],
  )}`;
}

/** @param {any} result */
function asyncText(result) {
  if (result === undefined) return '';
  const rows = result.results.map((/** @type {any} */ { name, call, p50, p99, worst }) => [
    name,
    ...[call, p50, p99, worst].map(duration),
  ]);
  return `### The event loop under runAsync\n\nHow late a timer of ${result.periodMilliseconds} ms fires while ${
    result.net
  } runs ${result.batch} rows per call.\n\n${table(['', 'call', 'late, median', 'p99', 'worst'], rows)}`;
}

/** @param {any} result */
function randomShapesText(result) {
  if (result === undefined) return '';
  const speedups = result.shapes.map((/** @type {any} */ { speedup }) => speedup);
  const faster = speedups.filter((/** @type {number} */ speedup) => speedup > 1).length;
  const rows = result.shapes
    .slice(0, 10)
    .map((/** @type {any} */ { name, batch, activations, nanoseconds, baseline, speedup }) => [
      name,
      activations.join(' '),
      String(batch),
      duration(nanoseconds),
      duration(baseline),
      times(speedup),
    ]);
  return `### Random shapes\n\n${speedups.length.toLocaleString('en')} nets of 1 to 8 layers, widths of 1 to 2048, any activation, 1 to 512 rows, against onnxruntime-node on one thread: forwardpass is faster in ${faster} of them: ${times(
    quantile(speedups, 0.01),
  )} at the first percentile, ${times(median(speedups))} at the median, and ${times(
    geometricMean(speedups),
  )} as the geometric mean. The slowest ten:\n\n${table(
    ['net', 'activations', 'rows', 'forwardpass', 'onnxruntime', 'faster'],
    rows,
  )}`;
}
