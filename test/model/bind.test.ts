import { describe, expect, it } from 'vitest';
import { failureOf } from '../failure.ts';
import { line, lookup, network, pairs, randomRows, towers, transfer } from './models.ts';

describe.each([
  ['f32', Float32Array],
  ['f64', Float64Array],
] as const)('a bound call of precision %s', (precision, Own) => {
  it.each([0, 1, 7])('runs its %i rows as run does, each time over what stands in its input', (batch) => {
    const model = network([10, 24, 3], precision);
    const call = model.bind({ batch });
    expect([call.batch, call.input.length, call.output.length]).toEqual([batch, batch * 10, batch * 3]);
    expect([call.input.constructor, call.output.constructor]).toEqual([Own, Own]);
    for (const seed of [3, 4]) {
      const x = Own.from(randomRows(batch * 10, seed));
      call.input.set(x as Float32Array);
      expect(call.run()).toBe(undefined);
      expect(call.output).toEqual(model.run(x));
    }
  });

  it('has its buffers by name, the first of each also without', () => {
    const call = towers(precision).bind({ batch: 2 });
    expect(call.inputs.user).toBe(call.input);
    expect(call.outputs.score).toBe(call.output);
    expect(call.input).toBeInstanceOf(Int32Array);
    call.inputs.user.set([2, 0]);
    call.inputs.grid.set([1, 2, 3, 4, 5, 6, 7, 8]);
    call.run();
    expect({ ...call.outputs }).toEqual({ score: Own.of(310, 126), rows: Own.of(3, 7, 11, 15) });
  });
});

describe('a bound call', () => {
  it('has buffers of its own', () => {
    const model = line();
    const calls = [1, 2, 3].map((x) => {
      const call = model.bind({ batch: 1 });
      call.input[0] = x;
      return call;
    });
    for (const call of calls) call.run();
    expect(calls.map(({ output }) => output[0])).toEqual([3, 5, 7]);
  });

  it('does not let its buffers be exchanged', () => {
    const call = line().bind({ batch: 1 });
    for (const part of [call, call.inputs, call.outputs]) expect(Object.isFrozen(part)).toBe(true);
  });

  it('runs by its function alone', () => {
    const { input, output, run } = line().bind({ batch: 1 });
    input[0] = 5;
    run();
    expect(output[0]).toBe(11);
  });

  it('names a bad id, and runs again once it is put right', async () => {
    const call = lookup().bind({ batch: 2 });
    call.input.set([1, 4]);
    const error = await failureOf(() => call.run());
    expect([error.code, error.message]).toEqual(['ID', expect.stringContaining('row 1 holds the id 4')]);
    call.input.set([1, 3]);
    call.run();
    expect(call.output).toEqual(Float32Array.of(1, 15, 3, 35));
  });

  it.each([0, 1])('of %i rows is refused once the model is disposed of', async (batch) => {
    const model = line();
    const call = model.bind({ batch });
    model.dispose();
    expect((await failureOf(() => call.run())).code).toBe('DISPOSED');
    expect((await failureOf(() => model.bind({ batch }))).code).toBe('DISPOSED');
  });
});

describe('a buffer that was transferred elsewhere', () => {
  it.each(['input', 'output'] as const)(
    'gives BUFFER when it is the %s, and no write to where it went',
    async (end) => {
      const call = pairs().bind({ batch: 1 });
      call.input.set([1, 2]);
      call.run();
      const before = [...call[end]];
      const moved = transfer(call[end]);
      if (end === 'output') call.input.set([3, 4]);
      const error = await failureOf(() => call.run());
      const name = end === 'input' ? 'input' : 'output';
      expect([error.code, error.message]).toEqual([
        'BUFFER',
        `buffer of '${name}': its buffer was detached (transferred elsewhere); bind again`,
      ]);
      expect([...moved]).toEqual(before);
      expect((await failureOf(() => call.run())).code).toBe('BUFFER');
    },
  );

  it.each(['user', 'grid', 'score', 'rows'])('is named when it is the %s among several', async (name) => {
    const call = towers().bind({ batch: 3 });
    call.run();
    const buffer = call.inputs[name] ?? call.outputs[name];
    const moved = transfer(buffer);
    const before = [...moved];
    const error = await failureOf(() => call.run());
    expect([error.code, error.place]).toEqual(['BUFFER', `buffer of '${name}'`]);
    expect([...moved]).toEqual(before);
  });

  it('is noticed although it claims to be as long as ever', async () => {
    const call = pairs().bind({ batch: 1 });
    for (const buffer of [call.input, call.output]) Object.defineProperty(buffer, 'length', { value: buffer.length });
    transfer(call.output);
    expect(call.output.length).toBe(3);
    expect((await failureOf(() => call.run())).code).toBe('BUFFER');
  });

  it('is noticed although the language’s own prototypes were tampered with', async () => {
    const call = pairs().bind({ batch: 1 });
    const prototype = Object.getPrototypeOf(Float32Array.prototype);
    const length = Object.getOwnPropertyDescriptor(prototype, 'length') as PropertyDescriptor;
    const { apply, call: original } = Function.prototype;
    transfer(call.output);
    let error: unknown;
    Object.defineProperty(prototype, 'length', { configurable: true, get: () => 3 });
    Function.prototype.call = () => 3;
    Function.prototype.apply = () => 3;
    try {
      call.run();
    } catch (thrown) {
      error = thrown;
    } finally {
      Function.prototype.call = original;
      Function.prototype.apply = apply;
      Object.defineProperty(prototype, 'length', length);
    }
    expect(error).toMatchObject({ code: 'BUFFER' });
  });

  it('is of no matter to other calls of the model', async () => {
    const model = line();
    const [first, second] = [model.bind({ batch: 1 }), model.bind({ batch: 1 })];
    transfer(first.output);
    second.input[0] = 4;
    second.run();
    expect(second.output[0]).toBe(9);
    expect((await failureOf(() => first.run())).code).toBe('BUFFER');
  });
});

describe('bind', () => {
  it.each<[unknown, string]>([
    [{}, 'found nothing'],
    [{ batch: null }, 'found null'],
    [{ batch: -1 }, 'found the number -1'],
    [{ batch: 1.5 }, 'found the number 1.5'],
    [{ batch: Infinity }, 'found the number Infinity'],
    [{ batch: 2 ** 53 }, 'found the number 9007199254740992'],
    [{ batch: '1' }, "found the string '1'"],
    [{ batch: 1n }, 'found the bigint 1'],
    [{ batch: { valueOf: () => 1 } }, 'found an object'],
  ])('refuses %o', async (options, found) => {
    const error = await failureOf(() => line().bind(options as { batch: number }));
    expect(error.code).toBe('OPTION');
    expect(error.message).toBe(`option batch: expected a number of rows, ${found}`);
  });

  it.each([
    [undefined, 'found nothing'],
    [null, 'found null'],
    [8, 'found the number 8'],
  ])('refuses %o in place of options', async (options, found) => {
    const error = await failureOf(() => line().bind(options as unknown as { batch: number }));
    expect([error.code, error.message]).toEqual([
      'OPTION',
      `options: expected an object such as { batch: 1 }, ${found}`,
    ]);
  });

  it.each([2 ** 40, 2 ** 52, Number.MAX_SAFE_INTEGER])(
    'says that %i rows are too many for the memory',
    async (batch) => {
      for (const model of [line(), pairs('f64'), lookup(), towers()]) {
        const error = await failureOf(() => model.bind({ batch }));
        expect([error.code, error.message]).toEqual(['MEMORY', expect.stringContaining(`no memory for ${batch} rows`)]);
      }
    },
  );
});
