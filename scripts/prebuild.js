/**
 * Builds the binaries of a release: `npm run prebuild [-- NAME...]`, by default all in scripts/targets.js.
 *
 * On Linux, zig builds the binaries of a release. On Windows and macOS, prebuildify builds the one for the machine,
 * with the system's own compiler and signature.
 */
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { arch, argv, execPath, exit, platform, versions } from 'node:process';
import { ADDONS, root, run } from '../native/make.js';
import { fileOf, TARGETS } from './targets.js';
import { canLinkMachO, compile, findZig, link, sourcesOf } from './zig.js';

const work = join(root, 'build/prebuild');

/** @typedef {import('../native/make.js').AddonName} AddonName */
/** @param {string} name @param {AddonName} addon */
const outputOf = (name, addon) => join(root, 'prebuilds', fileOf(name, addon));

/** Everything that can be built here, in an empty folder. */
function all() {
  rmSync(join(root, 'prebuilds'), { recursive: true, force: true });
  if (canLinkMachO()) return Object.keys(TARGETS);
  console.log("none for macOS: they take LLVM's linker ld64.lld, of Debian's package lld");
  return Object.keys(TARGETS).filter((name) => !name.startsWith('darwin'));
}

/** @param {string[]} names */
async function crossBuild(names) {
  const zig = findZig();
  const builds = names.flatMap((name) =>
    ADDONS.map((addon) => {
      const { triple } = TARGETS[name];
      const folder = join(work, name, addon);
      const objects = sourcesOf(triple, addon).map((source) => ({
        source,
        object: join(folder, `${source.replace(/[/.]/g, '-')}.o`),
      }));
      return { name, addon, folder, triple, objects, left: objects.length };
    }),
  );
  for (const { folder } of builds) mkdirSync(folder, { recursive: true });

  const jobs = builds.flatMap((build) => build.objects.map((object) => ({ build, ...object })));
  const worker = async () => {
    for (let job = jobs.shift(); job !== undefined; job = jobs.shift()) {
      const { build, source, object } = job;
      await compile(zig, build.triple, source, object);
      if (--build.left === 0) await finish(build);
    }
  };
  /** @param {typeof builds[0]} build whose objects are all there */
  const finish = async ({ name, addon, folder, triple, objects }) => {
    const made = join(folder, `${addon}.node`);
    await link(
      zig,
      triple,
      objects.map(({ object }) => object),
      made,
    );
    install(name, addon, made);
  };
  await Promise.all(Array.from({ length: availableParallelism() }, worker));
}

/** @param {string} name @param {AddonName} addon @param {string} made */
function install(name, addon, made) {
  const output = outputOf(name, addon);
  mkdirSync(dirname(output), { recursive: true });
  // Written with another name first, because a process may have the old file open.
  copyFileSync(made, `${output}.new`);
  renameSync(`${output}.new`, output);
  console.log(`prebuilds/${fileOf(name, addon)}: ${(statSync(output).size / 1024).toFixed(0)} KB`);
}

function nativeBuild() {
  run(execPath, ['node_modules/prebuildify/bin.js', '--napi', '--strip', '--name', 'forwardpass', '-t', versions.node]);
  for (const addon of ADDONS) {
    // prebuildify only keeps one of the built files.
    const made = outputOf(`${platform}-${arch}`, addon);
    copyFileSync(join(root, `build/Release/${addon}.node`), made);
    if (platform === 'darwin') {
      execFileSync('strip', ['-x', made]);
      execFileSync('codesign', ['--force', '--sign', '-', made]);
    }
    console.log(`${relative(root, made)}: ${(statSync(made).size / 1024).toFixed(0)} KB`);
  }
}

const names = argv.slice(2);
const unknown = names.filter((name) => !(name in TARGETS));
if (unknown.length > 0) {
  console.error(`forwardpass: no binary is called ${unknown.join(', ')}; there are ${Object.keys(TARGETS).join(', ')}`);
  exit(2);
}
if (platform === 'linux') {
  await crossBuild(names.length > 0 ? names : all());
} else {
  nativeBuild();
}
