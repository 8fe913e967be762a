/** Converts a chain of modules to layers: tracks the shape of the row, and the tensors that the layers use. */
import type { ForwardpassError } from '../../../errors.ts';
import type { Layer } from '../../../graph/architecture.ts';
import type { Budget } from '../../../graph/budget.ts';
import type { Tensor } from '../../../graph/graph.ts';
import { elementCount, formatShape, type Shape, sameShape } from '../../../graph/shapes.ts';
import type { PickleObject } from '../../containers/pickle/values.ts';
import { describeTorchTensor, type TorchDType, type TorchTensor } from '../../containers/torch-tensors.ts';
import type { TorchModule } from './module.ts';

/** Applies a class of modules to a row. */
export type Translate = (module: TorchModule, chain: Chain) => void;

export class Chain {
  readonly layers: Layer[] = [];
  /** By the names that layers use. */
  readonly tensors = new Map<string, PickleObject>();
  /** For tensors that are computed from others: these, by their names in a state_dict. */
  readonly parts = new Map<string, ReadonlyMap<string, PickleObject>>();
  /** For tensors that layers do not use unchanged: their conversion. */
  readonly changes = new Map<string, (tensor: Tensor) => Tensor>();
  /** For matrices, by name: the adapters that are added to them. */
  readonly adapters = new Map<string, readonly { a: PickleObject; b: PickleObject; scale: number }[]>();
  private last: PickleObject | undefined;
  /** How many layers each module became. */
  private readonly steps = new Map<string, number>();

  constructor(
    /** The shape of the row that the next module takes. */
    public shape: Shape,
    private readonly budget: Budget,
  ) {}

  add(module: TorchModule, layer: Layer): void {
    const { place } = module;
    const steps = (this.steps.get(place) ?? 0) + 1;
    this.steps.set(place, steps);
    this.layers.push({ ...layer, name: steps === 1 ? place : `${place} step ${steps}` });
  }

  /** The name of a module's tensor; its numbers are read once the chain is known. */
  tensor(module: TorchModule, name: string): string | undefined {
    const value = module.tensor(name);
    if (value === undefined) return undefined;
    const full = module.tensorName(name);
    this.hold(full, value);
    const parts = module.parts(name);
    if (parts !== undefined) this.parts.set(full, parts);
    return full;
  }

  required(module: TorchModule, name: string): string {
    const full = this.tensor(module, name);
    if (full === undefined) throw module.malformed(`has no ${name}`);
    return full;
  }

  /**
   * A tensor with one number for each channel (the first axis of a row), shaped so that it broadcasts along the others;
   * `change` is applied to each number.
   */
  perChannel(module: TorchModule, name: string, change = (x: number) => x): string | undefined {
    const value = module.tensor(name);
    if (value === undefined) return undefined;
    const size = this.shapeOf(module, name) ?? [];
    if (!sameShape(size, this.shape.slice(0, 1))) throw this.mismatch(module, `[${size[0] ?? 1}, …]`);
    if (module.parts(name) !== undefined)
      throw module.unsupported(`its ${name} is computed from other tensors, which is not supported here`);
    const spread = `${module.tensorName(name)} by channel`;
    const shape = [...size, ...this.shape.slice(1).fill(1)];
    this.budget.buildElements(elementCount(size), module.place);
    this.hold(spread, value);
    this.changes.set(spread, ({ data }) => ({ shape, data: data.map(change) }));
    return spread;
  }

  private hold(name: string, value: PickleObject): void {
    if (!this.tensors.has(name)) this.last = value;
    this.tensors.set(name, value);
  }

  /** The element type of the row so far: that of the last tensor used. */
  rowType(): TorchDType {
    return this.last === undefined ? 'F32' : describeTorchTensor(this.last, this.budget, 'the model').dtype;
  }

  shapeOf(module: TorchModule, name: string): Shape | undefined {
    return this.describe(module, name)?.shape;
  }

  typeOf(module: TorchModule, name: string): TorchDType | undefined {
    return this.describe(module, name)?.dtype;
  }

  /** An axis of the row, from torch's number, which includes the batch. */
  axis(module: TorchModule, dim: number): number {
    const rank = this.shape.length + 1;
    const axis = dim < 0 ? dim + rank : dim;
    if (!Number.isSafeInteger(dim) || axis < 0 || axis >= rank) {
      throw module.malformed(`works along dim ${dim} of a row of shape ${formatShape(this.shape)}`);
    }
    if (axis > 0) return axis - 1;
    throw module.unsupported(
      `works along dim ${dim}, across the rows of a batch, but each row runs independently here`,
    );
  }

  reshape(module: TorchModule, shape: Shape): void {
    if (elementCount(shape) !== elementCount(this.shape)) throw this.mismatch(module, `${formatShape(shape)}`);
    this.add(module, { type: 'reshape', shape });
    this.shape = shape;
  }

  private describe(module: TorchModule, name: string): TorchTensor | undefined {
    const value = module.tensor(name);
    return value && describeTorchTensor(value, this.budget, module.place);
  }

  mismatch(module: TorchModule, expected: string): ForwardpassError {
    return module.malformed(`expected a row of shape ${expected}, found ${formatShape(this.shape)}`);
  }
}
