import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const dist = fileURLToPath(new URL('../../dist', import.meta.url));

/** What a script opens when it is opened: itself, and all that it imports without being asked. */
function opened(script: string, found = new Set<string>()): Set<string> {
  found.add(script);
  for (const [, path] of readFileSync(join(dist, script), 'utf8').matchAll(/\bfrom ?"\.\/([^"]+)"/g)) {
    if (!found.has(path)) opened(path, found);
  }
  return found;
}

test('importing the package opens two scripts, and the reader of no format', () => {
  expect([...opened('index.js')]).toEqual(['index.js', 'load.js']);
});

test('the reader of ONNX files is one script more, beside what several readers share', () => {
  expect([...opened('onnx.js')].sort()).toEqual(['load.js', 'onnx.js', 'tracing.js']);
});

test('the scripts are of ASCII alone', () => {
  for (const script of opened('onnx.js')) expect(readFileSync(join(dist, script), 'latin1')).not.toMatch(/[^\0-\x7f]/);
});
