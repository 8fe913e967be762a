/** Parameters that the functions of casts have in models: [alpha, beta]. */
import type { UnaryName } from '../lib/graph/graph.ts';

export const CASTS: Partial<Record<UnaryName, readonly (readonly [alpha: number, beta: number])[]>> = {
  to_integer: [
    [2 ** 31, 0],
    [2 ** 63, 0],
  ],
  wrap: [
    [-128, 128],
    [0, 65536],
    [-(2 ** 31), 2 ** 31],
  ],
  narrow: [
    [2 ** 10, 65504],
    [2 ** 7, 2 ** 128 - 2 ** 120],
    [2 ** 23, 2 ** 128 - 2 ** 104],
  ],
};
