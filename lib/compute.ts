/** The engine as the stages before a model see it: it runs a plan once and is gone. */
import { ForwardpassError } from './errors.ts';
import { takesIntegers } from './faults.ts';
import type { Compute } from './graph/folding.ts';
import { availableIsas, createNative } from './native.ts';

/** All instruction sets give the same bits, so that it is of no matter which one a model asks for. */
export const compute: Compute = ({ plan, inputs, outputs }, buffers) => {
  const native = createNative(plan, availableIsas()[0], [...inputs, ...outputs].map(takesIntegers), 1);
  try {
    // What is computed here takes no ids and refuses no number.
    const fault = native.run(...buffers);
    if (fault !== undefined)
      throw new ForwardpassError('MEMORY', 'there is not enough memory to fold a constant', 'engine');
  } finally {
    native.dispose();
  }
};
