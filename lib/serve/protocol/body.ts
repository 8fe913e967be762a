/** The body of a request: its type, its text, its JSON. */
import { Buffer, isUtf8 } from 'node:buffer';
import type { IncomingHttpHeaders } from 'node:http';
import { checkStructure } from './json-structure.ts';
import { Refusal } from './refusal.ts';
import type { Incoming } from './types.ts';

/** Types that a web page may send to any server without a preflight request. */
const SIMPLE = new Set(['application/x-www-form-urlencoded', 'text/plain', 'multipart/form-data']);

/**
 * Throws unless the body may be JSON, or one of the other types. The types that programs send by default (none, or that
 * of `curl -d`) are also accepted, but not from web pages: pages of other sites could otherwise use a server on the
 * user's own machine.
 */
export function checkContentType(headers: IncomingHttpHeaders, ...others: readonly string[]): void {
  const { 'content-type': declared, origin, 'sec-fetch-site': site } = headers;
  if (declared === undefined || declared === '' || declared === 'application/json') return;
  const [type, ...parameters] = declared.toLowerCase().split(';');
  const essence = type.trim();
  const isJson = essence === 'application/json' || (essence.startsWith('application/') && essence.endsWith('+json'));
  const isFromPage = origin !== undefined || (site !== undefined && site !== 'none');
  if (!isJson && !others.includes(essence) && (!SIMPLE.has(essence) || isFromPage)) {
    throw new Refusal(
      'CONTENT_TYPE',
      `expected ${['application/json', ...others].join(' or ')} as the content type`,
      415,
    );
  }
  const charset = parameters.map((parameter) => parameter.trim()).find((parameter) => parameter.startsWith('charset='));
  if (charset !== undefined && !/^charset="?(utf-?8|us-ascii)"?$/.test(charset)) {
    throw new Refusal('CONTENT_TYPE', 'expected the charset utf-8', 415);
  }
}

/** The bytes of the JSON, without a byte order mark. */
export function jsonBytes(bytes: Uint8Array): Uint8Array {
  if (bytes.length === 0) throw new Refusal('JSON', 'the body is empty; expected JSON');
  if (!isUtf8(bytes)) throw new Refusal('JSON', 'the body is not UTF-8');
  const hasMark = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
  return hasMark ? bytes.subarray(3) : bytes;
}

/** Parses the bytes of {@link jsonBytes}. */
export function parseJson(bytes: Uint8Array): unknown {
  checkStructure(bytes);
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8');
  try {
    return JSON.parse(text);
  } catch {
    throw notJson(text);
  }
}

/** An error with a hint, if one is found, because V8's messages differ between versions. */
function notJson(text: string): Refusal {
  const literal = /(?:^|[[,:\s])(-?(?:NaN|Infinity))\b/.exec(text);
  const hint = literal === null ? '' : `; JSON has no ${literal[1]}, and a missing value is null`;
  return new Refusal('JSON', `the body is not JSON${hint}`);
}

/** The body of requests that only allow JSON. */
export function jsonBodyOf({ headers, body }: Incoming): Uint8Array {
  checkContentType(headers);
  return jsonBytes(body);
}
