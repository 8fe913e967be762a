import { writeFile } from 'node:fs/promises';
import { setTimeout } from 'node:timers/promises';
import { describe, expect, it, vi } from 'vitest';
import type { Model } from '../../lib/model.ts';
import { failureOf } from '../failure.ts';
import { freeze } from './defined.ts';
import { answerOf, newFolder, version, watched } from './versions.ts';

const X = Float32Array.of(1);

/** A file that holds version 1, watched, and what puts another version there and checks. */
async function watchedFile(options: Parameters<typeof watched>[1] = {}) {
  const path = (await newFolder())('m');
  await writeFile(path, version(1));
  const all = await watched(path, { settle: 1, ...options });
  const put = async (bytes: Uint8Array) => {
    await writeFile(path, bytes);
    return all.live.check();
  };
  return { ...all, put };
}

const isDisposed = async (model: Model) => {
  try {
    model.run(X);
    return false;
  } catch {
    return true;
  }
};

describe('a live model', () => {
  it('has the calls of the newest model', async () => {
    const { live, put } = await watchedFile();
    for (const m of [1, 2]) {
      if (m === 2) await put(version(2));
      const y = new Float32Array(1);
      expect(live.run(X)).toEqual(Float32Array.of(m));
      expect(live.run(X, y)).toBe(y);
      expect(y[0]).toBe(m);
      const { name } = live.model.inputs[0];
      expect(Object.values(live.run({ [name]: X }))).toEqual([Float32Array.of(m)]);
      expect(await live.runAsync(X)).toEqual(Float32Array.of(m));
      expect(await live.runAsync(X, y)).toBe(y);
      expect(live.predict([[3]])).toEqual(Float32Array.of(3 * m));
      expect((await failureOf(() => live.predictProba([[3]]))).code).toBe('NOT_A_CLASSIFIER');
      expect((await failureOf(() => live.run(new Float32Array() as never, 7 as never))).code).toBe('INPUT');
    }
  });

  it('disposes of the old model at once when nobody holds it', async () => {
    const { live, put } = await watchedFile();
    const old = live.model;
    await put(version(2));
    expect((await failureOf(() => old.run(X))).code).toBe('DISPOSED');
  });

  it('disposes of the old model exactly when the last that holds it lets go, well or not', async () => {
    const { live, put } = await watchedFile();
    const old = live.model;
    let endFirst = (_: number) => {};
    let failSecond = (_: Error) => {};
    const first = live.use(
      (model) =>
        new Promise<number>((resolve) => {
          expect(model).toBe(old);
          endFirst = resolve;
        }),
    );
    const second = live.use(
      () =>
        new Promise((_, reject) => {
          failSecond = reject;
        }),
    );
    await put(version(2));
    expect(await live.use((model) => model.run(X)[0])).toBe(2);
    expect(await isDisposed(old)).toBe(false);
    endFirst(5);
    expect(await first).toBe(5);
    expect(await isDisposed(old)).toBe(false);
    failSecond(new Error('on purpose'));
    await expect(second).rejects.toThrow('on purpose');
    expect(await isDisposed(old)).toBe(true);
    await expect(
      live.use(() => {
        throw new Error('at once');
      }),
    ).rejects.toThrow('at once');
    expect((await failureOf(() => live.use(5 as never))).code).toBe('OPTION');
  });

  it('lets asynchronous runs of the old model end', async () => {
    const { live, put } = await watchedFile();
    const x = new Float32Array(1_000_000).fill(1);
    const runs = Array.from({ length: 8 }, () => live.runAsync(x));
    await put(version(2));
    for (const y of await Promise.all(runs)) expect([y[0], y.at(-1)]).toEqual([1, 1]);
    expect((await live.runAsync(x))[0]).toBe(2);
  });

  it('gives each new model to a loop, which binds calls anew without a gap', async () => {
    const { live, put } = await watchedFile();
    let bound = live.model.bind({ batch: 1 });
    const seen: number[] = [];
    const models: Model[] = [];
    const loop = (async () => {
      for await (const model of live) {
        // The calls of the model before still work.
        bound.run();
        bound = model.bind({ batch: 1 });
        bound.input[0] = 1;
        bound.run();
        seen.push(bound.output[0]);
        models.push(model);
      }
    })();
    for (let m = 2; m < 6; m++) {
      await put(version(m));
      bound.run();
    }
    await vi.waitFor(() => expect(seen).toEqual([1, 2, 3, 4, 5]));
    expect(await Promise.all(models.map(isDisposed))).toEqual([true, true, true, true, false]);
    await live.close();
    await loop;
    expect((await failureOf(() => bound.run())).code).toBe('DISPOSED');
  });

  it('gives a slow loop the last of several, and frees what a loop held that is left', async () => {
    const { live, put } = await watchedFile();
    const models: Model[] = [];
    for await (const model of live) {
      models.push(model);
      if (models.length === 2) break;
      await put(version(2));
      await put(version(3));
      expect(await isDisposed(model)).toBe(false);
    }
    expect(models[1].run(X)[0]).toBe(3);
    expect(await isDisposed(models[0])).toBe(true);
    await put(version(4));
    expect(await isDisposed(models[1])).toBe(true);
  });

  it('says what it has been doing', async () => {
    const { live, put } = await watchedFile({ interval: 60_000 });
    const { status } = live;
    expect(status).toMatchObject({ version: { from: 'source' }, failures: 0, closed: false });
    expect(status.next?.getTime()).toBeGreaterThan(Date.now() + 50_000);
    await put(version(2));
    expect(live.status.since.getTime()).toBeGreaterThanOrEqual(status.since.getTime());
    expect(live.status.version.sha256).not.toBe(status.version.sha256);
  });

  it('checks once at a time, and again for whoever asked while it did', async () => {
    const path = (await newFolder())('m');
    await writeFile(path, version(1));
    let judging = 0;
    let whenJudging = () => {};
    const judgement = new Promise<void>((resolve) => {
      whenJudging = resolve;
    });
    const { live } = await watched(path, {
      settle: 1,
      validate: async (_, current) => {
        if (current === undefined) return;
        judging += 1;
        whenJudging();
        await setTimeout(20);
        expect(judging).toBe(1);
        judging -= 1;
      },
    });
    await writeFile(path, version(2));
    const first = live.check();
    await judgement;
    await writeFile(path, version(3));
    expect(await Promise.all([first, live.check(), live.check()])).toEqual([true, true, true]);
    expect(answerOf(live)).toBe(3);
  });
});

