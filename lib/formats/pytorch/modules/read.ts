/** Whole modules saved by torch.save(model): a chain of torch.nn's own classes becomes layers. */
import { ForwardpassError } from '../../../errors.ts';
import type { Budget } from '../../../graph/budget.ts';
import { buildGraph } from '../../../graph/define/build.ts';
import type { Graph, Tensor } from '../../../graph/graph.ts';
import type { PickleObject } from '../../containers/pickle/values.ts';
import { addAdapter } from '../../lora.ts';
import { withWholeWeights } from '../../reparametrized.ts';
import { readTensor, type SavedFile } from '../file.ts';
import { parametersOf } from '../stored.ts';
import { ADAPTED, adaptedLinear, SAVED_WHOLE, savedModule } from './adapted.ts';
import { Chain, type Translate } from './chain.ts';
import { inputOf } from './input-shape.ts';
import { TorchModule } from './module.ts';
import { refuseHook, refuseModule } from './refusals.ts';
import { CONTAINERS, MODULES } from './table.ts';

/** The cost of visiting a module. */
const STEPS_PER_MODULE = 8;

interface Step {
  readonly module: TorchModule;
  readonly translate: Translate;
}

export async function readModule(root: PickleObject, file: SavedFile, budget: Budget): Promise<Graph> {
  const steps = stepsOf(new TorchModule(root, ''), budget, budget.limits.depth);
  const input = inputOf(steps.map(({ module }) => module));
  if (input === undefined) {
    const message =
      'the width of a row is unknown, because no module has it; save the model with a Linear or a normalising layer in front';
    throw new ForwardpassError('UNSUPPORTED_OP', message, 'the model');
  }
  const chain = new Chain(input.shape, budget);
  for (const { module, translate } of steps) translate(module, chain);
  const tensors = new Map<string, Tensor>();
  const wholeTensor = (name: string, value: PickleObject): Promise<Tensor> => {
    const parts = chain.parts.get(name);
    if (parts === undefined) return readTensor(file, value, budget, `tensor ${name}`);
    const whole = withWholeWeights(parametersOf(parts, file, budget)).get(name);
    if (whole !== undefined) return whole.read();
    throw new ForwardpassError('MALFORMED', 'the shapes of its parts do not match', `tensor ${name}`);
  };
  for (const [name, value] of chain.tensors) {
    let tensor = await wholeTensor(name, value);
    for (const { a, b, scale } of chain.adapters.get(name) ?? []) {
      const [first, second] = [
        await readTensor(file, a, budget, `an adapter of ${name}`),
        await readTensor(file, b, budget, `an adapter of ${name}`),
      ];
      tensor = addAdapter(tensor, first, second, scale, budget, `tensor ${name}`);
    }
    tensors.set(name, chain.changes.get(name)?.(tensor) ?? tensor);
  }
  const isDouble = [...tensors.values()].some(({ data }) => data instanceof Float64Array);
  const dtype = input.dtype === 'float32' && isDouble ? 'float64' : input.dtype;
  // A chain of only modules that have no effect in inference is still a model.
  const layers = chain.layers.length > 0 ? chain.layers : [{ type: 'identity' } as const];
  const inputs = [{ name: 'input', shape: input.shape, dtype, ...(input.ragged && { ragged: input.ragged }) }];
  const graph = buildGraph({ inputs, layers }, { format: 'pytorch', tensors });
  // Layers are named by their position in the model; its result has no name of its own.
  return { ...graph, outputs: graph.outputs.map((output) => ({ ...output, name: 'output' })) };
}

/** The modules that have an effect, from the first to the last. */
function stepsOf(module: TorchModule, budget: Budget, depth: number): Step[] {
  const steps: Step[] = [];
  const visit = (current: TorchModule, left: number) => {
    if (left === 0 || steps.length > budget.limits.nodes) {
      throw new ForwardpassError('LIMIT', 'modules are nested deeper, or are more, than `limits` allow', current.place);
    }
    // Modules may be shared: each path to one is visited.
    budget.step(STEPS_PER_MODULE, current.place);
    const hook = current.hook();
    if (hook !== undefined) throw refuseHook(current, hook);
    if (CONTAINERS.has(current.className)) {
      for (const child of current.children()) visit(child, left - 1);
      return;
    }
    if (current.className === SAVED_WHOLE) return visit(savedModule(current), left - 1);
    if (current.className === ADAPTED) {
      budget.node(steps.length + 1, current.place);
      steps.push(adaptedLinear(current));
      return;
    }
    const [, kind] = /^torch\.nn\.modules\.\w+\.(\w+)$/.exec(current.className) ?? [];
    const translate = kind === undefined ? undefined : MODULES.get(kind);
    if (translate === undefined) throw refuseModule(current);
    budget.node(steps.length + 1, current.place);
    steps.push({ module: current, translate });
  };
  visit(module, depth);
  return steps;
}
