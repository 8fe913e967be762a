/** Detects the encoding of a file from its first bytes, and converts its text to UTF-8. */
import { isUtf8 } from 'node:buffer';
import { ForwardpassError } from '../errors.ts';

/**
 * The text without its byte order mark. Throws `MALFORMED` for bytes that are not text. `head` holds the first four
 * bytes or fewer.
 */
export function decodedText(
  chunks: AsyncIterable<Uint8Array>,
  head: Uint8Array,
  place: string,
): AsyncIterable<Uint8Array> {
  const [a, b, c, d] = head;
  if (a === 0xff && b === 0xfe && c === 0 && d === 0) throw noText('is UTF-32', place);
  if (a === 0xff && b === 0xfe) return transcoded(chunks, 'utf-16le', place);
  if (a === 0xfe && b === 0xff) return transcoded(chunks, 'utf-16be', place);
  return checkedUtf8(chunks, a === 0xef && b === 0xbb && c === 0xbf ? 3 : 0, place);
}

async function* transcoded(
  chunks: AsyncIterable<Uint8Array>,
  encoding: string,
  place: string,
): AsyncGenerator<Uint8Array> {
  const decoder = new TextDecoder(encoding, { fatal: true });
  const decode = (bytes?: Uint8Array) => {
    try {
      return Buffer.from(decoder.decode(bytes, { stream: bytes !== undefined }));
    } catch (cause) {
      throw noText(`is not valid ${encoding.toUpperCase()}`, place, cause);
    }
  };
  for await (const chunk of chunks) yield decode(chunk);
  yield decode();
}

/** Passes on valid UTF-8 in chunks of whole characters. */
async function* checkedUtf8(
  chunks: AsyncIterable<Uint8Array>,
  skipped: number,
  place: string,
): AsyncGenerator<Uint8Array> {
  let rest: Uint8Array = new Uint8Array(0);
  let toSkip = skipped;
  let bytesBefore = 0;
  const check = (bytes: Uint8Array) => {
    if (bytes.includes(0))
      throw noText('contains zero bytes; it may be binary, or UTF-16 without a byte order mark', place);
    if (isUtf8(bytes)) return;
    const line = bytesBefore === 0 ? '' : ` (after byte ${bytesBefore})`;
    throw noText(`is not valid UTF-8${line}`, place);
  };
  for await (const chunk of chunks) {
    let bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    const dropped = Math.min(toSkip, bytes.length);
    toSkip -= dropped;
    bytes = bytes.subarray(dropped);
    const end = bytes.length - unfinished(bytes);
    const whole = bytes.subarray(0, end);
    rest = bytes.slice(end);
    check(whole);
    bytesBefore += whole.length;
    if (whole.length > 0) yield whole;
  }
  check(rest);
}

/** The number of bytes at the end that begin a character which may continue in the next chunk. */
function unfinished(bytes: Uint8Array): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back];
    if (byte < 0x80) return 0;
    if (byte >= 0xc0) return back < (byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2) ? back : 0;
  }
  return 0;
}

function noText(what: string, place: string, cause?: unknown): ForwardpassError {
  const hint = 'text is read as UTF-8, or as UTF-16 with a byte order mark: convert it, for instance with iconv';
  return new ForwardpassError('MALFORMED', `${what}; ${hint}`, place, { cause });
}
