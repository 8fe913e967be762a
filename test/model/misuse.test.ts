/** What callers hand in by mistake or by malice. An error of ours, or the caller's own, but never a stray read or write. */
import { describe, expect, it } from 'vitest';
import type { TypedArray } from '../../lib/buffers.ts';
import type { ErrorCode } from '../../lib/errors.ts';
import { define, load } from '../../lib/load.ts';
import { type Model, Model as ModelClass } from '../../lib/model.ts';
import { failureOf } from '../failure.ts';
import { lookup, pairs, towers, transfer } from './models.ts';

type Code = 'INPUT' | 'BUFFER';

/** As ES2024 has them. */
type Growing<B> = new (bytes: number, options: { maxByteLength: number }) => B & { resize(bytes: number): void };
const resizable = (bytes: number) => new (ArrayBuffer as unknown as Growing<ArrayBuffer>)(bytes, { maxByteLength: 64 });
const growable = (bytes: number) =>
  new (SharedArrayBuffer as unknown as Growing<SharedArrayBuffer>)(bytes, { maxByteLength: 64 });
const detached = () => {
  const array = new Float32Array(6);
  transfer(array);
  return array;
};
const outOfBounds = () => {
  const buffer = resizable(24);
  const array = new Float32Array(buffer, 0, 6);
  buffer.resize(8);
  return array;
};

/** None of them serves as an input of two float32 a row, nor as an output of three. */
const WRONG: readonly (readonly [string, () => unknown, Code])[] = [
  ['null', () => null, 'INPUT'],
  ['a number', () => 6, 'INPUT'],
  ['a bigint', () => 6n, 'INPUT'],
  ['a boolean', () => true, 'INPUT'],
  ['a string', () => 'abcdef', 'INPUT'],
  ['a symbol', () => Symbol('abcdef'), 'INPUT'],
  ['a function', () => () => new Float32Array(6), 'INPUT'],
  ['an array', () => [1, 2, 3, 4, 5, 6], 'INPUT'],
  ['an array of rows', () => [[1, 2, 3]], 'INPUT'],
  ['an ArrayBuffer', () => new ArrayBuffer(24), 'INPUT'],
  ['a SharedArrayBuffer', () => new SharedArrayBuffer(24), 'INPUT'],
  ['a DataView', () => new DataView(new ArrayBuffer(24)), 'INPUT'],
  [
    'a DataView of a detached buffer',
    () => {
      const buffer = new ArrayBuffer(24);
      const view = new DataView(buffer);
      structuredClone(buffer, { transfer: [buffer] });
      return view;
    },
    'INPUT',
  ],
  ['bytes', () => new Uint8Array(24), 'INPUT'],
  ['a Buffer', () => Buffer.alloc(24), 'INPUT'],
  ['clamped bytes', () => new Uint8ClampedArray(24), 'INPUT'],
  ['a Uint32Array', () => new Uint32Array(6), 'INPUT'],
  ['an Int32Array, where there are no ids', () => new Int32Array(6), 'INPUT'],
  ['a BigInt64Array, where there are no ids', () => new BigInt64Array(6), 'INPUT'],
  ['a BigUint64Array', () => new BigUint64Array(6), 'INPUT'],
  ['a Promise', () => Promise.resolve(new Float32Array(6)), 'INPUT'],
  ['an object like an array', () => ({ length: 6, buffer: new ArrayBuffer(24) }), 'INPUT'],
  ['an object without a prototype', () => Object.create(null), 'INPUT'],
  ['an heir of an array', () => Object.create(new Float32Array(6)), 'INPUT'],
  ['a prototype of arrays', () => Float32Array.prototype, 'INPUT'],
  ['a Proxy of an array', () => new Proxy(new Float32Array(6), {}), 'INPUT'],
  ['a broken row', () => new Float32Array(7), 'INPUT'],
  ['an array that was transferred', detached, 'BUFFER'],
  ['shared memory', () => new Float32Array(new SharedArrayBuffer(24)), 'BUFFER'],
  ['shared memory without elements', () => new Float32Array(new SharedArrayBuffer(0)), 'BUFFER'],
  ['shared memory that can grow', () => new Float32Array(growable(24)), 'BUFFER'],
  ['an array of a resizable buffer', () => new Float32Array(resizable(24), 0, 6), 'BUFFER'],
  ['an array as long as its resizable buffer', () => new Float32Array(resizable(24)), 'BUFFER'],
  ['an array beyond the end of its shrunk buffer', outOfBounds, 'BUFFER'],
  ['an empty array of a resizable buffer', () => new Float64Array(resizable(0)), 'BUFFER'],
];

