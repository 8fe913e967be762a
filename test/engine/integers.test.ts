/** Random arithmetic on integers against BigInt: a model gives the integer itself, or says that it cannot. */
import { describe, expect, it } from 'vitest';
import { type FreezableGraph, writeFrozen } from '../../lib/formats/safetensors/write-frozen.ts';
import type { Graph, Node, Op, OpAttributes, Operand, Tensor } from '../../lib/graph/graph.ts';
import { ForwardpassError } from '../../lib/index.ts';
import { load, modelFromGraph, prepare } from '../../lib/load.ts';
import type { Model } from '../../lib/model.ts';
import { checkModelOptions } from '../../lib/options.ts';
import { node } from '../graph/graphs.ts';
import { Random } from '../random-graph.ts';
import { ISAS } from './engine.ts';

const WIDTH = 3;
const EXACT = 2n ** 53n;
const BASES = [2n ** 24n, 2n ** 31n, 2n ** 40n, 2n ** 53n - 8n];

/** A row of integers, and whether all that it was made of were doubles. */
interface Row {
  readonly values: readonly bigint[];
  readonly isExact: boolean;
}
type Rule = (x: Row, y: Row) => readonly bigint[];

/** A model that takes `id` [3], and what its values are. */
class Chain {
  readonly nodes: Node[] = [];
  readonly #rules = new Map<string, { rule: Rule; from: readonly [string, string] }>();
  readonly names = ['id'];
  #count = 0;

  constructor(readonly random: Random) {}

  emit<O extends Op>(op: O, inputs: readonly Operand[], attributes: OpAttributes[O]): string {
    const output = `v${this.#count++}`;
    this.nodes.push(node(output, op, inputs, attributes));
    return output;
  }

  add(output: string, from: readonly [string, string], rule: Rule): string {
    this.#rules.set(output, { rule, from });
    this.names.push(output);
    return output;
  }

  rowOf(name: string, ids: readonly bigint[]): Row {
    const made = this.#rules.get(name);
    if (made === undefined) return { values: ids, isExact: ids.every(isExact) };
    const [x, y] = made.from.map((each) => this.rowOf(each, ids));
    const values = made.rule(x, y);
    return { values, isExact: x.isExact && y.isExact && values.every(isExact) };
  }

