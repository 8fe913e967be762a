/**
 * Inputs of bags of any number of ids: in a file, the list of all ids and the offsets of rows are two inputs. Here they
 * become one input of ragged rows with the name of the ids, which includes the ids' weights if there are any.
 */
import type { GraphInput, Node, Operand } from '../../graph/graph.ts';
import { neededFor } from '../needed.ts';
import type { TensorEmitter } from './emitter.ts';
import { publicType, type Row, type Value } from './value.ts';

interface Bag {
  readonly ids: string;
  readonly offsets: string;
  readonly weights: string | undefined;
  /** The size of the table. */
  count: number;
}

/** The operands of bags: all ids, the offset of each row, and optionally a weight for each id. */
export interface BagOperands {
  readonly ids: Value;
  readonly offsets: Value;
  readonly weights?: Value;
}

export class BagInputs {
  readonly #bags: Bag[] = [];

  /** Whether these are bags of any number of ids: unchanged inputs with one element per row. */
  isOf(build: TensorEmitter, { ids, offsets, weights }: BagOperands): boolean {
    const given = [ids, offsets, ...(weights === undefined ? [] : [weights])];
    const isEach = given.every((x) => x.kind === 'row' && x.shape.length === 0 && isInput(build, x));
    return isEach && build.batchAxis === 0 && new Set(given.map((x) => (x as Row).operand)).size === given.length;
  }

  /** The input of these bags, for a table of `count` rows. */
  input(build: TensorEmitter, { ids, offsets, weights }: BagOperands, count: number): string {
    const nameOf = (x: Value | undefined) => (x?.kind === 'row' ? (x.operand as string) : undefined);
    const wanted = { ids: nameOf(ids) ?? '', offsets: nameOf(offsets) ?? '', weights: nameOf(weights) };
    const known = this.#bags.find((bag) => bag.ids === wanted.ids);
    if (known === undefined) {
      this.#bags.push({ ...wanted, count });
      return wanted.ids;
    }
    const isSame = known.offsets === wanted.offsets && known.weights === wanted.weights;
    if (!isSame)
      throw build.error('UNSUPPORTED_OP', 'the same ids are used in bags of other widths, or with other weights');
    if (known.count === count) return wanted.ids;
    const message = `the same ids look up tables of ${known.count} and ${count} rows`;
    throw build.error('UNSUPPORTED_OP', `${message}; extend the smaller one to the same size`);
  }

  /** The final inputs. @throws {ForwardpassError} UNSUPPORTED_OP if something else uses the ids too. */
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
        `${name} is used as bags of any number of ids and also in another way, which is not supported`,
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

  /** The element type of the table. */
  #typeOf(build: TensorEmitter, input: string): GraphInput['dtype'] {
    const node = build.nodes.find(({ op, inputs }) => op === 'bag' && inputs[0] === input);
    const table = node?.inputs[1];
    return publicType(typeof table === 'object' && table.data instanceof Float64Array ? 'float64' : 'float32');
  }
}

/** The inputs of a node, except the ragged rows of a bag. */
function stray({ op, inputs }: Node): readonly Operand[] {
  return op === 'bag' ? inputs.slice(1) : inputs;
}

function isInput(build: TensorEmitter, { operand }: Row): boolean {
  return typeof operand === 'string' && !build.shapes.has(operand);
}
