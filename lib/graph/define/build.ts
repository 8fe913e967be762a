/** Architecture → graph: checks each layer's fields, finds its inputs and makes its nodes. */
import { ForwardpassError } from '../../errors.ts';
import { describe, didYouMean, listNames, quote } from '../../messages.ts';
import type { Architecture, Values } from '../architecture.ts';
import type { Graph, Node, Op, OpAttributes, Operand } from '../graph.ts';
import type { Shape } from '../shapes.ts';
import { activate } from './activate.ts';
import { decide, readLabels } from './decision.ts';
import { type NamedInput, readInputs } from './inputs.ts';
import { layerKinds } from './kinds.ts';
import { LayerContext, type LayerFields, type LayerKind, type LayerOutput, type NodeSink } from './layer.ts';
import { type FileTensors, type Given, readValues } from './values.ts';

const ARCHITECTURE_FIELDS = ['inputs', 'layers', 'outputs', 'classes', 'featureNames', 'ignore'];
const LAYER_FIELDS = ['type', 'name', 'inputs', 'activation'];

export interface BuildOptions {
  /** The format that the graph reports as its source. */
  readonly format: string;
  /** The tensors that names refer to. Without them, every parameter must be given as numbers. */
  readonly tensors?: FileTensors;
}

/** Throws `ARCHITECTURE`, `SHAPE`, `DANGLING`, `DUPLICATE` or `OPTION`, with a place such as `layers[2].weight`. */
export function buildGraph(architecture: Architecture, options: BuildOptions): Graph {
  return new GraphBuilder(options.tensors).build(architecture, options.format);
}

interface WrittenLayer {
  readonly fields: LayerFields;
  readonly kind: LayerKind;
  /** The place of the layer, such as `layers[2]`. */
  readonly place: string;
}

/** The layers as written, and the kind of each. Throws for anything that is not a layer. */
export function readLayers(architecture: Architecture): WrittenLayer[] {
  if (typeof architecture !== 'object' || architecture === null) {
    throw new ForwardpassError('ARCHITECTURE', `expected an object with 'layers', found ${describe(architecture)}`);
  }
  refuseUnknown(architecture as unknown as LayerFields, ARCHITECTURE_FIELDS, 'an architecture', 'architecture');
  if (!Array.isArray(architecture.layers) || architecture.layers.length === 0) {
    const message = `expected an array of one or more layers, found ${describe(architecture.layers)}`;
    throw new ForwardpassError('ARCHITECTURE', message, 'layers');
  }
  return Array.from(architecture.layers, (fields: LayerFields, index) => {
    const place = `layers[${index}]`;
    if (typeof fields !== 'object' || fields === null || Array.isArray(fields)) {
      throw new ForwardpassError('ARCHITECTURE', `expected a layer, found ${describe(fields)}`, place);
    }
    return { fields, kind: kindOf(fields, place), place };
  });
}

function kindOf(fields: LayerFields, place: string): LayerKind {
  const type = fields.type ?? 'dense';
  const kind = typeof type === 'string' ? layerKinds().get(type) : undefined;
  if (kind === undefined) {
    const names = [...layerKinds().keys()];
    const words =
      (typeof type === 'string' && didYouMean(type, names)) || `; expected one of ${listNames(names, names.length)}`;
    throw new ForwardpassError(
      'ARCHITECTURE',
      `expected a layer type, found ${describe(type)}${words}`,
      `${place}.type`,
    );
  }
  const tensors = Object.keys(kind.tensors ?? {});
  const known = [...LAYER_FIELDS, ...tensors, ...(tensors.length > 0 ? ['tensor'] : []), ...(kind.options ?? [])];
  refuseUnknown(fields, known, `a ${type} layer`, place);
  return kind;
}

function refuseUnknown(fields: LayerFields, known: readonly string[], what: string, place: string): void {
  for (const key of Object.keys(fields)) {
    if (known.includes(key)) continue;
    const words = didYouMean(key, known) || `; it has ${listNames(known, known.length)}`;
    throw new ForwardpassError('ARCHITECTURE', `${what} has no ${quote(key)}${words}`, place);
  }
}

class GraphBuilder implements NodeSink {
  private readonly nodes: Node[] = [];
  /** The names that layers may refer to: inputs and the layers so far. */
  private readonly named = new Map<string, LayerOutput>();
  private readonly valueNames = new Set<string>();
  private readonly used = new Set<string>();
  private readonly precisions = new Set<'f32' | 'f64'>();

  constructor(private readonly tensors: FileTensors | undefined) {}

  build(architecture: Architecture, format: string): Graph {
    const layers = readLayers(architecture);
    const inputs = readInputs(architecture, () => this.impliedShape(layers[0]));
    for (const { name, shape } of inputs) this.define(name, { name, shape }, 'inputs');
    let previous = inputs.length === 1 ? inputs[0].name : undefined;
    for (const layer of layers) previous = this.addLayer(layer, previous);

    const outputs = this.readOutputs(architecture, layers, previous);
    const precision = this.choosePrecision(inputs);
    const dtype = precision === 'f64' ? 'float64' : 'float32';
    const labels = readLabels(architecture);
    const decision = decide(labels.classes, outputs[0].value, this.nodes);
    return {
      format,
      precision,
      inputs: inputs.map((input) => ({ ...input, dtype: input.dtype ?? dtype })),
      outputs: outputs.map(({ name, value }) => ({ name, value: value.name, dtype })),
      nodes: this.nodes,
      ...labels,
      ...(decision && { decision }),
    };
  }

