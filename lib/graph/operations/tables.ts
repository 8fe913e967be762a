/** All tables, by the kind of thing that they number. */
import { BINARY } from './binary.ts';
import { BAG, METRIC, NORM, SORT, TREE_SUM, WEIGHT } from './choices.ts';
import type { Numbered } from './entry.ts';
import { OPCODE } from './opcodes.ts';
import { REDUCE, SOFTMAX } from './rowwise.ts';
import { UNARY } from './unary.ts';

export interface Table {
  readonly name: string;
  readonly entries: Readonly<Record<string, Numbered>>;
}

export const TABLES: readonly Table[] = [
  { name: 'opcode', entries: OPCODE },
  { name: 'unary', entries: UNARY },
  { name: 'binary', entries: BINARY },
  { name: 'reduce', entries: REDUCE },
  { name: 'softmax', entries: SOFTMAX },
  { name: 'norm', entries: NORM },
  { name: 'metric', entries: METRIC },
  { name: 'bag', entries: BAG },
  { name: 'tree sum', entries: TREE_SUM },
  { name: 'sort', entries: SORT },
  { name: 'weight', entries: WEIGHT },
];
