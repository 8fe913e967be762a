/**
 * Another engine, in TypeScript: it interprets plans by what `evaluate` of lib/graph says of each operation, one row after
 * another. Tests put it in the place of `#engine` and need no addon. It is slow, and it rounds once for each instruction, so
 * that its last bits are its own.
 */
import { randomUUID } from 'node:crypto';
import type { TypedArray } from '../../lib/buffers.ts';
import type { Buffers, Engine, EngineModel } from '../../lib/engine/engine.ts';
import { ForwardpassError } from '../../lib/errors.ts';
import { FAULT, type Fault } from '../../lib/faults.ts';
import type { Plan } from '../../lib/graph/plan-format.ts';
import { type Floats, PlanReader, type Port } from './plan-reader.ts';
import { runInstruction, type Stop } from './run-instruction.ts';

/** The buffers of one port; of a ragged input all three. */
interface Given {
  readonly port: Port;
  readonly index: number;
  readonly data: TypedArray;
  readonly weights?: Floats;
  readonly offsets?: Int32Array;
}

class ReferenceModel implements EngineModel {
  readonly #plan: PlanReader;
  #isDisposed = false;

  constructor(
    readonly plan: Plan,
    readonly integers: readonly boolean[],
  ) {
    this.#plan = new PlanReader(plan);
  }

  get isDisposed(): boolean {
    return this.#isDisposed;
  }

  run(...buffers: Buffers): Fault | undefined {
    const found = this.#given(buffers);
    return 'fault' in found ? found.fault : this.#compute(found);
  }

  bind(...buffers: Buffers): (() => Fault | undefined) | Fault {
    const found = this.#given(buffers);
    if ('fault' in found) return found.fault;
    return () => (this.#isDisposed ? faultOf('disposed') : this.#compute(found));
  }

  runAsync(...buffers: Buffers): Promise<Fault | undefined> | Fault {
    const found = this.#given(buffers);
    if ('fault' in found) return found.fault;
    const inputs = found.inputs.map((input) => ({
      ...input,
      data: input.data.slice(),
      weights: input.weights?.slice(),
      offsets: input.offsets?.slice(),
    }));
    return Promise.resolve().then(() => this.#compute({ ...found, inputs }));
  }

  dispose(): void {
    this.#isDisposed = true;
  }

  #given(buffers: Buffers): { inputs: Given[]; outputs: Given[] } | { fault: Fault } {
    if (this.#isDisposed) return { fault: faultOf('disposed') };
    const ports = [...this.#plan.inputs, ...this.#plan.outputs];
    const left = [...buffers];
    const given: Given[] = [];
    for (const [index, port] of ports.entries()) {
      const [data, weights, offsets] = left.splice(0, port.isRagged ? 3 : 1);
      if (!this.#isTaken(data, index, port.isRagged)) return { fault: faultOf('wrongType', index) };
      given.push({ port, index, data, weights: weights as Floats, offsets: offsets as Int32Array });
    }
    const rows = rowsOf(given[0]);
    for (const each of given) {
      const own = rowsOf(each);
      if (!Number.isInteger(own))
        return { fault: faultOf('notWholeRows', each.index, each.data.length, each.port.width) };
      if (own !== rows) return { fault: faultOf('rowsDiffer', each.index, own, rows) };
    }
    return { inputs: given.slice(0, this.#plan.inputs.length), outputs: given.slice(this.#plan.inputs.length) };
  }

  #isTaken(data: unknown, index: number, isRagged: boolean): data is TypedArray {
    if (data instanceof Float32Array || data instanceof Float64Array) return true;
    return ArrayBuffer.isView(data) && (this.integers[index] || isRagged);
  }

  #compute({ inputs, outputs }: { inputs: readonly Given[]; outputs: readonly Given[] }): Fault | undefined {
    const values = this.#plan.newValues();
    const rows = rowsOf(outputs[0]);
    for (let row = 0; row < rows; row++) {
      for (const { port, data, weights, offsets } of inputs) {
        if (offsets === undefined) {
          const elements = values.numbers(port.value, port.isWide);
          for (let at = 0; at < port.width; at++) elements[at] = Number(data[row * port.width + at]);
        } else {
          const pairs = [];
          for (let at = offsets[row]; at < offsets[row + 1]; at++)
            pairs.push([Number(data[at]), weights?.[at] ?? 1] as const);
          const place = pairs.findIndex(([id]) => !(id >= 0 && id < port.width));
          if (place >= 0) return faultOf('badPair', port.value, row, pairs[place][0], port.width, 0, place);
          values.pairs.set(port.value, pairs);
        }
      }
      for (const [index, instruction] of this.#plan.instructions.entries()) {
        const stop: Stop | undefined = runInstruction(instruction, values);
        if (stop !== undefined) return faultOf(stop.code, 0, index, row, stop.value, stop.limit, stop.element);
      }
      for (const { port, data } of outputs)
        data.set(values.numbers(port.value, port.isWide) as never, row * port.width);
    }
    return undefined;
  }
}

function rowsOf({ port, data, offsets }: Given): number {
  return offsets === undefined ? data.length / port.width : offsets.length - 1;
}

function faultOf(code: keyof typeof FAULT, port = 0, a = 0, b = 0, c = 0, d = 0, e = 0): Fault {
  return [FAULT[code], port, a, b, c, d, e];
}

const NAME = randomUUID();
const shared = new Map<string, { readonly model: ReferenceModel; readonly description: object }>();
const names = new WeakMap<ReferenceModel, string>();

export const engine: Engine = {
  instructionSets: () => ['scalar'],
  create: (plan, { integers }) => new ReferenceModel(plan, integers),
  allocate: (Type, length) => new Type(length),

  share(model, description) {
    const own = model as ReferenceModel;
    if (own.isDisposed) return undefined;
    const name = names.get(own) ?? randomUUID();
    names.set(own, name);
    shared.set(name, { model: own, description: structuredClone(description) });
    return [NAME, name];
  },

  attach([engineName, name]) {
    const found = engineName === NAME ? shared.get(name) : undefined;
    if (found === undefined || found.model.isDisposed) {
      throw new ForwardpassError('HANDLE', 'there is no such model', 'handle');
    }
    return [new ReferenceModel(found.model.plan, found.model.integers), structuredClone(found.description)];
  },

  duplicateDescriptor: () => undefined,
};
