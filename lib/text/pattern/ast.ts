/** The supported part of Python's `re`, as a syntax tree. */

/** A set of characters. */
export interface CharacterSet {
  readonly negative: boolean;
  /** The first and last code of each range, both inclusive. */
  readonly ranges: readonly (readonly [first: number, last: number])[];
  readonly classes: readonly { readonly name: 'word' | 'space' | 'digit'; readonly negative: boolean }[];
  readonly ignoreCase: boolean;
  /** Whether classes and case are restricted to ASCII. */
  readonly ascii: boolean;
}

export type Place =
  | 'start'
  | 'end'
  /** At the end, or before a final newline. */
  | 'last_line'
  | 'line_start'
  | 'line_end'
  | 'boundary'
  | 'no_boundary'
  | 'ascii_boundary'
  | 'no_ascii_boundary';

export type Expression =
  | { readonly kind: 'set'; readonly set: CharacterSet }
  | { readonly kind: 'place'; readonly place: Place }
  | { readonly kind: 'sequence'; readonly items: readonly Expression[] }
  | { readonly kind: 'choice'; readonly options: readonly Expression[] }
  | {
      readonly kind: 'repeat';
      readonly of: Expression;
      readonly least: number;
      /** Infinity if unbounded. */
      readonly most: number;
      readonly lazy: boolean;
    }
  /** The only capturing group. */
  | { readonly kind: 'group'; readonly of: Expression }
  | { readonly kind: 'look'; readonly of: Expression; readonly ahead: boolean; readonly negative: boolean };

/** The least and the greatest number of characters that an expression matches. */
export function lengthsOf(expression: Expression): readonly [least: number, most: number] {
  switch (expression.kind) {
    case 'set':
      return [1, 1];
    case 'place':
    case 'look':
      return [0, 0];
    case 'group':
      return lengthsOf(expression.of);
    case 'repeat': {
      const [least, most] = lengthsOf(expression.of);
      return [least * expression.least, most === 0 ? 0 : most * expression.most];
    }
    case 'sequence':
      return expression.items
        .map(lengthsOf)
        .reduce(([least, most], [less, more]) => [least + less, most + more] as const, [0, 0] as const);
    case 'choice':
      return expression.options
        .map(lengthsOf)
        .reduce(([least, most], [less, more]) => [Math.min(least, less), Math.max(most, more)] as const);
  }
}
