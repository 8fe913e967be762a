import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execPath, platform } from 'node:process';
import { afterAll, describe, expect, test } from 'vitest';
import { root } from '../../native/make.js';
import { flawsOf } from '../../scripts/check-binaries.js';

const built = join(root, 'build/Release/forwardpass.node');
const folder = mkdtempSync(join(tmpdir(), 'forwardpass-binaries-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const hasLlvm = ['', '-14'].some((version) => spawnSync(`llvm-readobj${version}`, ['--version']).status === 0);

describe.skipIf(platform !== 'linux' || !hasLlvm)('the check of a binary', () => {
  test('finds one export, no C++ runtime and nothing writable that ought not be in the addon, however built', () => {
    // Its size and the age of its C library are those of a development build.
    expect(flawsOf(built).filter((flaw) => !/ bytes, |needs glibc|not stripped/.test(flaw))).toEqual([]);
  });

  test('finds the exports, libraries and size of what is not such an addon', () => {
    const flaws = flawsOf(execPath).join('\n');
    expect(flaws).toMatch(/exports \d+ more symbols, such as /);
    expect(flaws).toContain('does not export napi_register_module_v1');
    expect(flaws).toMatch(/has \d+ bytes, more than 487424/);
    expect(flaws).toMatch(/needs lib(gcc_s|dl|stdc\+\+)/);
  });

  test('finds an executable stack', () => {
    const bytes = readFileSync(built);
    const start = Number(bytes.readBigUInt64LE(32));
    for (let at = start; at < start + 56 * bytes.readUInt16LE(56); at += 56) {
      if (bytes.readUInt32LE(at) === 0x6474e551) bytes.writeUInt32LE(7, at + 4);
    }
    writeFileSync(join(folder, 'stack.node'), bytes);
    expect(flawsOf(join(folder, 'stack.node'))).toContain('has an executable stack');
  });

  test('finds that one is missing', () => {
    expect(flawsOf(join(folder, 'missing.node'))).toEqual(['is missing']);
  });
});
