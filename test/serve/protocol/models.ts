import { load } from '../../../lib/index.ts';
import type { Model } from '../../../lib/model.ts';
import type { Answer, Incoming, ServedModel } from '../../../lib/serve/protocol.ts';

const fixtures = new URL('../../fixtures/', import.meta.url);

export async function served(path: string, name = 'm'): Promise<ServedModel> {
  return serve(await load(new URL(path, fixtures)), name);
}

export function serve(model: Model, name = 'm'): ServedModel {
  return { name, version: '1', model, format: model.format };
}

/** A request; bodies that are no text or bytes go as JSON. */
export function incoming(
  body: unknown,
  headers: Incoming['headers'] = { 'content-type': 'application/json' },
): Incoming {
  const bytes = body instanceof Uint8Array ? body : Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
  return { headers, body: bytes, query: new URLSearchParams() };
}

/** What an answer of JSON says. */
export function said(answer: Answer): unknown {
  return JSON.parse(String(answer.body));
}

/** Numbers from 0 to 1, the same ones for a seed. */
export function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1103515245 + 12345) % 2147483648;
    return state / 2147483648;
  };
}
