import type { Tensor } from '../graph/graph.ts';
import type { Shape } from '../graph/shapes.ts';

/** One tensor of the file, read on demand. */
export interface StoredParameter {
  readonly shape: Shape;
  read(): Promise<Tensor>;
}
