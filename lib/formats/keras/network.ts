/** Builds the graph of a model: calls its layers in order, and inner models as often as they are called. */
import { ForwardpassError } from '../../errors.ts';
import type { Budget } from '../../graph/budget.ts';
import { decide } from '../../graph/define/decision.ts';
import type { Fold } from '../../graph/fold.ts';
import { DTYPES, type DType, type Graph, type GraphInput } from '../../graph/graph.ts';
import { elementCount, formatShape, type Shape } from '../../graph/shapes.ts';
import { describe, quote } from '../../messages.ts';
import type { GivenFunctions } from '../format.ts';
import { GraphBuilder } from '../tensors/builder.ts';
import { inputValue, withCategories } from './categories.ts';
import { computeDType } from './dtype.ts';
import { isValue, type KerasTensor, LayerCall, leavesOf, type Sink } from './layer.ts';
import { kindOf, variablesOf } from './layers/table.ts';
import { OwnLayers } from './own.ts';
import { type Argument, type CallArguments, type LayerSpec, type ModelSpec, mapRefs, Ref } from './spec.ts';
import { readOnce, type StoredWeight, type WeightStore } from './weights.ts';

export interface NetworkOptions {
  readonly format: string;
  readonly version: number;
  readonly weights: WeightStore;
  readonly budget: Budget;
  readonly fold: Fold | undefined;
  readonly functions?: GivenFunctions;
}

export function buildNetwork(model: ModelSpec, options: NetworkOptions): Graph {
  return new Network(options).graph(model);
}

class Network implements Sink {
  readonly version: number;
  readonly build: GraphBuilder;
  private readonly stored = new Map<string, readonly StoredWeight[]>();
  private isDouble = false;
  private readonly own: OwnLayers;

  constructor(private readonly options: NetworkOptions) {
    this.version = options.version;
    this.own = new OwnLayers(options);
    const { budget, fold, format } = options;
    const casts = format === 'tfjs' ? 'tfjs' : 'tensorflow';
    this.build = new GraphBuilder({ batchAxis: 0, declaredBatch: undefined, budget, fold, casts });
  }

  graph(model: ModelSpec): Graph {
    const inputs = this.readInputs(model);
    this.build.suppose(inputs.map(({ input }) => input));
    const values = new Map(inputs.map(({ layer, input }) => [layer, inputValue(input)]));
    const result = this.callModel(model, (layer) => values.get(layer));
    const outputs = this.nameOutputs(model, result);
    const { inputs: given, steps } = this.own;
    const [only] = outputs;
    const decision = outputs.length === 1 ? decide(undefined, only.value, this.build.nodes) : undefined;
    const own = inputs.map(({ layer, input }) =>
      withCategories(input, values.get(layer) as KerasTensor, this.options.budget),
    );
    const named = outputs.map(({ name, value }) => ({ name, value: value.name, dtype: value.dtype }));
    const taken = steps.flatMap(({ takes }) => (typeof takes === 'string' ? [] : takes));
    const texts = this.build.texts.finish(this.build, own, [
      ...named.map(({ value }) => value),
      ...new Set(taken.flatMap((column) => ('value' in column ? [column.value] : []))),
    ]);
    const rows = texts.inputs.map(({ name }) => name);
    return {
      format: this.options.format,
      precision: this.isDouble ? 'f64' : 'f32',
      ...texts,
      inputs: [...texts.inputs, ...given],
      outputs: named,
      ...(decision && { decision }),
      ...(steps.length > 0 && { steps, rows }),
    };
  }

  /** In Keras' order; a dictionary's inputs are named by its keys. */
  private readInputs(model: ModelSpec): { layer: string; input: GraphInput }[] {
    const layers = new Map(model.layers.map((layer) => [layer.name, layer]));
    return leavesOf(model.inputs).map(({ key, leaf }) => {
      const layer = leaf instanceof Ref ? layers.get(leaf.layer) : undefined;
      if (layer?.className !== 'InputLayer') {
        throw new ForwardpassError(
          'MALFORMED',
          'the model has an input that is not one of its InputLayers',
          model.name,
        );
      }
      const name = this.build.uniqueName(key ?? layer.name);
      return { layer: layer.name, input: { name, ...readInput(layer, this.options.budget) } };
    });
  }

