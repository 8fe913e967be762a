/** What the protocols and the host of a server say to each other. Nothing here knows a socket. */
import type { IncomingHttpHeaders } from 'node:http';
import type { Model } from '../../model.ts';
import type { Ran } from '../../predictions.ts';
import type { FlatRows } from '../../rows.ts';

/** A version of a model that is ready to answer. */
export interface ServedModel {
  readonly name: string;
  readonly version: string;
  readonly model: Model;
  /** Which reader opened it: `onnx`, `sklearn`; the `platform` of the Open Inference Protocol. */
  readonly format: string;
}

/** A request whose body has arrived whole, its content encoding undone. */
export interface Incoming {
  readonly headers: IncomingHttpHeaders;
  readonly body: Uint8Array;
  readonly query: URLSearchParams;
}

export interface Answer {
  readonly status: number;
  /** Names in lower case. The content length is left to the host. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array | string;
  /** For an inference: rows, and nanoseconds from handing the work over until its results were there. */
  readonly rows?: number;
  readonly computeNs?: number;
  /** For a failure: the code of a ForwardpassError, or of the protocol (`JSON`, `NOT_FOUND`). One of a few dozen words. */
  readonly code?: string;
}

export interface ProtocolLimits {
  /** Rows of one request. */
  readonly rows: number;
  /** Elements of all inputs, and of all outputs, of one request. */
  readonly elements: number;
}

export const PROTOCOL_LIMITS: ProtocolLimits = Object.freeze({ rows: 1_000_000, elements: 16_000_000 });

/** The rows of a request. Lent ones, and what the model says to them, hold until the next request is read: who waits keeps its own. */
export interface Work {
  readonly count: number;
  readonly rows: FlatRows;
}

/** An array for each output of the model, and for what decides labels. */
export type Results = Ran;

/**
 * Runs the work of a request. The host may run it at once (`runWork`), off the event loop (`runWorkAsync`), or with that of
 * other requests (`runTogether`). An error is the request's answer.
 */
export type Compute = (served: ServedModel, work: Work) => Results | Promise<Results>;

/** How a request is answered. It never throws and never rejects: an error is an answer, too. */
export type Handler = (
  served: ServedModel,
  incoming: Incoming,
  limits: ProtocolLimits,
  compute?: Compute,
) => Answer | Promise<Answer>;
