/** The addon by itself, as nothing of lib/ would call it. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { engine } from '#engine';
import { openAddon } from '../../lib/addon.ts';
import type { NativeModel } from '../../lib/engine/native.ts';
import { FAULT } from '../../lib/faults.ts';
import { DEFAULT_LIMITS } from '../../lib/graph/limits.ts';
import { lower } from '../../lib/graph/lower.ts';
import { simplify } from '../../lib/graph/simplify.ts';
import { validate } from '../../lib/graph/validate.ts';
import { networkGraph, transfer } from '../model/models.ts';

const addon = openAddon() as {
  instructionSets(...args: unknown[]): string[];
  create(...args: unknown[]): NativeModel;
  attach(...args: unknown[]): [NativeModel, ArrayBuffer];
};

/** What create() takes for a network of two numbers a row that become one; all arrays are new. */
function network(): [Int32Array, Float32Array[], string, boolean[], number] {
  const { code, parameters } = lower(
    simplify(validate(networkGraph([2, 3, 1]), DEFAULT_LIMITS), { precision: 'f32' }),
    'f32',
  ).plan;
  return [code.slice(), parameters.map((array) => Float32Array.from(array)), 'scalar', [false, false], 1];
}

function thrownBy(action: () => unknown): unknown {
  try {
    action();
  } catch (error) {
    return error;
  }
  return expect.fail('nothing was thrown');
}

it('numbers its faults as lib/faults.ts does', () => {
  const source = readFileSync(new URL('../../native/binding/faults.h', import.meta.url), 'utf8');
  const [, list] = /enum FaultCode[^{]*\{([^}]*)\}/.exec(source) as RegExpExecArray;
  const faults = [...list.matchAll(/k(\w)(\w*) = (\d+)/g)].map(([, first, rest, code]) => [
    first.toLowerCase() + rest,
    Number(code),
  ]);
  expect(Object.fromEntries(faults)).toEqual(FAULT);
});

it('lists the instruction sets of this machine, the plainest last', () => {
  expect(addon.instructionSets(1, 2, 3)).toEqual(engine.instructionSets());
  expect(addon.instructionSets().at(-1)).toBe('scalar');
});

describe('create', () => {
  it('makes the functions of a model', () => {
    const model = addon.create(...network());
    for (const name of ['run', 'bind', 'runAsync', 'dispose'] as const) expect(model[name]).toBeTypeOf('function');
    expect(model.run).toBe(model.run);
    expect(model.run(new Float32Array(2), new Float32Array(1))).toBe(undefined);
  });

  const [words, parameters, isa, flags, threads] = network();
  it.each<[string, unknown[], string]>([
    ['nothing', [], 'PLAN'],
    ['no words', [undefined, parameters, isa, flags, threads], 'PLAN'],
    ['words that are a list', [[...words], parameters, isa, flags, threads], 'PLAN'],
    ['words of another type', [Float32Array.from(words), parameters, isa, flags, threads], 'PLAN'],
    [
      'words that other threads may change',
      [new Int32Array(new SharedArrayBuffer(4 * words.length)), parameters, isa, flags, threads],
      'PLAN',
    ],
    ['words without end', [words.subarray(0, -1), parameters, isa, flags, threads], 'PLAN'],
    ['no parameters', [words, [], isa, flags, threads], 'PLAN'],
    ['parameters that are not a list', [words, { length: 4 }, isa, flags, threads], 'PLAN'],
    ['parameters that are a hole', [words, new Array(parameters.length), isa, flags, threads], 'PLAN'],
    [
      'parameters of another precision',
      [words, parameters.map((array) => new Float64Array(array)), isa, flags, threads],
      'PLAN',
    ],
    ['parameters without end', [words, parameters.map((array) => array.subarray(1)), isa, flags, threads], 'PLAN'],
    ['an unknown instruction set', [words, parameters, 'mmx', flags, threads], 'ISA'],
    ['an instruction set of a long name', [words, parameters, 'scalar'.repeat(1000), flags, threads], 'ISA'],
    ['no instruction set', [words, parameters, 7, flags, threads], 'PLAN'],
    ['flags that are not a list', [words, parameters, isa, 'true', threads], 'PLAN'],
    ['no number of threads', [words, parameters, isa, flags], 'PLAN'],
  ])('refuses %s', (_, values, code) => {
    expect(thrownBy(() => addon.create(...values))).toMatchObject({ code });
  });

  it('takes a model without flags for one without ids', () => {
    const [words, parameters, isa] = network();
    const model = addon.create(words, parameters, isa, [], 1);
    expect(model.run(new Int32Array(2), new Float32Array(1))?.[0]).toBe(FAULT.wrongType);
  });

  it.each([Number.NaN, -1, 0, 1e300, Infinity])('makes do with %d threads', (count) => {
    const [words, parameters, isa, flags] = network();
    const [x, y] = [new Float32Array(2000), new Float32Array(1000)];
    expect(addon.create(words, parameters, isa, flags, count).run(x, y)).toBe(undefined);
  });

  it('notices arrays that are pulled away while it looks at the others', () => {
    const [words, parameters, isa, flags, threads] = network();
    Object.defineProperty(parameters, parameters.length - 1, {
      get() {
        for (const array of [words, parameters[0]]) if (array.length > 0) transfer(array);
        return new Float32Array(1);
      },
    });
    expect(thrownBy(() => addon.create(words, parameters, isa, flags, threads))).toMatchObject({ code: 'PLAN' });
    expect(words).toHaveLength(0);
  });

  it.each([1, 3])('lets an error of a getter through', (position) => {
    const mine = new RangeError('mine');
    const values: unknown[] = network();
    Object.defineProperty(values[position], 0, {
      get() {
        throw mine;
      },
    });
    expect(thrownBy(() => addon.create(...values))).toBe(mine);
  });
});

