/** Results as text, aligned, within 100 columns. */
import { BASELINE } from './contenders.js';
import { byteCount, count, duration, percent, significant, times } from './format.js';

/** @typedef {import('./session.js').Case} Case */

const COLUMNS = [29, 10, 10, 9, 9, 13, 10];
const HEADINGS = ['', 'time', 'p99', 'rows/s', 'GFLOP/s', 'of ceiling', 'vs ort'];

/** What the columns mean, and the machine's ceilings. @param {import('./ceilings.js').Ceilings} ceilings */
export function legend(ceilings) {
  return [
    'time         of a call: the median of rounds in which contenders take turns',
    'p99          of single calls; of the means of small batches for calls under 2 µs',
    'of ceiling   the least time one core could take, over this time: its multiply-adds at peak (fma)',
    '             or reading its weights once from the cache where they fit (read)',
    'vs ort       how many times faster than onnxruntime-node on one thread, round by round',
    '',
    ...ceilingLines(ceilings),
  ].join('\n');
}

/** @param {import('./ceilings.js').Ceilings} ceilings */
function ceilingLines({ problem, fma, read }) {
  if (problem !== undefined) return [`Ceilings were not measured: ${problem}`];
  const list = (/** @type {Record<string, number>} */ rates) =>
    Object.entries(rates)
      .map(([name, rate]) => `${name} ${significant(rate)}`)
      .join(', ');
  return [
    "One core's ceilings, measured now:",
    `  multiply-adds, f32, GFLOP/s   ${list(fma)}`,
    `  reading, GB/s                 ${list(read)}`,
  ];
}

/** @param {Case} first of the net's cases */
export function netHeading({ net, parameterCount }) {
  return `\n${net}: ${parameterCount.toLocaleString('en')} parameters, ${byteCount(4 * parameterCount)}`;
}

/** @param {Case} result */
export function caseTable({ batch, multiplyAdds, floor, results, skipped }) {
  const rows = results.map(({ id, label, nanoseconds, p99, speedup }) => [
    label,
    duration(nanoseconds),
    duration(p99),
    count((batch * 1e9) / nanoseconds),
    significant((2 * multiplyAdds * batch) / nanoseconds),
    floor ? `${percent(floor.nanoseconds / nanoseconds)} ${floor.bound}` : '',
    speedup === undefined || id === BASELINE ? '' : times(speedup),
  ]);
  const headings = [`  batch ${batch}`, ...HEADINGS.slice(1)];
  const notes = skipped.map(({ label, reason }) => `  ${label}: ${reason}, left out`);
  return [line(headings), ...rows.map(([label, ...cells]) => line([`    ${label}`, ...cells])), ...notes].join('\n');
}

/** The first cell to the left, the others to the right. @param {string[]} cells */
function line(cells) {
  return cells
    .map((cell, i) => (i === 0 ? cell.padEnd(COLUMNS[0] + 4) : cell.padStart(COLUMNS[i])))
    .join('')
    .trimEnd();
}
