/**
 * Checks that a release installs and runs everywhere without a script: `npm run release:check [-- --prebuilt]
 * [--only CLIENT,...] [--out FOLDER]`. Builds the tarball, checks its content, installs it with the package managers in
 * scripts/check-installs.js, and builds from source out of it.
 *
 * `--prebuilt` uses the binaries in prebuilds/, some or all of the release's, instead of building those that this machine
 * can build; `--only` only installs with these clients; `--out FOLDER` keeps the tarball, for `npm publish`.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { argv, env, execPath, exit } from 'node:process';
import { parseArgs } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { root, run } from '../native/make.js';
import { binaries, checkBinaries } from './check-binaries.js';
import { CLIENTS, call, checkClient } from './check-installs.js';
import { compilerErrors, SETTINGS } from './check-types.js';

/** For a release with the binaries of all platforms: see docs/design.md, "Releases". */
const MOST_PACKED_BYTES = 3.2e6;
const MOST_UNPACKED_BYTES = 8.5e6;
/** Versions of TypeScript, from the oldest that the declarations support. */
const COMPILERS = ['5.7', '5.9', '6.0', '7.0'];
const LIFECYCLE = /^(pre|post)?(install|prepare|pack|publish)$|^(prepublishOnly|dependencies)$/;

const { values: options } = parseArgs({
  args: argv.slice(2),
  options: { prebuilt: { type: 'boolean' }, only: { type: 'string' }, out: { type: 'string' } },
});
const clients = options.only?.split(',') ?? Object.keys(CLIENTS);
const folder = mkdtempSync(join(tmpdir(), 'forwardpass-release-'));
let failures = 0;

/** A line of the report. @param {string} title @param {string} said @param {string[]} flaws */
function report(title, said, flaws) {
  if (flaws.length > 0) failures++;
  console.log(`${title.padEnd(34)} ${said.padEnd(28)} ${flaws.join('; ') || 'good'}`);
}