  /** The name of a new value, made of those before. */
  grow(): string {
    const { random } = this;
    const [x, y] = [random.pick(this.names), random.pick(this.names)];
    const constants = Array.from({ length: WIDTH }, () => this.constant());
    const tensor = whole(constants);
    const pairs =
      (rule: (a: bigint, b: bigint) => bigint): Rule =>
      (a, b) =>
        a.values.map((value, i) => rule(value, b.values[i]));
    const each =
      (rule: (a: bigint, i: number) => bigint): Rule =>
      ({ values }) =>
        values.map(rule);
    const binary = (fn: OpAttributes['binary']['fn'], other: Operand) => this.emit('binary', [x, other], { fn });
    const unary = (fn: OpAttributes['unary']['fn'], of = x) => this.emit('unary', [of], { fn });
    switch (random.below(15)) {
      case 0:
        return this.add(
          binary('add', tensor),
          [x, x],
          each((a, i) => a + constants[i]),
        );
      case 1:
        return this.add(
          binary('sub', tensor),
          [x, x],
          each((a, i) => a - constants[i]),
        );
      case 2: {
        const factors = [2n, -3n, 7n];
        return this.add(
          binary('mul', whole(factors)),
          [x, x],
          each((a, i) => a * factors[i]),
        );
      }
      case 3:
        return this.add(
          binary('add', y),
          [x, y],
          pairs((a, b) => a + b),
        );
      case 4:
        return this.add(
          binary('sub', y),
          [x, y],
          pairs((a, b) => a - b),
        );
      case 5: {
        const quotient = binary('div', whole([7n, 1000n, 16n]));
        return this.add(
          unary('trunc', quotient),
          [x, x],
          each((a, i) => a / [7n, 1000n, 16n][i]),
        );
      }
      case 13: {
        const moduli = [7n, -1000n, 16n];
        return this.add(
          binary('fmod', whole(moduli)),
          [x, x],
          each((a, i) => a % moduli[i]),
        );
      }
      case 6:
        return this.add(
          unary('neg'),
          [x, x],
          each((a) => -a),
        );
      case 7:
        return this.add(
          unary('abs'),
          [x, x],
          each((a) => (a < 0n ? -a : a)),
        );
      case 8:
        return this.add(
          binary('max', tensor),
          [x, x],
          each((a, i) => (a > constants[i] ? a : constants[i])),
        );
      case 9:
        return this.add(
          binary('min', y),
          [x, y],
          pairs((a, b) => (a < b ? a : b)),
        );
      case 10: {
        const moved = this.emit('gather', [x], { axis: 0, indices: Int32Array.of(2, 0, 1) });
        return this.add(moved, [x, x], ({ values }) => [values[2], values[0], values[1]]);
      }
      case 11: {
        const isLess = this.emit('binary', [x, y], { fn: 'less' });
        const lesser = this.emit('select', [isLess, x, tensor], {});
        return this.add(lesser, [x, y], (a, b) =>
          a.values.map((value, i) => (value < b.values[i] ? value : constants[i])),
        );
      }
      case 12: {
        const sum = this.emit('reduce', [x], { fn: 'sum', axes: [0], keepDims: true });
        const spread = this.emit('expand', [sum], { shape: [WIDTH] });
        return this.add(spread, [x, x], ({ values }) => values.map(() => values.reduce((a, b) => a + b)));
      }
      default: {
        const weights = [1n, 0n, -1n, 0n, 1n, 2n, 1n, 1n, 0n];
        const product = this.emit('dense', [x, whole(weights, [3, 3])], { layout: 'in-out' });
        return this.add(product, [x, x], ({ values }) =>
          values.map((_, column) => values.reduce((sum, a, k) => sum + a * weights[3 * k + column], 0n)),
        );
      }
    }
  }

  constant(): bigint {
    const base = this.random.pick([0n, ...BASES]);
    return base + BigInt(this.random.below(7)) - 3n;
  }
}

function isExact(value: bigint): boolean {
  return value < EXACT && -value < EXACT;
}

function whole(values: readonly bigint[], shape: readonly number[] = [values.length]): Tensor {
  return { shape, data: Float64Array.from(values, Number) };
}

interface Made {
  readonly graph: Graph;
  readonly chain: Chain;
  readonly last: string;
  readonly key: readonly bigint[];
}

/** Outputs: the integers, whether they are those of a key, the floats of them. */
function randomModel(seed: number, precision: 'f32' | 'f64'): Made {
  const chain = new Chain(new Random(seed));
  for (let i = chain.random.below(6); i >= 0; i--) chain.grow();
  const last = chain.names[chain.names.length - 1];
  const ids = Array.from({ length: WIDTH }, () => chain.constant());
  const found = chain.rowOf(last, ids);
  const key = found.isExact ? found.values : ids;
  const outputs: Graph['outputs'][number][] = [
    { name: 'integers', value: last, dtype: 'int64' },
    { name: 'equal', value: chain.emit('binary', [last, whole(key)], { fn: 'equal' }), dtype: 'float32' },
    { name: 'floats', value: chain.emit('retype', [last], { to: 'float' }), dtype: 'float32' },
  ];
  const kept = outputs.filter(() => chain.random.below(3) > 0);
  return {
    chain,
    last,
    key,
    graph: {
      format: 'test',
      precision,
      inputs: [{ name: 'id', shape: [WIDTH], dtype: 'int64' }],
      outputs: kept.length > 0 ? kept : outputs,
      nodes: chain.nodes,
    },
  };
}

