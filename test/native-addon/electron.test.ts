/**
 * Electron refuses memory that does not come from V8: napi_create_external_arraybuffer and its kin fail there. The addon
 * asks for none; all arrays are JavaScript's own.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));

test('no source of the addon asks for a buffer of foreign memory', () => {
  for (const file of readdirSync(`${root}native/binding`)) {
    expect(readFileSync(`${root}native/binding/${file}`, 'utf8'), file).not.toMatch(/napi_create_external_|External/);
  }
});

test('the addon as it was built imports no function that makes one', () => {
  const addon = readFileSync(`${root}build/Release/forwardpass.node`, 'latin1');
  expect(addon).toContain('napi_create_async_work');
  expect(addon).not.toMatch(/napi_create_external_(array)?buffer|node_api_create_external/);
});
