/** Which peer was the fastest of a case. */
import { median } from './stats.js';

/**
 * `difference` is the distance of the outputs from a float64 forward pass, relative to the largest output; `bytes` says how many
 * of TensorFlow Lite's output bytes are not ours.
 *
 * @typedef {{ id: string, nanoseconds: number, rounds: number[], difference: number }} Result
 * @typedef {{ net: string, batch: number, date: string, floor?: { nanoseconds: number, bound: string }, results: Result[],
 *   bytes?: { differ: number, of: number } }} Case
 */

/**
 * The peer with the smallest ratio: the median over the rounds of its time over ours.
 *
 * @param {Case} result @param {string} ours @param {readonly string[]} peers
 * @returns {(Result & { ratio: number }) | undefined}
 */
export function best({ results }, ours, peers) {
  const own = results.find(({ id }) => id === ours);
  if (!own) return undefined;
  const ratios = results
    .filter(({ id }) => peers.includes(id))
    .map((peer) => ({ ...peer, ratio: median(peer.rounds.map((time, round) => time / own.rounds[round])) }));
  return ratios.sort((a, b) => a.ratio - b.ratio)[0];
}
