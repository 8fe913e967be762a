/** The tables of results/peers.json in docs/performance.md. */
import { best } from './best-peer.js';
import { duration, percent, significant } from './format.js';
import { table } from './markdown.js';
import { FLOAT_PEERS, OURS, QUANTIZED_PEERS } from './net-peers.js';

/** @typedef {import('./best-peer.js').Case} Case */

const LEAST_RATIO = 1.05;
const LEAST_SHARE = 0.85;
/** From this width up, the share of the ceiling is a target. */
const WIDE = 256;

/** The comparisons. @type {readonly { ours: string, peers: readonly string[] }[]} */
const COMPARISONS = [
  { ours: 'forwardpass', peers: Object.keys(FLOAT_PEERS) },
  { ours: 'forwardpass-int8', peers: Object.keys(QUANTIZED_PEERS) },
  { ours: 'forwardpass-tflite', peers: ['tflite-int8'] },
];

/** @param {any} result */
export function peersText(result) {
  if (result === undefined) return '';
  /** @type {Case[]} */
  const cases = result.cases;
  const versions = Object.entries(result.versions).map((entry) => entry.join(' '));
  const dates = [...new Set(cases.map(({ date }) => date))].sort();
  return [
    '### The best of the peers',
    `All on one thread, in turns: the bound call of ${result.binary} binary, onnxruntime-node, the interpreter of TensorFlow Lite ` +
      'with XNNPACK (only its invocation is timed), torch (the faster of eager mode and TorchScript, frozen and optimized for ' +
      'inference) and NumPy. The figures are processor time, so other programs on the machine do not count; each ratio is the ' +
      `median over ${result.effort.rounds} rounds. ${result.machine.cpu}, ${versions.join(', ')}; ${dates.join(', ')}. The ceiling ` +
      'includes reading the rows of a call.',
    'The speed relative to the best peer, by rows per call; above 1, forwardpass is faster:',
    ratiosTable(cases, COMPARISONS[0]),
    details('Times of float32', floatTable(cases)),
    "Int8, with weights quantized on load and rows on each call (`precision: 'int8'`), against the best of onnxruntime, with weights " +
      "(dynamic) or everything (static) quantized by its own tools, and TensorFlow Lite's int8:",
    ratiosTable(cases, COMPARISONS[1]),
    'TensorFlow Lite files with only int8, opened by both:',
    ratiosTable(cases, COMPARISONS[2]),
    details('Times of int8', quantizedTable(cases)),
    'The largest difference of results from a float64 forward pass, relative to the largest output:',
    differencesTable(cases),
    bytesText(cases),
    belowText(cases),
  ]
    .filter((part) => part !== '')
    .join('\n\n');
}

/** @param {readonly Case[]} cases @param {(typeof COMPARISONS)[number]} comparison */
function ratiosTable(cases, { ours, peers }) {
  const batches = [...new Set(cases.map(({ batch }) => batch))].sort((a, b) => a - b);
  const rows = netsOf(cases).map((net) => [
    net,
    ...batches.map((batch) => {
      const found = cases.find((one) => one.net === net && one.batch === batch);
      const peer = found && best(found, ours, peers);
      return peer ? significant(peer.ratio) : '–';
    }),
  ]);
  return table(['net', ...batches.map(String)], rows);
}

/** @param {readonly Case[]} cases */
function floatTable(cases) {
  const rows = cases.map((result) => {
    const peer = best(result, 'forwardpass', Object.keys(FLOAT_PEERS));
    return [
      result.net,
      String(result.batch),
      timeOf(result, 'forwardpass'),
      timeOf(result, 'forwardpass-bf16'),
      peer ? duration(peer.nanoseconds) : '–',
      peer ? FLOAT_PEERS[peer.id] : '–',
      peer ? significant(peer.ratio) : '–',
      share(result) === undefined ? '–' : percent(/** @type {number} */ (share(result))),
    ];
  });
  return table(['net', 'rows', 'forwardpass', 'bf16', 'best peer', 'which', 'times', 'ceiling'], rows);
}

