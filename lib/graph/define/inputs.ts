/** The inputs that an architecture names, or the one that its first layer implies. */
import { ForwardpassError } from '../../errors.ts';
import { describe, quote } from '../../messages.ts';
import type { Architecture } from '../architecture.ts';
import { DTYPES, type DType } from '../graph.ts';
import type { Shape } from '../shapes.ts';

export interface NamedInput {
  readonly name: string;
  readonly shape: Shape;
  /** Absent if the model's precision decides. */
  readonly dtype?: DType;
  readonly ragged?: true;
}

export function readInputs({ inputs }: Architecture, impliedShape: () => Shape): NamedInput[] {
  if (inputs === undefined) return [{ name: 'input', shape: impliedShape() }];
  if (!Array.isArray(inputs) || inputs.length === 0) {
    throw new ForwardpassError(
      'ARCHITECTURE',
      `expected an array of one or more inputs, found ${describe(inputs)}`,
      'inputs',
    );
  }
  return Array.from(inputs as unknown[], (input, index) => readInput(input, `inputs[${index}]`));
}

function readInput(input: unknown, place: string): NamedInput {
  if (typeof input !== 'object' || input === null) {
    throw new ForwardpassError('ARCHITECTURE', `expected { name, shape }, found ${describe(input)}`, place);
  }
  const { name, shape, dtype, ragged, ...others } = input as Record<string, unknown>;
  const [unknown] = Object.keys(others);
  if (unknown !== undefined) {
    const message = `an input has no ${quote(unknown)}; it has 'name', 'shape', 'dtype' and 'ragged'`;
    throw new ForwardpassError('ARCHITECTURE', message, place);
  }
  if (typeof name !== 'string' || name === '') {
    throw new ForwardpassError('ARCHITECTURE', `expected a name, found ${describe(name)}`, `${place}.name`);
  }
  const sizes: unknown[] = typeof shape === 'number' ? [shape] : Array.isArray(shape) ? shape : [undefined];
  if (!sizes.every((size) => Number.isSafeInteger(size) && (size as number) >= 0)) {
    const message = `expected the shape of one row, such as [14], found ${describe(shape)}`;
    throw new ForwardpassError('ARCHITECTURE', message, `${place}.shape`);
  }
  const known = DTYPES.find((candidate) => candidate === dtype);
  if (dtype !== undefined && known === undefined) {
    const message = `expected one of ${DTYPES.map(quote).join(', ')}, found ${describe(dtype)}`;
    throw new ForwardpassError('ARCHITECTURE', message, `${place}.dtype`);
  }
  if (ragged !== undefined && typeof ragged !== 'boolean') {
    const message = `expected true or false, found ${describe(ragged)}`;
    throw new ForwardpassError('ARCHITECTURE', message, `${place}.ragged`);
  }
  return { name, shape: sizes as number[], ...(known && { dtype: known }), ...(ragged && { ragged }) };
}