  private nameOutputs(model: ModelSpec, result: Argument<KerasTensor>): { name: string; value: KerasTensor }[] {
    const layerNames = leavesOf(model.outputs).map(({ leaf }) => (leaf instanceof Ref ? leaf.layer : 'output'));
    const taken = new Map<string, number>();
    const outputs = leavesOf(result).map(({ key, leaf }, i) => {
      if (!isValue(leaf)) throw new ForwardpassError('MALFORMED', `output ${i} is not a tensor`, model.name);
      const wanted = key ?? layerNames[i] ?? 'output';
      let name = wanted;
      while (taken.has(name)) {
        const count = (taken.get(wanted) ?? 0) + 1;
        taken.set(wanted, count);
        name = `${wanted}_${count}`;
      }
      taken.set(name, 0);
      return { name, value: leaf };
    });
    if (outputs.length === 0) throw new ForwardpassError('MALFORMED', 'the model has no outputs', model.name);
    return outputs;
  }

  /** Calls each layer as soon as all its inputs are available; `given` are the tensors of the model's input layers. */
  private callModel(model: ModelSpec, given: (layer: string) => KerasTensor | undefined): Argument<KerasTensor> {
    const { budget } = this.options;
    // Each call of a model, and each layer in it, costs work again.
    budget.step(STEPS_OF_CALL * (1 + model.layers.length), model.name);
    const results = new Map<string, Result>();
    const steps = model.layers.flatMap((layer): Step[] =>
      layer.className === 'InputLayer' && layer.calls.length === 0
        ? [{ layer, call: undefined, number: 0 }]
        : layer.calls.map((call, number) => ({ layer, call, number })),
    );
    for (const { layer, call, number } of inOrder(steps, model)) {
      const value =
        call === undefined
          ? given(layer.name)
          : this.callLayer(
              layer,
              call,
              (ref) => this.find(ref, results),
              () => shapeOfCall(model, layer.name, number),
            );
      results.set(`${number} ${layer.name}`, { leaves: leavesOf(value) });
    }
    return mapRefs(model.outputs, (ref) => this.find(ref, results)) as Argument<KerasTensor>;
  }

  private find({ layer, call, tensor }: Ref, results: ReadonlyMap<string, Result>): KerasTensor {
    const value = results.get(`${call} ${layer}`)?.leaves[tensor]?.leaf;
    if (isValue(value)) return value;
    const message = `result ${tensor} of call ${call} of layer ${quote(layer)} is used, but does not exist`;
    throw new ForwardpassError('DANGLING', message, 'the model');
  }

  private callLayer(
    spec: LayerSpec,
    call: CallArguments,
    find: (ref: Ref) => KerasTensor,
    shape: () => unknown,
  ): Argument<KerasTensor> {
    const args = call.args.map((arg) => mapRefs(arg, find) as Argument<KerasTensor>);
    const kwargs = new Map([...call.kwargs].map(([key, arg]) => [key, mapRefs(arg, find) as Argument<KerasTensor>]));
    if (kwargs.get('training') === true) {
      const message = 'is called with training=True: it would draw random numbers or use the whole batch';
      throw new ForwardpassError('UNSUPPORTED_OP', message, spec.place);
    }
    if (spec.model !== undefined) return this.callInner(spec, spec.model, args[0]);
    const kind = spec.own === undefined ? kindOf(spec) : this.own.kind(spec, shape);
    const dtype = spec.isOperation ? (leavesOf(args)[0]?.leaf as KerasTensor | undefined)?.dtype : undefined;
    const compute = dtype ?? computeDType(spec.config);
    if (compute === 'float64') this.isDouble = true;
    const layer = new LayerCall({
      spec,
      args,
      kwargs,
      sink: this,
      budget: this.options.budget,
      dtype: compute,
      variablesOf,
      kindOf,
      weights: (owner) => this.weightsOf(owner),
      asset: (name) => this.options.weights.asset?.(spec, name),
      kept: (name) => this.options.weights.kept?.(spec, name),
    });
    const result = kind.build(layer);
    const mask = layer.inputs.find((input) => input.mask !== undefined)?.mask;
    if (kind.mask !== 'keep' || mask === undefined || !isValue(result) || result.mask !== undefined) return result;
    return { ...result, mask: layer.inputs.length === 1 ? mask : 'unclear' };
  }

  private callInner(spec: LayerSpec, model: ModelSpec, argument: Argument<KerasTensor>): Argument<KerasTensor> {
    const wanted = leavesOf(model.inputs);
    const given = leavesOf(argument);
    if (wanted.length !== given.length) {
      const message = `expected ${wanted.length} tensors to be called on, found ${given.length}`;
      throw new ForwardpassError('MALFORMED', message, spec.place);
    }
    const byLayer = new Map<string, KerasTensor>();
    for (const [i, { key, leaf }] of wanted.entries()) {
      const value = (given.find((other) => key !== undefined && other.key === key) ?? given[i]).leaf;
      if (leaf instanceof Ref && isValue(value)) byLayer.set(leaf.layer, value);
    }
    return this.callModel(model, (layer) => byLayer.get(layer));
  }

