import { describe, expect, it } from 'vitest';
import { inferV2, metadataV2, PROTOCOL_LIMITS, predictFriendly, predictV1 } from '../../../lib/serve/protocol.ts';
import { fixtures, open } from '../../steps/fixtures.ts';
import { incoming, said, serve } from './models.ts';

/** Rows go to functions of the caller first, so no protocol may take them for the rows of the plan. */
describe.each(fixtures())('a model with steps of its author’s own: $name', ({ fixture }) => {
  it('answers what predict says, by every protocol', async () => {
    using model = await open(fixture);
    const served = serve(model);
    const rows = fixture.cases[0].rows as unknown[];
    const expected = [...(model.predict(rows as never) as Iterable<unknown>)];
    const v1 = await predictV1(served, incoming({ instances: rows }), PROTOCOL_LIMITS);
    expect(v1.status).toBe(200);
    expect((said(v1) as { predictions: unknown[] }).predictions.flat()).toEqual(expected);
    const [first] = said(await predictFriendly(served, incoming([rows[0]]), PROTOCOL_LIMITS)) as unknown[];
    expect(model.classes === undefined ? first : (first as { label: unknown }).label).toEqual(
      expected.length === rows.length ? expected[0] : expected.slice(0, expected.length / rows.length),
    );

    const [{ name }] = (said(metadataV2(served, ['1'])) as { inputs: { name: string; shape: number[] }[] }).inputs;
    const isText = typeof rows[0] === 'string';
    const isTable = Array.isArray(rows[0]) || isText;
    const columns = isTable ? [] : Object.keys(rows[0] as object);
    const datatypeOf = (values: unknown[]) => (values.some((value) => typeof value === 'string') ? 'BYTES' : 'FP64');
    const tensor = (name: string, shape: number[], data: unknown[]) => ({
      name,
      shape,
      datatype: datatypeOf(data),
      data,
    });
    const columnTensor = (name: string, values: unknown[]) => {
      const [first] = values;
      const shape = Array.isArray(first) ? [rows.length, first.length] : [rows.length];
      return tensor(name, shape, values.flat());
    };
    const inputs = isTable
      ? [tensor(name, [rows.length, isText ? 1 : (rows[0] as unknown[]).length], rows.flat())]
      : columns.map((column) =>
          columnTensor(
            column,
            rows.map((row) => (row as Record<string, unknown>)[column] ?? null),
          ),
        );
    if (isTable && !isText && datatypeOf(rows.flat()) === 'BYTES') return;
    const answer = await inferV2(served, incoming({ inputs }), PROTOCOL_LIMITS);
    const values = model.ask('run', model.flatten(rows as never)) as Float64Array[];
    expect((said(answer) as { outputs: { data: unknown[] }[] }).outputs?.[0].data).toEqual([...values[0]]);
  });
});
