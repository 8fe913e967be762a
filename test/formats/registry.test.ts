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
  it('is detected by the content', async () => {
    expect((await chooseFormat(sourceOf(fileOf('{}')), undefined)).name).toBe('safetensors');
    // ir_version 8, producer_name 'p', a graph named 'g'
    const onnx = bytes(0x08, 8, 0x12, 1, 'p', 0x3a, 3, 0x12, 1, 'g');
    expect((await chooseFormat(sourceOf(onnx), undefined)).name).toBe('onnx');
  });

  it.each<[what: string, content: Uint8Array, words: string]>([
    ['an empty file', bytes(), 'an empty file'],
    ['zeros', new Uint8Array(64), 'zeros'],
    ['a page', bytes('\n <!DOCTYPE html><html>'), 'an HTML page'],
    ['JSON', bytes('{"layers": [1, 2, 3]}'), 'JSON that does not describe a known kind of model'],
    [
      'what model.to_json() gives',
      bytes('{"class_name": "Sequential", "config": {}}'),
      'the description of a Keras model',
    ],
    ["a Hugging Face model's config.json", bytes('{"model_type": "bert"}'), "a Hugging Face model's configuration"],
    ['a tokenizer', bytes('{"version": "1.0", "added_tokens": []}'), "a tokenizer's settings"],
    ['package.json', bytes('{"name": "a", "version": "1.0.0", "dependencies": {}}'), "npm's package.json"],
    ['an index of other files', bytes('{"weight_map": {"a": "model.gguf"}}'), 'the index of a model in several files'],
    ['other XML', bytes('<?xml version="1.0"?>\n<svg>'), 'XML'],
    ['JSON after a byte order mark', bytes('\xef\xbb\xbf [1, 2, {"a": 1}]'), 'JSON'],
    ['a Git LFS pointer', bytes('version https://git-lfs.github.com/spec/v1\noid sha256:00'), 'a Git LFS pointer'],
    ['a zip', zipOf([{ name: 'a.txt' }]), 'a zip archive that contains no model'],
    ['gzip', bytes(0x1f, 0x8b, 8), 'gzip'],
    ['PNG', bytes(0x89, 'PNG\r\n', 0x1a, '\n'), 'a PNG image'],
    ['NumPy', bytes(0x93, 'NUMPY', 1, 0), 'a NumPy .npy array'],
    ['GGUF', bytes('GGUF', 3, 0, 0, 0), 'GGUF'],
    ['a tar', bytes('model/'.padEnd(257, '\0'), 'ustar', 0), 'a tar archive'],
    ['text', bytes('hello, world\n'), 'text ("hello, world\\n"'],
    ['anything else', bytes(0xde, 0xad, 0xbe, 0xef), 'nothing known; its first bytes are de ad be ef'],
    ['LightGBM as JSON', bytes('{"name": "tree", "version": "v4", "num_class": 1}'), "LightGBM's JSON of a model"],
    ['XGBoost as text', bytes('booster[0]:\n0:[f2<2.45] yes=1,no=2,missing=1\n'), "XGBoost's text of its trees"],
    ['PMML', bytes('<?xml version="1.0"?>\n<PMML xmlns="http://www.dmg.org/PMML-4_4">'), 'PMML'],
    [
      'a description by MLflow',
      bytes('artifact_path: model\nflavors:\n  sklearn:\n'),
      'a description of a model by MLflow',
    ],
  ])('is unknown of %s, and the message says what it looks like', async (_, content, words) => {
    const error = await failureOf(() => chooseFormat(sourceOf(content), undefined));
    expect(error.code).toBe('UNKNOWN_FORMAT');
    expect(error.message).toContain(`looks like ${words}`);
    expect(error.message).toContain('the supported formats are safetensors, ');
  });

  it.each<[name: string, words: string]>([
    ['variables.data-00000-of-00001', 'a part of a TensorFlow SavedModel: give the folder'],
    ['model.ckpt-1000.index', 'a part of a TensorFlow checkpoint'],
    ['group1-shard1of2.bin', 'a part of a TensorFlow.js model: give its model.json'],
  ])('is unknown of %s, and its name says what it is of', async (name, words) => {
    const main = { ...sourceOf(bytes(0xde, 0xad, 0xbe, 0xef)).main, name };
    const error = await failureOf(() => chooseFormat({ ...sourceOf(bytes()), main }, undefined));
    expect(error).toMatchObject({ code: 'UNKNOWN_FORMAT', message: expect.stringContaining(`looks like ${words}`) });
  });

  it.each<[what: string, content: Uint8Array, code: string]>([
    ['is cut off', bytes('PK', 3, 4, 'data.pkl'), 'TRUNCATED'],
    ['has a member outside of itself', zipOf([{ name: '../a' }]), 'UNSAFE'],
  ])('is not guessed of a zip that %s', async (_, content, code) => {
    expect((await failureOf(() => chooseFormat(sourceOf(content), undefined))).code).toBe(code);
  });
});
