import { expect, test } from 'vitest';
import type { Start } from '../../lib/serve/workers/messages.ts';
import { Seat } from '../../lib/serve/workers/seat.ts';
import { later, until } from './support.ts';

function newSeat() {
  const told: string[] = [];
  let fd = 0;
  const seat = new Seat(1, {
    script: new URL('mortal-thread.js', import.meta.url),
    start: () => {
      fd += 1;
      return { fd, models: { number: fd, models: [], ready: true } } as unknown as Start;
    },
    onMessage: ({ kind }) => told.push(kind),
    onEnd: (_, error) => told.push(error.message),
  });
  later(() => seat.close(1));
  return { seat, told };
}

test('a thread that fails is told of, and another takes its place with the newest models', async () => {
  const { seat, told } = newSeat();
  await until(() => seat.isListening);
  expect([seat.edition, seat.counted?.statuses]).toEqual([1, { 200: 1 }]);
  seat.say({ kind: 'drain' });
  await until(() => seat.edition === 2 && seat.isListening);
  expect(told.filter((text) => text.startsWith('thread'))).toEqual(['thread of 1 fails']);
  // One that fails again and again comes back later each time.
  seat.say({ kind: 'drain' });
  await until(() => seat.edition === 3 && seat.isListening);
  expect(told.filter((text) => text.startsWith('thread'))).toHaveLength(2);
});

test('a thread that is told to end is not replaced', async () => {
  const { seat, told } = newSeat();
  await until(() => seat.isListening);
  await seat.close(1000);
  expect([seat.isTaken, told]).toEqual([false, ['taken', 'metrics', 'listening']]);
});

test('a thread that does not end is made to', async () => {
  const { seat } = newSeat();
  await until(() => seat.isListening);
  await seat.close(0);
  expect(seat.isTaken).toBe(false);
});
