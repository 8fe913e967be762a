/** A run of the bench: every net at every batch, every contender in turns, the machine's ceilings in between. */
import { BASELINE } from './contenders.js';
import { measure } from './measure.js';
import { randomRows, reluNet } from './nets.js';
import { writeOnnx } from './onnx-writer.js';
import { referenceRows, relativeDifference, TOLERANCE } from './reference.js';
import { median } from './stats.js';

/**
 * `speedup` is the baseline's time over this one's, in the same round; `difference` the distance of the outputs from a
 * float64 forward pass.
 *
 * @typedef {import('./measure.js').Timing & { label: string, difference: number, speedup?: number }} Result
 * @typedef {{ nanoseconds: number, bound: string }} Floor
 * @typedef {{ net: string, batch: number, parameterCount: number, multiplyAdds: number, floor?: Floor,
 *   results: Result[], skipped: { id: string, label: string, reason: string }[] }} Case
 * @typedef {{
 *   nets: readonly string[], batches: readonly number[], effort: import('./measure.js').Effort,
 *   contenders: Awaited<ReturnType<typeof import('./contenders.js').importContenders>>['contenders'],
 *   ceilings: import('./ceilings.js').Ceilings,
 * }} Plan
 */

const LONGEST_CALL_NANOSECONDS = 1e9;

/**
 * Yields each case when it is measured.
 *
 * @param {Plan} plan
 * @returns {AsyncGenerator<Case>}
 */
export async function* runSession({ nets, batches, effort, contenders, ceilings }) {
  for (const name of nets) {
    const net = reluNet(name);
    const onnx = writeOnnx(net);
    ceilings.measure([net], batches);
    const opened = [];
    for (const contender of contenders) {
      if (net.parameterCount > (contender.mostParameters ?? Number.POSITIVE_INFINITY)) continue;
      opened.push({ contender, model: await contender.open(net, onnx) });
    }
    /** Nanoseconds a row of the last batch, by contender. @type {Map<string, number>} */
    const pace = new Map();
    for (const batch of batches) {
      const { results, skipped } = await runCase(net, batch, opened, pace, effort);
      yield {
        net: name,
        batch,
        parameterCount: net.parameterCount,
        multiplyAdds: net.multiplyAdds,
        floor: ceilings.floor(net, batch),
        results,
        skipped,
      };
    }
    for (const { model } of opened) await model.close();
  }
}

/**
 * @param {import('./nets.js').Net} net @param {number} batch
 * @param {{ contender: Plan['contenders'][number], model: import('./contenders.js').Opened }[]} opened
 * @param {Map<string, number>} pace @param {import('./measure.js').Effort} effort
 */
async function runCase(net, batch, opened, pace, effort) {
  const input = randomRows(net, batch);
  const expected = referenceRows(net, input, batch);
  /** @type {(import('./contenders.js').Prepared & { id: string, label: string, difference: number })[]} */
  const candidates = [];
  const skipped = [];
  for (const { contender, model } of opened) {
    for (const { id, label } of contender.variants) {
      if ((pace.get(id) ?? 0) * batch > LONGEST_CALL_NANOSECONDS) {
        skipped.push({ id, label, reason: 'over a second a call' });
        continue;
      }
      const prepared = await model.prepare(id, batch, input);
      const found = await prepared.output();
      const difference = relativeDifference(found, expected, batch, contender.activatesOutputs);
      candidates.push({ ...prepared, id, label, difference });
    }
  }
  const timings = await measure(candidates, effort);
  for (const { id, nanoseconds } of timings) pace.set(id, nanoseconds / batch);
  const baseline = timings.find(({ id }) => id === BASELINE);
  const results = timings.map((timing, i) => ({
    ...timing,
    label: candidates[i].label,
    difference: candidates[i].difference,
    speedup: baseline && median(timing.rounds.map((time, round) => baseline.rounds[round] / time)),
  }));
  return { results, skipped };
}

/** Results whose outputs are wrong. @param {readonly Case[]} cases */
export function disagreements(cases) {
  return cases.flatMap(({ net, batch, results }) =>
    results
      .filter(({ difference }) => !(difference <= TOLERANCE))
      .map(({ label, difference }) => ({ net, batch, label, difference })),
  );
}
