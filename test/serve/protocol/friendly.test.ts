import { describe, expect, it } from 'vitest';
import { readRows } from '../../../lib/serve/protocol/rows-body.ts';
import {
  keptWork,
  metadataV1,
  modelsV1,
  PROTOCOL_LIMITS,
  predictFriendly,
  predictV1,
  runTogether,
  type ServedModel,
  schemaOf,
} from '../../../lib/serve/protocol.ts';
import { incoming, said, served } from './models.ts';

/** What the answer says, which must be one that succeeded. */
async function predict(model: ServedModel, body: unknown, handler = predictFriendly): Promise<unknown> {
  const answer = await handler(model, incoming(body), PROTOCOL_LIMITS);
  expect([answer.status, answer.body]).toEqual([200, answer.body]);
  return said(answer);
}

async function failure(model: ServedModel, body: unknown, headers?: object): Promise<unknown> {
  const answer = await predictFriendly(model, incoming(body, headers as never), PROTOCOL_LIMITS);
  return { status: answer.status, ...(said(answer) as object) };
}

const mixed = () => served('sklearn-records/dicts-before-model.joblib');

function recordOf({ model }: ServedModel): Record<string, unknown> {
  const { categories = {} } = model.inputs[0];
  return Object.fromEntries((model.featureNames ?? []).map((name, at) => [name, categories[at]?.[0] ?? at + 0.5]));
}

describe('POST /models/NAME/predict', () => {
  it('gives the label and probabilities of one record, and of each of many', async () => {
    const m = await mixed();
    const record = recordOf(m);
    const expected = { label: m.model.predict(record), probabilities: { ...m.model.predictProba(record) } };
    expect(await predict(m, record)).toEqual(expected);
    const both = [expected, expected];
    expect(await predict(m, [record, record])).toEqual(both);
    expect(await predict(m, { records: [record, record] })).toEqual(both);
    expect(await predict(m, { instances: [record, Object.values(record)] })).toEqual(both);
    expect(await predict(m, [])).toEqual([]);
  });

  it('gives values where the model is not a classifier', async () => {
    const linear = await served('sklearn/linear.pkl');
    const record = recordOf(linear);
    const value = linear.model.predict(record);
    expect(await predict(linear, record)).toBe(value);
    expect(await predict(linear, [record, Object.values(record)])).toEqual([value, value]);
  });

  it('gives several outputs and several targets by their names', async () => {
    const targets = await served('sklearn-trees/forest-two-targets.1.2.pkl');
    const row = Array.from({ length: 13 }, (_, at) => at);
    const [first, second] = targets.model.outputs.map(({ name }) => name);
    const labels = targets.model.predict<(string | number)[]>([row]);
    const probabilities = targets.model.predictProba<Record<string, Float64Array>>([row]);
    const [answer] = (await predict(targets, [row])) as { label: object; probabilities: Record<string, object> }[];
    expect(answer.label).toEqual({ [first]: labels[0], [second]: labels[1] });
    expect(Object.values(answer.probabilities[second])).toEqual([...probabilities[second]]);

    const columns = await served('onnx-hand/binary-columns.onnx');
    const record = Object.fromEntries(columns.model.inputs.map(({ name, shape }) => [name, Array(shape[1]).fill(0.5)]));
    const outputs = columns.model.predict<Record<string, Float32Array>>([record]);
    expect(await predict(columns, record)).toEqual(
      Object.fromEntries(Object.entries(outputs).map(([name, values]) => [name, [...values]])),
    );
  });

  it('takes rows of several dimensions as they are nested, and rows of none as values', async () => {
    const table = await served('onnx-hand/flatten.onnx');
    const flat = Array.from({ length: 12 }, (_, at) => at);
    const nested = [0, 6].map((from) => [0, 2, 4].map((at) => [from + at, from + at + 1]));
    const expected = await predict(table, [flat, flat]);
    expect(await predict(table, [nested, flat])).toEqual(expected);
    expect(await predict(table, { instances: [nested, nested] }, predictV1)).toEqual({ predictions: expected });
    const [{ name }] = table.model.inputs;
    expect(await predict(table, [{ [name]: nested }, { [name]: flat }])).toEqual(expected);
    for (const bad of [[nested[0]], [[...nested[0], 1]], nested.flat(), [nested, nested]]) {
      expect(await failure(table, [bad])).toMatchObject({ status: 422, code: 'INPUT' });
    }
    const number = await served('onnx-hand/rows-of-one-number.onnx');
    expect(await predict(number, [1.5, [2]])).toEqual(await predict(number, [[1.5], [2]]));
  });

  it('says of a failure its code, place and message', async () => {
    const m = await mixed();
    const record = recordOf(m);
    const [name] = Object.keys(record);
    const bad = { ...record, [name]: {} };
    expect(await failure(m, [record, bad])).toMatchObject({ status: 422, code: 'INPUT', place: `rows[1].${name}` });
    expect(await failure(m, bad)).toMatchObject({ status: 422, code: 'INPUT', place: `record.${name}` });
    expect(await failure(m, 7)).toMatchObject({ status: 422, code: 'INPUT' });
    expect(await failure(m, [[1]])).toMatchObject({ status: 422, code: 'INPUT', place: 'rows[0]' });
    expect(await failure(m, '{"a":')).toMatchObject({ status: 400, code: 'JSON' });
    expect(await failure(m, '[NaN]')).toMatchObject({ error: expect.stringMatching(/JSON has no NaN/) });
    expect(await failure(m, '')).toMatchObject({ status: 400, code: 'JSON' });
    expect(await failure(m, record, { 'content-type': 'image/png' })).toMatchObject({
      status: 415,
      code: 'CONTENT_TYPE',
    });
    expect(await failure(m, { records: record })).toMatchObject({ status: 400, code: 'REQUEST' });
    expect(await failure(m, { records: [], instances: [] })).toMatchObject({ status: 400, code: 'REQUEST' });
  });

  it('has the place of what only the run refuses', async () => {
    const linear = await served('sklearn/linear.pkl');
    const record = recordOf(linear);
    const [name] = Object.keys(record);
    const text = JSON.stringify([record, record]).replace(/:0.5/g, ':1e999');
    expect(await failure(linear, text)).toMatchObject({ status: 422, error: expect.stringContaining(name) });
  });

  it('refuses more rows than are allowed, and rows that would take more memory than is', async () => {
    const m = await mixed();
    const limited = (body: unknown, limits: { rows: number; elements: number }) =>
      predictFriendly(m, incoming(body), limits);
    const rows = [recordOf(m), recordOf(m), recordOf(m)];
    expect(await limited(rows, { rows: 3, elements: 100 })).toMatchObject({ status: 200, rows: 3 });
    expect(await limited(rows, { rows: 2, elements: 100 })).toMatchObject({ status: 413, code: 'TOO_LARGE' });
    expect(await limited(rows, { rows: 3, elements: 14 })).toMatchObject({ status: 413, code: 'TOO_LARGE' });
    expect(await limited('[{},{},{}]', { rows: 3, elements: 14 })).toMatchObject({ status: 413, code: 'TOO_LARGE' });
  });

  it('answers 503 when the model went away', async () => {
    const m = await mixed();
    m.model.dispose();
    expect(await failure(m, recordOf(m))).toMatchObject({ status: 503, code: 'DISPOSED' });
  });
});

