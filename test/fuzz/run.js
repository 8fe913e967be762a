/** `npm run fuzz -- FORMAT …`: bundles the fuzzer with an instrumented library, and runs it. */

import { spawnSync } from 'node:child_process';
import { argv, env, execPath, exit } from 'node:process';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';
import { ADDON } from '../../scripts/addon.js';
import { INTRO, instrument } from './instrument.js';

const root = fileURLToPath(new URL('../../', import.meta.url));
const bundle = await rolldown({
  cwd: root,
  input: 'test/fuzz/main.ts',
  platform: 'node',
  external: /^(node:.*|commander|csv-parse|yauzl|h5wasm|hyparquet.*)$/,
  checks: { bundlerTimings: false },
  plugins: [instrument(/[\\/]lib[\\/].*\.ts$/)],
});
const file = `${root}build/fuzz/fuzz.js`;
await bundle.write({ file, format: 'esm', codeSplitting: false, banner: INTRO, keepNames: true });
await bundle.close();
const { status } = spawnSync(execPath, [file, ...argv.slice(2)], {
  stdio: 'inherit',
  env: { FORWARDPASS_ADDON: `${root}${ADDON}`, FORWARDPASS_ROOT: root, ...env },
});
exit(status ?? 1);