/** @param {readonly Case[]} cases */
function quantizedTable(cases) {
  const ids = ['forwardpass-int8', ...Object.keys(QUANTIZED_PEERS), 'forwardpass-tflite'];
  const rows = cases.map((result) => [result.net, String(result.batch), ...ids.map((id) => timeOf(result, id))]);
  return table(['net', 'rows', ...ids.map(label)], rows);
}

/** @param {readonly Case[]} cases */
function differencesTable(cases) {
  const ids = ['forwardpass', 'forwardpass-bf16', 'forwardpass-int8', ...Object.keys(QUANTIZED_PEERS)];
  const rows = netsOf(cases).map((net) => [
    net,
    ...ids.map((id) => {
      const results = cases.filter((one) => one.net === net).flatMap(({ results }) => results);
      const differences = results.filter((one) => one.id === id).map(({ difference }) => difference);
      return differences.length > 0 ? Math.max(...differences).toExponential(1) : '–';
    }),
  ]);
  return table(['net', ...ids.map(label)], rows);
}

/** @param {readonly Case[]} cases */
function bytesText(cases) {
  const sum = (/** @type {'differ' | 'of'} */ key) =>
    cases.reduce((total, { bytes }) => total + (bytes?.[key] ?? 0), 0);
  if (sum('of') === 0) return '';
  return `Of ${sum('of').toLocaleString('en')} output bytes of TensorFlow Lite's files, ${sum('differ').toLocaleString('en')} differ from XNNPACK's.`;
}

/** All cases that miss their target. @param {readonly Case[]} cases */
function belowText(cases) {
  const slower = COMPARISONS.flatMap(({ ours, peers }) =>
    cases.flatMap((result) => {
      const peer = best(result, ours, peers);
      if (!peer || peer.ratio >= LEAST_RATIO) return [];
      const row = [OURS[ours], result.net, String(result.batch), timeOf(result, ours), label(peer.id)];
      return [{ ratio: peer.ratio, row: [...row, significant(peer.ratio)] }];
    }),
  ).sort((a, b) => a.ratio - b.ratio);
  const far = cases
    .filter((result) => Math.max(...result.net.split('-').map(Number)) >= WIDE && (share(result) ?? 1) < LEAST_SHARE)
    .map((result) => [
      result.net,
      String(result.batch),
      timeOf(result, 'forwardpass'),
      percent(/** @type {number} */ (share(result))),
      result.floor?.bound === 'fma' ? 'multiply-adds' : 'reading',
    ]);
  return [
    `Below ${LEAST_RATIO} times the best peer (${slower.length} of ${COMPARISONS.length * cases.length}):`,
    details(
      'Which',
      table(
        ['ours', 'net', 'rows', 'time', 'best peer', 'times'],
        slower.map(({ row }) => row),
      ),
    ),
    `Below ${percent(LEAST_SHARE)} of the ceiling, with a layer or an input of ${WIDE} or more (${far.length}):`,
    details('Which', table(['net', 'rows', 'time', 'ceiling', 'bound'], far)),
  ].join('\n\n');
}

/** @param {Case} result */
function share({ results, floor }) {
  const ours = results.find(({ id }) => id === 'forwardpass');
  return ours && floor && floor.nanoseconds / ours.nanoseconds;
}

/** @param {Case} result @param {string} id */
function timeOf({ results }, id) {
  const found = results.find((one) => one.id === id);
  return found ? duration(found.nanoseconds) : '–';
}

/** @param {string} id */
function label(id) {
  return { ...OURS, ...FLOAT_PEERS, ...QUANTIZED_PEERS }[id];
}

/** @param {readonly Case[]} cases */
function netsOf(cases) {
  return [...new Set(cases.map(({ net }) => net))];
}

/** A section that can be expanded. @param {string} title @param {string} content */
function details(title, content) {
  return `<details>\n<summary>${title}</summary>\n\n${content}\n\n</details>`;
}
