/** Detects the index of a model in several files, by its beginning. */
import { latin1 } from '../platform/text.ts';

/** The first file that an index names. */
const FIRST = /"weight_map"\s*:\s*\{\s*"(?:[^"\\]|\\.)*"\s*:\s*(?:\[\s*)?"([^"\\]*)"/s;

/** Whether a file begins like an index whose first file has a name that matches `kind`. */
export function isShardIndex(head: Uint8Array, kind: RegExp): boolean {
  const text = latin1(head);
  const [, first] = (/^\s*\{/.test(text) && FIRST.exec(text)) || [];
  return first !== undefined && kind.test(first);
}
