import { copyFile, cp, open, readFile, rename, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { setTimeout } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { failureOf } from '../failure.ts';
import { answerOf, newFolder, sha256, version, watched } from './versions.ts';

const SAVED_MODEL = 'test/fixtures/tensorflow/keras3-layers';

describe('a model in a file', () => {
  it('is exchanged when another is renamed to it', async () => {
    const at = await newFolder();
    await writeFile(at('m'), version(1));
    const { live, updates } = await watched(at('m'));
    expect(await live.check()).toBe(false);
    await writeFile(at('next'), version(2));
    // For the same size and time: the inode tells.
    const time = live.status.version.modified as Date;
    await utimes(at('next'), time, time);
    await utimes(at('m'), time, time);
    await rename(at('next'), at('m'));
    expect(await live.check()).toBe(true);
    expect(answerOf(live)).toBe(2);
    expect(updates).toMatchObject([{ from: 'source', sha256: sha256(version(2)) }]);
    expect(live.status.version.modified).toBeInstanceOf(Date);
  });

  it('is exchanged when it is written over, by whatever name it goes', async () => {
    const at = await newFolder();
    await writeFile(at('m'), version(1));
    for (const source of [at('m'), pathToFileURL(at('m')), pathToFileURL(at('m')).href]) {
      await writeFile(at('m'), version(1));
      const { live } = await watched(source);
      await writeFile(at('m'), version(2));
      expect(await live.check()).toBe(true);
      expect(answerOf(live)).toBe(2);
    }
  });

  it('is not taken while it is written in pieces', async () => {
    const at = await newFolder();
    await writeFile(at('m'), version(1, 1000));
    const { live, rejections, errors } = await watched(at('m'), { settle: 300 });
    const next = version(2, 1000);
    const file = await open(at('m'), 'r+');
    // Any part of it would be a whole model, of old weights and new ones.
    let writing = true;
    const written = (async () => {
      for (let from = 0; from < next.length; from += 500) {
        await file.write(next.subarray(from, from + 500), 0, undefined, from);
        await setTimeout(15);
      }
      writing = false;
      await file.close();
    })();
    await setTimeout(5);
    expect(await live.check()).toBe(true);
    expect(writing).toBe(false);
    await written;
    expect(live.run(new Float32Array(1000).fill(1))[0]).toBe(2000);
    expect([rejections, errors]).toEqual([[], []]);
  });

  it('is not judged while it never rests, and the check ends all the same', async () => {
    const at = await newFolder();
    await writeFile(at('m'), version(1));
    const { live, rejections, errors } = await watched(at('m'), { settle: 60 });
    const writer = setInterval(() => void writeFile(at('m'), version(2).subarray(0, 40)), 2);
    await setTimeout(30);
    try {
      expect(await live.check()).toBe(false);
    } finally {
      clearInterval(writer);
    }
    expect(errors.map(({ message }) => message)).toEqual([expect.stringContaining('is being written')]);
    expect(rejections).toEqual([]);
    await setTimeout(80);
    await writeFile(at('m'), version(3));
    expect(await live.check()).toBe(true);
    expect(answerOf(live)).toBe(3);
  });

  it('that was left half-written is refused once, and taken when it is whole', async () => {
    const at = await newFolder();
    await writeFile(at('m'), version(1));
    const { live, rejections } = await watched(at('m'));
    await writeFile(at('m'), version(2).subarray(0, -2));
    for (let i = 0; i < 3; i++) expect(await live.check()).toBe(false);
    expect(rejections.map(({ code }) => code)).toEqual(['TRUNCATED']);
    expect(answerOf(live)).toBe(1);
    await writeFile(at('m'), version(2));
    expect(await live.check()).toBe(true);
    expect(answerOf(live)).toBe(2);
  });

  it('stays when it is only touched, or the same bytes come under its name', async () => {
    const at = await newFolder();
    await writeFile(at('m'), version(1));
    const { live } = await watched(at('m'));
    const { model } = live;
    await utimes(at('m'), 1, 1);
    expect(await live.check()).toBe(false);
    await copyFile(at('m'), at('same'));
    await rename(at('same'), at('m'));
    expect(await live.check()).toBe(false);
    expect(live.model).toBe(model);
  });

  it('is kept while the file is away', async () => {
    const at = await newFolder();
    await writeFile(at('m'), version(1));
    const { live, errors } = await watched(at('m'));
    await rm(at('m'));
    for (let i = 0; i < 2; i++) expect(await live.check()).toBe(false);
    expect(errors.map(({ code, message }) => [code, message])).toEqual([
      ['SOURCE', expect.stringContaining('file not found')],
    ]);
    expect(live.status.failures).toBe(2);
    expect(answerOf(live)).toBe(1);
    await writeFile(at('m'), version(2));
    expect(await live.check()).toBe(true);
  });

  it('is looked for where it was when the process has gone elsewhere', async () => {
    const at = await newFolder();
    await writeFile(at('m'), version(1));
    const before = process.cwd();
    try {
      process.chdir(at('.'));
      const { live } = await watched('m');
      process.chdir(before);
      await writeFile(at('m'), version(2));
      expect(await live.check()).toBe(true);
    } finally {
      process.chdir(before);
    }
  });

  it('may have to have a SHA-256, given or in the file beside it', async () => {
    const at = await newFolder();
    await writeFile(at('m'), version(1));
    await writeFile(at('m.sha256'), sha256(version(1)));
    const pinned = await watched(at('m'), { sha256: sha256(version(1)) });
    const beside = await watched(at('m'), { sha256: 'sidecar' });
    await writeFile(at('m'), version(2));
    for (const { live, rejections } of [pinned, beside]) {
      for (let i = 0; i < 2; i++) expect(await live.check()).toBe(false);
      expect(rejections.map(({ code }) => code)).toEqual(['CHECKSUM']);
      expect(answerOf(live)).toBe(1);
    }
    await writeFile(at('m.sha256'), sha256(version(2)));
    expect(await beside.live.check()).toBe(true);
    expect(answerOf(beside.live)).toBe(2);
    expect((await failureOf(() => watched(at('m'), { sha256: sha256(version(1)) }))).code).toBe('CHECKSUM');
  });

  it('is found newer by itself', async () => {
    const at = await newFolder();
    await writeFile(at('m'), version(1));
    const { live } = await watched(at('m'), { interval: 5, settle: 5 });
    let m = 1;
    for await (const model of live) {
      expect(model.run(Float32Array.of(1))[0]).toBe(m);
      if (m === 4) break;
      m += 1;
      await writeFile(at(`m${m}`), version(m));
      await rename(at(`m${m}`), at('m'));
    }
  });
});

describe('a model of several files', () => {
  it('is exchanged when its weights alone are', async () => {
    const at = await newFolder();
    await cp('test/fixtures/tfjs/plain', at('m'), { recursive: true });
    const { live } = await watched(at('m'));
    const weights = at('m/group1-shard1of1.bin');
    const bytes = await readFile(weights);
    expect(await live.check()).toBe(false);
    await writeFile(
      weights,
      bytes.map(() => 0),
    );
    expect(await live.check()).toBe(true);
    await rm(weights);
    expect(await live.check()).toBe(false);
    expect(live.status.error?.code).toBe('SOURCE');
    await writeFile(weights, bytes);
    expect(await live.check()).toBe(true);
    expect(live.status.error).toBeUndefined();
  });

  it('is exchanged when a link leads to another folder, unless that holds the same', async () => {
    const at = await newFolder();
    await cp('test/fixtures/tfjs/plain', at('1'), { recursive: true });
    await cp(at('1'), at('2'), { recursive: true });
    await cp(at('1'), at('3'), { recursive: true });
    await writeFile(
      at('3/group1-shard1of1.bin'),
      (await readFile(at('1/group1-shard1of1.bin'))).map(() => 0),
    );
    await symlink(at('1'), at('current'));
    const { live } = await watched(at('current'));
    for (const [folder, isAnother] of [
      ['2', false],
      ['3', true],
    ] as const) {
      await symlink(at(folder), at('next'));
      await rename(at('next'), at('current'));
      expect(await live.check()).toBe(isAnother);
    }
  });

  it('has no one SHA-256', async () => {
    const pb = await readFile(`${SAVED_MODEL}/saved_model.pb`);
    const error = await failureOf(() => watched(SAVED_MODEL, { sha256: sha256(pb) }));
    expect([error.code, error.message]).toEqual(['CHECKSUM', expect.stringContaining('the model has several files')]);
  });
});