it('GET /models/NAME/schema is what the model says', async () => {
  const m = await mixed();
  expect(said(schemaOf(m))).toEqual(m.model.schema());
});

describe('POST /v1/models/NAME:predict', () => {
  it('gives what predict says', async () => {
    const m = await mixed();
    const record = recordOf(m);
    const label = m.model.predict(record);
    expect(await predict(m, { instances: [record, Object.values(record)] }, predictV1)).toEqual({
      predictions: [label, label],
    });
    expect(await predict(m, { instances: [] }, predictV1)).toEqual({ predictions: [] });
  });

  it('has errors of a text and nothing else', async () => {
    const m = await mixed();
    for (const body of [
      {},
      [],
      { instances: {} },
      { inputs: [] },
      { instances: [1] },
      { instances: [[1]] },
      '{',
      { instances: null },
    ]) {
      const answer = await predictV1(m, incoming(body), PROTOCOL_LIMITS);
      expect([answer.status, said(answer)]).toEqual([400, { error: expect.any(String) }]);
    }
  });

  it('lists models', async () => {
    expect(said(modelsV1(['a', 'b']))).toEqual({ models: ['a', 'b'] });
    expect(said(metadataV1(await mixed()))).toEqual({ name: 'm', ready: true });
  });
});

describe('work of several requests', () => {
  it('run together gives each its own results, and its own failure', async () => {
    const linear = await served('sklearn/linear.pkl');
    const record = recordOf(linear);
    const form = { wrappers: [], isWrapped: false };
    const work = (text: string) => keptWork(readRows(Buffer.from(text), linear, form, PROTOCOL_LIMITS));
    const good = [1, 3, 0, 2].map((rows, at) =>
      work(JSON.stringify(Array.from({ length: rows }, () => ({ ...record, [Object.keys(record)[0]]: at })))),
    );
    const alone = good.map(({ rows }) => linear.model.runRows(rows).outputs);
    expect(runTogether(linear, good).map((results) => (results as { outputs: unknown }).outputs)).toEqual(alone);
    const bad = work(JSON.stringify([record]).replace(/0.5/, '1e999'));
    const [first, failed, last] = runTogether(linear, [good[0], bad, good[1]]);
    expect([first, last]).toEqual([linear.model.runRows(good[0].rows), linear.model.runRows(good[1].rows)]);
    expect(failed).toMatchObject({ code: 'INPUT' });
  });
});
