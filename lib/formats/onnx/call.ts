/** One ONNX node with its inputs, as the translations in ops/ see it. */
import type { GraphBuilder } from '../tensors/builder.ts';
import { OperatorCall } from '../tensors/call.ts';
import { decodeText } from '../tensors/raw-elements.ts';
import { type Constant, literal, type Value } from '../tensors/value.ts';
import type { AttributeProto } from './proto.ts';
import { decodeTensor } from './tensor.ts';

/** Translates a node: returns its outputs, as far as a row model has them. */
export type Translation = (call: OnnxCall) => Value | readonly (Value | undefined)[];

/** Translations by operator name. */
export type Translations = Readonly<Record<string, Translation>>;

export class OnnxCall extends OperatorCall {
  /** The version of the node's operator set. */
  readonly opset: number;
  readonly outputCount: number;
  readonly #attributes: ReadonlyMap<string, AttributeProto>;

  constructor(
    build: GraphBuilder,
    opset: number,
    inputs: readonly (Value | undefined)[],
    outputCount: number,
    attributes: ReadonlyMap<string, AttributeProto>,
  ) {
    super(build, inputs);
    this.opset = opset;
    this.outputCount = outputCount;
    this.#attributes = attributes;
  }

  /** The numbers of a constant; undefined if the input is omitted. */
  numbers(index: number): number[] | undefined {
    if (!this.has(index)) return undefined;
    const value = this.constant(index);
    if (value.batch) throw this.build.crossing(`input ${index} depends on the batch size`);
    this.build.lookThrough(value.data.length);
    return Array.from(value.data);
  }

  /** The only number of a constant. */
  number(index: number): number | undefined {
    const numbers = this.numbers(index);
    if (numbers === undefined) return undefined;
    if (numbers.length !== 1) {
      throw this.error('SHAPE', `expected one number as input ${index}, found ${numbers.length}`);
    }
    return numbers[0];
  }

  hasAttribute(name: string): boolean {
    return this.#attributes.has(name);
  }

  float(name: string, otherwise: number): number {
    return this.#value(name, 'float', (attribute) => attribute.float) ?? otherwise;
  }

  integer(name: string, otherwise: number): number {
    return this.#value(name, 'integer', (attribute) => attribute.integer) ?? otherwise;
  }

  flag(name: string, otherwise: boolean): boolean {
    return this.integer(name, otherwise ? 1 : 0) !== 0;
  }

  string(name: string, otherwise: string): string {
    const bytes = this.#value(name, 'string', (attribute) => attribute.string);
    return bytes === undefined ? otherwise : decodeText(bytes);
  }

  strings(name: string): readonly string[] | undefined {
    return this.#given(name, (attribute) => attribute.strings);
  }

  integers(name: string): number[] | undefined {
    const values = this.integerArray(name);
    return values && Array.from(values);
  }

  /** The same as an array of the same size, for lists of millions. */
  integerArray(name: string): Float64Array | undefined {
    const attribute = this.#attributes.get(name);
    if (attribute === undefined) return undefined;
    const { buffer, byteOffset, length } = attribute.integers?.all() ?? new Uint8Array(0);
    return new Float64Array(buffer as ArrayBuffer, byteOffset, length / Float64Array.BYTES_PER_ELEMENT);
  }

  /** The list of an attribute; undefined if it is absent or empty. */
  #given<T>(name: string, of: (attribute: AttributeProto) => readonly T[] | undefined): readonly T[] | undefined {
    const attribute = this.#attributes.get(name);
    const list = attribute && of(attribute);
    return list?.length === 0 ? undefined : list;
  }

  /** Integers that are an attribute in this opset and an input in later ones. */
  integersConstant(name: string): Constant {
    const values = this.integers(name);
    if (values === undefined) throw this.error('MALFORMED', `attribute ${name} is missing`);
    return literal('int64', values, [values.length]);
  }

  floats(name: string): number[] | undefined {
    const values = this.floatArray(name);
    return values && Array.from(values);
  }

  /** The same as an array of the same size, for lists of millions. */
  floatArray(name: string): Float32Array | undefined {
    const attribute = this.#attributes.get(name);
    if (attribute === undefined) return undefined;
    const bytes = attribute.floats?.all() ?? new Uint8Array(0);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const values = new Float32Array(bytes.length / Float32Array.BYTES_PER_ELEMENT);
    for (let i = 0; i < values.length; i++) values[i] = view.getFloat32(4 * i, true);
    return values;
  }

  tensor(name: string): Constant | undefined {
    const tensor = this.#value(name, 'tensor', (attribute) => attribute.tensor);
    return tensor && this.build.once(tensor, () => decodeTensor(tensor, this.build.budget, this.build.constantWords));
  }

  /** An attribute up to some opset, and an input since. */
  integersOrInput(name: string, index: number): number[] | undefined {
    return this.has(index) ? this.numbers(index) : this.integers(name);
  }

  #value<T>(name: string, type: string, of: (attribute: AttributeProto) => T | undefined): T | undefined {
    const attribute = this.#attributes.get(name);
    if (attribute === undefined) return undefined;
    const value = of(attribute);
    if (value === undefined) throw this.error('MALFORMED', `attribute ${name} is not of type ${type}`);
    return value;
  }
}
