/** User-defined layers and Lambdas: no file contains their code, so the caller supplies it. */
import { ForwardpassError } from '../../errors.ts';
import type { Budget } from '../../graph/budget.ts';
import type { GraphInput, OwnStep } from '../../graph/graph.ts';
import { elementCount, type Shape } from '../../graph/shapes.ts';
import { quote } from '../../messages.ts';
import type { GivenFunctions } from '../format.ts';
import { nested } from '../own/plain.ts';
import { plainJson } from '../own/plain-json.ts';
import { columnsInWords, stubOf } from '../own/stub.ts';
import type { Config } from './config.ts';
import { isObject } from './config.ts';
import type { KerasTensor, LayerCall, LayerKind } from './layer.ts';
import type { LayerSpec } from './spec.ts';
import type { WeightStore } from './weights.ts';

const KERAS = /^(tf_|tensorflow\.|tensorflow\.python\.)?keras(\.|$)/;

/**
 * The name by which the caller supplies a layer's function: `module.Class`, or the registered name, `Package>Class`;
 * for a Lambda its function's name, or the layer's name if it has none. Undefined for a layer of Keras, and for objects
 * that are not layers.
 */
export function ownName(outer: Config, className: string, layer: string): string | undefined {
  const [module, registered] = [outer.raw('module'), outer.raw('registered_name')];
  if (className === 'Lambda') return functionOf(outer) ?? layer;
  if (className === '__lambda__' || className === 'function') return undefined;
  if (typeof registered === 'string' && registered.includes('>')) return registered;
  const isForeign = typeof module === 'string' && module !== 'builtins' && !KERAS.test(module);
  return isForeign ? `${module}.${className}` : undefined;
}

/** The name of a Lambda's function, if it has one. */
function functionOf(outer: Config): string | undefined {
  const config = outer.raw('config');
  const given = isObject(config) ? config.function : undefined;
  if (!isObject(given) || given.class_name !== 'function' || typeof given.config !== 'string') return undefined;
  return given.config;
}

/** The shape of the batches that a layer was built for, from the file. */
export function builtFor(outer: Config): unknown {
  const built = outer.raw('build_config');
  return isObject(built) ? built.input_shape : undefined;
}

/** A code stub of a layer's function, for messages. */
export function hintOf(name: string, outer: Config, functions: GivenFunctions): string {
  const shape = rowOf(builtFor(outer));
  const width = shape && elementCount(shape);
  const stub = {
    name,
    takes: `${columnsInWords(width, undefined)} of numbers, one for each element of a row`,
    attributes: plainJson(outer.raw('config')),
    gives: 'columns for the layer that follows it, an array of one value for each row',
    result: 'columns',
    context: '{ attributes, numbers }',
  };
  return stubOf(stub, functions.keys());
}

/** A shape without the batch; undefined if it is unknown. */
function rowOf(shape: unknown): Shape | undefined {
  if (!Array.isArray(shape) || shape.length === 0) return undefined;
  const row = shape.slice(1);
  return row.every((size) => Number.isSafeInteger(size) && size > 0) ? row : undefined;
}

export interface OwnLayersOptions {
  readonly budget: Budget;
  readonly weights: WeightStore;
  readonly functions?: GivenFunctions;
}

/** The user-defined layers that a network calls. */
export class OwnLayers {
  /** Their results, as inputs of the graph. */
  readonly inputs: GraphInput[] = [];
  readonly steps: OwnStep[] = [];

  constructor(private readonly options: OwnLayersOptions) {}

  /** `shape` is that of a batch of results, if the file has it. */
  kind(spec: LayerSpec, shape: () => unknown): LayerKind {
    return { build: (layer) => this.call(spec, layer, shape()) };
  }

  private call(spec: LayerSpec, layer: LayerCall, said: unknown): KerasTensor {
    const { budget, functions } = this.options;
    const name = spec.own as string;
    const columns = functions?.get(name)?.columns;
    const count = typeof columns === 'object' ? columns.length : columns;
    const shape = count === undefined ? (rowOf(said) ?? rowOf(spec.config.raw('output_shape'))) : [count];
    if (shape === undefined) {
      const message = `the file does not say how many columns ${quote(name)} gives; add the number to the function: { ${quote(name)}: { run: (columns) => …, columns: 3 } }`;
      throw new ForwardpassError('OPTION', message, spec.place);
    }
    if (layer.inputs.some(({ dtype }) => dtype === 'string'))
      throw layer.unsupported('takes strings, which is not supported');
    const flat = layer.inputs.map((input) => layer.reshape(input, [elementCount(input.shape)]));
    const width = flat.reduce((sum, each) => sum + each.shape[0], 0);
    const taken = flat.length === 1 ? flat[0] : layer.emit('concat', flat, { axis: 0 }, [width]);
    if (!(elementCount(shape) <= budget.limits.rowElements)) {
      throw layer.error('LIMIT', `gives rows of ${elementCount(shape)} elements; see \`limits.rowElements\``);
    }
    layer.spend(width + elementCount(shape));
    const calls = this.steps.filter((step) => step.name === name).length;
    const gives = layer.build.uniqueName(calls === 0 ? name : `${name} (${calls + 1})`);
    this.steps.push({
      name,
      place: spec.place,
      takes: Array.from({ length: width }, (_, element) => ({ value: taken.name, element })),
      gives,
      width: elementCount(shape),
      attributes: plainJson({ ...spec.described, weights: this.weightsOf(spec) }),
    });
    this.inputs.push({ name: gives, shape, dtype: layer.dtype, cells: [] });
    return { name: gives, shape, dtype: layer.dtype };
  }

  /** Its own variables, in the order in which it created them. */
  private weightsOf(spec: LayerSpec): unknown[] {
    const asked = Array.from({ length: MOST_WEIGHTS }, (_, i) => ({ name: `${i}`, isTrainable: true }));
    return this.options.weights.find(spec, asked).map((weight) => {
      this.options.budget.buildElements(elementCount(weight.shape), spec.place);
      const { data } = weight.read();
      return nested(Array.from(data), weight.shape);
    });
  }
}

const MOST_WEIGHTS = 64;