/** Compresses 6 % better than npm, if Debian's zopfli is installed. @param {string} tarball */
function tighten(tarball) {
  const tar = tarball.replace(/\.tgz$/, '.tar');
  writeFileSync(tar, gunzipSync(readFileSync(tarball)));
  const { status, stdout } = spawnSync('zopfli', ['-c', tar], {
    maxBuffer: 1 << 26,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (status === 0) writeFileSync(tarball, stdout);
  rmSync(tar);
}

/** Packs, checks the tarball, and returns its path. */
function checkTarball() {
  const packed = execFileSync('npm', ['pack', '--json', '--pack-destination', folder], { cwd: root, encoding: 'utf8' });
  const [{ filename, unpackedSize, files }] = JSON.parse(packed);
  const tarball = join(folder, filename);
  tighten(tarball);
  const { size } = statSync(tarball);
  const limit = (/** @type {number} */ bytes, /** @type {number} */ most) =>
    bytes > most ? [`more than ${most}`] : [];
  report('packed', `${size} bytes`, limit(size, MOST_PACKED_BYTES));
  report('unpacked', `${unpackedSize} bytes`, limit(unpackedSize, MOST_UNPACKED_BYTES));
  const paths = files.map((/** @type {{ path: string }} */ { path }) => path);
  report(
    'files',
    `${paths.length}`,
    paths.filter((/** @type {string} */ path) => /\/node_modules\/|\.gypi?$|\.o$/.test(path)),
  );
  const { scripts } = JSON.parse(execFileSync('tar', ['-xzOf', tarball, 'package/package.json'], { encoding: 'utf8' }));
  report(
    'lifecycle scripts',
    '',
    Object.keys(scripts).filter((name) => LIFECYCLE.test(name)),
  );
  return tarball;
}

/** Checks that bundlers, Node and TypeScript find the scripts and types of every entry. @param {string} tarball */
function checkEntries(tarball) {
  for (const [title, ...command] of [
    ['publint', 'publint@0.3.25', tarball, '--strict'],
    ['attw', '@arethetypeswrong/cli@0.18.5', tarball],
  ]) {
    const { status, stdout, stderr } = spawnSync('npx', ['-y', ...command], { cwd: folder, encoding: 'utf8' });
    report(title, '', status === 0 ? [] : [stdout + stderr]);
  }
}

/** Checks with the oldest TypeScript that the declarations support, and with later ones. @param {string} tarball */
async function checkTypes(tarball) {
  const project = join(folder, 'types');
  mkdirSync(project);
  writeFileSync(join(project, 'package.json'), '{"private":true}');
  const aliases = COMPILERS.map((version) => `typescript-${version}@npm:typescript@${version}`);
  const install = ['install', '--ignore-scripts', '--no-audit', '--no-fund', tarball, '@types/node@20', ...aliases];
  execFileSync('npm', install, { cwd: project, stdio: 'ignore' });
  for (const version of COMPILERS) {
    const compiler = join(project, `node_modules/typescript-${version}/bin/tsc`);
    const typeRoots = join(project, 'node_modules/@types');
    // TypeScript 6 calls node10 deprecated, TypeScript 7 does not have it.
    const settings = Object.keys(SETTINGS).filter((setting) => setting !== 'node10' || version.startsWith('5.'));
    const flaws = [];
    for (const setting of settings) {
      const errors = await compilerErrors({ compiler, folder: join(project, version), typeRoots, setting });
      if (errors !== '') flaws.push(`${setting}: ${errors}`);
    }
    report(`TypeScript ${version}`, `${settings.length} ways to resolve`, flaws);
  }
}

/** npm only publishes with provenance from the repository in package.json, which is a placeholder until it is known. */
function checkRepository() {
  const { repository, homepage, bugs } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const url = repository.url.replace(/^git\+/, '').replace(/\.git$/, '');
  const flaws = [];
  if (homepage !== `${url}#readme`) flaws.push('homepage is not of this repository');
  if (bugs !== `${url}/issues`) flaws.push('bugs is not of this repository');
  const badges = [
    ...readFileSync(join(root, 'README.md'), 'utf8').matchAll(/https:\/\/github\.com\/[^/]+\/forwardpass/g),
  ];
  if (badges.some(([found]) => found !== url)) flaws.push('README.md links to another repository');
  const isPlaceholder = url.includes('/OWNER/');
  // The workflow of a release runs on its tag.
  if (isPlaceholder && env.GITHUB_REF_TYPE === 'tag') flaws.push('is a placeholder: put the owner into package.json');
  report('repository', isPlaceholder ? 'a placeholder' : url, flaws);
}

/** Reads handwritten digits, and prints a hash of the results and the binary that computed them. */
const PROGRAM = `
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { load } from 'forwardpass';
const model = await load(${JSON.stringify(join(root, 'examples/digits/digits.onnx'))});
const { shape } = model.inputs[0];
const rows = Float32Array.from({ length: 100 * shape.slice(1).reduce((a, b) => a * b, 1) }, (_, i) => (i % 17) / 16);
const result = model.run(rows);
console.log(createHash('sha256').update(new Uint8Array(result.buffer)).digest('hex'));
console.log(/\\S*forwardpass\\S*\\.node/.exec(readFileSync('/proc/self/maps', 'latin1'))[0]);
`;

/** The hash that the repository's own build computes: the bits are the same with every machine and compiler. */
async function expectedHash() {
  const index = JSON.stringify(join(root, 'dist/index.js'));
  const program = join(folder, 'expected.mjs');
  writeFileSync(program, PROGRAM.replace("'forwardpass'", index));
  const { failed, output } = await call([execPath, program], folder, env);
  if (failed) throw new Error(output);
  return output.split('\n')[0];
}

/** @param {string} tarball */
async function checkInstalls(tarball) {
  const modules = join(folder, 'clients/node_modules');
  mkdirSync(modules, { recursive: true });
  const packages = Object.assign({}, ...clients.map((name) => CLIENTS[name].packages));
  const wanted = Object.entries(packages).map(([name, version]) => `${name}@${version}`);
  const install = ['install', '--prefix', join(folder, 'clients'), '--ignore-scripts', '--no-audit', '--no-fund'];
  execFileSync('npm', [...install, '--loglevel=error', ...wanted], { stdio: 'inherit' });

  const expected = await expectedHash();
  const queue = [...clients];
  const worker = async () => {
    for (let name = queue.shift(); name !== undefined; name = queue.shift()) {
      const own = join(folder, name);
      for (const row of await checkClient({ name, modules, folder: own, tarball, program: PROGRAM, expected })) {
        const { client, scripts, kind, seconds, flaws } = row;
        report(`${client}, ${kind}`, `scripts ${scripts}, ${seconds.toFixed(1)} s`, flaws);
      }
    }
  };
  await Promise.all([worker(), worker()]);
  return expected;
}

/** Checks an installed package without its binaries: the error names the command, and the command works. */
async function checkBuild(/** @type {string} */ tarball, /** @type {string} */ expected) {
  const project = join(folder, 'source');
  mkdirSync(project);
  writeFileSync(join(project, 'package.json'), '{"private":true,"type":"module"}');
  writeFileSync(join(project, 'check.js'), PROGRAM);
  execFileSync('npm', ['install', '--no-audit', '--no-fund', tarball], { cwd: project, stdio: 'ignore' });
  rmSync(join(project, 'node_modules/forwardpass/prebuilds'), { recursive: true });
  const before = await call([execPath, 'check.js'], project, env);
  report('without binaries', 'an error', before.output.includes('npx forwardpass build') ? [] : [before.output]);
  const start = Date.now();
  const build = await call(['npx', 'forwardpass', 'build'], project, env);
  const after = await call([execPath, 'check.js'], project, env);
  const good = !build.failed && after.output.startsWith(expected);
  report(
    'npx forwardpass build',
    `${((Date.now() - start) / 1000).toFixed(0)} s`,
    good ? [] : [build.output, after.output],
  );
}

try {
  const unknown = clients.filter((name) => !(name in CLIENTS));
  if (unknown.length > 0) throw new Error(`no client is called ${unknown}; there are ${Object.keys(CLIENTS)}`);
  if (!options.prebuilt) run(execPath, ['scripts/prebuild.js']);
  run(execPath, ['scripts/build.js', '--if-stale', 'native', 'ts']);
  if (!checkBinaries(binaries())) failures++;
  checkRepository();
  const tarball = checkTarball();
  checkEntries(tarball);
  await checkTypes(tarball);
  const expected = await checkInstalls(tarball);
  await checkBuild(tarball, expected);
  if (options.out !== undefined) {
    mkdirSync(options.out, { recursive: true });
    copyFileSync(tarball, join(options.out, basename(tarball)));
  }
} catch (error) {
  console.error(error);
  failures++;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
console.log(failures === 0 ? 'the release is good' : `${failures} checks failed`);
exit(failures === 0 ? 0 : 1);
