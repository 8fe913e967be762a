/** Models of texts by every protocol: what `predict` says. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { load } from '../../../lib/index.ts';
import { inferV2, metadataV2, PROTOCOL_LIMITS, predictFriendly, predictV1 } from '../../../lib/serve/protocol.ts';
import { incoming, said, serve } from './models.ts';

const FOLDER = new URL('../../fixtures/sklearn-texts/', import.meta.url);

type Row = string | readonly unknown[] | Readonly<Record<string, unknown>>;

async function opened(name: string) {
  const { file, predictions } = JSON.parse(readFileSync(new URL(`${name}.json`, FOLDER), 'utf8')) as {
    readonly file: string;
    readonly predictions: readonly { readonly rows: readonly Row[] }[];
  };
  const model = await load(new URL(file, FOLDER));
  return { model, served: serve(model), rows: predictions.flatMap(({ rows }) => rows) };
}

interface Metadata {
  readonly inputs: readonly { readonly name: string; readonly datatype: string; readonly shape: readonly number[] }[];
}

describe.each(['logistic', 'columns-logistic', 'columns-by-position', 'columns-forest'])('texts: %s', (name) => {
  it('are answered by the friendly endpoint and the first protocol', async () => {
    const { model, served, rows } = await opened(name);
    using _ = model;
    const labels = model.predict(rows as never) as unknown[];
    const friendly = said(await predictFriendly(served, incoming(rows), PROTOCOL_LIMITS)) as { label: unknown }[];
    expect(friendly.map(({ label }) => label)).toEqual([...labels]);
    const one = said(await predictFriendly(served, incoming(JSON.stringify(rows[0])), PROTOCOL_LIMITS));
    expect(one).toMatchObject({ label: labels[0] });
    const v1 = said(await predictV1(served, incoming({ instances: rows }), PROTOCOL_LIMITS));
    expect(v1).toEqual({ predictions: [...labels] });
  });

  it('are tensors of BYTES, as metadata say', async () => {
    const { model, served, rows } = await opened(name);
    using _ = model;
    const records = rows
      .filter((row) => !Array.isArray(row))
      .map((row) => (typeof row === 'string' ? { text: row } : row));
    const [values] = model.ask('run', model.flatten(records as never)) as Float64Array[];
    const { inputs } = said(metadataV2(served, ['1'])) as Metadata;
    const datatypes = Object.fromEntries(inputs.map(({ name, datatype, shape }) => [name, `${datatype} ${shape}`]));
    expect(datatypes).toEqual(
      {
        logistic: { text: 'BYTES -1' },
        'columns-logistic': { subject: 'BYTES -1', size: 'FP64 -1', sender: 'BYTES -1', body: 'BYTES -1' },
        'columns-by-position': { subject: 'BYTES -1', size: 'FP64 -1', spare: 'FP64 -1' },
        'columns-forest': { subject: 'BYTES -1', sender: 'BYTES -1', body: 'BYTES -1' },
      }[name],
    );
    const tensors = inputs.map(({ name, datatype }) => ({
      ...{ name, datatype, shape: [records.length] },
      data: records.map((record) => (record as Record<string, unknown>)[name] ?? null),
    }));
    const outputs = async (inputs: unknown) =>
      (said(await inferV2(served, incoming({ inputs }), PROTOCOL_LIMITS)) as { outputs: { data: number[] }[] }).outputs;
    expect((await outputs(tensors))[0].data).toEqual([...values]);
    // One column more, which a data frame has and nothing looks at, and each as a table of one column.
    const extra = { name: 'spare', datatype: 'FP64', shape: [records.length], data: records.map(() => 1) };
    if (name === 'columns-logistic') expect((await outputs([...tensors, extra]))[0].data).toEqual([...values]);
    const tables = tensors.map((tensor) => ({ ...tensor, shape: [records.length, 1] }));
    expect((await outputs(tables))[0].data).toEqual([...values]);
  });
});

describe('texts that are none', () => {
  it.each([
    ['a number', [{ name: 'text', datatype: 'FP64', shape: [1], data: [5] }], 'expected a string, found the number 5'],
    ['null', [{ name: 'text', datatype: 'BYTES', shape: [1], data: [null] }], 'expected a string, found null'],
    ['another name', [{ name: 'txt', datatype: 'BYTES', shape: [1], data: ['a'] }], "did you mean 'text'"],
    ['pairs', [{ name: 'text', datatype: 'BYTES', shape: [1, 2], data: ['a', 'b'] }], 'expected the shape [rows]'],
  ])('are refused: %s', async (_, inputs, message) => {
    const { model, served } = await opened('logistic');
    using __ = model;
    const { status, body } = await inferV2(served, incoming({ inputs }), PROTOCOL_LIMITS);
    expect([status >= 400 && status < 500, String(body)]).toEqual([true, expect.stringContaining(message)]);
  });

  it('and rows of numbers as wide as there are terms are not rows', async () => {
    const { model, served } = await opened('logistic');
    using _ = model;
    const row = new Array(model.inputs[0].shape[1]).fill(0);
    const { status } = await predictFriendly(served, incoming([row]), PROTOCOL_LIMITS);
    expect(status).toBe(422);
  });
});
