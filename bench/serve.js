/**
 * A server of models beside a bare echo of node:http with the same bodies, and, where Python has FastAPI and scikit-learn
 * (`FORWARDPASS_PYTHON`), beside them: `node serve.js [seconds] [rounds]`. Each is asked in turns, by its own process,
 * over 1 and over 50 connections. On a machine that others use, look at the processor time of a request, which Linux counts,
 * and at ratios, which are medians of each turn's own: of the echo's requests, p99 and processor time just before.
 */
import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { argv, env, execPath } from 'node:process';
import { fileURLToPath } from 'node:url';
import { describeMachine } from './lib/machine.js';
import { median } from './lib/stats.js';

const SECONDS = Number(argv[2] ?? 1);
const ROUNDS = Number(argv[3] ?? 5);
const here = (/** @type {string} */ path) => fileURLToPath(new URL(path, import.meta.url));
const python = env.FORWARDPASS_PYTHON ?? 'python3';
const folder = mkdtempSync(join(tmpdir(), 'forwardpass-bench-'));
/** @type {import('node:child_process').ChildProcess[]} */
const children = [];

/** @typedef {{ port: number, pid: number }} Started */

/** A server, once it has said where. @param {string} command @param {string[]} args @returns {Promise<Started>} */
function start(command, args) {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  children.push(child);
  return new Promise((resolve, reject) => {
    child.once('exit', () => reject(new Error(`${command} ended`)));
    child.stdout.on('data', (chunk) => {
      const port = /http:\/\/127\.0\.0\.1:(\d+)/.exec(String(chunk))?.[1];
      if (port !== undefined) resolve({ port: Number(port), pid: child.pid ?? 0 });
    });
  });
}

/** Microseconds of the processor that a process's threads have taken, in their own time and in the system's. @param {number} pid */
function cpuOf(pid) {
  const taken = readdirSync(`/proc/${pid}/task`).map((task) =>
    Number(readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'utf8').split(' ', 1)[0]),
  );
  return taken.reduce((sum, ns) => sum + ns, 0) / 1e3;
}

/**
 * @param {Started} server @param {object} options
 * @returns {{ perSecond: number, p50: number, p99: number, cpu: number, failures: number }}
 */
function ask({ port, pid }, options) {
  const before = cpuOf(pid);
  const asked = JSON.stringify({ port, seconds: SECONDS, ...options });
  const said = JSON.parse(execFileSync(execPath, [here('serve/load.js'), asked], { encoding: 'utf8' }));
  return { ...said, cpu: (cpuOf(pid) - before) / said.all };
}

try {
  const models = join(folder, 'models');
  mkdirSync(models);
  execFileSync(python, [here('serve/make_models.py'), models], { stdio: ['ignore', 'inherit', 'ignore'] });
  const bodies = JSON.parse(readFileSync(join(folder, 'bodies.json'), 'utf8'));
  const cli = [here('../dist/cli/main.js'), 'serve', models, '--port', '0', '--no-watch'];
  const servers = {
    echo: await start(execPath, [here('serve/echo.js')]),
    forwardpass: await start(execPath, cli),
    'forwardpass --batch-window 0': await start(execPath, [...cli, '--batch-window', '0']),
    'forwardpass --workers 2': await start(execPath, [...cli, '--workers', '2']),
    'FastAPI + scikit-learn': await start(python, [here('serve/fastapi_server.py'), models]),
  };
  console.log(describeMachine());
  /** @type {Record<string, { path: string, body: string, isOurs?: boolean }>} */
  const cases = {};
  for (const [model, body] of Object.entries(bodies)) {
    cases[model] = { path: `/models/${model}/predict`, body: JSON.stringify(body) };
  }
  const about = await fetch(`http://127.0.0.1:${servers.forwardpass.port}/v2/models/floats`).then((answer) =>
    answer.json(),
  );
  const [row] = bodies.floats;
  const tensor = { name: about.inputs[0].name, shape: [1, row.length], datatype: 'FP64', data: row };
  cases['floats, Open Inference Protocol'] = {
    path: '/v2/models/floats/infer',
    body: JSON.stringify({ inputs: [tensor] }),
    isOurs: true,
  };
  for (const [name, { path, body, isOurs }] of Object.entries(cases)) {
    for (const connections of [1, 50]) {
      console.log(`\n${name}, ${connections} connection${connections > 1 ? 's' : ''}`);
      /** @type {Record<string, ReturnType<typeof ask>[]>} */
      const results = {};
      for (let round = 0; round < ROUNDS; round++) {
        for (const [name, server] of Object.entries(servers)) {
          if (isOurs && name.startsWith('FastAPI')) continue;
          results[name] ??= [];
          results[name].push(ask(server, { connections, path, body }));
        }
      }
      for (const [name, all] of Object.entries(results)) {
        const of = (/** @type {'perSecond' | 'p50' | 'p99' | 'cpu' | 'failures'} */ key) =>
          median(all.map((one) => one[key]));
        const ratio = (/** @type {'perSecond' | 'p99' | 'cpu'} */ key) =>
          median(all.map((one, round) => one[key] / results.echo[round][key])).toFixed(2);
        const beside =
          name === 'echo'
            ? ''
            : `  of the echo: ${ratio('perSecond')} req/s, ${ratio('p99')} p99, ${ratio('cpu')} processor`;
        console.log(
          `${name.padEnd(30)} ${of('perSecond').toFixed(0).padStart(7)} req/s  p50 ${of('p50').toFixed(3)} ms  p99 ${of('p99').toFixed(3)} ms  processor ${of('cpu').toFixed(0)} µs  failures ${of('failures')}${beside}`,
        );
      }
    }
  }
} finally {
  for (const child of children) child.kill();
  rmSync(folder, { recursive: true });
}
