/** The `architecture` option: users describe a network only for files that contain nothing but parameters. */
import { ForwardpassError } from '../errors.ts';
import type { ReadOptions } from './format.ts';

/** Throws `OPTION` when an architecture was given for a file that has its own; `what` names the kind of file. */
export function refuseArchitecture(
  what: string,
  { activation, outputActivation, architecture }: Pick<ReadOptions, 'activation' | 'outputActivation' | 'architecture'>,
): void {
  const said = Object.entries({ activation, outputActivation, architecture }).find(([, value]) => value !== undefined);
  if (said === undefined) return;
  const message = `only applies to files that contain only parameters; a file of format ${what} describes its own network`;
  throw new ForwardpassError('OPTION', message, said[0]);
}
