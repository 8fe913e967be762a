/** The plan of a frozen file, as a host reads and runs it that makes none. */
import { expect } from 'vitest';
import { engine } from '#engine';
import { readElements } from '../../lib/formats/containers/elements.ts';
import { type FrozenPlan, PLAN_KEY } from '../../lib/formats/safetensors/frozen.ts';
import { readHeader } from '../../lib/formats/safetensors/header.ts';
import { fromInt8 } from '../../lib/formats/safetensors/reduced.ts';
import { Budget } from '../../lib/graph/budget.ts';
import type { RaggedRows } from '../../lib/ragged.ts';
import { bytesReader } from '../../lib/source/bytes.ts';
import type { Floats } from '../engine/engine.ts';

type Stored = Awaited<ReturnType<typeof readPlan>>;

/** A stored plan as a host reads it. */
export async function readPlan(file: Uint8Array, key = PLAN_KEY) {
  const reader = bytesReader('frozen', file);
  const { tensors, metadata } = await readHeader(reader, new Budget());
  const about = JSON.parse(metadata.get(key) as string) as FrozenPlan;
  const stored = (name: string) => {
    const tensor = tensors.get(name);
    if (tensor === undefined) throw new Error(`no tensor ${name}`);
    return tensor;
  };
  const read = async (name: string) => {
    const { dtype, offset, byteLength } = stored(name);
    return readElements(await reader.read(offset, byteLength), dtype, name);
  };
  const { offset, byteLength, dtype } = stored(about.words);
  const words = new Int32Array((await reader.read(offset, byteLength)).slice().buffer);
  const parameters = [];
  for (const parameter of about.parameters) {
    const data = await read(parameter.tensor);
    parameters.push(
      'scale' in parameter
        ? fromInt8(data, await read(parameter.scale), stored(parameter.tensor).shape, parameter.layout)
        : data,
    );
  }
  return { about, words, wordsDtype: dtype, parameters, tensors, metadata };
}

/** What the engine makes of the plan as it is stored, in arrays as those that `load` gives. */
export function runPlan(
  { about, words, parameters }: Stored,
  inputs: Record<string, Float64Array | RaggedRows>,
  given: Record<string, Floats>,
  isa = engine.instructionSets()[0],
) {
  const outputs = about.outputs.map(({ name }) => [name, given[name].slice().fill(7)] as const);
  const integers = [...about.inputs.map((input) => input.integers), ...outputs.map(() => false)];
  const native = engine.create({ code: words, parameters }, { isa, integers, threads: 1 });
  const buffers = about.inputs.flatMap(({ name }) => {
    const input = inputs[name];
    return 'ids' in input ? [input.ids, input.weights, input.offsets] : [input];
  });
  const fault = native.run(...(buffers as Float64Array[]), ...outputs.map(([, data]) => data));
  native.dispose();
  expect(fault).toBe(undefined);
  return Object.fromEntries(outputs);
}
