import { describe, expect, it } from 'vitest';
import { Message, Parts } from '../../../lib/formats/containers/protobuf.ts';
import { Budget } from '../../../lib/graph/budget.ts';
import { encode, type Fields } from '../onnx/write-onnx.ts';

function open(bytes: Uint8Array, depth = 4): Message {
  return new Message(bytes, 'test', new Budget(), depth);
}

function message(fields: Fields, depth = 4): Message {
  const opened = open(encode(fields), depth);
  opened.next();
  return opened;
}

function ofBytes(...bytes: number[]): Message {
  return open(Uint8Array.from(bytes));
}

describe('a protobuf message', () => {
  it('gives negative and large integers', () => {
    const integers: number[] = [];
    message((writer) => writer.writePackedVarint(1, [0, -1, 2 ** 40, -(2 ** 40), 300])).integers(integers);
    expect(integers).toEqual([0, -1, 2 ** 40, -(2 ** 40), 300]);
  });

  it('gives a repeated integer that is not packed one at a time', () => {
    const integers: number[] = [];
    const opened = open(
      encode((writer) => {
        writer.writeVarintField(1, 7);
        writer.writeVarintField(1, 8);
      }),
    );
    while (opened.next() !== 0) opened.integers(integers);
    expect(integers).toEqual([7, 8]);
  });

  it('skips fields of every wire type', () => {
    const opened = open(
      encode((writer) => {
        writer.writeVarintField(1, 300);
        writer.writeFloatField(2, 1);
        writer.writeDoubleField(3, 1);
        writer.writeStringField(4, 'text');
        writer.writeVarintField(5, 9);
      }),
    );
    while (opened.next() !== 5) opened.skip();
    expect(opened.integer()).toBe(9);
  });

  it('gives bytes as a view of the file', () => {
    const file = encode((writer) => writer.writeBytesField(1, Uint8Array.of(1, 2, 3)));
    const opened = open(file);
    opened.next();
    expect(opened.bytes().buffer).toBe(file.buffer);
  });

  it('moves many elements to a multiple of four, and leaves few where they are', () => {
    for (const [count, before] of [
      [127, 'abc'],
      [128, ''],
      [128, 'a'],
      [1000, 'ab'],
      [1000, 'abc'],
    ] as const) {
      const elements = Uint8Array.from({ length: count }, (_, i) => i);
      const file = encode((writer) => {
        writer.writeStringField(1, before);
        writer.writeBytesField(2, elements);
        writer.writeStringField(3, 'after');
      });
      const opened = open(file);
      opened.next();
      expect(opened.string()).toBe(before);
      opened.next();
      const found = opened.elements();
      expect(found).toEqual(elements);
      if (count >= 128) expect(found.byteOffset % 4).toBe(0);
      expect(found.buffer).toBe(file.buffer);
      opened.next();
      expect(opened.string()).toBe('after');
    }
  });

  it('refuses a length beyond its end', () => {
    const opened = ofBytes(0x0a, 0x05, 0x61);
    opened.next();
    expect(() => opened.bytes()).toThrow(expect.objectContaining({ code: 'TRUNCATED' }));
  });

  it('refuses an integer that has no end', () => {
    expect(() => ofBytes(0x88).next()).toThrow(expect.objectContaining({ code: 'TRUNCATED' }));
  });

  it('refuses an integer of more than 10 bytes', () => {
    const opened = ofBytes(0x08, ...new Array<number>(10).fill(0xff), 1);
    opened.next();
    expect(() => opened.integer()).toThrow(expect.objectContaining({ code: 'MALFORMED' }));
  });

  it('refuses a negative length', () => {
    const opened = ofBytes(0x0a, ...new Array<number>(9).fill(0xff), 1);
    opened.next();
    expect(() => opened.skip()).toThrow(expect.objectContaining({ code: 'TRUNCATED' }));
  });

  it('refuses field 0', () => {
    expect(() => ofBytes(0x00, 0x08, 0x01).next()).toThrow(expect.objectContaining({ code: 'MALFORMED' }));
  });

  it('refuses groups', () => {
    const opened = ofBytes(0x0b);
    opened.next();
    expect(() => opened.skip()).toThrow(expect.objectContaining({ code: 'MALFORMED' }));
  });

  it('refuses a value of another wire type', () => {
    expect(() => message((writer) => writer.writeVarintField(1, 1)).string()).toThrow('wire type 0, expected 2');
    expect(() => message((writer) => writer.writeStringField(1, 'a')).float()).toThrow('wire type 2, expected 5');
  });

  it('refuses packed floats that are cut within one', () => {
    expect(() => message((writer) => writer.writeBytesField(1, new Uint8Array(6))).fixed(4, new Parts())).toThrow(
      'not a multiple of 4',
    );
  });

  it('refuses text that is not UTF-8', () => {
    const opened = message((writer) => writer.writeBytesField(1, Uint8Array.of(0xff)));
    expect(() => opened.string()).toThrow(expect.objectContaining({ code: 'MALFORMED' }));
  });

  it('refuses messages nested deeper than allowed', () => {
    const opened = message((writer) => writer.writeBytesField(1, new Uint8Array(0)), 0);
    expect(() => opened.message('inner')).toThrow(expect.objectContaining({ code: 'LIMIT' }));
  });

  it('joins floats that come one by one, and gives packed ones as a view', () => {
    const one = open(
      encode((writer) => {
        for (let i = 0; i < 100; i++) writer.writeFloatField(1, i);
      }),
    );
    const parts = new Parts();
    while (one.next() !== 0) one.fixed(4, parts);
    const bytes = parts.all();
    expect([...new Float32Array(bytes.buffer, bytes.byteOffset, 100)]).toEqual(
      Array.from({ length: 100 }, (_, i) => i),
    );
    const packed = new Parts();
    const file = encode((writer) => writer.writeBytesField(1, new Uint8Array(400)));
    const opened = open(file);
    opened.next();
    opened.fixed(4, packed);
    expect(packed.all().buffer).toBe(file.buffer);
    packed.add(new Uint8Array(4));
    expect(packed.all()).toHaveLength(404);
    expect(packed.all().buffer).not.toBe(file.buffer);
  });

  // Fields of one and of two bytes of tag, by turns and many in a row.
  it.each([
    [1, 2, 3, 4],
    [16, 2000, 17, 300],
  ])('gives values that are not packed in their order, whatever is between them (%i, %i, …)', (a, b, c, d) => {
    const given = { doubles: [] as number[], floats: [] as number[], wide: [] as number[], texts: [] as string[] };
    const byTurns = encode((writer) => {
      for (let i = 0; i < 200; i++) {
        const value = i % 3 === 1 ? -i : i * 2 ** (i % 40);
        if (i % 50 < 40) writer.writeVarintField(a, value);
        if (i % 50 < 40) given.doubles.push(value);
        if (i % 20 > 3) writer.writeFloatField(b, i / 4);
        if (i % 20 > 3) given.floats.push(i / 4);
        if (i > 100) writer.writeDoubleField(c, i / 3);
        if (i > 100) given.wide.push(i / 3);
        if (i % 7 !== 0) writer.writeStringField(d, `text ${i % 12}`);
        if (i % 7 !== 0) given.texts.push(`text ${i % 12}`);
      }
    });
    const inRows = encode((writer) => {
      for (const value of given.doubles) writer.writeVarintField(a, value);
      for (const value of given.floats) writer.writeFloatField(b, value);
      for (const value of given.wide) writer.writeDoubleField(c, value);
      for (const text of given.texts) writer.writeStringField(d, text);
    });
    for (const bytes of [byTurns, inRows]) {
      const opened = open(bytes);
      const [doubles, floats, wide, texts] = [new Parts(), new Parts(), new Parts(), [] as string[]];
      for (let field = opened.next(); field !== 0; field = opened.next()) {
        if (field === a) opened.doubles(doubles);
        else if (field === b) opened.fixed(4, floats);
        else if (field === c) opened.fixed(8, wide);
        else opened.texts(texts);
      }
      const copy = (parts: Parts) => parts.all().slice().buffer;
      expect([...new Float64Array(copy(doubles))]).toEqual(given.doubles);
      expect([...new Float32Array(copy(floats))]).toEqual(given.floats);
      expect([...new Float64Array(copy(wide))]).toEqual(given.wide);
      expect(texts).toEqual(given.texts);
    }
  });

  it.each([
    ['a tag alone', [0x08]],
    ['an integer that is cut off', [0x08, 0x80]],
    ['the tag of another field that is cut off', [0x88]],
  ])('refuses %s after values of a field', (_, end) => {
    const opened = ofBytes(0x08, 1, 0x08, 2, ...end);
    const parts = new Parts();
    expect(() => {
      while (opened.next() !== 0) opened.doubles(parts);
    }).toThrow(expect.objectContaining({ code: 'TRUNCATED' }));
  });

  it('refuses floats of which the last is cut off', () => {
    const opened = ofBytes(0x0d, 0, 0, 0, 0, 0x0d, 0, 0, 0);
    opened.next();
    expect(() => opened.fixed(4)).toThrow(expect.objectContaining({ code: 'TRUNCATED' }));
  });

  it('reads a tag that is written in more bytes than it takes', () => {
    const opened = ofBytes(0x88, 0, 1, 0x88, 0, 2, 0x08, 3);
    const parts = new Parts();
    while (opened.next() !== 0) opened.doubles(parts);
    expect([...new Float64Array(parts.all().slice().buffer)]).toEqual([1, 2, 3]);
  });

  it('refuses more messages than a file of its size may hold', () => {
    const opened = open(
      encode((writer) =>
        writer.writeBytesField(
          1,
          new Uint8Array(2_000_000).map((_, i) => (i % 2 === 0 ? 0x0a : 0)),
        ),
      ),
    );
    opened.next();
    const outer = opened.message('outer');
    expect(() => {
      while (outer.next() !== 0) outer.message('inner');
    }).toThrow(expect.objectContaining({ code: 'LIMIT' }));
  });
});