function expectRight({ chain, last, key }: Made, model: Model, ids: readonly bigint[], place: string): void {
  const { values, isExact } = chain.rowOf(last, ids);
  let results: Record<string, Float64Array | Float32Array>;
  try {
    results =
      model.outputs.length === 1
        ? { [model.outputs[0].name]: model.run(BigInt64Array.from(ids)) }
        : model.run({ id: BigInt64Array.from(ids) });
  } catch (error) {
    if (!(error instanceof ForwardpassError)) throw error;
    expect(error.code, place).toBe('INPUT');
    expect(isExact, `${place}: ${error.message}`).toBe(false);
    return;
  }
  const { integers, equal, floats } = results;
  if (integers) expect(Array.from(integers, BigInt), place).toEqual(values);
  if (equal) expect(Array.from(equal), place).toEqual(values.map((value, i) => Number(value === key[i])));
  const tolerance = model.precision === 'f32' ? 2 ** -22 : 2 ** -51;
  for (const [i, value] of floats?.entries() ?? []) {
    const error = Math.abs(value - Number(values[i]));
    expect(error, `${place}: ${value} for ${values[i]}`).toBeLessThanOrEqual(tolerance * Math.abs(Number(values[i])));
  }
}

/** The outputs, or the code of the error. */
function bitsIn(model: Model, x: Float64Array, batch: number): string {
  const outputs: number[][] = model.outputs.map(() => []);
  for (let first = 0; first < x.length; first += batch * WIDTH) {
    try {
      const found = model.run({ id: x.slice(first, first + batch * WIDTH) });
      for (const [at, { name }] of model.outputs.entries()) outputs[at].push(...found[name]);
    } catch (error) {
      return (error as ForwardpassError).code;
    }
  }
  return JSON.stringify(outputs);
}

describe.each(['f32', 'f64'] as const)('a model of %s', (precision) => {
  it('computes with integers exactly, or refuses those that no double holds', async () => {
    let [wide, narrow] = [0, 0];
    for (let seed = 0; seed < 600; seed++) {
      const made = randomModel(seed, precision);
      const { integers } = prepare(made.graph, checkModelOptions({})).simple;
      if (integers === undefined) narrow++;
      else wide++;
      using model = modelFromGraph(made.graph, { isa: ISAS[seed % ISAS.length] });
      for (let row = 0; row < 12; row++) {
        const ids = Array.from({ length: WIDTH }, (_, i) =>
          row % 3 === 0 && made.last === 'id' ? made.key[i] : made.chain.constant() - (row % 2 === 0 ? 0n : 2n ** 30n),
        );
        expectRight(made, model, ids, `seed ${seed}, row ${row}, ids ${ids}`);
      }
    }
    expect(wide).toBeGreaterThan(100);
    if (precision === 'f32') expect(narrow).toBeGreaterThan(0);
  });

  it('gives the same bits in every batch, on every instruction set, and once it was frozen', async () => {
    const rows = 300;
    let compared = 0;
    for (let seed = 1000; seed < 1060; seed++) {
      const made = randomModel(seed, precision);
      const x = Float64Array.from({ length: rows * WIDTH }, () => Number(made.chain.constant() % 2n ** 33n));
      const run = (model: Model, batch: number) => bitsIn(model, x, batch);
      using model = modelFromGraph(made.graph);
      const expected = run(model, 1);
      if (expected.includes('INPUT')) continue;
      compared++;
      for (const batch of [7, 64, rows]) expect(run(model, batch), `seed ${seed}, ${batch} rows`).toEqual(expected);
      for (const isa of ISAS) {
        using other = modelFromGraph(made.graph, { isa });
        expect(run(other, 64), `seed ${seed}, ${isa}`).toEqual(expected);
      }
      const prepared = prepare(made.graph, checkModelOptions({}));
      using frozen = await load(Buffer.concat(writeFrozen(prepared.simple as FreezableGraph, precision)));
      expect(run(frozen, 64), `seed ${seed}, frozen`).toEqual(expected);
    }
    expect(compared).toBeGreaterThan(30);
  });
});