  readValues(values: Values, place: string): Given {
    const given = readValues(values, place, this.tensors);
    if (given.precision !== undefined) this.precisions.add(given.precision);
    return given;
  }

  emit<O extends Op>(
    op: O,
    name: string,
    inputs: readonly Operand[],
    attributes: OpAttributes[O],
    shape: Shape,
  ): LayerOutput {
    let output = name;
    for (let i = 1; this.valueNames.has(output); i++) output = `${name}#${i}`;
    this.valueNames.add(output);
    this.nodes.push({ op, name, inputs, output, attributes } as Node);
    return { name: output, shape };
  }

  private impliedShape({ fields, kind, place }: WrittenLayer): Shape {
    if (kind.inputShape === undefined || fields.inputs !== undefined) {
      const message = "the first layer does not determine the model's inputs; add inputs: [{ name: 'x', shape: [14] }]";
      throw new ForwardpassError('ARCHITECTURE', message, place);
    }
    return kind.inputShape(new LayerContext(fields, place, place, [], this));
  }

  /** Returns the name that the next layer takes by default. */
  private addLayer({ fields, kind, place }: WrittenLayer, previous: string | undefined): string {
    const name = this.layerName(fields, place);
    const layer = new LayerContext(fields, place, name, this.findInputs(fields, kind, place, previous), this);
    this.define(name, activate(layer, kind.build(layer)), place);
    return name;
  }

  private layerName(fields: LayerFields, place: string): string {
    const name = fields.name ?? fields.tensor ?? place;
    if (typeof name === 'string' && name !== '') return name;
    throw new ForwardpassError('ARCHITECTURE', `expected a name, found ${describe(name)}`, `${place}.name`);
  }

  private define(name: string, value: LayerOutput, place: string): void {
    if (this.named.has(name)) {
      throw new ForwardpassError('DUPLICATE', `${quote(name)} is already the name of another input or layer`, place);
    }
    this.named.set(name, value);
    this.valueNames.add(value.name);
  }

  private findInputs(fields: LayerFields, kind: LayerKind, place: string, previous: string | undefined): LayerOutput[] {
    const { least, most } = kind.arity ?? { least: 1, most: 1 };
    if (fields.inputs === undefined && previous === undefined) {
      const message = 'the model has several inputs; name the one that the first layer takes';
      throw new ForwardpassError('ARCHITECTURE', message, `${place}.inputs`);
    }
    const names = [fields.inputs ?? previous].flat();
    if (names.length < least || names.length > most) {
      const count =
        least === most ? least : most === Number.POSITIVE_INFINITY ? `${least} or more` : `${least} to ${most}`;
      throw new ForwardpassError('ARCHITECTURE', `expected ${count} inputs, found ${names.length}`, `${place}.inputs`);
    }
    return names.map((name) => this.find(name, `${place}.inputs`));
  }

  private find(name: unknown, place: string): LayerOutput {
    const value = typeof name === 'string' ? this.named.get(name) : undefined;
    if (value === undefined) {
      const words = typeof name === 'string' ? didYouMean(name, this.named.keys()) : '';
      const expected = 'expected the name of an input or of a layer above';
      throw new ForwardpassError('DANGLING', `${expected}, found ${describe(name)}${words}`, place);
    }
    this.used.add(name as string);
    return value;
  }

  private readOutputs(
    { outputs }: Architecture,
    layers: readonly WrittenLayer[],
    last: string | undefined,
  ): { name: string; value: LayerOutput }[] {
    if (outputs === undefined) {
      const value = this.find(last, 'outputs');
      this.refuseUnused();
      return [{ name: String(layers.at(-1)?.fields.name ?? 'output'), value }];
    }
    const names = [outputs].flat();
    if (names.length === 0)
      throw new ForwardpassError('ARCHITECTURE', 'expected one or more names, found none', 'outputs');
    return names.map((name, index) => ({ name, value: this.find(name, `outputs[${index}]`) }));
  }

  /** Throws for a layer that nothing uses, which is a mistake unless `outputs` is given. */
  private refuseUnused(): void {
    for (const name of this.named.keys()) {
      if (this.used.has(name)) continue;
      const message =
        "nothing uses it; the last layer is the output, so name it in the inputs of a layer or in 'outputs'";
      throw new ForwardpassError('ARCHITECTURE', message, name);
    }
  }

  /** float64 if any parameters are, or if all parameters are single numbers. */
  private choosePrecision(inputs: readonly NamedInput[]): 'f32' | 'f64' {
    if (this.precisions.size > 0) return this.precisions.has('f64') ? 'f64' : 'f32';
    return inputs.some(({ dtype }) => dtype === 'float32') ? 'f32' : 'f64';
  }
}