const two = () => Float32Array.of(1, 2, 3, 4);

describe.each(['run', 'runAsync'] as const)('%s', (method) => {
  const call = (model: Model, ...values: unknown[]): unknown =>
    (model[method] as (...values: unknown[]) => unknown).apply(model, values);

  it.each(WRONG)('refuses %s as its input', async (_, make, code) => {
    expect((await failureOf(() => call(pairs(), make()))).code).toBe(code);
    expect((await failureOf(() => call(pairs(), make(), new Float32Array(6)))).code).toBe(code);
  });

  it.each(WRONG)('refuses %s as its output', async (_, make, code) => {
    expect((await failureOf(() => call(pairs(), two(), make()))).code).toBe(code);
  });

  it.each(WRONG)('refuses %s among named inputs and outputs', async (_, make, code) => {
    const model = towers();
    const inputs = { user: Int32Array.of(0), grid: new Float32Array(4) };
    const outputs = { score: new Float32Array(1), rows: new Float32Array(2) };
    expect((await failureOf(() => call(model, { ...inputs, grid: make() }))).code).toBe(code);
    expect((await failureOf(() => call(model, { ...inputs, grid: make() }, outputs))).code).toBe(code);
    expect((await failureOf(() => call(model, inputs, { ...outputs, rows: make() }))).code).toBe(code);
  });

  it('refuses an output of another number of rows', async () => {
    for (const length of [0, 3, 9]) {
      const error = await failureOf(() => call(pairs(), two(), new Float32Array(length)));
      expect([error.code, error.message]).toEqual([
        'INPUT',
        `output 'output': expected 2 rows as in input 'input', found ${length / 3}`,
      ]);
    }
  });

  it('refuses ids of a type that holds none', async () => {
    for (const ids of [Uint8ClampedArray.of(1), new DataView(new ArrayBuffer(8))]) {
      const error = await failureOf(() => call(lookup(), ids));
      expect(error.message).toContain(
        'expected a Float32Array or Float64Array, or an array of integers such as Int32Array, found a',
      );
    }
  });

  it('has no use for further arguments', async () => {
    const y = new Float32Array(3);
    expect(await call(pairs(), Float32Array.of(1, 2), y, undefined, new Float32Array(3), 5)).toBe(y);
    expect(y).toEqual(Float32Array.of(5, 11, 2));
  });

  it.each([
    ['begins with the input', 0],
    ['begins in the input', 4],
    ['ends in the input', -8],
  ])('refuses an output that %s', async (_, offset) => {
    const memory = new ArrayBuffer(256);
    const x = new Float32Array(memory, 64, 4).fill(1);
    const y = new Float32Array(memory, 64 + offset - (offset < 0 ? 8 : 0), 6);
    const before = memory.slice(0);
    const error = await failureOf(() => call(pairs(), x, y));
    expect([error.code, error.message]).toEqual(['BUFFER', "output 'output': overlaps the memory of input 'input'"]);
    expect(memory).toEqual(before);
  });

  it('takes an output that ends where the input begins, and one that begins where it ends', async () => {
    const memory = new Float32Array(16);
    const x = memory.subarray(6, 10);
    x.set(two());
    await call(pairs(), x, memory.subarray(0, 6));
    await call(pairs(), x, memory.subarray(10, 16));
    expect([...memory]).toEqual([5, 11, 2, 11, 25, 4, 1, 2, 3, 4, 5, 11, 2, 11, 25, 4]);
  });

  it('refuses two outputs in the same memory', async () => {
    const memory = new Float32Array(4);
    const inputs = { user: Int32Array.of(0), grid: new Float32Array(4) };
    for (const [rows, score] of [
      [memory.subarray(0, 2), memory.subarray(0, 1)],
      [memory.subarray(0, 2), memory.subarray(1, 2)],
      [memory.subarray(2, 4), memory.subarray(3, 4)],
    ]) {
      const error = await failureOf(() => call(towers(), inputs, { rows, score }));
      expect([error.code, error.message]).toEqual(['BUFFER', "output 'rows': overlaps the memory of output 'score'"]);
    }
  });

  it('takes a subclass of a typed array, and asks nothing of it', async () => {
    class Hostile extends Float32Array {
      static get [Symbol.species](): never {
        throw new Error('asked for its species');
      }
      override get length(): never {
        throw new Error('asked for its length');
      }
      override get buffer(): never {
        throw new Error('asked for its buffer');
      }
      override get byteOffset(): never {
        throw new Error('asked for its offset');
      }
      override [Symbol.iterator](): never {
        throw new Error('asked for its elements');
      }
      override get [Symbol.toStringTag](): never {
        throw new Error('asked for its name');
      }
    }
    const [x, y] = [new Hostile(two()), new Hostile(6)];
    await call(pairs(), x, y);
    expect(new Float32Array(Reflect.get(Object.getPrototypeOf(Float32Array.prototype), 'buffer', y))).toEqual(
      Float32Array.of(5, 11, 2, 11, 25, 4),
    );
    expect(await call(pairs(), x)).toEqual(Float32Array.of(5, 11, 2, 11, 25, 4));
    expect({ ...((await call(pairs(), { input: x })) as object) }).toEqual({
      output: Float32Array.of(5, 11, 2, 11, 25, 4),
    });
  });

  it('believes no property that an array was given', async () => {
    const lie = (array: Float32Array, properties: Record<string, unknown>) => {
      for (const [name, value] of Object.entries(properties)) Object.defineProperty(array, name, { value });
      return array;
    };
    for (const length of [0, 1, 2 ** 31, 2 ** 60, -1, Number.NaN, 'many', null, Symbol('length')]) {
      const x = lie(two(), { length, byteLength: length, byteOffset: length, buffer: length });
      expect(await call(pairs(), x)).toEqual(Float32Array.of(5, 11, 2, 11, 25, 4));
    }
    const bytes = lie(new Uint8Array(8) as never, { length: Symbol('length') });
    expect((await failureOf(() => call(pairs(), bytes))).message).toContain('found a Uint8Array of 8');
    const fixed = { buffer: new ArrayBuffer(24), length: 6 };
    for (const make of [outOfBounds, detached, () => new Float32Array(resizable(24))]) {
      expect((await failureOf(() => call(pairs(), two(), lie(make(), fixed)))).code).toBe('BUFFER');
      expect((await failureOf(() => call(pairs(), lie(make(), fixed)))).code).toBe('BUFFER');
    }
  });
});

