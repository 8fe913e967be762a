import type { ForwardpassError } from './errors.ts';

/** The message of an error without its place. */
export function withoutPlace({ message, place }: ForwardpassError): string {
  return place !== undefined && message.startsWith(`${place}: `) ? message.slice(place.length + 2) : message;
}
