/** The Open Inference Protocol, clause by clause. */
import { beforeAll, describe, expect, it } from 'vitest';
import { define } from '../../../lib/index.ts';
import {
  type Answer,
  inferV2,
  liveV2,
  metadataV2,
  modelReadyV2,
  PROTOCOL_LIMITS,
  readyV2,
  type ServedModel,
  serverMetadata,
} from '../../../lib/serve/protocol.ts';
import { incoming, randomOf, said, serve, served } from './models.ts';

interface Response {
  readonly error?: string;
  readonly id?: string;
  readonly model_name?: string;
  readonly model_version?: string;
  readonly outputs: {
    name: string;
    shape: number[];
    datatype: string;
    data?: unknown[];
    parameters?: { binary_data_size: number };
  }[];
}

const JSON_HEADERS = { 'content-type': 'application/json' };

async function ask(model: ServedModel, body: unknown, headers: Record<string, string> = JSON_HEADERS): Promise<Answer> {
  return inferV2(model, incoming(body, headers), PROTOCOL_LIMITS);
}

/** Of an answer in JSON, which must be one that succeeded. */
async function infer(model: ServedModel, body: unknown): Promise<Response> {
  const answer = await ask(model, body);
  expect(String(answer.body)).not.toMatch(/"error"/);
  expect([answer.status, answer.headers]).toEqual([200, JSON_HEADERS]);
  return said(answer) as Response;
}

async function refusal(model: ServedModel, body: unknown, headers?: Record<string, string>): Promise<string> {
  const answer = await ask(model, body, headers);
  expect([answer.status >= 400 && answer.status < 500, String(answer.body)]).toEqual([true, String(answer.body)]);
  expect(answer.headers).toEqual(JSON_HEADERS);
  expect(answer.code).toMatch(/^[A-Z_]+$/);
  const { error, ...others } = said(answer) as Response;
  expect(others).toEqual({});
  return error as string;
}

/** y = 2a + 3b + 1 */
let plane: ServedModel;
/** Five outputs of all types, among them integers and truths. */
let compare: ServedModel;
let ids: ServedModel;
let wide: ServedModel;
let words: ServedModel;
let labels: ServedModel;
let frame: ServedModel;
let half: ServedModel;

beforeAll(async () => {
  const weight = { shape: [1, 2], data: Float32Array.of(2, 3) };
  plane = serve(define({ layers: [{ weight, bias: Float32Array.of(1) }] }));
  compare = await served('onnx-hand/cast-opset-1.onnx');
  ids = await served('onnx-hand/ids-and-floats.onnx');
  wide = await served('onnx-ml/label-encoder-integers.onnx');
  words = await served('onnx-ml/column-transformer.onnx');
  labels = await served('onnx-ml/binary-words-one-row.onnx');
  frame = await served('lightgbm/frame-of-two.txt');
  half = await served('onnx-hand/float16-raw.onnx');
}, 60_000);

const inputName = (model: ServedModel, at = 0) => model.model.inputs[at].name;
const x = (data: unknown, shape: unknown = [1, 2], datatype: unknown = 'FP32', more: object = {}) => ({
  inputs: [{ name: inputName(plane), shape, datatype, data, ...more }],
});

describe('health and metadata', () => {
  it('live, ready and not ready', () => {
    expect([liveV2().status, said(liveV2())]).toEqual([200, { live: true }]);
    expect([readyV2(true).status, said(readyV2(true))]).toEqual([200, { ready: true }]);
    expect([readyV2(false).status, said(readyV2(false))]).toEqual([503, { ready: false }]);
    expect([modelReadyV2('m', true).status, said(modelReadyV2('m', true))]).toEqual([200, { name: 'm', ready: true }]);
    expect(modelReadyV2('m', false).status).toBe(503);
  });

  it('the server has a name, a version and the extension for binary tensors', () => {
    const { name, version, extensions } = said(serverMetadata()) as Record<string, unknown>;
    expect([name, extensions]).toEqual(['forwardpass', ['binary_tensor_data']]);
    expect(version).toMatch(/^\d+\.\d+\.\d+/);
  });

  it('a model has its versions, platform, inputs and outputs, whose first dimension is −1', () => {
    expect(said(metadataV2(labels, ['1', '2']))).toEqual({
      name: 'm',
      versions: ['1', '2'],
      platform: 'onnx_onnxv1',
      inputs: [{ name: inputName(labels), datatype: 'FP32', shape: [-1, 8] }],
      outputs: labels.model.outputs.map(({ name }, at) =>
        at === 0 ? { name, datatype: 'BYTES', shape: [-1] } : { name, datatype: 'FP32', shape: [-1, 2] },
      ),
    });
    const types = (model: ServedModel, what: 'inputs' | 'outputs') =>
      (said(metadataV2(model, ['1'])) as Record<string, { datatype: string }[]>)[what].map(({ datatype }) => datatype);
    expect(types(words, 'inputs')).toEqual(['FP32', 'FP32', 'BYTES', 'BYTES', 'INT64']);
    expect(types(frame, 'inputs')).toEqual(['BYTES']);
    expect(types(compare, 'outputs')).toEqual(['INT32', 'BOOL', 'INT64']);
    expect([types(half, 'inputs'), types(half, 'outputs')]).toEqual([['FP32'], ['FP32']]);
  });
});

