/** Bodies that come in parts. */
import { EventEmitter } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { expect, test } from 'vitest';
import { Bodies } from '../../lib/serve/body.ts';
import { problem } from '../../lib/serve/protocol.ts';

/** What is read of these parts, each of which is overwritten once it was given where it is shorter than `least`. */
function read(lengths: readonly number[], least: number): { sent: Buffer; body: unknown; held: number } {
  const request = Object.assign(new EventEmitter(), { headers: {} });
  const bodies = new Bodies({ bodyBytes: 2 ** 20, heldBytes: 2 ** 20 }, problem(503, 'BUSY', 'busy'));
  const got: { body?: unknown; held: number } = { held: 0 };
  bodies.read(request as unknown as IncomingMessage, (body, held) => {
    got.body = body;
    got.held = held;
  });
  const sent: Buffer[] = [];
  let next = 0;
  for (const length of lengths) {
    const part = Buffer.from(Uint8Array.from({ length }, () => next++ % 251));
    sent.push(Buffer.from(part));
    request.emit('data', part);
    // The first is kept as it came: most bodies have no other.
    if (sent.length > 1 && length < least) part.fill(255);
  }
  request.emit('end');
  return { sent: Buffer.concat(sent), body: got.body, held: got.held };
}

test.each([
  ['one byte at a time', Array<number>(20_000).fill(1)],
  ['short and long in turn', Array.from({ length: 60 }, (_, i) => (i % 2 === 0 ? 1 + i : 4_096 + i))],
  ['at the bounds', [4_095, 4_095, 4_095, 4_096, 4_097, 0, 1, 8_192, 8_191, 4_095, 4_095]],
  ['long only', [10_000, 20_000, 30_000]],
  ['one', [7]],
  ['none', []],
])('%s: short parts are copied together, so that their number takes no memory', (_, lengths) => {
  const { sent, body, held } = read(lengths, 4_096);
  expect(Buffer.from(body as Uint8Array)).toEqual(sent);
  expect(held).toBe(sent.length);
});
