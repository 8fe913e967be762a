import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ForwardpassError } from '../../lib/errors.ts';
import { safetensors } from '../../lib/formats/safetensors/safetensors.ts';
import { Budget } from '../../lib/graph/budget.ts';
import type { Tensor } from '../../lib/graph/graph.ts';
import { failureOf } from '../failure.ts';
import { reference } from '../reference.ts';
import { expectClose, fixturesIn, mapValues } from './expectations.ts';
import { fileOf, fileOfBytes, fileOfShapes, readOptions, sourceOf } from './safetensors-file.ts';

const folder = new URL('../fixtures/safetensors/', import.meta.url);

const read = (bytes: Uint8Array, options = {}) => safetensors.read(sourceOf(bytes), readOptions(options));
const scalar = { dtype: 'F32', shape: [], data_offsets: [0, 4] };

describe('the header', () => {
  it.each<[title: string, bytes: Uint8Array, code: string, message: RegExp]>([
    ['a file shorter than the length of a header', Uint8Array.of(1, 0, 0), 'TRUNCATED', /8 bytes at byte 0/],
    ['a header longer than the file', fileOf('{}').fill(200, 0, 1), 'TRUNCATED', /200 bytes long, but only 2 follow/],
    ['a header longer than the format allows', fileOf('{}').fill(9, 4, 5), 'LIMIT', /more than the 100000000/],
    ['a header of no bytes', fileOf(''), 'MALFORMED', /expected '\{'/],
    ['a header that begins with a space', fileOf(' {}'), 'MALFORMED', /expected '\{'/],
    ['a header that is not UTF-8', fileOfBytes(Uint8Array.of(0x7b, 0xff, 0x7d)), 'MALFORMED', /UTF-8/],
    ['a header that is not JSON', fileOf('{"a":}'), 'MALFORMED', /JSON/],
    ['a header that continues after its end', fileOf('{}{}'), 'MALFORMED', /JSON/],
    ['a tensor named twice', fileOf('{"a":1,"a":2}'), 'MALFORMED', /'a' twice/],
    ['a tensor named twice in two spellings', fileOf('{"a":1,"\\u0061":2}'), 'MALFORMED', /'a' twice/],
    ['__proto__ named twice', fileOf('{"__proto__":{},"__proto__":{}}'), 'MALFORMED', /'__proto__' twice/],
    ['a field named twice', fileOf('{"a":{"dtype":"F32", "dtype" :"F64"}}'), 'MALFORMED', /'dtype' twice/],
    ['metadata named twice', fileOf('{"__metadata__":{"k":"{","k":"}"}}'), 'MALFORMED', /'k' twice/],
    ['metadata that is not an object', fileOf({ __metadata__: ['a'] }), 'MALFORMED', /an array of 1/],
    ['metadata that holds a number', fileOf({ __metadata__: { epoch: 3 } }), 'MALFORMED', /strings only.*'epoch'/],
    [
      'a tensor that is not an object',
      fileOf({ a: 3 }),
      'MALFORMED',
      /tensor a: expected an object, found the number 3/,
    ],
    ['a tensor without a shape', fileOf({ a: { dtype: 'F32', data_offsets: [0, 4] } }), 'MALFORMED', /found nothing/],
    ['a negative size', fileOf({ a: { ...scalar, shape: [-1] } }), 'MALFORMED', /integers/],
    ['a size that is not an integer', fileOf({ a: { ...scalar, shape: [0.5] } }), 'MALFORMED', /integers/],
    [
      'a product of sizes that overflows',
      fileOf({ a: { ...scalar, shape: [2 ** 32, 2 ** 32] } }),
      'MALFORMED',
      /more elements than can be/,
    ],
    ['offsets that are not two', fileOf({ a: { ...scalar, data_offsets: [0] } }), 'MALFORMED', /\[begin, end\]/],
    ['offsets that go backwards', fileOf({ a: { ...scalar, data_offsets: [4, 0] } }), 'MALFORMED', /\[4, 0\]/],
    [
      'a size unlike its offsets',
      fileOf({ a: { ...scalar, shape: [2] } }, [0, 0, 0, 0]),
      'MALFORMED',
      /takes 8 bytes, but its data_offsets hold 4/,
    ],
    ['a type that is missing', fileOf({ a: { ...scalar, dtype: undefined } }), 'MALFORMED', /expected a dtype/],
    ['complex numbers', fileOf({ a: { ...scalar, dtype: 'C64' } }), 'UNSUPPORTED_DTYPE', /tensor a: .*'C64'/],
    ['a type called like a method', fileOf({ a: { ...scalar, dtype: 'toString' } }), 'UNSUPPORTED_DTYPE', /'toString'/],
    ['data that is cut off', fileOf({ a: scalar }, [0, 0, 0]), 'TRUNCATED', /tensor a: ends at byte 4 .* holds 3/],
    ['data that nothing names', fileOf({ a: scalar }, [0, 0, 0, 0, 0]), 'MALFORMED', /1 bytes follow/],
    [
      'a gap between tensors',
      fileOf({ a: scalar, b: { ...scalar, data_offsets: [5, 9] } }, new Uint8Array(9)),
      'MALFORMED',
      /tensor b: begins at byte 5 .* ends at 4/,
    ],
    ['tensors that overlap', fileOf({ a: scalar, b: scalar }, new Uint8Array(4)), 'MALFORMED', /begins at byte 0/],
    [
      'a first tensor that begins later',
      fileOf({ a: { ...scalar, data_offsets: [1, 5] } }, new Uint8Array(5)),
      'MALFORMED',
      /ends at 0/,
    ],
    ['a file without tensors', fileOf('{}'), 'ARCHITECTURE', /no tensors/],
  ])('refuses %s', async (_, bytes, code, message) => {
    const error = await failureOf(() => read(bytes));
    expect(error.message).toMatch(message);
    expect(error.code).toBe(code);
  });

  it('keeps to the limits on tensors and elements', async () => {
    const bytes = fileOfShapes({ weight: [3, 4], bias: [3] });
    const tensors = await failureOf(() => read(bytes, { budget: new Budget({ nodes: 1 }) }));
    const elements = await failureOf(() => read(bytes, { budget: new Budget({ parameters: 14 }) }));
    expect([tensors.code, elements.code]).toEqual(['LIMIT', 'LIMIT']);
    expect(elements.message).toContain('15 elements');
  });

  it('takes metadata of strings, padding after the header and names that look like structure', async () => {
    const name = 'a{":,}\\"';
    const header = { __metadata__: { format: 'pt' }, [name]: { dtype: 'F32', shape: [1, 1], data_offsets: [0, 4] } };
    const architecture = { layers: [{ weight: name }] };
    const graph = await read(fileOf(`${JSON.stringify(header)}   `, [0, 0, 0, 64]), { architecture });
    expect((graph.nodes[0].inputs[1] as Tensor).data).toEqual(Float32Array.of(2));
  });

  it('refuses a file cut off at any byte', async () => {
    const whole = readFileSync(new URL('one-layer.safetensors', folder));
    for (let length = 0; length < whole.length; length++) {
      const error = await failureOf(() => read(new Uint8Array(whole.subarray(0, length))));
      expect(error.code).toBe('TRUNCATED');
    }
  });
});

