/** What reading a TensorFlow graph may cost: in proportion to its bytes, whatever it asks for. */
import { describe, expect, it } from 'vitest';
import { readModel } from '../../../lib/formats/tensorflow/read.ts';
import { Budget } from '../../../lib/graph/budget.ts';
import type { Graph } from '../../../lib/graph/graph.ts';
import { encode, type Fields, sourceOf } from '../onnx/write-onnx.ts';

const LIMIT = expect.objectContaining({ code: 'LIMIT' });
const FLOAT = 1;

function nested(fields: Fields): Uint8Array {
  return encode(fields);
}

function node(
  op: string,
  name: string,
  inputs: readonly string[],
  attributes: Readonly<Record<string, Fields>> = {},
): Fields {
  return (writer) => {
    writer.writeStringField(1, name);
    writer.writeStringField(2, op);
    for (const input of inputs) writer.writeStringField(3, input);
    for (const [key, value] of Object.entries(attributes)) {
      writer.writeBytesField(
        5,
        nested((entry) => {
          entry.writeStringField(1, key);
          entry.writeBytesField(2, nested(value));
        }),
      );
    }
  };
}

const shapeOf =
  (dims: readonly number[]): Fields =>
  (writer) => {
    for (const dim of dims)
      writer.writeBytesField(
        2,
        nested((size) => size.writeVarintField(1, dim)),
      );
  };
const type: Fields = (writer) => writer.writeVarintField(6, FLOAT);
const integer =
  (value: number): Fields =>
  (writer) =>
    writer.writeVarintField(3, value);
const functionNamed =
  (name: string): Fields =>
  (writer) =>
    writer.writeBytesField(
      10,
      nested((fn) => fn.writeStringField(1, name)),
    );

const placeholder = node('Placeholder', 'x', [], {
  dtype: type,
  shape: (writer) => writer.writeBytesField(7, nested(shapeOf([-1, 4]))),
});

/** One value for all elements. */
function constant(name: string, dims: readonly number[]): Fields {
  return node('Const', name, [], {
    dtype: type,
    value: (writer) =>
      writer.writeBytesField(
        8,
        nested((tensor) => {
          tensor.writeVarintField(1, FLOAT);
          tensor.writeBytesField(2, nested(shapeOf(dims)));
          tensor.writeFloatField(5, 1);
        }),
      ),
  });
}

function functionOf(name: string, nodes: readonly Fields[], result: string): Fields {
  return (writer) => {
    writer.writeBytesField(
      1,
      nested((signature) => {
        signature.writeStringField(1, name);
        signature.writeBytesField(
          2,
          nested((argument) => argument.writeStringField(1, 'a')),
        );
        signature.writeBytesField(
          3,
          nested((output) => output.writeStringField(1, 'b')),
        );
      }),
    );
    for (const one of nodes) writer.writeBytesField(3, nested(one));
    writer.writeBytesField(
      4,
      nested((entry) => {
        entry.writeStringField(1, 'b');
        entry.writeStringField(2, result);
      }),
    );
  };
}

function read(nodes: readonly Fields[], functions: readonly Fields[] = []): Promise<Graph> {
  const bytes = encode((writer) => {
    for (const one of nodes) writer.writeBytesField(1, nested(one));
    if (functions.length === 0) return;
    writer.writeBytesField(
      2,
      nested((library) => {
        for (const fn of functions) library.writeBytesField(1, nested(fn));
      }),
    );
  });
  const budget = new Budget();
  budget.opened(bytes.length);
  return readModel(bytes, sourceOf(bytes), { budget } as Parameters<typeof readModel>[2]);
}

function each<T>(count: number, of: (i: number) => T): T[] {
  return Array.from({ length: count }, (_, i) => of(i));
}

const call = (fn: string, name: string, input: string) =>
  node('PartitionedCall', name, [input], { f: functionNamed(fn) });

describe('a graph of TensorFlow', () => {
  it('that repeats one value 2^24 times is refused', async () => {
    await expect(read([placeholder, constant('c', [4096, 4096]), node('AddV2', 'y', ['x', 'c'])])).rejects.toThrow(
      LIMIT,
    );
  });

  it('whose functions call one another twice is refused', async () => {
    const functions = [
      functionOf('f0', [node('Relu', 'r', ['a'])], 'r:activations:0'),
      ...each(40, (i) =>
        functionOf(`f${i + 1}`, [call(`f${i}`, 'm', 'a'), call(`f${i}`, 'n', 'm:output:0')], 'n:output:0'),
      ),
    ];
    await expect(read([placeholder, call('f40', 'y', 'x')], functions)).rejects.toThrow(LIMIT);
  });

  it('with thousands of calls in a row, each of which gives what it takes, is read', async () => {
    const functions = [functionOf('f', [node('Identity', 'i', ['a'])], 'a')];
    const calls = each(3000, (i) => call('f', `c${i}`, i === 0 ? 'x' : `c${i - 1}`));
    const graph = await read([placeholder, ...calls, node('Relu', 'y', ['c2999'])], functions);
    expect(graph.nodes).toHaveLength(1);
  });

  it('that ends in operators of a thousand outputs each is refused', async () => {
    const axis = node('Const', 'axis', [], {
      value: (writer) =>
        writer.writeBytesField(
          8,
          nested((tensor) => tensor.writeVarintField(1, 3)),
        ),
    });
    const ends = each(2000, (i) => node('Split', `s${i}`, ['axis', 'x'], { num_split: integer(1000) }));
    await expect(read([placeholder, axis, ...ends])).rejects.toThrow(LIMIT);
  });

  it('with a name of an operator that is a million letters long is refused in a moment', async () => {
    const op = `${'Summary'.repeat(150_000)}\n`;
    await expect(read([placeholder, node(op, 'y', ['x'])])).rejects.toThrow(
      expect.objectContaining({ name: 'ForwardpassError' }),
    );
  });
});
