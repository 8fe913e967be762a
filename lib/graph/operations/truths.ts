import { BINARY, type BinaryName } from './binary.ts';
import { namesWhere } from './entry.ts';
import { UNARY, type UnaryName } from './unary.ts';

/** Functions of one value or two that give 1 or 0, whatever they are given. */
export const TRUTHS: ReadonlySet<UnaryName | BinaryName> = new Set([
  ...namesWhere(UNARY, ({ gives }) => gives === 'truth'),
  ...namesWhere(BINARY, ({ gives }) => gives === 'truth'),
]);