describe('a new version is refused, and disposed of,', () => {
  const refused = async (bytes: Uint8Array, first = version(1)) => {
    const { live, put, rejections, updates } = await watchedFile();
    if (first.length !== version(1).length) await put(first);
    const before = live.model;
    updates.length = 0;
    expect(await put(bytes)).toBe(false);
    expect(await live.check()).toBe(false);
    expect([live.model, updates, rejections.length]).toEqual([before, [], 1]);
    expect(live.status.rejected?.error).toBe(rejections[0]);
    return rejections[0];
  };

  it('when it takes other features', async () => {
    const error = await refused(version(2, 3));
    expect([error.code, error.message]).toEqual([
      'REJECTED',
      expect.stringMatching(/^inputs\[0\] '.*' shape: expected \[null,1\] as in the model in use, found \[null,3\]/),
    ]);
  });

  it('unless that is allowed', async () => {
    const { live, put } = await watchedFile({ sameInterface: false });
    expect(await put(version(2, 3))).toBe(true);
    expect(live.run(new Float32Array(3).fill(1))[0]).toBe(6);
  });

  const base = { layers: [{ weight: [[1], [2]], bias: [0, 0], activation: 'softmax' }], classes: ['a', 'b'] } as const;
  it.each<[string, object, object, RegExp]>([
    [
      'classes',
      { ...base, classes: ['b', 'a'] },
      {},
      /^classes: expected \["a","b"\] as in the model in use, found \["b","a"\]/,
    ],
    ['no classes', { ...base, classes: undefined }, {}, /^classes: .* found nothing/],
    ['another precision of results', base, { precision: 'f32' }, /^precision: expected the string 'f64'/],
    [
      'names',
      { ...base, inputs: [{ name: 'income', shape: [1] }], layers: [{ ...base.layers[0] }] },
      {},
      /^inputs: expected \["input"\].* found \["income"\]/,
    ],
  ])('when it has other %s', async (_, architecture, options, message) => {
    const path = (await newFolder())('m');
    await writeFile(path, await freeze(base, { precision: 'f64' }));
    const { live, rejections } = await watched(path, { settle: 1 });
    await writeFile(path, await freeze(architecture, { precision: 'f64', ...options }));
    expect(await live.check()).toBe(false);
    expect(rejections.map((error) => [error.code, error.message])).toEqual([
      ['REJECTED', expect.stringMatching(message)],
    ]);
  });

  it.each<[string, () => unknown, RegExp]>([
    ['gives false', () => false, /^validate: returned false$/],
    [
      'throws',
      () => {
        throw new Error('too slow');
      },
      /^validate: threw: too slow$/,
    ],
    ['rejects', () => Promise.reject(new Error('drifts')), /^validate: threw: drifts$/],
    ['promises false', async () => false, /^validate: returned false$/],
  ])('when its validation %s, which is asked once', async (_, verdict, message) => {
    const candidates: Model[] = [];
    const { live, put, rejections } = await watchedFile({
      validate: (candidate, current) => {
        if (current === undefined) return true;
        expect([candidate.run(X)[0], current]).toEqual([2, live.model]);
        candidates.push(candidate);
        return verdict();
      },
    });
    for (let i = 0; i < 2; i++) expect(await put(version(2))).toBe(false);
    expect(rejections.map((error) => [error.code, error.message])).toEqual([
      ['REJECTED', expect.stringMatching(message)],
    ]);
    expect(candidates.length).toBe(1);
    expect(await isDisposed(candidates[0])).toBe(true);
  });
});

