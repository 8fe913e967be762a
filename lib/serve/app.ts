/** Turns requests into answers, for any server. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AccessLog } from './access-log.ts';
import { Bodies } from './body.ts';
import type { Catalog, Served } from './catalog.ts';
import { controlAsked } from './control.ts';
import { Exchange, type Sender } from './exchange.ts';
import { type Guard, UNAUTHORIZED } from './guard.ts';
import { Metrics } from './metrics.ts';
import type { CheckedServeOptions } from './options.ts';
import { Outbox } from './outbox.ts';
import {
  type Answer,
  type Compute,
  errorAnswer,
  type Handler,
  inferV2,
  jsonAnswer,
  keptResults,
  predictFriendly,
  predictV1,
  problem,
  type Results,
  type ServedModel,
} from './protocol.ts';
import { Request } from './request.ts';
import { type Action, type Route, Routes } from './routes.ts';
import { Scheduler } from './scheduler.ts';
import { Shadows } from './shadow.ts';
import type { StartSpan } from './telemetry.ts';
import { view } from './views.ts';

/** What an answering thread asks of the server as a whole. */
export interface Backend {
  /** The metrics of all threads, as text for Prometheus. */
  metrics(): Promise<string>;
  /** The result of `POST /v2/repository/index`. */
  index(): Promise<readonly object[]>;
  /** Resolves with the reason if it failed. */
  load(name: string): Promise<string | undefined>;
  unload(name: string): Promise<string | undefined>;
}

export interface AppParts {
  readonly catalog: Catalog;
  readonly guard: Guard;
  readonly backend: Backend;
  readonly options: Pick<CheckedServeOptions, 'control' | 'batchWindow' | 'limits'>;
  readonly accessLog?: AccessLog;
  readonly startSpan?: StartSpan;
}

const HANDLERS: Partial<Record<Action, Handler>> = {
  predict: predictFriendly,
  'v2-infer': inferV2,
  'v1-predict': predictV1,
};

/** Actions without a token: health checks, and the page, which itself contains nothing about the models. */
const OPEN: ReadonlySet<Action> = new Set(['page', 'live', 'ready', 'v2-live', 'v2-ready']);

const NO_QUERY = new URLSearchParams();

const BUSY: Answer = {
  ...problem(503, 'BUSY', 'the server is busy; try again'),
  headers: { 'content-type': 'application/json', 'retry-after': '1' },
};

/** The answer to OPTIONS for the server as a whole. */
const EVERYTHING: Answer = { status: 204, headers: { allow: 'GET, HEAD, POST, OPTIONS' }, body: '' };

export class App implements Sender {
  readonly metrics = new Metrics();
  readonly outbox = new Outbox();
  readonly idleSeconds: number;
  readonly accessLog?: AccessLog;
  /** Whether the server is closing: answers end their connections, and readiness fails. */
  draining = false;
  readonly #routes = new Routes();
  readonly #bodies: Bodies;
  readonly #scheduler: Scheduler;
  readonly #shadows: Shadows;

