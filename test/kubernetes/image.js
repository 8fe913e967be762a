/**
 * Runs the server in the root that image.sh made, as the image does: another user, no capabilities, nothing writable.
 * `node image.js ROOT MODELS USER`. Prints how long it takes to be ready.
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { argv, exit } from 'node:process';
import { setTimeout as wait } from 'node:timers/promises';

const [, , root, models, user] = argv;
const PORT = 18_080;
const url = `http://127.0.0.1:${PORT}`;
const STARTS = 5;

/** In a mount namespace of its own; `$@` is what runs within. */
const INSIDE = `
root=$1 models=$2 user=$3
shift 3
mount --bind "$root" "$root"
mount --bind "$models" "$root/mnt/models"
mount -o remount,bind,ro "$root/mnt/models"
mount -o remount,bind,ro "$root"
exec setpriv --no-new-privs chroot --userspec="$user:$user" --groups="" "$root" "$@"`;
/** Where a container may not mount anything: the files are root's, so that the server cannot write them either. */
const WITHOUT_MOUNTS = `
cp "$2"/* "$1/mnt/models"
root=$1 user=$3
shift 3
exec setpriv --no-new-privs chroot --userspec="$user:$user" --groups="" "$root" "$@"`;
const mayMount = spawnSync('unshare', ['--mount', 'true']).status === 0;
if (!mayMount) console.log('no namespace to mount in: the root is not read-only, only not writable to the user');
const [program, ...start] = mayMount ? ['unshare', '--mount', 'sh', '-ec', INSIDE] : ['sh', '-ec', WITHOUT_MOUNTS];
const within = [...start, 'sh', root, models, user, '/usr/local/bin/node'];
const environment = { NODE_ENV: 'production', PATH: '/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' };

/** What the process may do, told by itself. */
const PROBE = `
const { writeFileSync } = require('node:fs');
const said = ['/tmp/x', '/app/x', '/mnt/models/x'].map((path) => { try { writeFileSync(path, ''); return 'written'; } catch (error) { return error.code; } });
console.log(process.getuid(), process.getgid(), process.getgroups().join(), ...said);`;

const probe = spawnSync(program, [...within, '-e', PROBE], { encoding: 'utf8', env: environment });
const refusal = mayMount ? 'EROFS' : 'EACCES';
const wanted = [user, user, user, refusal, refusal, refusal].join(' ');
expect(probe.stdout.trim() === wanted, `${probe.stdout} ${probe.stderr}`);

const row = Array.from({ length: 64 }, (_, i) => (i % 17) / 16);
const body = JSON.stringify({ inputs: [{ name: 'pixels', shape: [1, 64], datatype: 'FP32', data: row }] });
const main = '/app/node_modules/forwardpass/dist/cli/main.js';
const starts = [];
const processorTimes = [];
for (let round = 0; round < STARTS; round++) {
  const before = performance.now();
  const flags = ['serve', '/mnt/models', '--name', 'digits', '--host', '127.0.0.1', '--port', String(PORT)];
  // unshare, sh, setpriv and chroot each become the next: the process is the server.
  const server = spawn(program, [...within, main, ...flags], { env: environment, stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [server.stdout, server.stderr]) stream.on('data', (part) => (said += part));
  const ended = once(server, 'exit');
  while (!(await isReady())) {
    expect(server.exitCode === null && performance.now() - before < 30_000, `it does not start: ${said}`);
    await wait(2);
  }
  starts.push(performance.now() - before);
  processorTimes.push(processorTime(server.pid));
  const metadata = await (await fetch(`${url}/v2/models/digits`)).json();
  const input = { ...JSON.parse(body).inputs[0], name: metadata.inputs[0].name };
  const answer = await fetch(`${url}/v2/models/digits/infer`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ inputs: [input] }),
  });
  const { outputs } = await answer.json();
  expect(answer.status === 200 && outputs[0].data.length === 10, `it does not answer: ${answer.status}`);
  server.kill('SIGTERM');
  const [code] = await ended;
  expect(code === 0, `it ended with ${code}: ${said}`);
}
const idle = starts.map(() => {
  const before = performance.now();
  spawnSync(program, [...within, '-e', '0'], { env: environment });
  return performance.now() - before;
});
const [fastest] = starts.sort((a, b) => a - b);
console.log(
  `ready after ${fastest.toFixed(0)} ms at best, which took ${Math.min(...processorTimes)} ms of processors; ` +
    `Node does nothing in ${Math.min(...idle).toFixed(0)} ms`,
);
exit(0);

/** Milliseconds that a process has used so far, as Linux counts them. @param {number | undefined} pid */
function processorTime(pid) {
  const [, , ...fields] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

async function isReady() {
  return fetch(`${url}/readyz`).then(
    ({ status }) => status === 200,
    () => false,
  );
}

/** @param {boolean} holds @param {string} message */
function expect(holds, message) {
  if (holds) return;
  console.error(message);
  exit(1);
}
