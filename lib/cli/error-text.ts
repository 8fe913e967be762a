import type { ForwardpassError } from '../errors.ts';

/** What an error says beside where. */
export function withoutPlace({ message, place }: ForwardpassError): string {
  return place !== undefined && message.startsWith(`${place}: `) ? message.slice(place.length + 2) : message;
}
