/** Calls of models with steps of the author's own, and what is said where a function or a call is not as it should be. */
import { describe, expect, it } from 'vitest';
import { freeze } from '../../lib/freeze.ts';
import { load } from '../../lib/load.ts';
import type { StepFunction, StepFunctions } from '../../lib/steps/types.ts';
import { failureOf } from '../failure.ts';
import { FOLDER, fixtures, open } from './fixtures.ts';
import { FUNCTIONS } from './functions.ts';

const fixture = (name: string) => {
  const found = fixtures().find((each) => each.name === name);
  if (found === undefined) throw new Error(`no fixture ${name}`);
  return found.fixture;
};
const opened = (name: string) => open(fixture(name));
const loaded = (name: string, functions: unknown) =>
  load(new URL(fixture(name).file, FOLDER), { functions: functions as StepFunctions });

describe('calls', () => {
  it('run and runAsync give what predict gives, for rows of numbers that the file describes', async () => {
    using model = await opened('validated');
    const rows = Float64Array.of(1, -2, 3, -4, 0.5, 6, -7, 8);
    const expected = model.predict([
      [1, -2, 3, -4],
      [0.5, 6, -7, 8],
    ]) as Float64Array;
    expect(model.run(rows)).toEqual(expected);
    expect(await model.runAsync(rows)).toEqual(expected);
    expect(model.run({ X: rows })).toEqual({ predictions: expected });
    expect(await model.runAsync({ X: rows })).toEqual({ predictions: expected });
    const output = new Float64Array(2);
    expect(model.run(rows, output)).toBe(output);
    expect(output).toEqual(expected);
    expect(model.run(new Float64Array(0))).toEqual(new Float64Array(0));
    expect((await failureOf(() => model.run(new Float64Array(5)))).message).toContain(
      'expected a multiple of 4 elements, found 5',
    );
    expect((await failureOf(() => model.run({ Y: rows }))).message).toContain("'Y' is not an input");
  });

  it('one record gives one label, and its probabilities by class', async () => {
    using model = await opened('family-class');
    const [record] = fixture('family-class').cases[0].rows as unknown as Record<string, unknown>[];
    expect(model.predict(record)).toBe(fixture('family-class').cases[0].labels?.[0]);
    expect(Object.keys(model.predictProba(record))).toEqual(['0', '1']);
    expect(model.inputs).toEqual([{ name: 'X', shape: [null, null], dtype: 'float64' }]);
    expect(model.summary()).toContain("steps[0] (AddFamilySize): '__main__.AddFamilySize'");
  });

  it('dates may be Dates, ISO text or milliseconds', async () => {
    using model = await opened('dates');
    const rows = fixture('dates').cases[1].rows as unknown as { signup: string }[];
    const expected = model.predictProba(rows);
    const as = (change: (text: string) => unknown) => rows.map((row) => ({ ...row, signup: change(row.signup) }));
    expect(model.predictProba(as((text) => new Date(`${text}Z`)))).toEqual(expected);
    expect(model.predictProba(as((text) => Date.parse(`${text}Z`)))).toEqual(expected);
    expect(model.predictProba(as((text) => text.replace('T', ' ')))).toEqual(expected);
    expect(model.predictProba(as((text) => `${text}+00:00`))).toEqual(expected);
    const error = await failureOf(() => model.predict(as(() => '5 March 2024')));
    expect([error.code, error.message]).toEqual(['FUNCTION', expect.stringContaining("'5 March 2024' in row 0")]);
  });

  it('a schema says which features go to a function', async () => {
    using model = await opened('woe');
    expect(model.schema()).toMatchObject({
      properties: { spent: { type: 'number' }, plan: { description: "given to '__main__.WeightOfEvidence'" } },
      required: ['spent', 'plan', 'job'],
    });
    expect(model.featureNames).toEqual(['spent', 'plan', 'job']);
    expect(model.inputs[0].unused).toBeUndefined();
    const error = await failureOf(() => model.predict([{ spent: 1, plam: 'free', job: 'cook' }]));
    expect([error.code, error.message]).toEqual(['INPUT', expect.stringContaining("did you mean 'plan'")]);
  });

  it('a function is given frozen attributes and columns of its own', async () => {
    let given: unknown;
    const clip: StepFunction = (columns, context) => {
      given = context.attributes;
      (columns[0] as Float64Array).fill(0);
      return columns;
    };
    using model = await loaded('clipper', { '__main__.Clipper': clip });
    const rows = [Float64Array.of(1, 2, 3, 4)];
    model.predict(rows);
    expect(rows[0][0]).toBe(1);
    const attributes = given as { low: number; lower_: number[] };
    expect(Object.isFrozen(attributes) && Object.isFrozen(attributes.lower_)).toBe(true);
    expect(Object.getPrototypeOf(attributes)).toBeNull();
    expect(attributes.low).toBe(0.05);
  });

  it('names that are special to JavaScript are names like any other', async () => {
    using model = await loaded('special-names', {
      '__main__.FactorsByName': (columns: object, { attributes }: { attributes: Record<string, object> }) => {
        expect(Object.keys(columns)).toEqual(['__proto__', 'constructor', 'toString', 'plain']);
        expect(Object.keys(attributes.factors_)).toEqual(['__proto__', 'constructor', 'toString', 'plain', 'b']);
        return columns;
      },
    });
    const record = JSON.parse('{"__proto__":1,"constructor":2,"toString":3,"plain":4}');
    expect(model.predict(record)).toBeTypeOf('number');
    expect(({} as { plain?: unknown }).plain).toBeUndefined();
  });
});

