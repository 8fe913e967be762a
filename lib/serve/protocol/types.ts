/** The types between the protocols and the host of a server, independent of sockets. */
import type { IncomingHttpHeaders } from 'node:http';
import type { Model } from '../../model.ts';
import type { Ran } from '../../predictions.ts';
import type { FlatRows } from '../../rows.ts';

/** A version of a model that is ready to answer. */
export interface ServedModel {
  readonly name: string;
  readonly version: string;
  readonly model: Model;
  /** The reader that opened it, such as `onnx` or `sklearn`; the `platform` of the Open Inference Protocol. */
  readonly format: string;
}

/** A request whose body has arrived completely and is decompressed. */
export interface Incoming {
  readonly headers: IncomingHttpHeaders;
  readonly body: Uint8Array;
  readonly query: URLSearchParams;
}

export interface Answer {
  readonly status: number;
  /** Headers with lower-case names. The host adds the content length. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array | string;
  /** For an inference: the number of rows, and the nanoseconds from passing on the work to its results. */
  readonly rows?: number;
  readonly computeNs?: number;
  /** For a failure: the code of a ForwardpassError, or of the protocol (`JSON`, `NOT_FOUND`); one of a few dozen. */
  readonly code?: string;
}

export interface ProtocolLimits {
  /** The most rows of one request. */
  readonly rows: number;
  /** The most elements of all inputs, and of all outputs, of one request. */
  readonly elements: number;
}

export const PROTOCOL_LIMITS: ProtocolLimits = Object.freeze({ rows: 1_000_000, elements: 16_000_000 });

/**
 * The rows of a request. Lent rows and their results are valid until the next request is read: callers that wait must
 * copy them.
 */
export interface Work {
  readonly count: number;
  readonly rows: FlatRows;
}

/** An array for each output of the model, and for the values that decide labels. */
export type Results = Ran;

/**
 * Runs the work of a request. The host may run it at once (`runWork`), off the event loop (`runWorkAsync`), or with that of
 * other requests (`runTogether`). An error is the request's answer.
 */
export type Compute = (served: ServedModel, work: Work) => Results | Promise<Results>;

/** How a request is answered. It never throws or rejects: errors are also answers. */
export type Handler = (
  served: ServedModel,
  incoming: Incoming,
  limits: ProtocolLimits,
  compute?: Compute,
) => Answer | Promise<Answer>;
