/** The served models: finds, loads, watches and replaces them. It lives and loads in one thread. */
import { clearInterval, setInterval } from 'node:timers';
import { setTimeout as sleep } from 'node:timers/promises';
import { ERROR_CODES, ForwardpassError } from '../errors.ts';
import type { Model } from '../model.ts';
import { compareVersions } from './catalog.ts';
import type { CheckedServeOptions } from './options.ts';
import type { VersionCounts } from './prometheus.ts';
import { type Found, printOf, type Scan } from './scan.ts';
import { type Published, Slot, type SlotParts } from './slot.ts';

/** A version that could not be loaded, and why. */
interface Refused {
  readonly found: Found;
  readonly error: ForwardpassError;
  readonly print: string;
  /** When it is tried again even if its files have not changed, because the cause may be gone. */
  readonly next: number;
}

/** An entry of the index in the repository extension of the Open Inference Protocol. */
export interface IndexEntry {
  /** The name of the model. */
  readonly name: string;
  /** Its version; absent if none could be loaded. */
  readonly version?: string;
  /** Whether requests for it are answered. */
  readonly state: 'READY' | 'UNAVAILABLE';
  /** Why it is not served; empty if it is. */
  readonly reason: string;
}

export interface RepositoryParts extends Pick<SlotParts, 'options' | 'onChange'> {
  /** Lists what exists now. Throws if that fails. */
  readonly look: () => Promise<Scan>;
}

const PASSING: ReadonlySet<string> = new Set(['SOURCE', 'MEMORY']);
/** Milliseconds before a failed version is tried again. */
const RETRY = 5_000;
/** Milliseconds after which a missing file counts as removed, because it may be just being replaced. */
const GONE = 100;

export class Repository {
  readonly #slots = new Map<string, Slot>();
  readonly #refused = new Map<string, Refused>();
  /** The names of models that a client has unloaded. */
  readonly #unloaded = new Set<string>();
  readonly #problems = new Map<string, ForwardpassError>();
  #running: Promise<void> = Promise.resolve();
  #timer: NodeJS.Timeout | undefined;
  #isLooking = false;
  #started = false;
  #closed = false;
  #lookError = '';

  constructor(private readonly parts: RepositoryParts) {}

