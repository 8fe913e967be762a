/** Versions of one small model, y = m·x, and a server and folders to put them in. */
import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach } from 'vitest';
import type { ForwardpassError } from '../../lib/errors.ts';
import type { LiveModel, ModelVersion, WatchOptions } from '../../lib/watch.ts';
import { watch } from '../../lib/watch.ts';
import { fileOf } from '../formats/safetensors-file.ts';

/** A file whose model gives m times the sum of its features. */
export function version(m: number, features = 1): Uint8Array {
  const weight = Float32Array.from({ length: features }, () => m);
  const header = { weight: { dtype: 'F32', shape: [1, features], data_offsets: [0, 4 * features] } };
  return fileOf(header, new Uint8Array(weight.buffer));
}

export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** The m of the model in use. */
export function answerOf(live: Pick<LiveModel, 'run'>): number {
  return live.run(Float32Array.of(1))[0];
}

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

export async function newFolder(): Promise<(name: string) => string> {
  const folder = await mkdtemp(join(tmpdir(), 'forwardpass-watch-'));
  cleanups.push(() => rm(folder, { recursive: true, force: true }));
  return (name) => join(folder, name);
}

/** What a live model has told, and the model, which checks when it is told to only. */
export interface Watched {
  readonly live: LiveModel;
  readonly updates: ModelVersion[];
  readonly rejections: ForwardpassError[];
  readonly errors: ForwardpassError[];
}

export async function watched(source: string | URL, options: WatchOptions = {}): Promise<Watched> {
  const told = {
    updates: [] as ModelVersion[],
    rejections: [] as ForwardpassError[],
    errors: [] as ForwardpassError[],
  };
  const live = await watch(source, {
    interval: Number.POSITIVE_INFINITY,
    settle: 20,
    onUpdate: (_, version) => told.updates.push(version),
    onReject: (error) => told.rejections.push(error),
    onError: (error) => told.errors.push(error),
    ...options,
  });
  cleanups.push(() => live.close());
  return { live, ...told };
}

/** Serves what it is told to, with an ETag, and remembers what it was asked. */
export class ModelServer {
  content = version(1);
  /** Answers in its place. */
  instead: RequestListener | undefined;
  readonly requests: IncomingMessage[] = [];
  readonly statuses: number[] = [];
  private readonly server: Server;
  private port = 0;

  private constructor() {
    this.server = createServer((request, response) => {
      this.requests.push(request);
      response.on('close', () => this.statuses.push(response.statusCode));
      if (this.instead !== undefined) return this.instead(request, response);
      const etag = `"${sha256(this.content).slice(0, 8)}"`;
      response.setHeader('etag', etag);
      if (request.headers['if-none-match'] === etag) return response.writeHead(304).end();
      return response.end(this.content);
    });
  }

  static async start(): Promise<ModelServer> {
    const made = new ModelServer();
    await made.listen();
    cleanups.push(() => made.stop());
    return made;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}/churn.safetensors`;
  }

  /** Resolves with what brings it back. */
  async stop(): Promise<() => Promise<void>> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
    return () => this.listen();
  }

  private async listen(): Promise<void> {
    await new Promise<void>((resolve) => this.server.listen(this.port, '127.0.0.1', resolve));
    ({ port: this.port } = this.server.address() as AddressInfo);
  }
}
