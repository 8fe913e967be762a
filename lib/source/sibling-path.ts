/** The paths by which a model may name files beside it. They are judged alike on every system. */
import { ForwardpassError } from '../errors.ts';
import { describe, quote } from '../messages.ts';

/** Names that Windows gives to devices, in every folder and with any extension. */
const DEVICES = /^(con|prn|aux|nul|conin\$|conout\$|clock\$|(com|lpt)[0-9¹²³])(\.|$)/i;

/** Folders, then the file; throws `UNSAFE` for a path that could leave the model's folder on some system. */
export function siblingSegments(path: string): string[] {
  if (typeof path !== 'string') {
    throw new ForwardpassError('MALFORMED', `expected the path of a file beside the model, found ${describe(path)}`);
  }
  const segments = path.split('/').filter((segment) => segment !== '.');
  const reason = segments.length === 0 ? 'it names no file' : reasonAgainst(path, segments);
  if (reason === undefined) return segments;
  const message = `${reason}; a model may name files in its own folder only, by a relative path`;
  throw new ForwardpassError('UNSAFE', message, quote(path));
}

function reasonAgainst(path: string, segments: readonly string[]): string | undefined {
  if (/\p{Cc}/u.test(path)) return 'the path has a control character';
  if (path.startsWith('/')) return 'the path is absolute';
  if (path.includes('\\')) return 'the path has a backslash';
  if (path.includes(':')) return 'the path has a colon, as drives and alternate streams have';
  if (segments.includes('..')) return 'the path leads upwards';
  if (segments.includes('')) return 'the path has an empty part';
  if (segments.some((segment) => /[. ]$/.test(segment))) return 'a part of the path ends in a dot or a space';
  if (segments.some((segment) => DEVICES.test(segment))) return 'a part of the path is the name of a device';
  return undefined;
}