describe('what cannot be with functions', () => {
  it('is refused, and names the step', async () => {
    using model = await opened('clipper');
    const { file } = fixture('clipper');
    for (const refused of [
      () => model.bind({ batch: 1 }),
      () => model.share(),
      () => freeze(new URL(file, FOLDER), { functions: FUNCTIONS }),
    ]) {
      const error = await failureOf(refused);
      expect(error.code).toBe('UNSUPPORTED_OP');
      expect(error.message).toContain("steps[0] (Clipper): computes '__main__.Clipper'");
    }
  });

  it('rows whose columns the file does not say are not a flat array', async () => {
    using model = await opened('clipper');
    const error = await failureOf(() => model.run(Float64Array.of(1, 2, 3, 4)));
    expect([error.code, error.message]).toEqual(['INPUT', expect.stringContaining('does not say how many columns')]);
  });

  it.each([
    [{ '__main__.Clipper': 3 }, "functions['__main__.Clipper']: expected a function"],
    [[], 'expected an object of functions'],
    [{ '__main__.Clipper': { run: () => [], width: 3 } }, "unknown option 'width'"],
    [{ '__main__.Clipper': { run: () => [], columns: 0 } }, 'expected the number of columns'],
    [{ '__main__.Clipper': { columns: 2 } }, 'expected a function'],
  ])('a wrong option is refused (%#)', async (functions, message) => {
    const error = await failureOf(() => loaded('clipper', functions));
    expect([error.code, error.message]).toEqual(['OPTION', expect.stringContaining(message)]);
  });

  it('a format without such steps takes no functions', async () => {
    const file = new URL('../xgboost/', FOLDER);
    const error = await failureOf(() => load(new URL('binary.json', file), { functions: FUNCTIONS }));
    expect(error.code).toMatch(/OPTION|SOURCE/);
  });

  it('a name that is only like it is asked about', async () => {
    const error = await failureOf(() => loaded('clipper', { '__main__.Cliper': () => [] }));
    expect(error.message).toContain("did you mean '__main__.Cliper'?");
  });

  it('what nothing says of a step the caller has to say', async () => {
    const error = await failureOf(() => loaded('transforms', FUNCTIONS));
    expect([error.code, error.message]).toEqual([
      'OPTION',
      expect.stringContaining('{ run: (columns) => …, columns: 3 }'),
    ]);
  });
});

