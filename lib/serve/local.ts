/** Models and their answers in one thread. */
import { readFile } from 'node:fs/promises';
import { ForwardpassError } from '../errors.ts';
import type { LoadOptions } from '../options.ts';
import { AccessLog } from './access-log.ts';
import { App, type Backend } from './app.ts';
import { Catalog, Served } from './catalog.ts';
import { Guard, tokensIn } from './guard.ts';
import { Metrics, type MetricsState } from './metrics.ts';
import type { CheckedServeOptions, ServeSource } from './options.ts';
import { prometheusText } from './prometheus.ts';
import { Repository } from './repository.ts';
import { openServeSource } from './source.ts';
import { openTelemetry } from './telemetry.ts';

/** Opens the source, and checks it once. Throws the error of a source without anything to serve. */
async function openRepository(
  source: ServeSource,
  options: CheckedServeOptions,
  onChange: () => void,
): Promise<Repository> {
  const { look, isFixed } = await openServeSource(source, options.name);
  const repository = new Repository({ look, options, onChange });
  await repository.start();
  const problem = repository.firstProblem;
  if (isFixed && problem !== undefined) {
    await repository.close();
    throw problem;
  }
  return repository;
}

export function newCatalog({ split, shadow }: CheckedServeOptions): Catalog {
  return new Catalog({ split: new Map(Object.entries(split)), shadow: new Map(Object.entries(shadow)) });
}

/** @throws {ForwardpassError} OPTION */
async function readTokens({ tokenFile }: CheckedServeOptions): Promise<string[] | undefined> {
  if (tokenFile === undefined) return undefined;
  const text = await readFile(tokenFile, 'utf8').catch((cause: Error) => {
    throw new ForwardpassError('OPTION', cause.message, 'tokenFile', { cause });
  });
  const tokens = tokensIn(text);
  if (tokens.length === 0)
    throw new ForwardpassError('OPTION', 'expected a token on some line, found none', 'tokenFile');
  return tokens;
}

async function withFunctions(options: CheckedServeOptions): Promise<CheckedServeOptions> {
  const functions = await functionsOf(options);
  return functions === undefined ? options : { ...options, load: { ...options.load, functions } };
}

/** The functions for custom steps from the script, for this thread. */
export async function functionsOf({
  functions,
}: Pick<CheckedServeOptions, 'functions'>): Promise<LoadOptions['functions']> {
  if (functions === undefined) return undefined;
  return (await import('../steps/import-functions.ts')).importFunctions(new URL(functions), 'functions');
}

/** Other threads that answer. */
export interface Others {
  readonly size: number;
  readonly restarts: number;
  collect(): Promise<MetricsState>;
}

export class Local implements Backend {
  readonly catalog: Catalog;
  readonly guard: Guard;
  /** The tokens, one of which each request must contain. */
  tokens: readonly string[] | undefined;
  /** Called when the models in use have changed. */
  onUpdate: (() => void) | undefined;
  others: Others | undefined;
  #app: App | undefined;
  #repository: Repository | undefined;
  #accessLog: AccessLog | undefined;

  private constructor(private readonly options: CheckedServeOptions) {
    this.catalog = newCatalog(options);
    this.guard = new Guard(options);
  }

  static async open(source: ServeSource, given: CheckedServeOptions): Promise<Local> {
    const options = await withFunctions(given);
    const local = new Local(options);
    await local.#readTokens();
    const { accessLog } = options;
    local.#accessLog = accessLog && new AccessLog(accessLog);
    const { catalog, guard } = local;
    const startSpan = await openTelemetry();
    local.#app = new App({ catalog, guard, backend: local, options, accessLog: local.#accessLog, startSpan });
    local.#repository = await openRepository(source, options, () => local.#update());
    local.#update();
    return local;
  }

  get app(): App {
    return this.#app as App;
  }

  get repository(): Repository {
    return this.#repository as Repository;
  }

  async metrics(): Promise<string> {
    const { app, others, repository } = this;
    app.metrics.waiting = app.waiting;
    const total = new Metrics();
    total.add(app.metrics.state);
    if (others !== undefined) total.add(await others.collect());
    const about = { ready: app.isReady, workers: others?.size ?? 1, restarts: others?.restarts ?? 0 };
    return prometheusText(total.state, repository.versions, about);
  }

  async index() {
    return this.repository.index();
  }

  load(name: string) {
    return this.repository.load(name);
  }

  unload(name: string) {
    return this.repository.unload(name);
  }

  async reload(): Promise<void> {
    await this.#readTokens();
    await this.repository.reload();
  }

  async close(): Promise<void> {
    this.catalog.ready = false;
    this.#accessLog?.flush();
    this.catalog.replace([]);
    await this.repository.close();
  }

  async #readTokens(): Promise<void> {
    this.tokens = await readTokens(this.options);
    this.guard.tokens = this.tokens;
  }

  /** Updates the catalog, between two requests. */
  #update(): void {
    // The first check may finish before the repository is assigned.
    if (this.#repository === undefined) return;
    const before = new Map(this.catalog.all.map((one) => [keyOf(one), one]));
    const served = this.repository.published.map((published) => {
      const { name, version, model } = published;
      const known = before.get(keyOf(published));
      return known?.model === model ? known : new Served(name, version, model, published.hold(), published.source);
    });
    this.catalog.replace(served);
    this.catalog.ready = this.repository.started && served.length > 0;
    this.onUpdate?.();
  }
}

function keyOf({ name, version }: { readonly name: string; readonly version: string }): string {
  return JSON.stringify([name, version]);
}