describe('a file with any byte of its header changed', () => {
  const whole = new Uint8Array(readFileSync(new URL('unaligned.safetensors', folder)));
  const end = 8 + new DataView(whole.buffer).getUint32(0, true);

  it('is read or refused with words', async () => {
    let refused = 0;
    for (let at = 0; at < end; at++) {
      for (const byte of [0x00, 0x22, 0x2c, 0x30, 0x39, 0x5c, 0x5d, 0x7b, 0x7d, 0xff, whole[at] ^ 1]) {
        const changed = whole.slice();
        changed[at] = byte;
        const error = await failureOf(async () => {
          await read(changed, { activation: 'relu' });
          throw new ForwardpassError('OPTION', 'read');
        });
        if (error.message !== 'read') refused++;
      }
    }
    expect(refused).toBeGreaterThan(end * 5);
  });
});

describe('tensors', () => {
  const bytesOf = (array: ArrayBufferView) => new Uint8Array(array.buffer);
  const one = async (dtype: string, data: ArrayBufferView, shape: readonly number[]) => {
    const header = { w: { dtype, shape, data_offsets: [0, data.byteLength] } };
    const graph = await read(fileOf(header, bytesOf(data)), {
      architecture: { layers: [{ type: 'mul', inputs: 'x', value: 'w' }], inputs: [{ name: 'x', shape: [...shape] }] },
    });
    return graph.nodes[0].inputs[1] as Tensor;
  };

  it.each<[dtype: string, data: ArrayBufferView, values: Float32Array | Float64Array]>([
    ['F64', Float64Array.of(0.1, -0, Number.NaN), Float64Array.of(0.1, -0, Number.NaN)],
    ['F32', Float32Array.of(0.1, -0, Infinity), Float32Array.of(0.1, -0, Infinity)],
    ['F16', Uint16Array.of(0x3c00, 0xfc00, 0x0001), Float32Array.of(1, -Infinity, 2 ** -24)],
    ['BF16', Uint16Array.of(0x3f80, 0xff80, 0x0001), Float32Array.of(1, -Infinity, 2 ** -133)],
    ['I64', BigInt64Array.of(-3n, 2n ** 53n - 1n, 0n), Float64Array.of(-3, 2 ** 53 - 1, 0)],
    ['U64', BigUint64Array.of(3n, 2n ** 53n - 1n, 0n), Float64Array.of(3, 2 ** 53 - 1, 0)],
    ['I32', Int32Array.of(-(2 ** 31), 7, 2 ** 31 - 1), Float64Array.of(-(2 ** 31), 7, 2 ** 31 - 1)],
    ['U32', Uint32Array.of(0, 7, 2 ** 32 - 1), Float64Array.of(0, 7, 2 ** 32 - 1)],
    ['I16', Int16Array.of(-32_768, 7, 32_767), Float32Array.of(-32_768, 7, 32_767)],
    ['U16', Uint16Array.of(0, 7, 65_535), Float32Array.of(0, 7, 65_535)],
    ['I8', Int8Array.of(-128, 7, 127), Float32Array.of(-128, 7, 127)],
    ['U8', Uint8Array.of(0, 7, 255), Float32Array.of(0, 7, 255)],
    ['BOOL', Uint8Array.of(0, 1, 1), Float32Array.of(0, 1, 1)],
  ])('reads %s', async (dtype, data, values) => {
    expect(await one(dtype, data, [3])).toEqual({ shape: [3], data: values });
  });

  it('reads a scalar', async () => {
    expect(await one('F32', Float32Array.of(2), [])).toEqual({ shape: [], data: Float32Array.of(2) });
  });

  it('refuses integers that no float can hold', async () => {
    const error = await failureOf(() => one('I64', BigInt64Array.of(2n ** 53n), [1]));
    expect([error.code, error.message]).toEqual([
      'UNSUPPORTED_DTYPE',
      'tensor w: the integer 9007199254740992 is not within ±2^53, where floats are exact',
    ]);
  });

  it('takes empty tensors wherever they stand', async () => {
    const empty = { dtype: 'F32', shape: [0, 3], data_offsets: [4, 4] };
    const header = { w: { dtype: 'F32', shape: [1, 1], data_offsets: [0, 4] }, none: empty };
    const graph = await read(fileOf(header, new Uint8Array(4)), {
      architecture: { layers: [{ weight: 'w' }], ignore: ['none'] },
    });
    expect(graph.nodes).toHaveLength(1);
  });
});