  get published(): Published[] {
    return [...this.#slots.values()].sort((a, b) => compareVersions(a.found.version, b.found.version));
  }

  get versions(): VersionCounts[] {
    return [...this.#slots.values()].map(({ counts }) => counts);
  }

  /** Whether the first check is complete. */
  get started(): boolean {
    return this.#started;
  }

  /** The first error of anything that could not be served at the start. */
  get firstProblem(): ForwardpassError | undefined {
    return [...this.#refused.values()][0]?.error ?? [...this.#problems.values()][0];
  }

  async start(): Promise<void> {
    await this.#look();
    this.#started = true;
    this.parts.onChange();
    this.#schedule();
  }

  /** Checks for newer versions and other models now. */
  async reload(): Promise<void> {
    await this.#inTurn(async () => {
      await this.#lookNow();
      await Promise.all([...this.#slots.values()].map((slot) => slot.check()));
    });
  }

  /** The models that are served, and those that are not. Reasons do not reveal paths to clients. */
  index(): IndexEntry[] {
    const ready = this.published.map(
      ({ name, version }): IndexEntry => ({ name, version, state: 'READY', reason: '' }),
    );
    const refused = [...this.#refused.values()].map(
      ({ found: { name, version }, error }): IndexEntry => ({
        name,
        version,
        state: 'UNAVAILABLE',
        reason: reasonOf(error),
      }),
    );
    const known = new Set([...ready, ...refused].map(({ name }) => name));
    const problems = [...this.#problems].map(
      ([name, error]): IndexEntry => ({ name, state: 'UNAVAILABLE', reason: reasonOf(error) }),
    );
    const unloaded = [...this.#unloaded]
      .filter((name) => !known.has(name))
      .map((name): IndexEntry => ({ name, state: 'UNAVAILABLE', reason: 'unloaded' }));
    return [...ready, ...refused, ...problems, ...unloaded];
  }

  /** Resolves with the reason if it failed. */
  async load(name: string): Promise<string | undefined> {
    const was = this.#unloaded.delete(name);
    for (const [key, { found }] of this.#refused) if (found.name === name) this.#refused.delete(key);
    await this.#inTurn(async () => {
      await this.#lookNow();
      const own = [...this.#slots.values()].filter((slot) => slot.name === name);
      await Promise.all(own.map((slot) => slot.check()));
    });
    if (this.published.some((one) => one.name === name)) return undefined;
    const refused = [...this.#refused.values()].find(({ found }) => found.name === name);
    const error = refused?.error ?? this.#problems.get(name);
    if (error === undefined && was) this.#unloaded.add(name);
    return error === undefined ? 'model not found in the repository' : reasonOf(error);
  }

  async unload(name: string): Promise<string | undefined> {
    if (!this.published.some((one) => one.name === name)) return 'model not found';
    this.#unloaded.add(name);
    await this.#inTurn(async () => this.#removeWhere((slot) => slot.name === name));
    return undefined;
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#timer);
    await this.#running;
    await Promise.all([...this.#slots.values()].map((slot) => slot.close()));
  }

  #schedule(): void {
    const { interval } = this.parts.options;
    if (this.#closed || interval > 2 ** 31 - 1) return;
    this.#timer = setInterval(() => {
      if (this.#isLooking) return;
      this.#isLooking = true;
      this.#look().finally(() => {
        this.#isLooking = false;
      });
    }, interval).unref();
  }

  #look(): Promise<void> {
    return this.#inTurn(() => this.#lookNow());
  }

  /** Runs actions one after the other. */
  #inTurn(action: () => Promise<void>): Promise<void> {
    this.#running = this.#running.then(action).catch((error) => this.#tell({ kind: 'failed', error }));
    return this.#running;
  }

  async #lookNow(): Promise<void> {
    const scan = await this.#scan();
    if (scan === undefined || this.#closed) return;
    const found = new Map(scan.found.filter(({ name }) => !this.#unloaded.has(name)).map((one) => [keyOf(one), one]));
    this.#note(scan.problems);
    for (const key of this.#refused.keys()) if (!found.has(key)) this.#refused.delete(key);
    const isMissing = (slot: Slot) => !found.has(keyOf(slot.found));
    if ([...this.#slots.values()].some(isMissing)) {
      await sleep(GONE);
      const again = await this.#scan();
      if (again === undefined) return;
      const still = new Set(again.found.map(keyOf));
      this.#removeWhere((slot) => isMissing(slot) && !still.has(keyOf(slot.found)));
    }
    for (const [key, one] of found) {
      if (this.#closed) return;
      if (this.#slots.get(key)?.found.path !== one.path) await this.#open(key, one);
    }
  }

  async #scan(): Promise<Scan | undefined> {
    try {
      const scan = await this.parts.look();
      this.#lookError = '';
      return scan;
    } catch (error) {
      if (!this.#started) this.#problems.set('', error as ForwardpassError);
      if ((error as Error).message !== this.#lookError) this.#tell({ kind: 'failed', error: error as Error });
      this.#lookError = (error as Error).message;
      return undefined;
    }
  }

  /** Reports each problem once. */
  #note(problems: Scan['problems']): void {
    const before = new Map(this.#problems);
    this.#problems.clear();
    for (const { name, error } of problems) {
      this.#problems.set(name, error);
      if (before.get(name)?.message !== error.message) this.#tell({ kind: 'failed', model: name, error });
    }
  }

  async #open(key: string, found: Found): Promise<void> {
    const { name, version, path } = found;
    const print = found.given === undefined ? await printOf(path) : '';
    const refused = this.#refused.get(key);
    if (refused?.print === print && Date.now() < refused.next) return;
    let slot: Slot;
    try {
      slot = await Slot.open(found, { ...this.parts, peer: () => this.#peerOf(name) });
    } catch (thrown) {
      const error =
        ForwardpassError.from(thrown) ?? new ForwardpassError('SOURCE', `could not be read`, path, { cause: thrown });
      const next = PASSING.has(error.code) ? Date.now() + RETRY : Number.POSITIVE_INFINITY;
      this.#refused.set(key, { found, error, print, next });
      if (refused?.error.message !== error.message || refused.print !== print)
        this.#tell({ kind: 'rejected', model: name, version, error });
      return;
    }
    this.#refused.delete(key);
    const before = this.#slots.get(key);
    this.#slots.set(key, slot);
    this.#tell({ kind: 'loaded', model: name, version, sha256: slot.counts.sha256 });
    this.#changed();
    await before?.close();
  }

  /** The model whose interface a new version must match while the server runs. */
  #peerOf(name: string): Model | undefined {
    if (!this.#started || !this.parts.options.sameInterface) return undefined;
    return this.published.filter((one) => one.name === name).at(-1)?.model;
  }

  #removeWhere(isOver: (slot: Slot) => boolean): void {
    const over = [...this.#slots].filter(([, slot]) => isOver(slot));
    for (const [key, { name, version }] of over) {
      this.#slots.delete(key);
      this.#tell({ kind: 'removed', model: name, version });
    }
    if (over.length > 0) this.#changed();
    for (const [, slot] of over) void slot.close();
  }

  #changed(): void {
    if (this.#started) this.parts.onChange();
  }

  #tell(event: Parameters<NonNullable<CheckedServeOptions['onEvent']>>[0]): void {
    this.parts.options.onEvent?.(event);
  }
}

function keyOf({ name, version }: Found): string {
  return JSON.stringify([name, version]);
}

function reasonOf({ code }: ForwardpassError): string {
  return `${code}: ${ERROR_CODES[code]}`;
}
