/**
 * Three servers in network namespaces of their own behind HAProxy, as examples/haproxy/haproxy.cfg configures it, under
 * load: one is killed, one is cut off from the network, all are updated in turn. No request may fail, and no answer be
 * another than the model's. `node run.js`; needs root, HAProxy and iproute2.
 */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { env, execPath, exit, pid } from 'node:process';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const CLIENTS = 12;
const PORT = 18_090;
const names = [1, 2, 3].map((number) => `fp${pid}-${number}`);
/** Where no namespace may be made, servers have ports instead of addresses, and none is cut off. */
const isApart = spawnSync('unshare', ['--net', '--mount', 'true']).status === 0;
const hostOf = (/** @type {number} */ at) =>
  isApart ? `198.18.${pid % 250}.${at + 2}:8080` : `127.0.0.1:${PORT + 1 + at}`;
const gateway = `198.18.${pid % 250}.1`;
const bridge = `fp${pid}br`;

/** @type {import('node:child_process').ChildProcess[]} */
const servers = [];
/** @type {import('node:child_process').ChildProcess | undefined} */
let balancer;

const ip = (/** @type {string} */ line) =>
  execFileSync('ip', line.split(' '), { stdio: ['ignore', 'ignore', 'inherit'] });

function makeNetwork() {
  ip(`link add ${bridge} type bridge`);
  ip(`addr add ${gateway}/24 dev ${bridge}`);
  ip(`link set ${bridge} up`);
  for (const [at, name] of names.entries()) {
    ip(`netns add ${name}`);
    ip(`link add ${name}h type veth peer name eth0 netns ${name}`);
    ip(`link set ${name}h master ${bridge} up`);
    ip(`-n ${name} addr add ${hostOf(at).split(':')[0]}/24 dev eth0`);
    ip(`-n ${name} link set eth0 up`);
    ip(`-n ${name} link set lo up`);
  }
}

function removeNetwork() {
  for (const line of [...names.map((name) => `netns del ${name}`), `link del ${bridge}`]) {
    try {
      ip(line);
    } catch {} // was not made
  }
}

/** Starts a server, and waits until it is ready. @param {number} at */
async function start(at) {
  const place = ['--host', isApart ? '0.0.0.0' : '127.0.0.1', '--port', hostOf(at).split(':')[1]];
  const flags = ['--name', 'digits', ...place, '--drain-delay', '1.5', '--drain-time', '5'];
  const model = `${root}examples/digits/digits.onnx`;
  const command = [execPath, `${root}dist/cli/main.js`, 'serve', model, ...flags];
  const [program, ...args] = isApart ? ['ip', 'netns', 'exec', names[at], ...command] : command;
  const server = spawn(program, args, { stdio: ['ignore', 'ignore', 'inherit'] });
  servers[at] = server;
  const isReady = () =>
    fetch(`http://${hostOf(at)}/readyz`).then(
      ({ ok }) => ok,
      () => false,
    );
  while (!(await isReady())) {
    if (server.exitCode !== null) throw new Error('a server did not start');
    await wait(50);
  }
}

async function startBalancer() {
  const [SERVER1, SERVER2, SERVER3] = names.map((_, at) => hostOf(at));
  const variables = { ...env, LISTEN: `127.0.0.1:${PORT}`, SERVER1, SERVER2, SERVER3 };
  balancer = spawn('haproxy', ['-db', '-f', `${root}examples/haproxy/haproxy.cfg`], {
    env: variables,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  for (let at = 0; at < 100; at++) {
    if (
      await ask().then(
        ({ status }) => status === 200,
        () => false,
      )
    )
      return;
    await wait(100);
  }
  throw new Error('HAProxy gives no answer');
}

const agent = new Agent({ keepAlive: true, maxSockets: CLIENTS });
const body = JSON.stringify({ pixels: Array.from({ length: 64 }, (_, i) => i % 17) });

/** @returns {Promise<{ status: number | undefined, text: string }>} */
function ask() {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
    const path = '/models/digits/predict';
    const sent = request({ host: '127.0.0.1', port: PORT, method: 'POST', path, headers, agent }, (answer) => {
      let text = '';
      answer.setEncoding('utf8');
      answer.on('data', (part) => (text += part));
      answer.on('end', () => resolve({ status: answer.statusCode, text }));
      answer.on('error', reject);
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

let expected = '';
let isOver = false;
const counts = { right: 0, wrong: 0, failed: 0, slowest: 0 };

async function client() {
  while (!isOver) {
    const before = performance.now();
    try {
      const { status, text } = await ask();
      if (status !== 200) counts.failed++;
      else if (text === expected) counts.right++;
      else counts.wrong++;
      if (status !== 200) console.log(status, text.slice(0, 100));
    } catch (error) {
      counts.failed++;
      console.log(String(error));
    }
    counts.slowest = Math.max(counts.slowest, performance.now() - before);
    await wait(2);
  }
}

/** A phase, and what became of the requests within it. @param {string} title @param {() => Promise<void>} change */
async function phase(title, change) {
  Object.assign(counts, { right: 0, wrong: 0, failed: 0, slowest: 0 });
  await change();
  const { right, wrong, failed, slowest } = counts;
  console.log(`${title}: ${right} right, ${wrong} wrong, ${failed} failed, slowest ${slowest.toFixed(0)} ms`);
  if (right === 0) throw new Error('nothing was answered');
  return wrong + failed;
}

let flaws = 0;
try {
  if (isApart) makeNetwork();
  else console.log('no network namespaces here: servers on ports, and none is cut off');
  await Promise.all(names.map((_, at) => start(at)));
  await startBalancer();
  expected = (await ask()).text;
  const clients = Array.from({ length: CLIENTS }, client);
  flaws += await phase('all is well', () => wait(2000));
  flaws += await phase('one killed, and started again', async () => {
    servers[0].kill('SIGKILL');
    await wait(2000);
    await start(0);
    await wait(1500);
  });
  if (isApart) {
    flaws += await phase('one cut off, and connected again', async () => {
      ip(`link set ${names[1]}h down`);
      await wait(4000);
      ip(`link set ${names[1]}h up`);
      await wait(2000);
    });
  }
  flaws += await phase('all updated in turn', async () => {
    for (const at of names.keys()) {
      const ended = once(servers[at], 'exit');
      servers[at].kill('SIGTERM');
      const [code] = await ended;
      if (code !== 0) throw new Error(`a server ended with ${code}`);
      await start(at);
      await wait(1000);
    }
  });
  isOver = true;
  await Promise.all(clients);
} catch (error) {
  console.error(error);
  flaws++;
} finally {
  isOver = true;
  for (const process of [...servers, balancer]) process?.kill('SIGKILL');
  await wait(200);
  if (isApart) removeNetwork();
}
console.log(flaws === 0 ? 'nothing was lost' : `${flaws} flaws`);
exit(flaws === 0 ? 0 : 1);
