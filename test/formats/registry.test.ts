import { describe, expect, it } from 'vitest';
import { chooseFormat } from '../../lib/formats/registry.ts';
import { failureOf } from '../failure.ts';
import { zipOf } from './containers/zip-file.ts';
import { fileOf, sourceOf } from './safetensors-file.ts';

const bytes = (...parts: (string | number)[]) =>
  Uint8Array.from(
    Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part, 'latin1') : Buffer.of(part)))),
  );

describe('the format', () => {
  it('is told by the content', async () => {
    expect((await chooseFormat(sourceOf(fileOf('{}')), undefined)).name).toBe('safetensors');
    // ir_version 8, producer_name 'p', a graph named 'g'
    const onnx = bytes(0x08, 8, 0x12, 1, 'p', 0x3a, 3, 0x12, 1, 'g');
    expect((await chooseFormat(sourceOf(onnx), undefined)).name).toBe('onnx');
  });

  it.each<[what: string, content: Uint8Array, words: string]>([
    ['an empty file', bytes(), 'an empty file'],
    ['zeros', new Uint8Array(64), 'zeros'],
    ['a page', bytes('\n <!DOCTYPE html><html>'), 'an HTML page'],
    ['JSON', bytes('{"layers": [1, 2, 3]}'), 'JSON'],
    ['JSON after a byte order mark', bytes('\xef\xbb\xbf [1, 2, {"a": 1}]'), 'JSON'],
    ['a Git LFS pointer', bytes('version https://git-lfs.github.com/spec/v1\noid sha256:00'), 'a Git LFS pointer'],
    ['a zip', zipOf([{ name: 'a.txt' }]), 'a zip archive that holds no model'],
    ['gzip', bytes(0x1f, 0x8b, 8), 'gzip'],
    ['PNG', bytes(0x89, 'PNG\r\n', 0x1a, '\n'), 'a PNG image'],
    ['NumPy', bytes(0x93, 'NUMPY', 1, 0), 'a NumPy .npy array'],
    ['GGUF', bytes('GGUF', 3, 0, 0, 0), 'GGUF'],
    ['a tar', bytes('model/'.padEnd(257, '\0'), 'ustar', 0), 'a tar archive'],
    ['text', bytes('hello, world\n'), 'text ("hello, world\\n"'],
    ['anything else', bytes(0xde, 0xad, 0xbe, 0xef), 'nothing known; its first bytes are de ad be ef'],
  ])('is unknown of %s, and the message says what it looks like', async (_, content, words) => {
    const error = await failureOf(() => chooseFormat(sourceOf(content), undefined));
    expect(error.code).toBe('UNKNOWN_FORMAT');
    expect(error.message).toContain(`looks like ${words}`);
    expect(error.message).toContain('the formats read are safetensors, ');
  });

  it.each<[what: string, content: Uint8Array, code: string]>([
    ['is cut off', bytes('PK', 3, 4, 'data.pkl'), 'TRUNCATED'],
    ['has a member outside of itself', zipOf([{ name: '../a' }]), 'UNSAFE'],
  ])('is not guessed of a zip that %s', async (_, content, code) => {
    expect((await failureOf(() => chooseFormat(sourceOf(content), undefined))).code).toBe(code);
  });
});
