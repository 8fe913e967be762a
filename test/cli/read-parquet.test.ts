import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import * as zlib from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { ByteSource } from '../../lib/cli/byte-source.ts';
import { openParquet } from '../../lib/cli/read-parquet.ts';
import { ForwardpassError } from '../../lib/errors.ts';
import { pathOf } from './support.ts';

const TABLES = fileURLToPath(new URL('../fixtures/tables/', import.meta.url));
const VALUES: Record<string, unknown[]> = JSON.parse(readFileSync(`${TABLES}values.json`, 'utf8'));
const ROWS = VALUES.int32.length;

/** All cells of columns that hold some, by name. */
async function cellsOf(path: string): Promise<Record<string, unknown[]>> {
  const source = await ByteSource.open(path);
  try {
    const { columns, rows } = await openParquet(source);
    const wanted = columns.flatMap(({ refused }, at) => (refused === undefined ? [at] : []));
    const cells = wanted.map((): unknown[] => []);
    for await (const row of rows(wanted)) {
      for (const [c, value] of row.entries()) cells[c].push(typeof value === 'bigint' ? Number(value) : value);
    }
    return Object.fromEntries(wanted.map((at, c) => [columns[at].name, cells[c]]));
  } finally {
    await source.close();
  }
}

describe('a Parquet file', () => {
  it.each(['snappy', 'gzip', 'brotli', 'plain', 'deltas'])('has the cells that pyarrow wrote: %s', async (name) => {
    expect(await cellsOf(`${TABLES}values-${name}.parquet`)).toEqual(VALUES);
  });

  it('compressed by zstd is read where Node can, and otherwise refused by that name', async () => {
    const cells = cellsOf(`${TABLES}values-zstd.parquet`);
    if ('zstdDecompressSync' in zlib) expect(await cells).toEqual(VALUES);
    else await expect(cells).rejects.toThrow(/compressed by zstd, which needs Node 22\.15/);
  });

  it('gives the rows of the columns that are asked for, in the order asked', async () => {
    const source = await ByteSource.open(`${TABLES}values-snappy.parquet`);
    const { columns, rowCount, rows } = await openParquet(source);
    const wanted = ['int32', 'category'].map((name) => columns.findIndex((column) => column.name === name));
    const found: unknown[] = [];
    for await (const [number, word] of rows(wanted)) found.push([number, word]);
    expect(rowCount).toBe(ROWS);
    expect(found).toEqual(VALUES.int32.map((number, row) => [number, VALUES.category[row]]));
    await source.close();
  });

  it('says of lists, dates and times that they are that', async () => {
    const source = await ByteSource.open(`${TABLES}values-snappy.parquet`);
    const { columns } = await openParquet(source);
    const what = Object.fromEntries(columns.map(({ name, refused, what }) => [name, refused ?? what]));
    expect(what).toMatchObject({ list: 'lists or structures', time: 'timestamps', day: 'dates', float64: undefined });
    await source.close();
  });

  it('is refused with a reason when it is cut off', async () => {
    const bytes = readFileSync(`${TABLES}values-snappy.parquet`);
    for (const length of [4, 11, 100, bytes.length - 1]) {
      writeFileSync(pathOf('cut.parquet'), bytes.subarray(0, length));
      await expect(cellsOf(pathOf('cut.parquet'))).rejects.toMatchObject({ code: 'TRUNCATED' });
    }
  });

  it('is refused without the inner words of what reads it where its footer is empty', async () => {
    const bytes = Buffer.from(readFileSync(`${TABLES}values-snappy.parquet`));
    bytes.writeUInt32LE(3, bytes.length - 8);
    writeFileSync(pathOf('footer.parquet'), bytes);
    await expect(cellsOf(pathOf('footer.parquet'))).rejects.toMatchObject({
      code: 'MALFORMED',
      message: expect.stringContaining('the Parquet file is damaged: its parts do not fit together'),
    });
  });

  it.each(['snappy', 'gzip', 'plain', 'deltas'])(
    'with damage anywhere is read or refused, soon and in bounds: %s',
    async (name) => {
      const bytes = readFileSync(`${TABLES}values-${name}.parquet`);
      let seed = 1;
      const random = (below: number) => {
        seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31;
        return Math.floor((seed / 2 ** 31) * below);
      };
      let refused = 0;
      for (let trial = 0; trial < 120; trial++) {
        const damaged = Buffer.from(bytes);
        for (let i = random(3); i >= 0; i--) damaged[random(bytes.length)] = [255, 128, 127, random(256)][random(4)];
        writeFileSync(pathOf('damaged.parquet'), damaged);
        const error = await cellsOf(pathOf('damaged.parquet')).then(
          () => undefined,
          (reason: unknown) => reason,
        );
        if (error === undefined) continue;
        expect(error).toBeInstanceOf(ForwardpassError);
        expect((error as ForwardpassError).message).not.toMatch(/Cannot read|size undefined|is not a function/);
        refused++;
      }
      expect(refused).toBeGreaterThan(25);
      expect(process.memoryUsage().rss).toBeLessThan(2 ** 30);
    },
    60_000,
  );
});
