/** Runs plans that compute constants while a model is loaded. */
import { engine } from '#engine';
import { ForwardpassError } from './errors.ts';
import type { Compile } from './graph/programs.ts';

/** All instruction sets give the same bits, so it does not matter which one the model uses. */
export const compile: Compile = (plan, ports) => {
  const noIntegers = new Array<boolean>(ports).fill(false);
  const [isa] = engine.instructionSets();
  const model = engine.create(plan, { isa, integers: noIntegers, threads: 1 });
  return {
    run(buffers) {
      // Plans of constants take no ids and reject no numbers.
      const fault = model.run(...buffers);
      if (fault === undefined) return;
      throw new ForwardpassError('MEMORY', 'not enough memory to fold a constant', 'engine');
    },
    dispose: () => model.dispose(),
  };
};