describe.each(['run', 'runAsync'] as const)('while the arguments of %s are collected', (method) => {
  const named = (model: Model, inputs: object, outputs?: object): unknown =>
    (model[method] as (...values: unknown[]) => unknown).call(model, inputs, outputs);
  const user = () => Int32Array.of(1);
  const grid = () => Float32Array.of(1, 2, 3, 4);

  it('an error of the caller’s is the cause of one of ours', async () => {
    const mine = new RangeError('mine');
    const throwing = {
      get user(): never {
        throw mine;
      },
      grid: grid(),
    };
    const trap = () => {
      throw mine;
    };
    const inputs = [
      throwing,
      new Proxy({}, { ownKeys: trap }),
      new Proxy({ user: user(), grid: grid() }, { get: trap }),
      new Proxy({ user: user(), grid: grid() }, { getOwnPropertyDescriptor: trap }),
    ];
    for (const given of inputs) {
      const thrown = await Promise.resolve()
        .then(() => named(towers(), given))
        .catch((error: unknown) => error);
      expect(thrown).toMatchObject({ name: 'ForwardpassError', code: 'INPUT', cause: mine });
    }
  });

  it('a Proxy is asked like any object', async () => {
    const inputs = new Proxy({ user: user(), grid: grid() }, {});
    expect({ ...((await named(towers(), inputs)) as object) }).toEqual({
      score: Float32Array.of(210),
      rows: Float32Array.of(3, 7),
    });
    const boastful = new Proxy({}, { get: () => grid(), ownKeys: () => ['user', 'grid'] });
    expect((await failureOf(() => named(towers(), boastful))).message).toContain("input 'user': not found");
  });

  it('an array that is transferred by a later getter is noticed', async () => {
    const early = user();
    const inputs = {
      user: early,
      get grid() {
        transfer(early);
        return grid();
      },
    };
    const error = await failureOf(() => named(towers(), inputs));
    expect([error.code, error.place]).toEqual(['BUFFER', "input 'user'"]);
  });

  it('an output’s getter may not pull an input away', async () => {
    const x = grid();
    const outputs = {
      score: new Float32Array(1),
      get rows() {
        transfer(x);
        return new Float32Array(2);
      },
    };
    const error = await failureOf(() => named(towers(), { user: user(), grid: x }, outputs));
    expect([error.code, error.place]).toEqual(['BUFFER', "input 'grid'"]);
  });

  it('the model may be disposed of, which is noticed', async () => {
    const model = towers();
    const inputs = {
      user: user(),
      get grid() {
        model.dispose();
        return grid();
      },
    };
    expect((await failureOf(() => named(model, inputs))).code).toBe('DISPOSED');
  });

  it('the model may run something else', async () => {
    const model = towers();
    let inner: unknown;
    const inputs = {
      user: user(),
      get grid() {
        inner = model.run({ user: Int32Array.of(2, 2), grid: new Float32Array(8) });
        return grid();
      },
    };
    const outer = (await named(model, inputs)) as Record<string, TypedArray>;
    expect(outer.score).toEqual(Float32Array.of(210));
    expect(inner).toMatchObject({ score: Float32Array.of(300, 300) });
  });
});

