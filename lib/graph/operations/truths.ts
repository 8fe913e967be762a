import { BINARY, type BinaryName } from './binary.ts';
import { namesWhere } from './entry.ts';
import { UNARY, type UnaryName } from './unary.ts';

/** Functions of one or two values that always return 1 or 0. */
export const TRUTHS: ReadonlySet<UnaryName | BinaryName> = new Set([
  ...namesWhere(UNARY, ({ gives }) => gives === 'truth'),
  ...namesWhere(BINARY, ({ gives }) => gives === 'truth'),
]);
