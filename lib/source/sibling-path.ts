/** The paths by which a model may refer to files beside it. The rules are the same on every system. */
import { ForwardpassError } from '../errors.ts';
import { describe, quote } from '../messages.ts';

/** Names that Windows gives to devices, in every folder and with any extension. */
const DEVICES = /^(con|prn|aux|nul|conin\$|conout\$|clock\$|(com|lpt)[0-9¹²³])(\.|$)/i;

/**
 * The segments of a path: folders, then the file. Throws `UNSAFE` for a path that could leave the model's folder on any
 * system.
 */
export function siblingSegments(path: string): string[] {
  if (typeof path !== 'string') {
    throw new ForwardpassError('MALFORMED', `expected the path of a file beside the model, found ${describe(path)}`);
  }
  const segments = path.split('/').filter((segment) => segment !== '.');
  const reason = segments.length === 0 ? 'the path does not name a file' : reasonAgainst(path, segments);
  if (reason === undefined) return segments;
  const message = `${reason}; a model may only refer to files in its own folder, by a relative path`;
  throw new ForwardpassError('UNSAFE', message, quote(path));
}

function reasonAgainst(path: string, segments: readonly string[]): string | undefined {
  if (/\p{Cc}/u.test(path)) return 'the path has a control character';
  if (path.startsWith('/')) return 'the path is absolute';
  if (path.includes('\\')) return 'the path has a backslash';
  if (path.includes(':')) return 'the path has a colon, like drives and alternate streams';
  if (segments.includes('..')) return 'the path leads upwards';
  if (segments.includes('')) return 'the path has an empty part';
  if (segments.some((segment) => /[. ]$/.test(segment))) return 'a part of the path ends in a dot or a space';
  if (segments.some((segment) => DEVICES.test(segment))) return 'a part of the path is the name of a device';
  return undefined;
}
