/**
 * The threads that answer requests on one port. They share the listening socket, so that waiting connections belong to
 * no thread and are not lost with one, and the weights, which this thread loads.
 */
import { closeSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { engine } from '#engine';
import { ForwardpassError } from '../../errors.ts';
import type { Served } from '../catalog.ts';
import type { Certificates } from '../listener.ts';
import type { Local, Others } from '../local.ts';
import { Metrics, type MetricsState } from '../metrics.ts';
import type { CheckedServeOptions } from '../options.ts';
import type { Edition, FromWorker, Shared, Start } from './messages.ts';
import { Seat } from './seat.ts';

/** Milliseconds to wait for the metrics of a thread, before its last report is used. */
const COLLECT = 500;

/** A model that is shared with threads, kept alive until none of them needs it any more. */
interface Kept {
  readonly shared: Shared;
  /** The first edition without it. */
  over?: number;
}

export class Crew implements Others {
  readonly #seats: Seat[] = [];
  readonly #kept = new Map<Served, Kept>();
  readonly #collecting = new Map<number, (state: MetricsState) => void>();
  /** The metrics of threads that have ended. */
  readonly #departed = new Metrics();
  #tls: Certificates | undefined;
  #edition = 0;
  #keys = 0;
  #ids = 0;
  #restarts = 0;
  #hasBegun = false;
  #begun = () => {};
  #failed: (error: Error) => void = () => {};

  private constructor(
    private readonly local: Local,
    private readonly options: CheckedServeOptions,
    private readonly socket: number,
    readonly address: AddressInfo,
    private readonly grpc: Bound | undefined,
  ) {}

  /** Resolves when all threads answer. */
  static async start(local: Local, options: CheckedServeOptions, tls: Certificates | undefined): Promise<Crew> {
    const { host, port, grpcPort } = options;
    const { socket, address } = await bind({ host, port });
    const grpc = grpcPort === undefined ? undefined : await bindGrpc({ host, port: grpcPort }, socket);
    const crew = new Crew(local, options, socket, address, grpc);
    crew.#tls = tls;
    local.others = crew;
    local.onUpdate = () => crew.#publish();
    crew.#publish();
    const begun = new Promise<void>((resolve, reject) => {
      crew.#begun = resolve;
      crew.#failed = reject;
    });
    try {
      for (let number = 1; number <= (options.workers ?? 1); number++) crew.#seats.push(crew.#newSeat(number));
      await begun;
    } catch (error) {
      await crew.close(0);
      throw error;
    }
    crew.#hasBegun = true;
    return crew;
  }

  get grpcPort(): number | undefined {
    return this.grpc?.address.port;
  }

  get restarts(): number {
    return this.#restarts;
  }

  get size(): number {
    return this.#seats.filter(({ isTaken }) => isTaken).length;
  }

  /** The metrics of all threads, including ended ones. */
  async collect(): Promise<MetricsState> {
    const total = new Metrics();
    total.add(this.#departed.state);
    const states = await Promise.all(this.#seats.map((seat) => this.#collectFrom(seat)));
    for (const state of states) if (state !== undefined) total.add(state);
    return total.state;
  }

  setTls(tls: Certificates): void {
    this.#tls = tls;
    for (const seat of this.#seats) seat.say({ kind: 'tls', tls });
  }

  setTokens(): void {
    const { tokens } = this.local;
    for (const seat of this.#seats) seat.say({ kind: 'tokens', tokens });
  }

  drain(): void {
    for (const seat of this.#seats) seat.say({ kind: 'drain' });
  }

  /** Each thread answers open requests, then ends. */
  async close(most: number): Promise<void> {
    // The socket listens as long as any thread has it open.
    closeSync(this.socket);
    if (this.grpc !== undefined) closeSync(this.grpc.socket);
    await Promise.all(this.#seats.map((seat) => seat.close(most)));
    for (const served of this.#kept.keys()) served.letGo();
    this.#kept.clear();
  }

  #newSeat(number: number): Seat {
    return new Seat(number, {
      script: new URL('./serve-thread.js', import.meta.url),
      start: () => this.#startOf(),
      onMessage: (message, seat) => this.#hear(message, seat),
      onEnd: (seat, error) => {
        if (!this.#hasBegun) {
          this.#failed(error);
          return;
        }
        this.#restarts += 1;
        if (seat.counted !== undefined) this.#departed.add({ ...seat.counted, connections: 0, waiting: 0 });
        seat.counted = undefined;
        this.options.onEvent?.({ kind: 'worker', worker: seat.number, error });
      },
    });
  }

  #startOf(): Start {
    const { accessLog, onEvent, load, ...others } = this.options;
    // Functions cannot go to another thread.
    const { functions, fetch, ...plain } = load;
    const options = { ...others, load: plain };
    const fd = engine.duplicateDescriptor(this.socket);
    const grpcFd = this.grpc && engine.duplicateDescriptor(this.grpc.socket);
    if (fd === undefined || (this.grpc !== undefined && grpcFd === undefined)) throw noDescriptors();
    return {
      ...{ fd, grpcFd },
      options,
      logsAccess: accessLog !== undefined,
      tls: this.#tls,
      tokens: this.local.tokens,
      models: this.#models(),
    };
  }

  #hear(message: FromWorker, seat: Seat): void {
    switch (message.kind) {
      case 'listening':
        if (this.#seats.every(({ isListening }) => isListening)) this.#begun();
        break;
      case 'taken':
        this.#release();
        break;
      case 'metrics':
        this.#collecting.get(message.id ?? -1)?.(message.state);
        break;
      case 'question':
        this.#answer(message, seat);
        break;
      case 'access':
        this.options.accessLog?.(message.lines);
        break;
      case 'failed': {
        const error = ForwardpassError.from(message.error) ?? new Error(String(message.error));
        this.options.onEvent?.({ kind: 'failed', model: message.model, error });
        break;
      }
    }
  }

  async #answer({ id, question, name = '' }: FromWorker & { kind: 'question' }, seat: Seat): Promise<void> {
    const { local } = this;
    const ask = {
      metrics: () => local.metrics(),
      index: () => local.index(),
      load: () => local.load(name),
      unload: () => local.unload(name),
    };
    const value = await ask[question]().catch((error: Error) => error.message);
    seat.say({ kind: 'answer', id, value });
  }

  async #collectFrom(seat: Seat): Promise<MetricsState | undefined> {
    if (!seat.isTaken) return seat.counted;
    this.#ids += 1;
    const id = this.#ids;
    const fresh = new Promise<MetricsState | undefined>((resolve) => {
      const timer = setTimeout(() => resolve(seat.counted), COLLECT);
      this.#collecting.set(id, (state) => {
        clearTimeout(timer);
        resolve(state);
      });
    });
    seat.say({ kind: 'collect', id });
    return fresh.finally(() => this.#collecting.delete(id));
  }

  /** Tells all threads which models are now in use. Each thread switches between two requests. */
  #publish(): void {
    this.#edition += 1;
    const now = new Set(this.local.catalog.all);
    for (const [served, kept] of this.#kept) if (!now.has(served)) kept.over ??= this.#edition;
    for (const served of now) {
      if (this.#kept.has(served)) continue;
      const from = this.#share(served);
      if (from === undefined) continue;
      const { name, version } = served;
      served.hold();
      this.#keys += 1;
      this.#kept.set(served, { shared: { key: this.#keys, name, version, from } });
    }
    for (const seat of this.#seats) seat.say({ kind: 'models', edition: this.#models() });
    this.#release();
  }

  /**
   * Models with functions are loaded by the threads, which also have the functions; other models that cannot be shared
   * are not served.
   */
  #share({ name, version, model, source }: Served): Shared['from'] | undefined {
    try {
      return { handle: model.share() };
    } catch (thrown) {
      if (this.options.functions !== undefined && source !== undefined) return { source };
      const error = ForwardpassError.from(thrown) ?? new ForwardpassError('HANDLE', 'cannot be shared with threads');
      this.options.onEvent?.({ kind: 'rejected', model: name, version, error });
      return undefined;
    }
  }

  #models(): Edition {
    const models = [...this.#kept.values()].filter(({ over }) => over === undefined).map(({ shared }) => shared);
    return { number: this.#edition, models, ready: this.local.catalog.ready };
  }

  /** Releases models that every thread has replaced; does nothing while a thread starts. */
  #release(): void {
    for (const [served, { over }] of this.#kept) {
      if (over === undefined || this.#seats.some(({ isTaken, edition }) => isTaken && edition < over)) continue;
      this.#kept.delete(served);
      served.letGo();
    }
  }
}

interface Bound {
  readonly socket: number;
  readonly address: AddressInfo;
}

/** Reports a missing package or a port in use before threads start; `other` is then closed. */
async function bindGrpc(place: { readonly host: string; readonly port: number }, other: number): Promise<Bound> {
  try {
    await (await import('../grpc.ts')).checkGrpc();
    return await bind(place);
  } catch (error) {
    closeSync(other);
    if (error instanceof ForwardpassError) throw error;
    const message = `gRPC cannot listen on ${place.host}:${place.port}`;
    throw new ForwardpassError('SOURCE', message, 'option grpc', { cause: error });
  }
}

/**
 * A listening socket that belongs to no event loop: the server that created it is closed before it accepts connections,
 * and a copy of its descriptor remains.
 */
function bind({ host, port }: { readonly host: string; readonly port: number }): Promise<Bound> {
  const server = createServer();
  return new Promise((resolve, reject) => {
    server.once('error', (error) => reject(error));
    server.listen({ host, port, backlog: 1024 }, () => {
      const address = server.address() as AddressInfo;
      const { fd } = (server as unknown as { readonly _handle: { readonly fd: number } })._handle;
      const socket = engine.duplicateDescriptor(fd);
      server.close();
      if (socket === undefined) reject(noDescriptors());
      else resolve({ socket, address });
    });
  });
}

function noDescriptors(): ForwardpassError {
  const message =
    'threads cannot share a port on this system; remove the option, or start several servers behind a load balancer';
  return new ForwardpassError('OPTION', message, 'workers');
}
