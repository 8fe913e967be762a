/** Installs the peers when they are missing or their lockfile changed. */
import { spawnSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { join } from 'node:path';

const here = import.meta.dirname;

/** @param {string} path */
function modified(path) {
  return statSync(join(here, path), { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

if (modified('node_modules/.package-lock.json') < modified('package-lock.json')) {
  console.error('Installing the peers that forwardpass is measured against (about 500 MB, once) …');
  // Without scripts: what they would do is build or download code for GPUs; the CPU code ships in the packages.
  const { status } = spawnSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: here,
    stdio: ['ignore', 'ignore', 'inherit'],
    shell: process.platform === 'win32',
  });
  if (status !== 0) console.error('npm ci failed: peers that are not installed will be left out.');
}
