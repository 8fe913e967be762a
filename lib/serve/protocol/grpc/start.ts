/** The Open Inference Protocol and grpc.health.v1 over gRPC, where `@grpc/grpc-js` is installed beside forwardpass. */
import { ForwardpassError } from '../../../errors.ts';
import type { Compute, ProtocolLimits, ServedModel } from '../types.ts';

export interface GrpcOptions {
  readonly port: number;
  readonly host: string;
  /** PEM. With `clientCa` clients must show a certificate that it signed. */
  readonly tls?: { readonly key: Uint8Array; readonly cert: Uint8Array; readonly clientCa?: Uint8Array };
  /** Bytes of a request. */
  readonly bodyBytes: number;
  readonly limits: ProtocolLimits;
  readonly compute?: Compute;
  /** The version that answers when none is named. */
  find(name: string, version?: string): ServedModel | undefined;
  /** All versions that are served of a name. */
  versions(name: string): readonly string[];
  isReady(): boolean;
  /** Whether the caller may ask; `authorization` is the metadata of that name. */
  isAllowed?(authorization: string | undefined): boolean;
  /** After each call, for metrics: `code` where it failed. */
  onCall?(call: GrpcCall): void;
}

export interface GrpcCall {
  readonly method: string;
  readonly served?: ServedModel;
  readonly rows?: number;
  readonly computeNs?: number;
  readonly totalNs: number;
  readonly code?: string;
}

export interface GrpcServer {
  /** The one asked for, or the one that the system chose for 0. */
  readonly port: number;
  /** Answers what is in flight, then ends; after `milliseconds` all is cut. */
  close(milliseconds: number): Promise<void>;
}

/** @throws {ForwardpassError} OPTION where the package is not installed, SOURCE where the port is taken. */
export async function startGrpc(_options: GrpcOptions): Promise<GrpcServer> {
  throw new ForwardpassError('OPTION', 'gRPC is not there yet', 'option grpc');
}
