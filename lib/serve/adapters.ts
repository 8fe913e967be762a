/** Adds models to an existing server: as a handler for express and connect, and as a plugin for fastify. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Local } from './local.ts';
import { checkServeOptions, type ServeOptions, type ServeSource } from './options.ts';
import type { IndexEntry } from './repository.ts';

/**
 * Options of a handler. The other server handles host, port, workers, TLS and gRPC; also the check of Host names,
 * unless `allowedHosts` is given.
 */
export type HandlerOptions = Omit<
  ServeOptions,
  'host' | 'port' | 'workers' | 'tls' | 'grpcPort' | 'drainDelay' | 'drainTime'
>;

/** `next` is called for paths of other handlers. */
export interface Handler {
  (request: IncomingMessage, response: ServerResponse, next?: (error?: unknown) => void): void;
  /** The models that are served, and those that are not, with reasons. */
  readonly models: readonly IndexEntry[];
  /** Checks for newer models now, and reads tokens again. */
  reload(): Promise<void>;
  /** Stops watching for newer models, and frees the models when the last request has ended. */
  close(): Promise<void>;
}

export async function openHandler(source: ServeSource, options: HandlerOptions): Promise<Handler> {
  const local = await openLocal(source, options);
  const { app } = local;
  const handle = (request: IncomingMessage, response: ServerResponse, next?: (error?: unknown) => void) => {
    const { url = '/' } = request;
    if (next !== undefined && !app.knows(url)) return next();
    app.handle(request, response, url, readAlready(request));
  };
  return Object.defineProperties(handle, {
    models: { get: () => local.repository.index() },
    reload: { value: () => local.reload() },
    close: { value: () => local.close() },
  }) as Handler;
}

/** The part of fastify that the plugin uses. */
export interface FastifyLike {
  /** Called once, to close with fastify. */
  addHook(name: 'onClose', hook: () => Promise<void>): unknown;
  /** Called once: bodies go to the model's routes unparsed. */
  removeAllContentTypeParsers(): unknown;
  /** Called once, with a parser that does not change the bytes. */
  addContentTypeParser(
    type: string,
    options: { readonly parseAs: 'buffer'; readonly bodyLimit?: number },
    parse: (request: unknown, body: Buffer, done: (error: Error | null, body: Buffer) => void) => void,
  ): unknown;
  /** Called for every route below the prefix. */
  all(path: string, handler: (request: FastifyRequestLike, reply: FastifyReplyLike) => unknown): unknown;
}

interface FastifyRequestLike {
  readonly raw: IncomingMessage;
  readonly body?: unknown;
  readonly params?: unknown;
}

interface FastifyReplyLike {
  readonly raw: ServerResponse;
  hijack(): unknown;
}

/** The options of the plugin: `source` is the first argument of `serve`, `prefix` is fastify's own. */
export type FastifyOptions = HandlerOptions & { readonly source: ServeSource; readonly prefix?: string };

export async function registerPlugin(
  fastify: FastifyLike,
  { source, prefix = '', ...options }: FastifyOptions,
): Promise<void> {
  const local = await openLocal(source, handlerOptions(options));
  const bodyLimit = checkServeOptions(handlerOptions(options)).limits.bodyBytes;
  fastify.addHook('onClose', () => local.close());
  // Bodies stay unparsed. This only replaces the parsers of this scope.
  fastify.removeAllContentTypeParsers();
  fastify.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit }, (_, body, done) => done(null, body));
  const answer = ({ raw, body }: FastifyRequestLike, reply: FastifyReplyLike) => {
    reply.hijack();
    const url = (raw.url ?? '/').slice(prefix.length);
    const isPost = raw.method !== 'GET' && raw.method !== 'HEAD';
    const bytes = body instanceof Uint8Array ? body : isPost ? new Uint8Array(0) : undefined;
    local.app.handle(raw, reply.raw, url.startsWith('/') ? url : `/${url}`, bytes);
  };
  fastify.all('/', answer);
  fastify.all('/*', answer);
}

/** The plugin's options without those that fastify adds. */
function handlerOptions({
  logLevel,
  logSerializers,
  ...options
}: HandlerOptions & Record<string, unknown>): HandlerOptions {
  return options;
}

function openLocal(source: ServeSource, options: HandlerOptions): Promise<Local> {
  return Local.open(source, checkServeOptions({ allowedHosts: ['*'], ...options }));
}

/** The body if a body parser has already read it, as bytes or parsed. */
function readAlready(request: IncomingMessage & { readonly body?: unknown }): Uint8Array | undefined {
  const { body } = request;
  if (body instanceof Uint8Array) return body;
  if (body === undefined || !request.readableEnded) return undefined;
  return Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
}
