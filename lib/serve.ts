/**
 * `forwardpass/serve`: models behind HTTP. See docs/serving.md.
 *
 *     import { serve } from 'forwardpass/serve';
 *     const server = await serve('churn.joblib');       // http://127.0.0.1:8080/models/churn/predict
 *
 * @module forwardpass/serve
 */
import {
  type FastifyLike,
  type FastifyOptions,
  type Handler,
  type HandlerOptions,
  openHandler,
  registerPlugin,
} from './serve/adapters.ts';
import type { ServeOptions, ServeSource } from './serve/options.ts';
import { openServer, type Server } from './serve/server.ts';

export { ForwardpassError } from './errors.ts';
export type { FastifyLike, FastifyOptions, Handler, HandlerOptions } from './serve/adapters.ts';
export type { Event as ServeEvent } from './serve/events.ts';
export type { ServeLimits, ServeOptions, ServeSource, Split, TlsFiles } from './serve/options.ts';
export type { IndexEntry } from './serve/repository.ts';
export type { Server } from './serve/server.ts';

/**
 * Serves a model file or folder, a URL, a folder of models (NAME.EXTENSION, or NAME/VERSION/FILE), a model, or an
 * object of models by name. Resolves when the server listens and the existing models are loaded.
 *
 * @throws {ForwardpassError} OPTION, such as for a port in use; what `load` throws if there is nothing else to serve.
 */
export async function serve(source: ServeSource, options: ServeOptions = {}): Promise<Server> {
  return openServer(source, options);
}

/**
 * The same routes as a handler for express, connect or node:http.
 *
 *     app.use('/ml', await handler('./models'));        // /ml/models/churn/predict
 */
export async function handler(source: ServeSource, options: HandlerOptions = {}): Promise<Handler> {
  return openHandler(source, options);
}

/**
 * The same routes as a plugin for fastify.
 *
 *     fastify.register(fastifyPlugin, { source: './models', prefix: '/ml' });
 */
export async function fastifyPlugin(fastify: FastifyLike, options: FastifyOptions): Promise<void> {
  return registerPlugin(fastify, options);
}