  constructor(private readonly parts: AppParts) {
    const { limits, batchWindow } = parts.options;
    this.accessLog = parts.accessLog;
    this.idleSeconds = Math.max(Math.floor(limits.idleTime / 1000), 1);
    this.#bodies = new Bodies(limits, BUSY);
    this.#shadows = new Shadows(this.metrics, limits);
    this.#scheduler = new Scheduler({
      batchWindow,
      onRun: ({ name, version }, rows) => this.metrics.of(name, version).batchRows.observe(rows),
    });
  }

  get waiting(): number {
    return this.#scheduler.waiting;
  }

  get compute(): Compute {
    return this.#scheduler.compute;
  }

  get isReady(): boolean {
    return this.parts.catalog.ready && !this.draining;
  }

  /** Whether the path is one of these routes, for servers with other routes. */
  knows(url: string): boolean {
    const mark = url.indexOf('?');
    return typeof this.#routes.of(mark < 0 ? url : url.slice(0, mark)) === 'object';
  }

  /** `body` is given if it was already read. */
  handle(request: IncomingMessage, response: ServerResponse, url = request.url ?? '/', body?: Uint8Array): void {
    const exchange = new Exchange(this, request, response, url);
    const route = this.#routes.of(exchange.path);
    exchange.further = this.parts.guard.corsOf(request.headers);
    guarded(exchange, () => {
      const refused = this.#refuse(exchange, route);
      if (refused !== undefined) exchange.sendUnread(refused);
      else this.#follow(exchange, route as Route, body);
    });
  }

  #refuse(exchange: Exchange, route: Route | 'malformed' | undefined): Answer | undefined {
    const { guard } = this.parts;
    const { request } = exchange;
    const { method, headers } = request;
    const unclear = guard.refuseHosts(request);
    if (unclear !== undefined) {
      exchange.isLast = true;
      return unclear;
    }
    const foreign = guard.refuseHost(headers);
    if (foreign !== undefined) return foreign;
    if (request.httpVersionMajor < 1 || (request instanceof Request && request.httpVersionMajor > 1)) {
      exchange.isLast = true;
      return problem(400, 'VERSION', 'expected version 1.0 or 1.1 of HTTP');
    }
    if (method === 'OPTIONS' && exchange.path === '*') return EVERYTHING;
    const preflight = guard.preflight(request);
    if (preflight !== undefined) return preflight;
    if (route === 'malformed') return problem(400, 'PATH', 'the path is malformed or wrongly encoded');
    const isOpen = route !== undefined && OPEN.has(route.action);
    if (!isOpen && !guard.isAllowed(headers.authorization)) return UNAUTHORIZED;
    if (route === undefined) return problem(404, 'NOT_FOUND', 'nothing at this path; see / for the paths');
    if (method === route.method || (method === 'HEAD' && route.method === 'GET')) return undefined;
    const allow = route.method === 'GET' ? 'GET, HEAD, OPTIONS' : 'POST, OPTIONS';
    if (method === 'OPTIONS') return { status: 204, headers: { allow }, body: '' };
    // For a path without a model, the method is not the problem.
    if (route.name !== undefined && !isControl(route) && !this.parts.catalog.entries.has(route.name)) {
      return this.#notFound(route.name);
    }
    const answer = problem(405, 'METHOD', `expected a method of ${allow}`);
    return { ...answer, headers: { ...answer.headers, allow } };
  }

  #follow(exchange: Exchange, route: Route, body: Uint8Array | undefined): void {
    const { action, method, name, version } = route;
    const { catalog, guard, startSpan } = this.parts;
    const { request } = exchange;
    exchange.span = startSpan?.(request.method ?? '', action, request.headers);
    if (name !== undefined && !isControl(route)) {
      exchange.served = catalog.find(name, version);
      if (exchange.served === undefined) {
        exchange.send(this.#notFound(name));
        return;
      }
    }
    if (method === 'GET') {
      const { isReady } = this;
      const metrics = () => this.parts.backend.metrics();
      answerWith(exchange, view(action, { catalog, isReady, metrics }, exchange.served));
      return;
    }
    const unfit = guard.refuseContent(request.headers);
    if (unfit !== undefined) exchange.send(unfit);
    else if (body !== undefined) this.#post(exchange, route, body);
    else this.#read(exchange, route);
  }

  #notFound(name: string): Answer {
    const isKnown = this.parts.catalog.entries.has(name);
    const what = isKnown ? 'version not found' : 'model not found';
    return problem(404, 'NOT_FOUND', `${what}; see /models`);
  }

  #read(exchange: Exchange, route: Route): void {
    const { request } = exchange;
    const tooMuch = this.#bodies.refuse(request);
    if (tooMuch !== undefined) {
      exchange.sendAndDrain(tooMuch);
      return;
    }
    this.#bodies.read(request, (read, held) => {
      exchange.release = () => this.#bodies.release(held);
      guarded(exchange, () => {
        if (read instanceof Uint8Array) this.#post(exchange, route, read);
        else exchange.sendAndDrain(read);
      });
    });
  }

  #post(exchange: Exchange, { action, name }: Route, body: Uint8Array): void {
    exchange.bytesIn = body.length;
    const handler = HANDLERS[action];
    const { served } = exchange;
    if (handler === undefined || served === undefined) answerWith(exchange, this.#control(action, name, body));
    else if (this.#scheduler.waiting >= this.parts.options.limits.queue) exchange.send(BUSY);
    else this.#predict(exchange, served, handler, body);
  }

  #predict(exchange: Exchange, served: Served, handler: Handler, body: Uint8Array): void {
    const { limits } = this.parts.options;
    const { headers } = exchange.request;
    const incoming = { headers, body, query: exchange.query === '' ? NO_QUERY : new URLSearchParams(exchange.query) };
    const shadow = this.parts.catalog.entries.get(served.name)?.shadow;
    const isShadowed = shadow !== undefined && shadow !== served;
    let results: Results | undefined;
    const keep = (all: Results) => {
      results = keptResults(all);
    };
    const compute: Compute = isShadowed ? (of, work) => tap(this.compute(of, work), keep) : this.compute;
    const end = (answer: Answer) => {
      this.count(served, answer, exchange.seconds);
      exchange.send(answer);
      if (shadow === undefined || !isShadowed || results === undefined) return;
      this.#shadows.run(shadow, { handler, incoming, results, rows: answer.rows ?? 0 });
    };
    let answer: Answer | Promise<Answer>;
    try {
      answer = handler(served, incoming, limits, compute);
    } catch (error) {
      answer = errorAnswer(error);
    }
    if (!(answer instanceof Promise)) {
      end(answer);
      return;
    }
    served.hold();
    answer.catch(errorAnswer).then((given) => {
      served.letGo();
      end(given);
    });
  }

  async #control(action: Action, name: string | undefined, body: Uint8Array): Promise<Answer> {
    const { backend, options } = this.parts;
    const asked = controlAsked(body);
    if ('status' in asked) return asked;
    if (action === 'index') {
      const all = await backend.index();
      return jsonAnswer(asked.ready ? all.filter((one) => 'state' in one && one.state === 'READY') : all);
    }
    if (!options.control) {
      const message = 'loading and unloading by clients is disabled; enable it with the option control (--control)';
      return problem(403, 'CONTROL', message);
    }
    const reason = await (action === 'load' ? backend.load(name as string) : backend.unload(name as string));
    return reason === undefined ? jsonAnswer({}) : problem(400, 'REPOSITORY', reason);
  }

  /** Counts an answered request of any protocol. With a code, it failed. */
  count({ name, version }: ServedModel, { rows, computeNs, code }: Outcome, seconds: number): void {
    const series = this.metrics.of(name, version);
    series.requests += 1;
    series.seconds.observe(seconds);
    if (code !== undefined) series.failed(code);
    if (rows !== undefined) series.rows += rows;
    if (computeNs !== undefined) series.computeSeconds.observe(computeNs / 1e9);
  }
}

/** Whether the action is for models that may not be loaded. */
function isControl({ action }: Route): boolean {
  return action === 'load' || action === 'unload';
}

type Outcome = Pick<Answer, 'rows' | 'computeNs' | 'code'>;

/** An internal error fails one request, and does not end the process. */
function guarded(exchange: Exchange, action: () => void): void {
  try {
    action();
  } catch (error) {
    exchange.send(errorAnswer(error));
  }
}

function answerWith(exchange: Exchange, answer: Answer | Promise<Answer>): void {
  if (answer instanceof Promise) answer.catch(errorAnswer).then((given) => exchange.send(given));
  else exchange.send(answer);
}

function tap<T>(value: T | Promise<T>, take: (value: T) => void): T | Promise<T> {
  if (!(value instanceof Promise)) {
    take(value);
    return value;
  }
  return value.then((settled) => {
    take(settled);
    return settled;
  });
}
