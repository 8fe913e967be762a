/** The training state in a `.keras` archive: the optimizer and loss of `compile`, and the optimizer's variables. */
import type { Budget } from '../../graph/budget.ts';
import type { SavedOptimizer, Tensor } from '../../graph/graph.ts';
import { isObject } from './config.ts';
import { fromHdf5, type WeightFile } from './weights.ts';

const VARIABLES = 'optimizer/vars';

/** `description` is the archive's config.json. Undefined if the model was never compiled. */
export function readOptimizer(description: unknown, file: WeightFile, budget: Budget): SavedOptimizer | undefined {
  const compiled = isObject(description) ? description.compile_config : undefined;
  if (!isObject(compiled)) return undefined;
  const { optimizer, loss } = compiled;
  const name = isObject(optimizer) && typeof optimizer.class_name === 'string' ? optimizer.class_name : undefined;
  const settings = isObject(optimizer) && isObject(optimizer.config) ? optimizer.config : {};
  const state = new Map<number, Record<string, Tensor>>();
  for (let i = 0; file.kind(`${VARIABLES}/${i}`) === 'dataset'; i++) {
    budget.node(i + 1, `${VARIABLES}/${i}`);
    state.set(i, { value: fromHdf5(file.dataset(`${VARIABLES}/${i}`)).read() });
  }
  const groups = [{ settings, parameters: [] }];
  return { framework: 'keras', ...(name !== undefined && { name }), loss, groups, state };
}

/** An HDF5 model stores them differently, which is not supported: only their presence is reported. */
export function readHdf5Optimizer(file: WeightFile): SavedOptimizer | undefined {
  if (file.kind('optimizer_weights') !== 'group') return undefined;
  return { framework: 'keras', name: 'state in HDF5', groups: [{ settings: {}, parameters: [] }], state: new Map() };
}
