/**
 * Versions of a model in files. They are distinguished by `stat`, which works on every file system, and read once they
 * have not changed for a while, so that no half-written file is used.
 */
import { dirname, join, resolve } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { type ErrorCode, ForwardpassError } from '../errors.ts';
import type { Reader } from '../formats/format.ts';
import { loadOpened } from '../load.ts';
import type { Model } from '../model.ts';
import { modifiedAt, printOf } from '../source/file-print.ts';
import { findMain } from '../source/main.ts';
import type { OpenSource } from '../source/open-source.ts';
import { attempt } from '../source/plain.ts';
import { openSource } from '../source.ts';
import { checkDigest, digestOf, expectedDigest, keyOf, LONGEST_SIDECAR } from './digest.ts';
import type { CheckedWatchOptions } from './options.ts';
import type { Offer, Origin } from './origin.ts';

/** The results of `stat` for a model's files, by their paths in the main file; that of the main file is ''. */
type Prints = ReadonlyMap<string, string>;

/** How often a file may change before a check gives up. */
const MOST_CHANGES = 20;

export class FileOrigin implements Origin {
  readonly interval = 2_000;
  readonly shared = false;
  /** A file may be missing briefly, or appear later than the file that refers to it. */
  readonly passing: ReadonlySet<ErrorCode> = new Set(['MEMORY', 'SOURCE']);
  private readonly path: string;
  /** The other files of the last version. */
  #siblings: readonly string[] = [];
  #judged: { readonly prints: Prints; readonly expected: string | undefined } | undefined;
  #looked = false;
  #changing = false;

  constructor(
    path: string,
    private readonly options: CheckedWatchOptions,
  ) {
    this.path = resolve(path);
  }

  get changing(): boolean {
    return this.#changing;
  }

  async look(signal: AbortSignal): Promise<Offer | undefined> {
    this.#changing = false;
    const expected = await expectedDigest(this.options.sha256, () => this.sidecar(signal), signal);
    const { path: main } = await findMain(this.path);
    const found = await printsOf(main, this.#siblings);
    if (this.#judged !== undefined && same(found, this.#judged.prints) && expected === this.#judged.expected) {
      return undefined;
    }
    const prints = await this.settled(main, found, signal);
    this.#looked = true;
    const { digests, modified } = await this.unlessChanged(main, prints, async () => ({
      digests: await this.whileOpen(signal, async (source) => {
        const siblings = await Promise.all(this.#siblings.map((path) => source.sibling(path).catch(() => undefined)));
        return digestsOf([source.main, ...siblings]);
      }),
      modified: new Date(await modifiedAt(main)),
    }));
    const [sha256, ...others] = digests;
    let all = prints;
    const offer = {
      version: { from: 'source' as const, sha256, modified },
      key: [keyOf(sha256, expected), ...others].join(' '),
      load: async (loading: AbortSignal) => {
        await this.checkUnchanged(main, prints);
        checkDigest(sha256, expected, this.path);
        const loaded = await this.load(main, prints, expected, loading);
        all = loaded.prints;
        // From now on, its other files are known.
        offer.key = [keyOf(sha256, expected), ...loaded.digests].join(' ');
        return loaded.model;
      },
      judged: () => {
        this.#siblings = [...all.keys()].filter((path) => path !== '');
        this.#judged = { prints: all, expected };
      },
    };
    return offer;
  }

  forget(): void {
    this.#judged = undefined;
  }

  /** Loads a version, and checks that its files have not changed since they were examined. */
  private async load(main: string, before: Prints, expected: string | undefined, signal: AbortSignal) {
    const prints = new Map(before);
    const used = new Map<string, Reader>();
    let model: Model | undefined;
    try {
      const loaded = await this.unlessChanged(main, prints, () =>
        this.whileOpen(signal, async (source) => {
          const sibling = async (path: string) => {
            const reader = await source.sibling(path);
            if (!prints.has(path)) prints.set(path, await printOf(join(dirname(main), path)));
            used.set(path, reader);
            return reader;
          };
          model = await loadOpened({ ...source, sibling }, { ...this.options.load, signal });
          return { model, digests: await digestsOf([...used.values()]) };
        }),
      );
      await this.checkUnchanged(main, prints);
      if (expected !== undefined && used.size > 0) {
        const message = 'a single SHA-256 was given, but the model has several files; watch a single file';
        throw new ForwardpassError('CHECKSUM', message, this.path);
      }
      const ofIt = [...prints].filter(([path]) => path === '' || used.has(path));
      return { ...loaded, prints: new Map(ofIt) };
    } catch (error) {
      model?.dispose();
      throw error;
    }
  }

  /** Errors of a file that is changing, including its absence, do not count. */
  private async unlessChanged<T>(main: string, prints: Prints, action: () => Promise<T>): Promise<T> {
    try {
      return await action();
    } catch (error) {
      await this.checkUnchanged(main, prints);
      throw error;
    }
  }

  private async checkUnchanged(main: string, prints: Prints): Promise<void> {
    const now = await printsOf(main, [...prints.keys()].slice(1)).catch(() => undefined);
    const path = await findMain(this.path).then(
      (found) => found.path,
      () => undefined,
    );
    if (path !== main || now === undefined || !same(now, prints)) throw this.changed();
  }

  /** Waits until the files have stopped changing; at the start, files that are old enough count as unchanged. */
  private async settled(main: string, found: Prints, signal: AbortSignal): Promise<Prints> {
    const { settle } = this.options;
    if (settle === 0) return found;
    if (!this.#looked && Date.now() - (await modifiedAt(main)) > settle) return found;
    let last = found;
    for (let changes = 0; changes < MOST_CHANGES; changes++) {
      await setTimeout(settle, undefined, { signal }).catch(() => undefined);
      if (signal.aborted) return last;
      const now = await printsOf(main, this.#siblings);
      if (same(now, last)) return now;
      last = now;
    }
    throw this.changed();
  }

  private async whileOpen<T>(signal: AbortSignal, action: (source: OpenSource) => Promise<T>): Promise<T> {
    const source = await openSource(this.path, { limits: this.options.load.limits, signal });
    try {
      return await action(source);
    } finally {
      await source.close();
    }
  }

  private async sidecar(signal: AbortSignal) {
    const limits = { ...this.options.load.limits, bytes: LONGEST_SIDECAR };
    const { main, close } = await openSource(`${this.path}.sha256`, { limits, signal });
    return { ...main, read: (at: number, length: number) => main.read(at, length).finally(close) };
  }

  private changed(): ForwardpassError {
    this.#changing = true;
    return new ForwardpassError('SOURCE', 'is being written; it will be read when it no longer changes', this.path);
  }
}

/** The digests; nothing for a missing file. */
async function digestsOf(readers: readonly (Reader | undefined)[]): Promise<string[]> {
  const digests: string[] = [];
  for (const reader of readers) digests.push(reader === undefined ? '' : await digestOf(reader));
  return digests;
}

async function printsOf(main: string, siblings: readonly string[]): Promise<Prints> {
  const prints = new Map([['', await attempt(main, () => printOf(main))]]);
  for (const path of siblings) prints.set(path, await printOf(join(dirname(main), path)).catch(() => 'not there'));
  return prints;
}

function same(a: Prints, b: Prints): boolean {
  return a.size === b.size && [...a].every(([path, print]) => b.get(path) === print);
}
