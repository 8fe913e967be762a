/** gRPC beside HTTP, of the models of the thread that loads them. */
import type { SecureContextOptions } from 'node:tls';
import type { Local } from './local.ts';
import type { CheckedServeOptions } from './options.ts';
import type { GrpcServer } from './protocol/grpc/start.ts';

export async function openGrpc(
  local: Local,
  port: number,
  { host, limits }: CheckedServeOptions,
  tls: SecureContextOptions | undefined,
): Promise<GrpcServer> {
  const { startGrpc } = await import('./protocol/grpc/start.ts');
  const { app, catalog, guard } = local;
  const files = tls as { readonly cert: Buffer; readonly key: Buffer; readonly ca?: Buffer } | undefined;
  return startGrpc({
    ...{ host, port, limits },
    ...(files && { tls: { cert: files.cert, key: files.key, ...(files.ca && { clientCa: files.ca }) } }),
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
}