  private weightsOf(spec: LayerSpec): readonly StoredWeight[] {
    const key = spec.trail.join('/');
    const known = this.stored.get(key);
    if (known !== undefined) return known;
    const found = this.options.weights.find(spec, variablesOf(spec)).map(readOnce);
    this.stored.set(key, found);
    return found;
  }
}

function readInput({ config, place }: LayerSpec, budget: Budget): { shape: Shape; dtype: DType } {
  const given = config.raw('batch_shape') ?? config.raw('batch_input_shape');
  if (!Array.isArray(given) || given.length === 0) {
    throw new ForwardpassError('SHAPE', `expected the shape of a batch, found ${describe(given)}`, place);
  }
  const shape = given.slice(1).map((size, i) => {
    if (Number.isSafeInteger(size) && size > 0) return size as number;
    const found = size === null ? 'open' : describe(size);
    throw new ForwardpassError('SHAPE', `axis ${i + 1} is ${found}; the shape of a row must be fixed`, place);
  });
  if (!(elementCount(shape) <= budget.limits.rowElements)) {
    throw new ForwardpassError('LIMIT', `a row of shape ${formatShape(shape)} exceeds \`limits.rowElements\``, place);
  }
  for (const what of ['sparse', 'ragged']) {
    if (config.flag(what, false)) throw config.error('UNSUPPORTED_OP', `takes ${what} tensors; expected dense ones`);
  }
  const said = config.raw('dtype') ?? 'float32';
  const name = typeof said === 'string' ? said : computeDType(config);
  const dtype = DTYPES.find((candidate) => candidate === name);
  if (dtype === undefined) throw new ForwardpassError('UNSUPPORTED_DTYPE', `takes ${describe(said)}`, place);
  return { shape, dtype };
}

/** The shape of a call's result according to calls of other layers. */
function shapeOfCall(model: ModelSpec, layer: string, number: number): unknown {
  let found: unknown;
  const look = (ref: Ref) => {
    if (ref.layer === layer && ref.call === number && ref.tensor === 0) found ??= ref.shape;
  };
  for (const { calls } of model.layers) {
    for (const { args, kwargs } of calls) {
      for (const arg of args) mapRefs(arg, look);
      for (const arg of kwargs.values()) mapRefs(arg, look);
    }
  }
  return found;
}

/** The result of a layer's call. */
interface Result {
  readonly leaves: readonly { readonly leaf: Argument<KerasTensor> }[];
}

/** The cost of a call in steps, besides what it creates. */
const STEPS_OF_CALL = 10;

interface Step {
  readonly layer: LayerSpec;
  readonly call: CallArguments | undefined;
  readonly number: number;
}

/** Orders the steps so that each comes after those whose results it takes; otherwise the given order is kept. */
function inOrder(steps: readonly Step[], model: ModelSpec): Step[] {
  const waiting = new Map<string, Step[]>();
  const missing = new Map<Step, number>();
  const known = new Set(steps.map(({ layer, number }) => `${number} ${layer.name}`));
  for (const step of steps) {
    const needs = new Set<string>();
    const note = (ref: Ref) => needs.add(`${ref.call} ${ref.layer}`);
    for (const arg of step.call?.args ?? []) mapRefs(arg, note);
    for (const arg of step.call?.kwargs.values() ?? []) mapRefs(arg, note);
    missing.set(step, needs.size);
    for (const need of needs) {
      if (!known.has(need)) {
        throw new ForwardpassError(
          'DANGLING',
          `takes the result of call ${need}, which does not exist`,
          step.layer.place,
        );
      }
      const list = waiting.get(need);
      if (list) list.push(step);
      else waiting.set(need, [step]);
    }
  }
  const ordered = steps.filter((step) => missing.get(step) === 0);
  for (let i = 0; i < ordered.length; i++) {
    for (const next of waiting.get(`${ordered[i].number} ${ordered[i].layer.name}`) ?? []) {
      const left = (missing.get(next) ?? 0) - 1;
      missing.set(next, left);
      if (left === 0) ordered.push(next);
    }
  }
  if (ordered.length === steps.length) return ordered;
  throw new ForwardpassError('CYCLE', 'layers take their own results', model.name);
}