describe('the functions of a model', () => {
  const [x, y] = [() => new Float32Array(2), () => new Float32Array(1)];
  const memory = new Float32Array(2);

  it.each<[string, unknown[], keyof typeof FAULT]>([
    ['nothing', [], 'arguments'],
    ['too little', [x()], 'arguments'],
    ['too much', [x(), y(), y()], 'arguments'],
    ['far too much', new Array(1000).fill(x()), 'arguments'],
    ['what is not an array', [x(), {}], 'notTypedArray'],
    ['another precision of integers', [new Int32Array(2), y()], 'wrongType'],
    ['shared memory', [new Float32Array(new SharedArrayBuffer(8)), y()], 'shared'],
    ['a broken row', [new Float32Array(3), y()], 'notWholeRows'],
    ['rows that differ', [new Float32Array(4), y()], 'rowsDiffer'],
    ['one memory for both ends', [memory, memory.subarray(1)], 'overlap'],
  ])('report %s, none of them by throwing', (_, values, fault) => {
    const model = addon.create(...network());
    for (const name of ['run', 'bind', 'runAsync'] as const) {
      const call = model[name] as (...values: unknown[]) => unknown;
      expect((call(...values) as number[])[0]).toBe(FAULT[fault]);
    }
  });

  it('report that the model was disposed of', () => {
    const model = addon.create(...network());
    const bound = model.bind(x(), y()) as () => unknown;
    model.dispose();
    model.dispose();
    const calls = [() => model.run(x(), y()), () => model.bind(x(), y()), () => model.runAsync(x(), y()), bound];
    for (const call of calls) expect(call()).toEqual([FAULT.disposed, 0, 0, 0, 0, 0, 0]);
  });

  it('are not those of other objects', () => {
    const model = addon.create(...network()) as NativeModel & { constructor: new () => NativeModel };
    const other = new model.constructor();
    expect([other.run, other.bind, other.runAsync, other.dispose()]).toEqual(new Array(4).fill(undefined));
    const getter = Object.getOwnPropertyDescriptor(model.constructor.prototype, 'run')?.get as () => unknown;
    expect(getter.call({})).toBe(undefined);
    expect(() => model.dispose.call({} as NativeModel)).toThrow('Illegal invocation');
  });

  it('need no object to be called on', () => {
    const { run, bind } = addon.create(...network());
    const [outputOfRun, outputOfBound] = [y(), y()];
    run.call(null as never, x(), outputOfRun);
    (bind.call(5 as never, x(), outputOfBound) as () => unknown).call('this');
    expect(outputOfBound).toEqual(outputOfRun);
    expect(outputOfRun[0]).not.toBe(0);
  });
});

describe('share and attach', () => {
  const [name, other] = [crypto.randomUUID(), crypto.randomUUID()];
  const shareOf = (model: NativeModel) => model.share as (...args: unknown[]) => readonly [string, string] | undefined;

  it('give the model by its names, with the description', () => {
    const model = addon.create(...network());
    const names = model.share(other, name, Uint8Array.of(1, 2, 3));
    if (names === undefined) return expect.fail('it has no names');
    expect(names[1]).toBe(name);
    // What is there stays.
    expect(model.share(other, other, new Uint8Array())).toEqual(names);
    const [attached, description] = addon.attach(...names, 1);
    expect(new Uint8Array(description)).toEqual(Uint8Array.of(1, 2, 3));
    const [x, y, wanted] = [Float32Array.of(0.5, -1), new Float32Array(1), new Float32Array(1)];
    model.run(x, wanted);
    model.dispose();
    expect(model.share(other, name, new Uint8Array())).toBe(undefined);
    expect(attached.run(x, y)).toBe(undefined);
    expect(y).toEqual(wanted);
  });

  it.each<[string, unknown[]]>([
    ['nothing', []],
    ['short names', ['a', 'b', new Uint8Array()]],
    ['long names', [`${other}0`, name, new Uint8Array()]],
    ['numbers', [1, 2, new Uint8Array()]],
  ])('refuse %s', (_, args) => {
    const model = addon.create(...network());
    expect(thrownBy(() => shareOf(model).call(model, ...args))).toMatchObject({ code: 'HANDLE' });
    expect(thrownBy(() => addon.attach(...args))).toMatchObject({ code: 'HANDLE' });
  });

  it('refuse a description that is not a Uint8Array, and threads that are not a number', () => {
    const model = addon.create(...network());
    expect(thrownBy(() => shareOf(model).call(model, other, name, [1]))).toMatchObject({ code: 'HANDLE' });
    expect(thrownBy(() => addon.attach(other, name, '1'))).toMatchObject({ code: 'HANDLE' });
  });
});
