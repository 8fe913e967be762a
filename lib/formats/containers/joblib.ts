/** Pickle files: written by pickle.dump or joblib.dump, compressed or not. Coverage: docs/formats/pickle.md. */

import type { Budget } from '../../graph/budget.ts';
import { latin1 } from '../../platform/text.ts';
import type { Source } from '../format.ts';
import { compressionOf } from './joblib/compression.ts';
import type { PickledFile } from './joblib/read.ts';

export type { PickledFile } from './joblib/read.ts';

/** Bytes that are unpacked to check whether they begin a pickle. */
const PEEK_BYTES = 64;

/**
 * Whether a file that begins with these bytes is a pickle or a compressed one. PyTorch's own pickles, which begin with
 * a number, are excluded.
 */
export async function detectPickle(head: Uint8Array): Promise<boolean> {
  const compression = compressionOf(head);
  if (compression === undefined) return beginsAsPickle(head);
  if (compression !== 'zlib' && compression !== 'gzip') return true;
  // Both formats hold many other things; unpacking the first bytes is cheap.
  const { inflateHead } = await import('../../platform/zlib.ts');
  try {
    return beginsAsPickle(inflateHead(head, compression).subarray(0, PEEK_BYTES));
  } catch {
    return false;
  }
}

/** A global of protocols 0 and 1 that creates an estimator. */
const NAMES = /c(?:copy_?reg|sklearn(?:\.\w{1,60}){0,9})\n\w/;

/**
 * Protocol 2 and later declare their version; older pickles of objects, dicts, lists and tuples are detected by their
 * opcodes.
 */
function beginsAsPickle(head: Uint8Array): boolean {
  if (head[0] === 0x80) return head[1] >= 2 && head[1] <= 5 && !isTorchMagic(head);
  const text = String.fromCharCode(...head.subarray(0, PEEK_BYTES));
  // Many texts begin like a tuple; the names that follow decide.
  if (text.startsWith('(') && NAMES.test(latin1(head))) return true;
  return /^(\(*c[\w.]+\n[\w.]+\n|\(+[ild]p0\n|\(+i[\w.]+\n|\(*[}\]]q\0)/.test(text);
}

/** LONG1 of ten bytes: the magic number that torch.save wrote before its pickles. */
function isTorchMagic(head: Uint8Array): boolean {
  return head[2] === 0x8a && head[3] === 0x0a;
}

/**
 * The values in the file. Throws what {@link readPickle} throws, and `LIMIT` for a file that unpacks out of proportion.
 */
export async function readPickledFile(source: Source, budget: Budget): Promise<PickledFile> {
  const { readFile } = await import('./joblib/read.ts');
  return readFile(source.main, budget);
}
