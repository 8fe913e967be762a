/** The models that answer in this thread, by name and version. */
import type { ServedModel } from './protocol.ts';

/** A file, and the digest of its content. */
export interface ModelSource {
  readonly path: string;
  readonly sha256?: string;
}

/** A version in use. Requests that are not answered at once hold it in the meantime. */
export class Served implements ServedModel {
  readonly format: string;
  #holders = 0;
  #retired = false;

  constructor(
    readonly name: string,
    readonly version: string,
    readonly model: ServedModel['model'],
    /** Called once, when it is retired and no longer held. */
    private readonly release: () => void,
    /** Where it was loaded from, for threads that must load it themselves. */
    readonly source?: ModelSource,
  ) {
    this.format = model.format;
  }

  hold(): void {
    this.#holders += 1;
  }

  letGo(): void {
    this.#holders -= 1;
    if (this.#retired && this.#holders === 0) this.release();
  }

  retire(): void {
    if (this.#retired) return;
    this.#retired = true;
    if (this.#holders === 0) this.release();
  }
}

/** How requests without a version are distributed. */
export interface Roles {
  readonly split: ReadonlyMap<string, { readonly version: string; readonly share: number }>;
  readonly shadow: ReadonlyMap<string, string>;
}

export interface Entry {
  readonly name: string;
  /** The versions, oldest first. */
  readonly versions: readonly Served[];
  /** The newest version without another role. */
  readonly main: Served;
  readonly split?: { readonly served: Served; readonly share: number };
  readonly shadow?: Served;
}

export class Catalog {
  #entries: ReadonlyMap<string, Entry> = new Map();
  /** Whether the first check of all models is complete. */
  ready = false;

  constructor(private readonly roles: Roles) {}

  get entries(): ReadonlyMap<string, Entry> {
    return this.#entries;
  }

  /** All versions of all models. */
  get all(): Served[] {
    return [...this.#entries.values()].flatMap(({ versions }) => versions);
  }

  /** The versions that answer requests without a version, one for each model. */
  get main(): Served[] {
    return [...this.#entries.values()].map(({ main }) => main);
  }

  /**
   * Replaces the versions synchronously, so between two requests. Versions that are not in `served` any more are
   * retired.
   */
  replace(served: readonly Served[]): void {
    const before = this.all;
    const byName = new Map<string, Served[]>();
    for (const each of served) {
      const versions = byName.get(each.name);
      if (versions === undefined) byName.set(each.name, [each]);
      else versions.push(each);
    }
    this.#entries = new Map([...byName].sort(byKey).map(([name, versions]) => [name, this.#entryOf(name, versions)]));
    const kept = new Set(served);
    for (const each of before) if (!kept.has(each)) each.retire();
  }

  /** The version with that name; without a name, the one that answers for the model. */
  find(name: string, version?: string): Served | undefined {
    const entry = this.#entries.get(name);
    if (entry === undefined) return undefined;
    if (version !== undefined) return entry.versions.find((each) => each.version === version);
    const { split } = entry;
    return split !== undefined && Math.random() < split.share ? split.served : entry.main;
  }

  versions(name: string): readonly string[] {
    return this.#entries.get(name)?.versions.map(({ version }) => version) ?? [];
  }

  #entryOf(name: string, found: Served[]): Entry {
    const versions = found.sort((a, b) => compareVersions(a.version, b.version));
    const split = this.roles.split.get(name);
    const splitTo = split && versionOf(versions, split.version);
    const shadowed = this.roles.shadow.get(name);
    const shadow = shadowed === undefined ? undefined : versionOf(versions, shadowed);
    const plain = versions.filter((each) => each !== splitTo && each !== shadow);
    return {
      name,
      versions,
      main: plain.at(-1) ?? (versions.at(-1) as Served),
      ...(split && splitTo && { split: { served: splitTo, share: split.share } }),
      ...(shadow && plain.length > 0 && { shadow }),
    };
  }
}

/** For roles, `v2` also means the version in the folder `2`. */
function versionOf(versions: readonly Served[], wanted: string): Served | undefined {
  const named = (name: string) => versions.find(({ version }) => version === name);
  return named(wanted) ?? (/^v\d+$/.test(wanted) ? named(wanted.slice(1)) : undefined);
}

/** Compares numbers in names as numbers: v10 comes after v9. */
export function compareVersions(a: string, b: string): number {
  collator ??= new Intl.Collator('en', { numeric: true });
  return collator.compare(a, b) || (a < b ? -1 : a > b ? 1 : 0);
}

/** Created on first use, because it takes milliseconds. */
let collator: Intl.Collator | undefined;

function byKey([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
