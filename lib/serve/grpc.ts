/** gRPC beside HTTP, for the models of an answering thread. */
import { createServer } from 'node:net';
import type { App } from './app.ts';
import type { Catalog } from './catalog.ts';
import type { Guard } from './guard.ts';
import type { Place } from './listener.ts';
import type { CheckedServeOptions } from './options.ts';
import type { GrpcServer, GrpcTls } from './protocol/grpc/start.ts';

export interface GrpcParts {
  readonly app: App;
  readonly catalog: Catalog;
  readonly guard: Guard;
  readonly limits: CheckedServeOptions['limits'];
  readonly tls: GrpcTls | undefined;
}

export async function openGrpc(place: Place, { app, catalog, guard, limits, tls }: GrpcParts): Promise<GrpcServer> {
  const { startGrpc } = await import('./protocol/grpc/start.ts');
  const grpc = await startGrpc({
    ...('fd' in place ? {} : { place }),
    limits,
    ...(tls && { tls }),
    bodyBytes: limits.bodyBytes,
    compute: app.compute,
    find: (name, version) => catalog.find(name, version),
    versions: (name) => catalog.versions(name),
    isReady: () => app.isReady,
    isAllowed: (authorization) => guard.isAllowed(authorization),
    onCall: ({ served, totalNs, ...answer }) => {
      if (served !== undefined) app.count(served, answer, totalNs / 1e9);
    },
  });
  return 'fd' in place ? listening(grpc, place.fd) : grpc;
}

/** Adds the connections of a socket that is shared with other threads. */
async function listening({ inject, setTls, close }: GrpcServer, fd: number): Promise<GrpcServer> {
  const listener = createServer((socket) => inject?.(socket));
  await new Promise<void>((resolve, reject) => {
    listener.once('error', reject).listen({ fd }, resolve);
  });
  return {
    setTls,
    close(milliseconds) {
      listener.close();
      return close(milliseconds);
    },
  };
}

/** @throws {ForwardpassError} OPTION if its package is not installed. */
export async function checkGrpc(): Promise<void> {
  await (await import('./protocol/grpc/peer.ts')).loadPeer();
}