describe('requests and answers in JSON', () => {
  it('has the name and version of the model, the outputs, and no id where none came', async () => {
    expect(await infer(plane, x([1, 10]))).toEqual({
      model_name: 'm',
      model_version: '1',
      outputs: [{ name: plane.model.outputs[0].name, shape: [1, 1], datatype: 'FP32', data: [33] }],
    });
  });

  it.each(['42', '', 'é', 'a"b\\c\n', '\ud800', '__proto__', 'x'.repeat(5000), '<script>'])(
    'echoes the id %j',
    async (id) => {
      expect((await infer(plane, { ...x([1, 1]), id })).id).toBe(id);
    },
  );

  it.each([1, true, {}, [], 0])('refuses the id %j', async (id) => {
    expect(await refusal(plane, { ...x([1, 1]), id })).toMatch(/^id: expected a string/);
  });

  it('tolerates null where a member is optional, the names of other members, and a content type or none', async () => {
    const whole = {
      ...x([1, 1], [1, 2], 'FP32', { parameters: null, note: {} }),
      id: null,
      parameters: null,
      outputs: null,
    };
    await infer(plane, { ...whole, model_name: 'other', raw_input_contents: [] });
    for (const headers of [
      {},
      { 'content-type': 'application/json; charset=utf-8' },
      { 'content-type': 'application/vnd.api+json' },
    ]) {
      expect((await ask(plane, x([1, 1]), headers as never)).status).toBe(200);
    }
  });

  it('takes flat and nested data, with any white space and in any order of members', async () => {
    const name = JSON.stringify(inputName(plane));
    for (const data of ['[1,2,3,4]', '[[1,2],[3,4]]', ' [ [ 1 , 2 ] ,\n [ 3 ,\t4 ] ] ']) {
      for (const members of [
        [`"name":${name}`, '"shape":[2,2]', '"datatype":"FP32"', `"data":${data}`],
        [`"data":${data}`, '"datatype":"FP64"', '"shape" : [ 2 , 2 ]', `"name":${name}`],
      ]) {
        const { outputs } = await infer(plane, `\n{ "inputs" : [ {${members.join(', ')}} ] }\n`);
        expect(outputs[0].data).toEqual([9, 19]);
      }
    }
  });

  it('takes a batch of no rows, flat or nested', async () => {
    for (const data of [[], [[]]]) {
      const body = x(data, data.length === 0 ? [0, 2] : [0, 2]);
      if (data.length > 0) expect(await refusal(plane, body)).toMatch(/nested as \[1, 0\]/);
      else expect((await infer(plane, body)).outputs[0]).toMatchObject({ shape: [0, 1], data: [] });
    }
  });

  it.each<[string, unknown, RegExp]>([
    ['no object', [1], /expected an object/],
    ['null', null, /expected an object/],
    ['no inputs', {}, /expected inputs/],
    ['inputs that are an object', { inputs: {} }, /inputs: expected an array/],
    ['inputs that are null', { inputs: null }, /inputs: expected an array/],
    ['an empty array of inputs', { inputs: [] }, /at least one tensor/],
    ['an input that is a number', { inputs: [1] }, /inputs\[0\]: expected an object/],
    ['an input without a name', { inputs: [{ shape: [1, 2], datatype: 'FP32', data: [1, 2] }] }, /inputs\[0\].name/],
    ['parameters that are an array', { inputs: [], parameters: [] }, /parameters: expected an object/],
    ['a parameter that is an object', { inputs: [], parameters: { a: {} } }, /'a'/],
    ['a parameter that is null', { inputs: [], parameters: { a: null } }, /'a'/],
    ['outputs that are an object', { inputs: [], outputs: {} }, /outputs: expected an array/],
    ['an output that is a text', { inputs: [], outputs: ['y'] }, /outputs\[0\]: expected an object/],
    ['an output without a name', { inputs: [], outputs: [{}] }, /outputs\[0\].name/],
  ])('refuses %s', async (_, body, message) => {
    expect(await refusal(plane, body)).toMatch(message);
  });

  it.each([
    '',
    ' ',
    '{',
    '{"inputs":[',
    'inputs',
    '{"inputs":[]} x',
    '{"inputs":[],}',
    '\u00ff{}',
    '{"a":tru}',
    '{"inputs":[{"data":[1,]}]}',
  ])('refuses the body %j, which is not JSON', async (body) => {
    expect(await refusal(plane, body)).toMatch(/not JSON|empty/);
  });

  it('refuses what is not UTF-8, and what is nested without end', async () => {
    expect(await refusal(plane, Uint8Array.of(0x7b, 0xff, 0x7d))).toBe('the body is not UTF-8');
    const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
    const name = JSON.stringify(inputName(plane));
    expect(
      await refusal(plane, `{"inputs":[{"name":${name},"shape":[1,2],"datatype":"FP32","data":${deep}}]}`),
    ).toMatch(/deep/);
    expect(await refusal(plane, `{"inputs":[],"parameters":{"a":${deep}}}`)).toMatch(/deep/);
  });

  it('refuses a name that is wrong, missing, one too many or there twice', async () => {
    const two = x([1, 2]).inputs[0];
    expect(await refusal(plane, { inputs: [{ ...two, name: 'nope' }] })).toMatch(/'nope': is not an input/);
    for (const name of ['__proto__', 'constructor', 'toString', '']) {
      expect(await refusal(plane, { inputs: [{ ...two, name }] })).toMatch(/is not an input/);
      expect(await refusal(plane, { ...x([1, 2]), outputs: [{ name }] })).toMatch(/is not an output/);
    }
    expect(await refusal(plane, { inputs: [two, two] })).toMatch(/is given twice/);
    expect(await refusal(plane, { inputs: [two, { ...two, name: 'b' }] })).toMatch(/'b': is not an input/);
    const [id] = ids.model.inputs;
    expect(await refusal(ids, { inputs: [{ name: id.name, shape: [1], datatype: 'INT32', data: [0] }] })).toMatch(
      /not found; expected 'id/,
    );
  });

  it.each<[unknown, RegExp]>([
    [[1], /its data has 2/],
    [[2], /expected the shape/],
    [[1, 1, 2], /expected the shape/],
    [[1, 3], /expected the shape|its data/],
    [[], /shape is empty/],
    [[-1, 2], /its shape has -1/],
    [[1, -2], /its shape has -2/],
    [[1.5, 2], /its shape has 1.5/],
    [['1', 2], /its shape has/],
    [[null, 2], /its shape has/],
    [[1, [2]], /its shape has/],
    ['1,2', /expected an array as its shape/],
    [null, /expected an array as its shape/],
    [{ 0: 1 }, /expected an array as its shape/],
    [[2, 2], /its data has 2/],
    [[16, 2 ** 60 + 2], /has more than the \d+ elements/],
    [[2 ** 32, 2 ** 32], /has more than the \d+ elements/],
    [[0, 2 ** 63], /has more than the \d+ elements/],
    [[1e300, 1e300], /has more than the \d+ elements/],
    [[2 ** 31, 2], /has more than the \d+ elements/],
  ])('refuses the shape %j', async (shape, message) => {
    expect(await refusal(plane, x([1, 2], shape))).toMatch(message);
    expect(await refusal(plane, x([], shape))).toMatch(/shape|data/);
  });

  it('refuses a shape of more elements than there are, by overflow, with no data', async () => {
    const body = (shape: string) =>
      `{"inputs":[{"name":${JSON.stringify(inputName(plane))},"shape":${shape},"datatype":"FP32","data":[]}]}`;
    for (const shape of [
      '[16, 1152921504606846978]',
      '[4294967296, 4294967296]',
      '[18446744073709551616, 1]',
      '[1e400, 0]',
    ]) {
      expect(await refusal(plane, body(shape))).toMatch(/shape/);
    }
  });

  it.each<[unknown, RegExp]>([
    [[1], /its data has 1/],
    [[1, 2, 3], /its data has 3/],
    [[[1], [2]], /nested as \[2, 1\]/],
    [[[1, 2], []], /differ/],
    [[[1], 2], /differ/],
    [[1, [2]], /differ/],
    [[[[1, 2]]], /nested as/],
    [[1, '2'], /data\[1\] is a string/],
    [[1, true], /data\[1\] is a boolean/],
    [[1, null], /expected a number, found null/],
    [[1, {}], /contains an object/],
    [{}, /data: expected an array/],
    ['1,2', /data: expected an array/],
    [7, /data: expected an array/],
    [null, /has no data/],
    [undefined, /has no data/],
  ])('refuses the data %j', async (data, message) => {
    expect(await refusal(plane, x(data))).toMatch(message);
  });

  it.each(['[NaN, 1]', '[Infinity, 1]', '[-Infinity, 1]', '[01, 1]', '[1., 1]', '[.5, 1]', '[0x1, 1]', "['a', 1]"])(
    'refuses %s, which JSON does not have',
    async (data) => {
      const body = `{"inputs":[{"name":${JSON.stringify(inputName(plane))},"shape":[1,2],"datatype":"FP32","data":${data}}]}`;
      expect(await refusal(plane, body)).toMatch(/not JSON/);
    },
  );

  it.each([undefined, null, 1, 'fp32', 'FP31', 'FLOAT', '', '__proto__'])(
    'refuses the datatype %j',
    async (datatype) => {
      const body = { inputs: [{ name: inputName(plane), shape: [1, 2], datatype, data: [1, 2] }] };
      expect(await refusal(plane, body)).toMatch(/as its datatype/);
    },
  );
});

