/**
 * Watches a URL (the first argument) again and again, with a cache (the second) that other processes write and read at the
 * same time: each time it gets one version whole, or an error in words. Says how often which.
 */
import assert from 'node:assert/strict';
import { argv, stdout } from 'node:process';
import { ForwardpassError, watch } from './forwardpass.js';

const WIDTH = 256;
const [, , url, cache, rounds] = argv;
const x = new Float32Array(WIDTH).fill(1);
let good = 0;
let refused = 0;
/** What is wrong with the cache is reported, and never what others do to it while it is read or written. */
const reports = new Set();

for (let round = 0; round < Number(rounds); round++) {
  const note = (/** @type {Error} */ error) => reports.add(error.message);
  const watching = watch(url, { cache, interval: Number.POSITIVE_INFINITY, onError: note, onReject: note });
  const live = await watching.catch((error) => {
    assert.ok(error instanceof ForwardpassError, error);
    refused += 1;
  });
  if (live === undefined) continue;
  await live.check();
  const y = live.run(x);
  assert.ok(Number.isInteger(y[0]) && y[0] > 0 && y.every((value) => value === y[0]), 'a result of two versions');
  good += 1;
  await live.close();
}
stdout.write(JSON.stringify({ good, refused, reports: [...reports] }));
