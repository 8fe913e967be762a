/**
 * Spans of OpenTelemetry, if `@opentelemetry/api` is installed beside forwardpass and configured by the application.
 */
import type { IncomingHttpHeaders } from 'node:http';

interface Span {
  setAttribute(name: string, value: string | number): unknown;
  setStatus(status: { readonly code: number }): unknown;
  end(): void;
}

/** The used part of its interface, which has been stable since version 1. */
interface Api {
  readonly trace: { getTracer(name: string): { startSpan(name: string, options: object, context: unknown): Span } };
  readonly context: { active(): unknown };
  readonly propagation: { extract(context: unknown, carrier: object): unknown };
}

const SERVER_KIND = 1;
const ERROR = 2;

export type StartSpan = (method: string, action: string, headers: IncomingHttpHeaders) => RequestSpan;

export class RequestSpan {
  constructor(private readonly span: Span) {}

  end(status: number, about: { readonly model?: string; readonly version?: string; readonly rows?: number }): void {
    this.span.setAttribute('http.response.status_code', status);
    if (about.model !== undefined) this.span.setAttribute('forwardpass.model', about.model);
    if (about.version !== undefined) this.span.setAttribute('forwardpass.version', about.version);
    if (about.rows !== undefined) this.span.setAttribute('forwardpass.rows', about.rows);
    if (status >= 500) this.span.setStatus({ code: ERROR });
    this.span.end();
  }
}

// Not a literal, because compilers and bundlers would then look for the package.
const PACKAGE = ['@opentelemetry', 'api'].join('/');

/** Undefined if the package is not installed. */
export async function openTelemetry(open = (): Promise<unknown> => import(PACKAGE)): Promise<StartSpan | undefined> {
  const api = (await open().catch(() => undefined)) as Api | undefined;
  if (api === undefined) return undefined;
  const tracer = api.trace.getTracer('forwardpass');
  return (method, action, headers) => {
    const attributes = { 'http.request.method': method, 'http.route': action };
    const parent = api.propagation.extract(api.context.active(), headers);
    return new RequestSpan(tracer.startSpan(`${method} ${action}`, { kind: SERVER_KIND, attributes }, parent));
  };
}