describe('files that torch wrote', () => {
  it.each(fixturesIn(folder).map((fixture) => [fixture.name, fixture] as const))('reads %s', async (name, fixture) => {
    const graph = await read(new Uint8Array(readFileSync(new URL(`${name}.safetensors`, folder))), fixture.options);
    for (const { inputs, outputs } of fixture.cases) {
      const arrays = mapValues(inputs, ({ data }) => data.map(Number));
      const given = Object.keys(arrays).length === 1 ? { [graph.inputs[0].name]: Object.values(arrays)[0] } : arrays;
      const rows = Object.values(outputs)[0].shape[0];
      expectClose(Object.values(reference(graph, given, rows))[0], outputs.output, name);
    }
  });
});

describe('a file with an architecture', () => {
  const bytes = fileOfShapes({
    'fc1.weight': [4, 3],
    'fc1.bias': [4],
    'head/kernel:0': [4, 2],
    'ema.fc1.weight': [4, 3],
  });

  it('takes tensors by prefix or by name and leaves out what it is told to', async () => {
    const layers = [{ tensor: 'fc1', activation: 'relu' }, { kernel: 'head/kernel:0' }];
    const graph = await read(bytes, { architecture: { layers, ignore: ['ema'] } });
    expect(graph.nodes.map(({ name, op }) => [name, op])).toEqual([
      ['fc1', 'dense'],
      ['fc1', 'unary'],
      ['layers[1]', 'dense'],
    ]);
    expect(graph.precision).toBe('f32');
  });

  it.each([
    ['leaves tensors unused', { layers: [{ tensor: 'fc1' }] }, /leaves 2 tensors .*'head\/kernel:0', 'ema.fc1.weight'/],
    [
      'names a prefix that is not there',
      { layers: [{ tensor: 'fc2' }] },
      /layers\[0\].tensor: .*'fc2'; did you mean 'fc1'\?/,
    ],
    [
      'names a tensor that is not there',
      { layers: [{ weight: 'fc1.wieght' }], ignore: ['fc1', 'head/kernel:0', 'ema'] },
      /no tensor 'fc1.wieght'; did you mean 'fc1.weight'\?/,
    ],
    [
      'says what to ignore in the wrong way',
      { layers: [{ tensor: 'fc1' }], ignore: 'ema' },
      /ignore: expected an array/,
    ],
  ])('is refused when it %s', async (_, architecture, message) => {
    const error = await failureOf(() => read(bytes, { architecture }));
    expect(error.message).toMatch(message);
    expect(error.code).toBe('ARCHITECTURE');
  });
});
