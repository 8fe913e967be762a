// Bundles the service with esbuild, once as an ECMAScript module and once as CommonJS, and puts the addon beside it.
import { cpSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { build } from 'esbuild';

const common = { entryPoints: ['service.js'], bundle: true, platform: 'node', target: 'node20' };
rmSync('out', { recursive: true, force: true });

await build({
  ...common,
  format: 'esm',
  outfile: 'out/service.mjs',
  // Packages of CommonJS call require, which a module does not have.
  banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
});

await build({
  ...common,
  format: 'cjs',
  outfile: 'out/service.cjs',
  // The package does without import.meta.url where there is none.
  logOverride: { 'empty-import-meta': 'silent' },
});

// The binaries of Linux alone, since that is where this service runs. Without the filter: of every system.
const prebuilds = join(dirname(createRequire(import.meta.url).resolve('forwardpass/package.json')), 'prebuilds');
const wanted = (path) => !/[\\/](win32|darwin)-/.test(path);
cpSync(prebuilds, 'out/prebuilds', { recursive: true, filter: wanted });