describe('datatypes', () => {
  const first = async (datatype: string, data: string) => {
    const name = JSON.stringify(inputName(plane));
    const body = `{"inputs":[{"name":${name},"shape":[1,2],"datatype":"${datatype}","data":${data}}]}`;
    const answer = await ask(plane, body);
    return answer.status === 200 ? (said(answer) as Response).outputs[0].data : (said(answer) as Response).error;
  };

  it.each<[string, string, number]>([
    ['BOOL', '[true,false]', 3],
    ['BOOL', '[1,0]', 3],
    ['INT8', '[-128,127]', 126],
    ['INT16', '[-32768,0]', -65535],
    ['INT32', '[1.0,1e1]', 33],
    ['INT64', '[1,-2]', -3],
    ['UINT8', '[255,0]', 511],
    ['UINT16', '[65535,0]', 131071],
    ['UINT32', '[4,0]', 9],
    ['UINT64', '[5,0]', 11],
    ['FP32', '[0.5,0]', 2],
    ['FP64', '[-0.5,0]', 0],
  ])('%s %s', async (datatype, data, expected) => {
    expect(await first(datatype, data)).toEqual([expected]);
  });

  it.each<[string, string]>([
    ['BOOL', '[2,0]'],
    ['BOOL', '["true",0]'],
    ['INT8', '[-129,0]'],
    ['INT8', '[128,0]'],
    ['INT16', '[32768,0]'],
    ['INT32', '[2147483648,0]'],
    ['INT32', '[0.5,0]'],
    ['INT32', '[null,0]'],
    ['INT64', '[9223372036854775808,0]'],
    ['INT64', '[-9223372036854775809,0]'],
    ['INT64', '[1e30,0]'],
    ['INT64', '[1.5,0]'],
    ['INT64', '[true,0]'],
    ['UINT8', '[-1,0]'],
    ['UINT8', '[256,0]'],
    ['UINT16', '[65536,0]'],
    ['UINT32', '[4294967296,0]'],
    ['UINT64', '[-1,0]'],
    ['UINT64', '[18446744073709551616,0]'],
    ['FP16', '[1,0]'],
    ['BF16', '[1,0]'],
    ['FP32', '[1e39,0]'],
    ['FP64', '[1e999,0]'],
    ['FP64', '[-1e999,0]'],
    ['BYTES', '["1","2"]'],
    ['BYTES', '[1,2]'],
  ])('refuses %s %s', async (datatype, data) => {
    expect(await first(datatype, data)).toMatch(/^input '/);
  });

  it('integers beyond 2^53 are exact, in and out', async () => {
    const name = inputName(wide);
    const width = 3;
    const known = ['9007199254740993', '-9007199254740993', '9223372036854775807'];
    const body = `{"inputs":[{"name":"${name}","shape":[1,${width}],"datatype":"INT64","data":[${known}]}]}`;
    const { status, body: text } = await ask(wide, body);
    expect([status, text]).toEqual([200, text]);
  });

  it('outputs of integers and truths are written as such', async () => {
    const body = { inputs: [{ name: inputName(compare), shape: [1, 4], datatype: 'FP32', data: [1.5, 0, -2, 7] }] };
    const { outputs } = await infer(compare, body);
    expect(outputs.map(({ datatype, data }) => [datatype, data])).toEqual([
      ['INT32', [1, 0, -2, 7]],
      ['BOOL', [true, false, true, true]],
      ['INT64', [1, 0, -2, 7]],
    ]);
  });

  it('strings are BYTES: inputs by column, labels out', async () => {
    const row: Record<string, unknown> = {};
    for (const info of words.model.inputs) row[info.name] = info.categories?.[0][0] ?? 1;
    const inputs = words.model.inputs.map(({ name, dtype }) => ({
      name,
      shape: [1, 1],
      datatype: { string: 'BYTES', float32: 'FP32', int64: 'INT64' }[dtype as string],
      data: [row[name]],
    }));
    const { outputs } = await infer(words, { inputs });
    expect(outputs[0]).toMatchObject({ datatype: 'BYTES', shape: [1], data: [words.model.predict(row)] });
    const bad = inputs.map((input) => (input.datatype === 'BYTES' ? { ...input, datatype: 'FP32', data: [1] } : input));
    expect(await refusal(words, { inputs: bad })).toMatch(/expected a string/);
  });

  it('what JSON has no number for is refused, or null where that is asked for', async () => {
    const inputs = [{ name: inputName(plane), shape: [1, 2], datatype: 'FP64', data: [3e38, 3e38] }];
    expect(await refusal(plane, { inputs })).toMatch(/element 0 is Infinity/);
    expect((await infer(plane, { inputs, parameters: { non_finite: 'null' } })).outputs[0].data).toEqual([null]);
    expect(await refusal(plane, { inputs, parameters: { non_finite: 1 } })).toMatch(/non_finite/);
  });
});

describe('outputs', () => {
  const inputs = () => [{ name: inputName(labels), shape: [1, 8], datatype: 'FP32', data: Array(8).fill(0.5) }];
  const names = async (outputs: unknown) =>
    (await infer(labels, { inputs: inputs(), outputs })).outputs.map(({ name }) => name);

  it('are all where none are asked for, else those asked for, in their order', async () => {
    const all = labels.model.outputs.map(({ name }) => name);
    expect([await names(undefined), await names([]), await names(null)]).toEqual([all, all, all]);
    expect(await names([{ name: all[1] }])).toEqual([all[1]]);
    expect(await names([{ name: all[1] }, { name: all[0] }])).toEqual([all[1], all[0]]);
  });

  it('are refused where they are unknown, there twice, or to be something else', async () => {
    const [{ name }] = labels.model.outputs;
    const ask = (...outputs: object[]) => refusal(labels, { inputs: inputs(), outputs });
    expect(await ask({ name: 'nope' })).toMatch(/'nope': is not an output/);
    expect(await ask({ name }, { name })).toMatch(/is given twice/);
    expect(await ask({ name, parameters: { classification: 2 } })).toMatch(/not supported/);
    expect(await ask({ name, parameters: { shared_memory_region: 'a' } })).toMatch(/not supported/);
    expect(await ask({ name, parameters: { binary_data: 1 } })).toMatch(/true or false as binary_data/);
    expect(await ask({ name, parameters: [] })).toMatch(/expected an object/);
  });

  it("have a classifier's label by the name predict", async () => {
    const [output] = (await infer(labels, { inputs: inputs(), outputs: [{ name: 'predict' }] })).outputs;
    expect(output).toMatchObject({ datatype: 'BYTES', shape: [1], data: labels.model.predict([Array(8).fill(0.5)]) });
    expect(await refusal(plane, { ...x([1, 1]), outputs: [{ name: 'predict' }] })).toMatch(/not an output/);
  });
});

describe('one input for each column', () => {
  const columns = (): { name: string; shape: number[]; datatype: string; data: unknown[] }[] =>
    (frame.model.featureNames as string[]).map((name, at) => {
      const known = frame.model.inputs[0].categories?.[at];
      return { name, shape: [2], datatype: known ? 'BYTES' : 'FP64', data: known ? [known[0], known[1]] : [1, 2.5] };
    });
  const records = () => [0, 1].map((row) => Object.fromEntries(columns().map(({ name, data }) => [name, data[row]])));

  it('is what a data frame is sent as', async () => {
    const expected = [...(frame.model.predict(records()) as Float64Array)];
    for (const shape of [[2], [2, 1]]) {
      const { outputs } = await infer(frame, { inputs: columns().map((column) => ({ ...column, shape })) });
      expect(outputs[0].data).toEqual(expected);
    }
    const texts = records().flatMap((record) => Object.values(record).map(String));
    const whole = { name: inputName(frame), shape: [2, columns().length], datatype: 'BYTES', data: texts };
    expect((await infer(frame, { inputs: [whole] })).outputs[0].data).toEqual(expected);
  });

  it('is refused where a column is unknown, twice, of another length or type, or mixed with inputs', async () => {
    const [first, ...others] = columns();
    expect(await refusal(frame, { inputs: [...columns(), { ...first, name: 'nope' }] })).toMatch(
      /'nope': is not an input/,
    );
    expect(await refusal(frame, { inputs: [first, ...columns()] })).toMatch(/is given twice/);
    expect(await refusal(frame, { inputs: [{ ...first, shape: [1], data: [first.data[0]] }, ...others] })).toMatch(
      /expected 1 rows/,
    );
    expect(await refusal(frame, { inputs: [{ ...first, shape: [1, 2] }, ...others] })).toMatch(
      /\[rows\] or \[rows, 1\]/,
    );
    expect(await refusal(frame, { inputs: [{ ...first, name: inputName(frame) }, ...others] })).toMatch(
      /is not an input/,
    );
  });
});

describe('binary tensors', () => {
  const floats = (...values: number[]) => new Uint8Array(Float32Array.from(values).buffer);
  const join = (json: object | string, ...binary: Uint8Array[]) => {
    const text = Buffer.from(typeof json === 'string' ? json : JSON.stringify(json));
    const headers = {
      'content-type': 'application/octet-stream',
      'inference-header-content-length': String(text.length),
    };
    return [Buffer.concat([text, ...binary]), headers] as const;
  };
  const input = (bytes: unknown, datatype = 'FP32', shape = [1, 2]) => ({
    name: inputName(plane),
    shape,
    datatype,
    parameters: { binary_data_size: bytes },
  });
  const parts = (answer: Answer) => {
    const body = Buffer.from(answer.body as Uint8Array);
    const length = Number(answer.headers['inference-header-content-length']);
    return { json: JSON.parse(body.subarray(0, length).toString()) as Response, rest: body.subarray(length) };
  };

  it.each(['', ' ', '  ', '   '])('are taken from wherever they begin (%j)', async (padding) => {
    const json = JSON.stringify({ inputs: [input(8)] }) + padding;
    const answer = await ask(plane, ...join(json, floats(1, 10)));
    expect((said(answer) as Response).outputs[0].data).toEqual([33]);
  });

  it('of every datatype', async () => {
    const bytesOf = (array: { buffer: ArrayBufferLike }) => new Uint8Array(array.buffer);
    const all: [string, Uint8Array][] = [
      ['BOOL', Uint8Array.of(1, 1)],
      ['INT8', Uint8Array.of(1, 1)],
      ['INT16', bytesOf(Int16Array.of(1, 1))],
      ['INT32', bytesOf(Int32Array.of(1, 1))],
      ['INT64', bytesOf(BigInt64Array.of(1n, 1n))],
      ['UINT8', Uint8Array.of(1, 1)],
      ['UINT16', bytesOf(Uint16Array.of(1, 1))],
      ['UINT32', bytesOf(Uint32Array.of(1, 1))],
      ['UINT64', bytesOf(BigUint64Array.of(1n, 1n))],
      ['FP16', bytesOf(Uint16Array.of(0x3c00, 0x3c00))],
      ['BF16', bytesOf(Uint16Array.of(0x3f80, 0x3f80))],
      ['FP32', floats(1, 1)],
      ['FP64', bytesOf(Float64Array.of(1, 1))],
    ];
    for (const [datatype, bytes] of all) {
      const answer = await ask(plane, ...join({ inputs: [input(bytes.length, datatype)] }, bytes));
      expect([datatype, (said(answer) as Response).outputs?.[0].data]).toEqual([datatype, [6]]);
      const less = join({ inputs: [input(bytes.length - 1, datatype)] }, bytes.subarray(1));
      expect(await refusal(plane, ...less)).toMatch(/require .* found \d+ bytes/);
    }
  });

  it('may be mixed with data, in the order of the inputs', async () => {
    const [id, rest] = ids.model.inputs;
    const inputs = [
      { name: rest.name, shape: [1, 3], datatype: 'FP32', parameters: { binary_data_size: 12 } },
      { name: id.name, shape: [1], datatype: 'INT32', data: [1] },
    ];
    const mixed = said(await ask(ids, ...join({ inputs }, floats(1, 2, 3)))) as Response;
    const both = [inputs[0], { name: id.name, shape: [1], datatype: 'INT64', parameters: { binary_data_size: 8 } }];
    const binary = said(
      await ask(ids, ...join({ inputs: both }, floats(1, 2, 3), new Uint8Array(BigInt64Array.of(1n).buffer))),
    ) as Response;
    expect(mixed.outputs).toEqual(binary.outputs);
    expect(mixed.outputs[0].data).toHaveLength(2);
  });

  it('are given where they are asked for: for all outputs, or for one', async () => {
    const cases: [object, unknown, boolean][] = [
      [{}, undefined, false],
      [{ binary_data_output: true }, undefined, true],
      [{ binary_data_output: true }, false, false],
      [{ binary_data_output: false }, true, true],
      [{}, true, true],
    ];
    const [{ name }] = plane.model.outputs;
    for (const [parameters, binary_data, isBinary] of cases) {
      const outputs = binary_data === undefined ? undefined : [{ name, parameters: { binary_data } }];
      const answer = await ask(plane, { ...x([1, 10]), parameters, outputs, id: 'é' });
      if (!isBinary) {
        expect([answer.headers, (said(answer) as Response).outputs[0].data]).toEqual([JSON_HEADERS, [33]]);
        continue;
      }
      expect(answer.headers['content-type']).toBe('application/octet-stream');
      const { json, rest } = parts(answer);
      expect(json).toMatchObject({
        id: 'é',
        outputs: [{ name, datatype: 'FP32', shape: [1, 1], parameters: { binary_data_size: 4 } }],
      });
      expect(json.outputs[0]).not.toHaveProperty('data');
      expect([...rest]).toEqual([...floats(33)]);
    }
  });

  it('of texts have a length before each, in and out', async () => {
    const lengthed = (text: string) =>
      Buffer.concat([Buffer.from(Uint32Array.of(Buffer.byteLength(text)).buffer), Buffer.from(text)]);
    const row: Record<string, unknown> = {};
    for (const info of words.model.inputs) row[info.name] = info.categories?.[0][0] ?? 1;
    const binary: Buffer[] = [];
    const inputs = words.model.inputs.map(({ name, dtype }) => {
      if (dtype !== 'string')
        return { name, shape: [1, 1], datatype: dtype === 'int64' ? 'INT64' : 'FP32', data: [row[name]] };
      binary.push(lengthed(String(row[name])));
      return {
        name,
        shape: [1, 1],
        datatype: 'BYTES',
        parameters: { binary_data_size: (binary.at(-1) as Buffer).length },
      };
    });
    const answer = await ask(words, ...join({ inputs, parameters: { binary_data_output: true } }, ...binary));
    const { json, rest } = parts(answer);
    const label = lengthed(String(words.model.predict(row)));
    expect(json.outputs[0]).toMatchObject({ datatype: 'BYTES', parameters: { binary_data_size: label.length } });
    expect(rest.subarray(0, label.length)).toEqual(label);

    const at = inputs.findIndex(({ datatype }) => datatype === 'BYTES');
    const withBytes = (bytes: Uint8Array) => {
      const others = inputs.map((input, i) =>
        i === at ? { ...input, parameters: { binary_data_size: bytes.length } } : input,
      );
      return refusal(words, ...join({ inputs: others }, bytes, ...binary.slice(1)));
    };
    expect(await withBytes(Uint8Array.of(1, 0, 0))).toMatch(/ends within its length/);
    expect(await withBytes(Uint8Array.of(2, 0, 0, 0, 65))).toMatch(/has 2 bytes by its length, but 1/);
    expect(await withBytes(Uint8Array.of(255, 255, 255, 255))).toMatch(/has 4294967295 bytes/);
    expect(await withBytes(Buffer.concat([lengthed('a'), lengthed('b')]))).toMatch(/more bytes follow/);
    expect(await withBytes(new Uint8Array(0))).toMatch(/but there are 0/);
    expect(await withBytes(Uint8Array.of(1, 0, 0, 0, 255))).toMatch(/is not UTF-8/);
  });

  it.each(['-1', 'a', '1.5', '', ' 1', '0x10', '1e2', '99999999999999999999', '+5'])(
    'refuse the header length %j',
    async (length) => {
      const [body, headers] = join({ inputs: [input(8)] }, floats(1, 2));
      expect(await refusal(plane, body, { ...headers, 'inference-header-content-length': length })).toMatch(
        /Inference-Header/,
      );
    },
  );

  it('refuse sizes that do not agree', async () => {
    const [body, headers] = join({ inputs: [input(8)] }, floats(1, 2));
    const length = Number(headers['inference-header-content-length']);
    const withLength = (value: number) =>
      refusal(plane, body, { ...headers, 'inference-header-content-length': String(value) });
    expect(await withLength(body.length + 1)).toMatch(/but the body has/);
    expect(await withLength(length - 1)).toMatch(/not JSON/);
    expect(await withLength(length + 1)).toMatch(/not JSON|not UTF-8/);
    expect(await refusal(plane, ...join({ inputs: [input(8)] }, floats(1, 2, 3)))).toMatch(/4 bytes more/);
    expect(await refusal(plane, ...join({ inputs: [input(12)] }, floats(1, 2)))).toMatch(/but 8 bytes are left/);
    expect(await refusal(plane, ...join(x([1, 2]), floats(1)))).toMatch(/4 bytes more/);
    expect(await refusal(plane, ...join({ inputs: [{ ...input(8), data: [1, 2] }] }, floats(1, 2)))).toMatch(
      /has both data and a /,
    );
    for (const size of [-1, 1.5, '8', true, 2 ** 60]) {
      expect(await refusal(plane, ...join({ inputs: [input(size)] }, floats(1, 2)))).toMatch(/binary_data_size/);
    }
    expect(await refusal(plane, { inputs: [input(8)] })).toMatch(/header Inference-Header-Content-Length is missing/);
    expect(await refusal(plane, ...join({ inputs: [input(2, 'BOOL')] }, Uint8Array.of(1, 2)))).toMatch(/0 or 1/);
    expect(await refusal(plane, ...join({ inputs: [input(0, 'FP32', [2 ** 32, 2 ** 32])] }))).toMatch(
      /has more than the \d+ elements/,
    );
  });

  it('are the whole body where the header says 0: its rows, and all outputs binary', async () => {
    const headers = { 'content-type': 'application/octet-stream', 'inference-header-content-length': '0' };
    const { json, rest } = parts(await ask(plane, floats(1, 10, 2, 20), headers));
    expect(json.outputs[0]).toMatchObject({ shape: [2, 1], parameters: { binary_data_size: 8 } });
    expect([...rest]).toEqual([...floats(33, 65)]);
    expect(parts(await ask(plane, new Uint8Array(0), headers)).json.outputs[0].shape).toEqual([0, 1]);
    expect(await refusal(plane, floats(1, 2, 3), headers)).toMatch(
      /12 bytes, expected a multiple of 8, the size of a row/,
    );
    expect(await refusal(ids, floats(1), headers)).toMatch(/has several/);
  });
});

describe('content types', () => {
  it('that a page of any site may send are taken from programs only', async () => {
    for (const type of ['text/plain', 'application/x-www-form-urlencoded']) {
      expect((await ask(plane, x([1, 1]), { 'content-type': type })).status).toBe(200);
      for (const header of [{ origin: 'https://a.example' }, { origin: 'null' }, { 'sec-fetch-site': 'cross-site' }]) {
        const answer = await ask(plane, x([1, 1]), { 'content-type': type, ...(header as object) });
        expect([answer.status, answer.code]).toEqual([415, 'CONTENT_TYPE']);
      }
    }
  });

  it.each(['image/png', 'application/xml', 'application/json; charset=utf-16', 'json'])('refuses %j', async (type) => {
    expect((await ask(plane, x([1, 1]), { 'content-type': type })).status).toBe(415);
  });
});

it('refuses more rows than are allowed', async () => {
  const answer = await inferV2(plane, incoming(x([1, 2, 3, 4], [2, 2])), { rows: 1, elements: 100 });
  expect([answer.status, answer.code]).toEqual([400, 'REQUEST']);
});

it('says rows and time of what it computed, and lets the host run it later', async () => {
  const answer = await inferV2(plane, incoming(x([1, 2, 3, 4], [2, 2])), PROTOCOL_LIMITS, async ({ model }, { rows }) =>
    model.runRowsAsync(rows),
  );
  expect(answer).toMatchObject({ status: 200, rows: 2 });
  expect(answer.computeNs).toBeGreaterThan(0);
});

it('hides what is not the fault of the request', async () => {
  const answer = await inferV2(plane, incoming(x([1, 2])), PROTOCOL_LIMITS, () => {
    throw new Error('/secret/path');
  });
  expect([answer.status, said(answer), answer.code]).toEqual([500, { error: 'the server failed' }, 'INTERNAL']);
});

it('answers whatever comes, and never with the fault of the server', async () => {
  const random = randomOf(5);
  const row: Record<string, unknown> = {};
  for (const info of words.model.inputs) row[info.name] = info.categories?.[0][0] ?? 1;
  const text = Buffer.from(
    JSON.stringify({
      id: 'a',
      parameters: { a: 1 },
      inputs: words.model.inputs.map(({ name, dtype }) => ({
        name,
        shape: [1, 1],
        ...(dtype === 'string'
          ? { datatype: 'BYTES', data: [row[name]] }
          : { datatype: 'FP32', parameters: { binary_data_size: 4 } }),
      })),
    }),
  );
  const body = Buffer.concat([
    text,
    ...words.model.inputs.flatMap(({ dtype }) => (dtype === 'string' ? [] : [Buffer.from(Float32Array.of(1).buffer)])),
  ]);
  const headers = { 'inference-header-content-length': String(text.length) };
  expect((await ask(words, body, headers)).status).toBe(200);
  const pieces = [
    '"',
    '[',
    ']',
    '{',
    '}',
    ',',
    ':',
    '-1',
    'null',
    '1e400',
    'true',
    '"x"',
    '\\',
    '\u0000',
    'é',
    '99999999999999999999',
  ];
  for (let i = 0; i < 3000; i++) {
    const at = Math.floor(random() * text.length);
    const piece = Buffer.from(pieces[Math.floor(random() * pieces.length)]);
    const end = Math.floor(random() * 2) === 0 ? at : at + 1 + Math.floor(random() * 4);
    const changed = Buffer.concat([body.subarray(0, at), piece, body.subarray(end)]);
    const length = text.length + changed.length - body.length;
    const answer = await ask(words, changed, { 'inference-header-content-length': String(length) });
    expect([answer.status < 500, changed.toString()]).toEqual([true, changed.toString()]);
    if (answer.status !== 200) expect(typeof (said(answer) as Response).error).toBe('string');
  }
});
