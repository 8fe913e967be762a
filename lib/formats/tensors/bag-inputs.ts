/**
 * Inputs of bags of any number of ids: a list of all ids, and where each row's begin, are two inputs of a file. Here they are one,
 * of ragged rows, under the name of the ids; where ids have weights, these are in it too.
 */
import type { GraphInput, Node, Operand } from '../../graph/graph.ts';
import { neededFor } from '../needed.ts';
import type { TensorEmitter } from './emitter.ts';
import { publicType, type Row, type Value } from './value.ts';

interface Bag {
  readonly ids: string;
  readonly offsets: string;
  readonly weights: string | undefined;
  /** How many ids there are. */
  count: number;
}

/** What makes the bags: of each row its ids, where they begin in the list of all, and perhaps their weights. */
export interface BagOperands {
  readonly ids: Value;
  readonly offsets: Value;
  readonly weights?: Value;
}

export class BagInputs {
  readonly #bags: Bag[] = [];

  /** Whether they are what files give bags of any number of ids by: inputs as they came, of one element a row. */
  isOf(build: TensorEmitter, { ids, offsets, weights }: BagOperands): boolean {
    const given = [ids, offsets, ...(weights === undefined ? [] : [weights])];
    const isEach = given.every((x) => x.kind === 'row' && x.shape.length === 0 && isInput(build, x));
    return isEach && build.batchAxis === 0 && new Set(given.map((x) => (x as Row).operand)).size === given.length;
  }

  /** The input that the bags come in by, of so many ids. */
  input(build: TensorEmitter, { ids, offsets, weights }: BagOperands, count: number): string {
    const nameOf = (x: Value | undefined) => (x?.kind === 'row' ? (x.operand as string) : undefined);
    const wanted = { ids: nameOf(ids) ?? '', offsets: nameOf(offsets) ?? '', weights: nameOf(weights) };
    const known = this.#bags.find((bag) => bag.ids === wanted.ids);
    if (known === undefined) {
      this.#bags.push({ ...wanted, count });
      return wanted.ids;
    }
    const isSame = known.offsets === wanted.offsets && known.weights === wanted.weights;
    if (!isSame) throw build.error('UNSUPPORTED_OP', 'the same ids are in bags of other widths, or have other weights');
    if (known.count === count) return wanted.ids;
    const message = `the same ids look up tables of ${known.count} and ${count} rows`;
    throw build.error('UNSUPPORTED_OP', `${message}; make the smaller one as long`);
  }

  /** The inputs as they are in the end. @throws {ForwardpassError} UNSUPPORTED_OP where something else takes the ids too. */
  finish(build: TensorEmitter, inputs: readonly GraphInput[], outputs: readonly string[]): readonly GraphInput[] {
    if (this.#bags.length === 0) return inputs;
    const taken = new Map<string, Bag>();
    for (const bag of this.#bags)
      for (const name of [bag.ids, bag.offsets, bag.weights]) if (name) taken.set(name, bag);
    const others = new Set<Operand>([...neededFor(outputs, build.nodes).flatMap(stray), ...outputs]);
    for (const name of taken.keys()) {
      if (!others.has(name)) continue;
      throw build.error(
        'UNSUPPORTED_OP',
        `takes ${name}, of which bags of any number of ids are made, in another way too`,
      );
    }
    return inputs.flatMap((input): GraphInput[] => {
      const bag = taken.get(input.name);
      if (bag === undefined) return [input];
      if (bag.ids !== input.name) return [];
      const weights = inputs.find(({ name }) => name === bag.weights)?.dtype;
      return [{ name: bag.ids, shape: [bag.count], dtype: weights ?? this.#typeOf(build, bag.ids), ragged: true }];
    });
  }

  /** That of the table. */
  #typeOf(build: TensorEmitter, input: string): GraphInput['dtype'] {
    const node = build.nodes.find(({ op, inputs }) => op === 'bag' && inputs[0] === input);
    const table = node?.inputs[1];
    return publicType(typeof table === 'object' && table.data instanceof Float64Array ? 'float64' : 'float32');
  }
}

/** What a node takes, but for the ragged rows of a bag. */
function stray({ op, inputs }: Node): readonly Operand[] {
  return op === 'bag' ? inputs.slice(1) : inputs;
}

function isInput(build: TensorEmitter, { operand }: Row): boolean {
  return typeof operand === 'string' && !build.shapes.has(operand);
}