describe('proxies that were revoked', () => {
  const revoked = (target: object) => {
    const { proxy, revoke } = Proxy.revocable(target, {});
    revoke();
    return proxy as never;
  };
  const x = new Float32Array(2);

  it.each<[title: string, code: ErrorCode, use: (model: Model, proxy: never) => unknown]>([
    ['an input', 'INPUT', (model, proxy) => model.run(proxy)],
    ['an output', 'INPUT', (model, proxy) => model.run(x, proxy)],
    ['an input of runAsync', 'INPUT', (model, proxy) => model.runAsync(proxy)],
    ['the options of runAsync', 'OPTION', (model, proxy) => model.runAsync(x, undefined, proxy)],
    ['rows', 'INPUT', (model, proxy) => model.predict(proxy)],
    ['a row', 'INPUT', (model, proxy) => model.predict([proxy])],
    ['a cell', 'INPUT', (model, proxy) => model.predict([[proxy, 1]])],
    ['the options of bind', 'OPTION', (model, proxy) => model.bind(proxy)],
    ['a handle', 'HANDLE', (_, proxy) => ModelClass.attach(proxy)],
    ['the options of attach', 'OPTION', (model, proxy) => ModelClass.attach(model.share(), proxy)],
    ['a source', 'OPTION', (_, proxy) => load(proxy)],
    ['the options of load', 'OPTION', (_, proxy) => load(new Uint8Array(1), proxy)],
    ['limits', 'OPTION', (_, proxy) => load(new Uint8Array(1), { limits: proxy })],
    ['a signal', 'OPTION', (_, proxy) => load(new Uint8Array(1), { signal: proxy })],
    ['headers', 'OPTION', (_, proxy) => load('http://127.0.0.1:1', { headers: proxy })],
    ['an architecture', 'ARCHITECTURE', (_, proxy) => define(proxy)],
    ['layers', 'ARCHITECTURE', (_, proxy) => define({ layers: proxy })],
    ['a weight', 'ARCHITECTURE', (_, proxy) => define({ layers: [{ weight: proxy }] })],
  ])('as %s', async (_, code, use) => {
    for (const target of [{}, []]) expect((await failureOf(() => use(pairs(), revoked(target)))).code).toBe(code);
  });
});

describe('methods without their model', () => {
  it.each([
    'run',
    'runAsync',
    'bind',
    'predict',
    'predictProba',
    'schema',
    'summary',
    'share',
    'dispose',
    'isClassifier',
  ] as const)('%s says so', async (name) => {
    const method = pairs()[name] as (this: unknown) => unknown;
    for (const self of [undefined, null, {}, 1]) {
      const error = await failureOf(() => method.call(self));
      expect([error.code, error.message]).toEqual(['INPUT', expect.stringContaining(`call model.${name}(…)`)]);
    }
  });
});