describe('a listener that throws', () => {
  it('breaks nothing, and is a warning', async () => {
    const warnings = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
    try {
      const fail = () => {
        throw new Error('on purpose');
      };
      const { live, put } = await watchedFile({
        onUpdate: fail,
        onReject: async () => fail(),
        onError: () => {
          throw 7;
        },
      });
      expect(await put(version(2))).toBe(true);
      expect(await put(version(3, 3))).toBe(false);
      expect(await put(version(4))).toBe(true);
      expect(answerOf(live)).toBe(4);
      await vi.waitFor(() => expect(warnings).toHaveBeenCalledTimes(3));
      expect(warnings.mock.calls[0][0]).toMatch(/a listener of a watched model threw: Error: on purpose/);
    } finally {
      warnings.mockRestore();
    }
  });

  it('need not be there: a refused version is a warning then', async () => {
    const warnings = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
    try {
      const { put } = await watchedFile({ onReject: undefined, onUpdate: undefined, onError: undefined });
      await put(version(3, 3));
      expect(warnings.mock.calls.map(([message]) => message)).toEqual([
        expect.stringContaining('a version of a watched model was rejected: inputs[0]'),
      ]);
    } finally {
      warnings.mockRestore();
    }
  });
});

describe('closing', () => {
  it('disposes of the model when the last call ends, and ends everything else at once', async () => {
    const { live } = await watchedFile({ interval: 60_000 });
    const { model } = live;
    let end = () => {};
    const used = live.use(
      () =>
        new Promise<void>((resolve) => {
          end = resolve;
        }),
    );
    const closing = live.close();
    expect(live.status).toMatchObject({ closed: true, next: undefined, version: { from: 'source' } });
    for (const action of [
      () => live.model,
      () => live.run(X),
      () => live.runAsync(X),
      () => live.check(),
      () => live.use(() => 1),
    ]) {
      expect((await failureOf(action)).code).toBe('DISPOSED');
    }
    await closing;
    await live.close();
    expect(await isDisposed(model)).toBe(false);
    end();
    await used;
    expect(await isDisposed(model)).toBe(true);
  });

  it('breaks off a check, also while it validates and from within', async () => {
    let candidate: Model | undefined;
    const { live, put, rejections, updates } = await watchedFile({
      validate: async (model, current) => {
        if (current === undefined) return true;
        candidate = model;
        await live.close();
        return true;
      },
    });
    expect(await put(version(2))).toBe(false);
    expect([rejections, updates]).toEqual([[], []]);
    expect(await isDisposed(candidate as Model)).toBe(true);
  });

  it('is what the signal does, and the language', async () => {
    const controller = new AbortController();
    const { live } = await watchedFile({ signal: controller.signal });
    controller.abort();
    expect(live.status.closed).toBe(true);
    const others = [(await watchedFile()).live, (await watchedFile()).live];
    others[0][Symbol.dispose]();
    await others[1][Symbol.asyncDispose]();
    expect(others.map(({ status }) => status.closed)).toEqual([true, true]);
  });
});
