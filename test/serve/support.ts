/** Small models, servers of them, and clients that see what goes over the wire. */
import { mkdtemp, rm } from 'node:fs/promises';
import { request as httpRequest, type IncomingHttpHeaders, type RequestOptions } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach } from 'vitest';
import type { Event } from '../../lib/serve/events.ts';
import type { ServeOptions, ServeSource } from '../../lib/serve/options.ts';
import { type Server, serve } from '../../lib/serve.ts';

export { version } from '../watch/versions.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

export function later(cleanup: () => unknown): void {
  cleanups.push(cleanup);
}

export async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'forwardpass-serve-'));
  later(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

export interface Served {
  readonly server: Server;
  readonly events: Event[];
}

/** On its own port; looks for newer models when it is asked to only. */
export async function served(source: ServeSource, options: ServeOptions = {}): Promise<Served> {
  const events: Event[] = [];
  const server = await serve(source, {
    port: 0,
    interval: Number.POSITIVE_INFINITY,
    settle: 0,
    drainTime: 0,
    onEvent: (event) => events.push(event),
    ...options,
  });
  later(() => server.close());
  return { server, events };
}

export interface Reply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly bytes: Buffer;
  readonly text: string;
  readonly json: unknown;
}

/** One request over its own connection. */
export function ask(
  { url }: Pick<Server, 'url'>,
  path: string,
  options: RequestOptions & { body?: string | Uint8Array } = {},
): Promise<Reply> {
  const { body, ...rest } = options;
  const method = body === undefined ? 'GET' : 'POST';
  const headers = { ...(body !== undefined && { 'content-type': 'application/json' }), ...rest.headers };
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const request = httpRequest({ hostname, port, path, method, agent: false, ...rest, headers }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        const bytes = Buffer.concat(chunks);
        const text = bytes.toString();
        resolve({ status: response.statusCode ?? 0, headers: response.headers, bytes, text, json: parsed(text) });
      });
    });
    request.on('error', reject);
    request.end(body);
  });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** What the server says to bytes, until it closes the connection, or has said as much as asked for. */
export function raw(
  { address }: Pick<Server, 'address'>,
  parts: readonly (string | Uint8Array)[],
  enough = /$^/,
): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(address.port, address.address);
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1');
      if (enough.test(text)) socket.destroy();
    });
    socket.on('error', () => {});
    socket.on('close', () => resolve(text));
    socket.on('connect', async () => {
      for (const part of parts) {
        if (!socket.writable) return;
        socket.write(part);
        await sleep(5);
      }
    });
  });
}

/** Until it is so; a test that waits for too long fails by its own time. */
export async function until(condition: () => unknown): Promise<void> {
  while (!(await condition())) await sleep(10);
}
