/** The engine as the stages before a model see it: plans that compute constants, and are gone once the model is read. */
import { engine } from '#engine';
import { ForwardpassError } from './errors.ts';
import type { Compile } from './graph/programs.ts';

/** All instruction sets give the same bits, so that it is of no matter which one a model asks for. */
export const compile: Compile = (plan, ports) => {
  const noIntegers = new Array<boolean>(ports).fill(false);
  const [isa] = engine.instructionSets();
  const model = engine.create(plan, { isa, integers: noIntegers, threads: 1 });
  return {
    run(buffers) {
      // What is computed here takes no ids and refuses no number.
      const fault = model.run(...buffers);
      if (fault === undefined) return;
      throw new ForwardpassError('MEMORY', 'not enough memory to fold a constant', 'engine');
    },
    dispose: () => model.dispose(),
  };
};
