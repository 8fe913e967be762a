/** The used part of `@grpc/grpc-js`, which users install beside forwardpass for gRPC. */
import { Buffer } from 'node:buffer';
import { ForwardpassError } from '../../../errors.ts';

export interface ReceivedCall {
  readonly request: Buffer;
  readonly metadata: { get(name: string): readonly (string | Buffer)[] };
}

/** A call whose answer is a stream. */
export interface StreamCall extends ReceivedCall {
  write(message: Buffer): void;
  end(): void;
  emit(event: 'error', error: GrpcStatus): void;
  on(event: 'cancelled' | 'close', listener: () => void): void;
}

export interface GrpcStatus {
  readonly code: number;
  readonly details: string;
}

export type Unary = (call: ReceivedCall, answer: (error: GrpcStatus | null, message?: Buffer) => void) => void;
export type Streaming = (call: StreamCall) => void;

export interface Method {
  readonly path: string;
  readonly requestStream: false;
  readonly responseStream: boolean;
  readonly requestSerialize: (message: Buffer) => Buffer;
  readonly requestDeserialize: (message: Buffer) => Buffer;
  readonly responseSerialize: (message: Buffer) => Buffer;
  readonly responseDeserialize: (message: Buffer) => Buffer;
}

export interface PeerServer {
  addService(methods: Readonly<Record<string, Method>>, handlers: Readonly<Record<string, Unary | Streaming>>): void;
  bindAsync(address: string, credentials: object, done: (error: Error | null, port: number) => void): void;
  /** Takes connections that were accepted elsewhere; not in the oldest versions. */
  createConnectionInjector?(credentials: object): { injectConnection(socket: object): void };
  tryShutdown(done: (error?: Error) => void): void;
  forceShutdown(): void;
}

export interface Credentials {
  /** Changes the certificate of servers with these credentials, for new connections; not in the oldest versions. */
  updateSecureContextOptions?(options: { readonly cert: Buffer; readonly key: Buffer; readonly ca?: Buffer }): void;
}

export interface Peer {
  readonly Server: new (options: Readonly<Record<string, number>>) => PeerServer;
  readonly ServerCredentials: {
    createInsecure(): Credentials;
    createSsl(
      clientCa: Buffer | null,
      pairs: readonly { readonly private_key: Buffer; readonly cert_chain: Buffer }[],
      checkClient: boolean,
    ): Credentials;
  };
}

const NAME = '@grpc/grpc-js';

/** @throws {ForwardpassError} OPTION if it is not installed. */
export async function loadPeer(): Promise<Peer> {
  try {
    const module = await import(NAME);
    return module.default ?? module;
  } catch (cause) {
    const message = `gRPC needs the package ${NAME} beside forwardpass; install it with: npm install ${NAME}`;
    throw new ForwardpassError('OPTION', message, 'option grpc', { cause });
  }
}

const same = (message: Buffer) => message;

/** Messages stay bytes, so that the handler can report errors in them as the client's. */
export function methodOf(service: string, name: string, responseStream = false): Method {
  return {
    path: `/${service}/${name}`,
    requestStream: false,
    responseStream,
    requestSerialize: same,
    requestDeserialize: same,
    responseSerialize: same,
    responseDeserialize: same,
  };
}

/** PEM in the form that the package requires. */
export function pem(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}
