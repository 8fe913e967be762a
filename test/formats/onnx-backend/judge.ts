/** Runs one of the ONNX project's tests. */
import { expect } from 'vitest';
import { ForwardpassError } from '../../../lib/errors.ts';
import { load } from '../../../lib/load.ts';
import type { Model } from '../../../lib/model.ts';
import { EXACT, firstDifference, type InputArray, type Tolerance } from '../expectations.ts';
import type { BackendCase, Outcome, PackedTensor } from './cases.ts';

/** Whether the case agrees or is refused; fails the test when it does neither. */
export async function judge(test: BackendCase): Promise<Outcome> {
  let model: Model;
  try {
    model = await load(Buffer.from(test.model, 'base64'));
  } catch (error) {
    if (!(error instanceof ForwardpassError)) throw error;
    const { code, message } = error;
    const names = [test.group, ...test.ops];
    const named = names.some((name) => message.includes(name));
    expect(named, `the refusal names none of ${names.join(', ')}: ${code}: ${message}`).toBe(true);
    return { refused: code, message };
  }
  for (const { inputs, outputs } of test.sets) {
    // What is done to a row must not depend on the others. The model says what its rows are: where an operator
    // reaches across the first axis of fixed shapes, the whole tensor is one row.
    const rows = countRows(model, inputs[0]);
    expectOutputs(model, inputs, outputs, test, (values) => values);
    expectOutputs(model, inputs, outputs, test, (values) => reverseRows(values, rows));
  }
  model.dispose();
  return 'agrees';
}

function expectOutputs(
  model: Model,
  inputs: readonly PackedTensor[],
  outputs: readonly PackedTensor[],
  test: BackendCase,
  order: (values: InputArray) => InputArray,
): void {
  const arrays = Object.fromEntries(inputs.map((tensor) => [tensor.name, order(unpack(tensor))]));
  const results = model.run(arrays);
  for (const tensor of outputs) {
    const expected = order(unpack(tensor));
    const difference = firstDifference(results[tensor.name], expected, toleranceOf(tensor, expected, test));
    expect(difference && `${tensor.name}${difference}`).toBeUndefined();
  }
}

/**
 * Integers are equal. Floats are within 1e-5 of the output's greatest value, or within a step of their type where
 * the expectation was rounded to half precision; the ONNX runner itself allows 1e-3 of each value.
 */
function toleranceOf({ dtype }: PackedTensor, expected: ArrayLike<number | bigint>, test: BackendCase): Tolerance {
  if (!dtype.includes('float')) return EXACT;
  const step = { float16: 2 ** -10, bfloat16: 2 ** -7 }[dtype as string] ?? 1e-5;
  const finite = Array.from(expected, Number).filter(Number.isFinite);
  const greatest = Math.max(0, ...finite.map(Math.abs));
  return { relative: step, absolute: Math.max(test.atol, step * greatest) };
}

function countRows(model: Model, tensor: PackedTensor): number {
  const input = model.inputs.find(({ name }) => name === tensor.name);
  return input === undefined || input.shape.length > tensor.shape.length ? 1 : tensor.shape[0];
}

function unpack({ dtype, data }: PackedTensor): InputArray {
  const { buffer } = Uint8Array.from(Buffer.from(data, 'base64'));
  switch (dtype) {
    case 'bool':
    case 'uint8':
      return Float32Array.from(new Uint8Array(buffer));
    case 'int8':
      return Float32Array.from(new Int8Array(buffer));
    case 'int16':
      return Float32Array.from(new Int16Array(buffer));
    case 'uint16':
      return Float32Array.from(new Uint16Array(buffer));
    case 'int32':
      return new Int32Array(buffer);
    case 'uint32':
      return Float64Array.from(new Uint32Array(buffer));
    case 'int64':
      return new BigInt64Array(buffer);
    case 'float64':
      return new Float64Array(buffer);
    default:
      return new Float32Array(buffer);
  }
}

function reverseRows(values: InputArray, rows: number): InputArray {
  const width = values.length / rows;
  const reversed = values.slice() as InputArray;
  for (let row = 0; row < rows; row++) {
    reversed.set(values.subarray(row * width, (row + 1) * width) as never, (rows - 1 - row) * width);
  }
  return reversed;
}
