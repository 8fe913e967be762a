import { describe, expect, it } from 'vitest';
import { Table } from '../../../lib/formats/containers/flatbuffer.ts';
import { failureOf } from '../../failure.ts';

/** A file of 32-bit words, of which the first is the offset of the root. */
function fileOf(...words: number[]): Uint8Array {
  return new Uint8Array(Int32Array.from(words).buffer);
}

const halves = (low: number, high: number) => (high << 16) | low;

/** A table at 12 whose list of fields is at 4: `fields` are the offsets of two, `body` is what follows. */
function tableOf([first, second]: [number, number], ...body: number[]): Uint8Array {
  return fileOf(12, halves(8, 4 + 4 * body.length), halves(first, second), 8, ...body);
}

const rootOf = (bytes: Uint8Array) => Table.root(bytes, 'file');

describe('a flatbuffer', () => {
  it('gives the numbers of a table, and defaults for those it leaves out', () => {
    const table = rootOf(tableOf([4, 0], -5));
    expect(table.int32(0)).toBe(-5);
    expect(table.uint32(0)).toBe(2 ** 32 - 5);
    expect(table.int8(0)).toBe(-5);
    expect(table.uint8(0)).toBe(251);
    expect(table.bool(0)).toBe(true);
    expect([table.has(0), table.has(1), table.has(7)]).toEqual([true, false, false]);
    expect([table.int32(1, 3), table.float32(7, 0.5), table.uint64(1, 9), table.bool(7)]).toEqual([3, 0.5, 9, false]);
  });

  it('gives vectors, texts and tables by their offsets', () => {
    const table = rootOf(tableOf([4, 8], 8, 16, 2, 7, -8, 3, 0x00636261));
    expect(table.int32s(0)).toEqual([7, -8]);
    expect(table.string(1)).toBe('abc');
    expect(table.bytes(1)).toEqual(Uint8Array.of(97, 98, 99));
    expect(table.int32s(9)).toBeUndefined();
    expect(table.tables(9, 'none').length).toBe(0);
    // The list of fields of a table may be shared.
    const outer = rootOf(fileOf(12, halves(6, 8), halves(4, 0), 8, 8, 0, 1, 4, 28, 42));
    expect(outer.tables(0, 'list').at(0).place).toBe('list[0]');
    expect(outer.tables(0, 'list').at(0).int32(0)).toBe(42);
  });

  it.each<[what: string, bytes: Uint8Array, code: string, words: string]>([
    ['no root', fileOf().subarray(0, 0), 'TRUNCATED', 'expected 4 bytes at 0'],
    ['a root beyond its end', fileOf(400), 'TRUNCATED', 'the file ends at 4'],
    ['a list of fields before its beginning', fileOf(4, 12), 'MALFORMED', 'would begin at -8'],
    ['a list of fields beyond its end', fileOf(4, -40), 'TRUNCATED', 'the file ends at 8'],
    ['a table that is larger than the file', tableOf([4, 0]).subarray(0, 15), 'TRUNCATED', 'at 12'],
    ['a list of fields of odd size', fileOf(8, halves(5, 8), 4, 0), 'MALFORMED', 'list of fields of 5 bytes'],
  ])('is refused with %s', async (_, bytes, code, words) => {
    const error = await failureOf(() => rootOf(bytes));
    expect(error.code).toBe(code);
    expect(error.message).toContain(words);
  });

  it.each<[what: string, read: (table: Table) => unknown, code: string, words: string]>([
    ['a number that crosses the end of its table', (table) => table.uint64(1), 'MALFORMED', 'field 1 lies at 8'],
    ['a vector beyond the end', (table) => table.int32s(0), 'TRUNCATED', 'the file ends at'],
    ['a vector longer than the file', (table) => table.int32s(1), 'TRUNCATED', 'expected 4000 bytes'],
    ['a table beyond the end', (table) => table.table(0, 'inner'), 'TRUNCATED', 'inner'],
  ])('is refused with %s, when it is read', async (_, read, code, words) => {
    const error = await failureOf(() => read(rootOf(tableOf([4, 8], 1000, 4, 1000).with(4, 8).with(6, 12))));
    expect(error.code).toBe(code);
    expect(error.message).toContain(words);
  });

  it('is refused with a text that is not valid UTF-8', async () => {
    const error = await failureOf(() => rootOf(tableOf([4, 0], 4, 1, 0xff)).string(0));
    expect(error.code).toBe('MALFORMED');
    expect(error.message).toContain('not valid UTF-8');
  });

  it('is refused when its lists are read again and again', async () => {
    const table = rootOf(tableOf([4, 0], 4, 2, 7, 8));
    const error = await failureOf(() => {
      for (let i = 0; i < 1000; i++) table.int32s(0);
    });
    expect(error.code).toBe('MALFORMED');
    expect(error.message).toContain('overlap');
  });
});
