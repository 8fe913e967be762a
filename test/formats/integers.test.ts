import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { freeze } from '../../lib/freeze.ts';
import { ForwardpassError, type LoadOptions, load, type Model } from '../../lib/index.ts';

/** As test/fixtures/make/make_integers.py writes it. */
interface Case {
  readonly file: string;
  readonly width: number;
  readonly dtype: 'int32' | 'int64';
  readonly ids: readonly string[];
  readonly outputs: readonly { name: string; dtype: string; width: number; values: readonly string[] }[];
  readonly options?: LoadOptions;
  /** Whether the outputs go by their order, as the file names them anew. */
  readonly byOrder?: boolean;
  /** Whether the file declares floats, and takes no arrays of integers. */
  readonly floats?: boolean;
  /** Whether a constant of the file is an integer that no double holds. */
  readonly refused?: boolean;
}

const folder = fileURLToPath(new URL('../fixtures/integers/', import.meta.url));
const cases: readonly Case[] = JSON.parse(readFileSync(`${folder}cases.json`, 'utf8'));

const models: Model[] = [];
async function open(file: string, options?: LoadOptions): Promise<Model> {
  const model = await load(folder + file, options);
  models.push(model);
  return model;
}
afterAll(() => {
  for (const model of models) model.dispose();
});

type Ids = BigInt64Array | Int32Array | Float64Array;

/** The arrays that hold all of these ids exactly. */
function arraysOf({ ids, floats, dtype }: Case): readonly Ids[] {
  const exact = ids.map(BigInt);
  const doubles = Float64Array.from(ids, Number);
  const isDouble = exact.every((id, i) => BigInt(doubles[i]) === id);
  const isInt32 = exact.every((id) => BigInt.asIntN(32, id) === id);
  return [
    ...(isDouble ? [doubles] : []),
    ...(floats || dtype === 'int32' ? [] : [BigInt64Array.from(exact)]),
    ...(isInt32 && !floats ? [Int32Array.from(ids, Number)] : []),
  ];
}

function outputsOf(model: Model, result: unknown): ArrayLike<number>[] {
  if (ArrayBuffer.isView(result)) return [result as unknown as Float64Array];
  return model.outputs.map(({ name }) => (result as Record<string, Float64Array>)[name]);
}

/** What is said of each id: its row of every output, or that it was refused. */
function rowsOf(one: Case, model: Model, run: (ids: Ids) => unknown, ids: Ids): (number[][] | 'refused')[] {
  return Array.from({ length: ids.length / one.width }, (_, row) => {
    try {
      const found = outputsOf(model, run(ids.slice(row * one.width, (row + 1) * one.width)));
      return found.map((values) => Array.from(values));
    } catch (error) {
      expect(error).toBeInstanceOf(ForwardpassError);
      expect((error as ForwardpassError).code).toBe('INPUT');
      expect((error as Error).message).toMatch(/which float64 only represents up to ±2\^53/);
      return 'refused';
    }
  });
}

function expectedRows(one: Case, model: Model): number[][][] {
  const rows = one.ids.length / one.width;
  return Array.from({ length: rows }, (_, row) =>
    model.outputs.map(({ name }, at) => {
      const output = one.byOrder
        ? one.outputs[at]
        : (one.outputs.find((known) => known.name === name) ?? one.outputs[at]);
      return output.values.slice(row * output.width, (row + 1) * output.width).map(Number);
    }),
  );
}

/** From here on a double may be of a neighbour. */
const MOST = 2n ** 53n;

function isBeyond(one: Case, row: number): boolean {
  const ids = one.ids.slice(row * one.width, (row + 1) * one.width).map(BigInt);
  const results = one.outputs.flatMap(({ dtype, width, values }) =>
    dtype.startsWith('int') ? values.slice(row * width, (row + 1) * width).map(BigInt) : [],
  );
  return [...ids, ...results].some((id) => id >= MOST || -id >= MOST);
}

function expectSame(one: Case, model: Model, found: readonly (number[][] | 'refused')[]): void {
  const expected = expectedRows(one, model);
  for (const [row, values] of found.entries()) {
    if (values === 'refused') expect(isBeyond(one, row), `row ${row} of ${one.file}`).toBe(true);
    else expect(values, `row ${row} of ${one.file}: ${one.ids[row]}`).toEqual(expected[row]);
  }
}

it.each(cases.filter(({ refused }) => refused))(
  'a constant that no double holds is refused: $file',
  async ({ file }) => {
    const message = expect.stringContaining('contains an integer beyond ±2^53');
    await expect(load(folder + file)).rejects.toMatchObject({ code: 'UNSUPPORTED_DTYPE', message });
  },
);

describe.each(cases.filter(({ refused }) => !refused))('integers beside their neighbours in $file', (one) => {
  it('are told apart, whatever array they come in', async () => {
    const model = await open(one.file, one.options);
    const [{ name }] = model.inputs;
    for (const ids of arraysOf(one)) {
      const run = (given: Ids) => model.run({ [name]: given });
      expectSame(one, model, rowsOf(one, model, run, ids));
    }
  });

  it('are told apart by the frozen model', async () => {
    const model = await open(one.file, one.options);
    const frozen = await load(Buffer.concat(await freeze(folder + one.file, one.options)), one.options);
    models.push(frozen);
    expect(frozen.precision).toBe(model.precision);
    const names = model.inputs.map(({ name }) => name);
    for (const ids of arraysOf(one)) {
      const run = (given: Ids) => frozen.run({ [names[0]]: given });
      expectSame(one, model, rowsOf(one, frozen, run, ids));
    }
  });

  it('are told apart as rows and in bound buffers', async () => {
    const model = await open(one.file, one.options);
    const doubles = arraysOf(one).find((ids) => ids instanceof Float64Array);
    if (doubles === undefined) return;
    const call = model.bind({ batch: 1 });
    const bound = (ids: Ids) => {
      for (const [i, id] of ids.entries()) call.input[i] = Number(id);
      call.run();
      return Object.fromEntries(model.outputs.map(({ name }) => [name, call.outputs[name].slice()]));
    };
    const fits = call.input instanceof Float64Array || one.floats !== true;
    if (fits) expectSame(one, model, rowsOf(one, model, bound, doubles));
    if (model.outputs.length > 1) return;
    const predict = (ids: Ids) => model.predict([Array.from(ids, Number)]);
    expectSame(one, model, rowsOf(one, model, predict, doubles));
  });
});
