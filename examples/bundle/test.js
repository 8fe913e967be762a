// What is in out/ is all that a server needs: it is run from an empty folder, and must say what the source says.
import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const model = fileURLToPath(new URL('../digits/digits.onnx', import.meta.url));
const run = (script) => execFileSync(process.execPath, [script, model], { encoding: 'utf8' });
const expected = run('service.js');

const server = mkdtempSync(join(tmpdir(), 'forwardpass-bundle-'));
try {
  cpSync('out', server, { recursive: true });
  for (const script of ['service.mjs', 'service.cjs']) {
    if (run(join(server, script)) !== expected) throw new Error(`${script} says something else than service.js`);
    console.log(`${script}: the same scores from an empty folder`);
  }
} finally {
  rmSync(server, { recursive: true, force: true });
}
