/**
 * 200 replacements from a server, cached, while calls of every kind go on: each gives the results of one version, and
 * memory does not grow. Needs --expose-gc.
 */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { memoryUsage } from 'node:process';
import { setImmediate } from 'node:timers/promises';
import { version, watch } from './forwardpass.js';

const WIDTH = 256; // a quarter of a megabyte of weights
const ROUNDS = 4;
const REPLACEMENTS = 50;
const MEGABYTE = 2 ** 20;

let m = 1;
const server = createServer((request, response) => {
  const etag = `"${m}"`;
  response.setHeader('etag', etag);
  if (request.headers['if-none-match'] === etag) response.writeHead(304).end();
  else response.end(version(m, WIDTH));
});
await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(undefined)));
const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
const cache = await mkdtemp(join(tmpdir(), 'forwardpass-soak-'));
const live = await watch(`http://127.0.0.1:${port}/m`, {
  interval: Number.POSITIVE_INFINITY,
  cache,
  onReject: (error) => assert.fail(error),
  onError: (error) => assert.fail(error),
});

/** @param {Float32Array | Float64Array} y @param {number} [expected] */
function check(y, expected = y[0]) {
  assert.ok(Number.isInteger(expected) && expected >= 1 && expected <= m, `no version gives ${expected}`);
  assert.ok(
    y.every((value) => value === expected),
    'a result of two versions',
  );
}

const x = new Float32Array(WIDTH).fill(1);
const many = new Float32Array(WIDTH * 4).fill(1);
const calls = { sync: 0, async: 0, held: 0 };
let over = false;
const callers = [
  async () => {
    check(live.run(x));
    calls.sync += 1;
    await setImmediate();
  },
  async () => {
    check(await live.runAsync(many));
    calls.async += 1;
  },
  async () => {
    check(await live.model.runAsync(many));
    calls.async += 1;
  },
  () =>
    live.use(async (model) => {
      const y = model.run(x);
      for (let i = 0; i < 3; i++) {
        await setImmediate();
        check(model.run(x), y[0]);
        check(await model.runAsync(many), y[0]);
      }
      calls.held += 1;
    }),
].map(async (call) => {
  while (!over) await call();
});

/** Bytes of everything that JavaScript holds: its heap, its buffers, and the weights of models. */
async function held() {
  for (let i = 0; i < 5; i++) {
    /** @type {NonNullable<typeof gc>} */ (globalThis.gc)();
    await setImmediate();
  }
  const { heapUsed, external, rss } = memoryUsage();
  resident.push((rss / MEGABYTE).toFixed(1));
  return heapUsed + external;
}

/** @type {string[]} */
const resident = [];
const sizes = [];
for (let round = 0; round < ROUNDS; round++) {
  for (let i = 0; i < REPLACEMENTS; i++) {
    m += 1;
    assert.equal(await live.check(), true);
    assert.equal(live.run(x)[0], m);
    assert.equal(await live.check(), false);
  }
  sizes.push(await held());
}
over = true;
await Promise.all(callers);
await live.close();
server.closeAllConnections();
server.close();
await rm(cache, { recursive: true });

assert.ok(
  Object.values(calls).every((count) => count > 20),
  `too few calls: ${JSON.stringify(calls)}`,
);
// The models that came and went weigh 12 MB a round.
const shown = sizes.map((size) => (size / MEGABYTE).toFixed(1)).join(', ');
assert.ok(sizes[ROUNDS - 1] - sizes[0] < 2 * MEGABYTE, `memory grows by the round: ${shown} MB`);
if (process.argv.includes('--figures')) console.log(calls, `held ${shown} MB; resident ${resident.join(', ')} MB`);