describe('a function that gives something else', () => {
  const four = () => [1, 2, 3, 4].map((value) => [value, value]);
  it.each<[string, unknown, string]>([
    ['too few columns', [[1, 2]], 'returns 1 column; expected 4 for the StandardScaler after it'],
    ['a short column', four().with(2, [1]), 'returns 1 values in column 2; expected 2, one for each row'],
    ['nothing', undefined, 'returns nothing; expected columns'],
    ['a number', 3, 'returns the number 3; expected columns'],
    ['a Promise', Promise.resolve([]), 'returns a Promise'],
    ['rows', [{ a: 1 }, { a: 2 }], 'returns an array of objects, which may be rows'],
    ['no list', [...four().slice(1), 'abc'], "returns the string 'abc' as column 3"],
    ['an object in a column', four().with(0, [1, {}] as never), 'returns the number 1'],
    ['a Map', new Map(), 'returns a Map; expected an object'],
  ])('is refused: %s', async (_, result, message) => {
    using model = await loaded('clipper', { '__main__.Clipper': () => result });
    const error = await failureOf(() =>
      model.predict([
        [1, 2, 3, 4],
        [5, 6, 7, 8],
      ]),
    );
    if (error.code === 'FUNCTION' && !message.startsWith('returns the number 1')) {
      expect(error.message).toBe(
        `function '__main__.Clipper' of steps[0] (Clipper): ${error.message.split(': ').slice(1).join(': ')}`,
      );
      expect(error.message).toContain(message);
    } else expect(['FUNCTION', 'INPUT']).toContain(error.code);
  });

  it('is refused with its name: strings for numbers, columns without names, another name', async () => {
    const fail = async (name: string, functions: StepFunctions, rows: never) => {
      using model = await loaded(name, functions);
      return failureOf(() => model.predict(rows));
    };
    const words = await fail('clipper', { '__main__.Clipper': () => [['x'], [1], [2], [3]] }, [[1, 2, 3, 4]] as never);
    expect(words.message).toBe("__main__.Clipper()[0].0: expected a number, found the string 'x'");
    const people = fixture('family-class').cases[0].rows as never;
    const nameless = await fail('family-class', { '__main__.AddFamilySize': (columns) => [...columns] }, people);
    expect(nameless.message).toContain('columns');
    const other = await fail(
      'family-class',
      { '__main__.AddFamilySize': (columns) => ({ ...columns, Family: [1] }) },
      people,
    );
    expect(other.message).toContain(
      "returns no column 'FamilySize', which is expected for the ColumnTransformer after it",
    );
  });

  it('a function that throws is the cause', async () => {
    const thrown = new RangeError('too far');
    const functions: StepFunctions = {
      '__main__.Clipper': () => {
        throw thrown;
      },
    };
    using model = await loaded('clipper', functions);
    const error = await failureOf(() => model.predict([[1, 2, 3, 4]]));
    expect([error.code, error.message]).toEqual([
      'FUNCTION',
      "function '__main__.Clipper' of steps[0] (Clipper): failed: too far",
    ]);
    expect(error.cause).toBe(thrown);
    const late = await failureOf(() => model.runAsync(Float64Array.of(1)));
    expect(late.code).toBe('INPUT');
  });

  it('asks for a column that is not given', async () => {
    const asking = async (column: string | number) => {
      using model = await loaded('clipper', {
        '__main__.Clipper': ((_, { numbers }) => [numbers(column)]) satisfies StepFunction,
      });
      return failureOf(() => model.predict([{ a: 1, b: 'x' }] as never));
    };
    expect((await asking('A1')).message).toContain("takes the column 'A1', which was not found; did you mean 'a'?");
    expect((await asking(7)).message).toContain('asks for column the number 7 of 2');
    expect((await asking('b')).message).toContain("expected numbers, found the string 'x' in row 0");
  });
});

describe('networks', () => {
  it('a layer whose columns the file does not count asks for them', async () => {
    const error = await failureOf(() => loaded('keras-last', FUNCTIONS));
    expect([error.code, error.message]).toEqual([
      'OPTION',
      expect.stringContaining("how many columns 'shop>Clip' gives"),
    ]);
  });

  it('a module asks for what it gives, and its stub names the modules inside it', async () => {
    const open = await failureOf(() => loaded('torch-residual', FUNCTIONS));
    expect([open.code, open.message]).toEqual([
      'OPTION',
      expect.stringContaining("how many columns '__main__.Residual' gives"),
    ]);
    const stub = await failureOf(() => loaded('torch-towers', {}));
    expect(stub.message).toContain("module(name) is one of 'block.norm', 'block.body', 'head'");
  });

  it.each<[string, StepFunction, string]>([
    [
      'a module that there is not',
      (columns, { module }) => module('fc3')(columns as never),
      "asks for the module 'fc3'",
    ],
    ['too few columns', (_, { module }) => module('fc1')([[1]]), 'is called with 1 columns; expected 4'],
    ['a short column', (_, { module }) => module('fc1')([[1], [1], [1], []]), 'as column 3; expected 1 numbers'],
  ])('a module refuses %s', async (_, run, message) => {
    using model = await loaded('torch-residual', { '__main__.Residual': { run, columns: 2 } });
    const error = await failureOf(() => model.predict([[1, 2, 3, 4]]));
    expect([error.code, error.message]).toEqual(['FUNCTION', expect.stringContaining(message)]);
    expect(error.cause).toMatchObject({ code: 'FUNCTION' });
  });

  it('a model with own layers runs off the event loop too', async () => {
    using model = await opened('keras-called-twice');
    const rows = new Float32Array((fixture('keras-called-twice').cases[1].rows as number[][]).flat());
    const expected = model.run(rows);
    expect(await model.runAsync(rows)).toEqual(expected);
    expect(model.inputs[0].shape).toEqual([null, 4]);
  });
});
