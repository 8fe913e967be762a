/**
 * The Open Inference Protocol and KServe v1 over HTTP, a row for each clause: what is asked, and what has to come back. What a
 * handler makes of tensors is in protocol/v2.test.ts; here is what a client sees.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { define, load } from '../../lib/load.ts';
import { type Server, serve } from '../../lib/serve.ts';
import { ask, type Reply } from './support.ts';

const fixture = (path: string) => new URL(`../fixtures/${path}`, import.meta.url);

let server: Server;

beforeAll(async () => {
  const weight = { shape: [1, 2], data: Float32Array.of(2, 3) };
  server = await serve(
    {
      // y = 2a + 3b + 1
      plane: define({ layers: [{ weight, bias: Float32Array.of(1) }] }),
      types: await load(fixture('onnx-hand/cast-opset-1.onnx')),
      labels: await load(fixture('onnx-ml/binary-words-one-row.onnx')),
      'über/ü %': define({ layers: [{ weight: 2 }] }),
    },
    { port: 0, interval: Number.POSITIVE_INFINITY },
  );
}, 60_000);
afterAll(() => server.close());

type Body = object | string | Uint8Array;
interface Row {
  /** What the clause says. */
  readonly says: string;
  readonly path: string;
  readonly method?: string;
  readonly body?: Body;
  readonly headers?: Readonly<Record<string, string>>;
  readonly status: number;
  /** Of the body, or what it has to have. */
  readonly json?: unknown;
  readonly answerHeaders?: Readonly<Record<string, unknown>>;
}

const INFER = '/v2/models/plane/infer';
const tensor = (data: unknown, shape: unknown = [1, 2], datatype: unknown = 'FP32', more: object = {}) => ({
  name: 'input',
  shape,
  datatype,
  data,
  ...more,
});
const infer = (data: unknown, shape?: unknown, datatype?: unknown, more?: object) => ({
  inputs: [tensor(data, shape, datatype, more)],
});
const y = (data: unknown[], more: object = {}) => ({
  model_name: 'plane',
  model_version: '1',
  outputs: [{ name: 'output', shape: [data.length, 1], datatype: 'FP32', data }],
  ...more,
});
const ERROR = { error: expect.any(String) };
const refused = (says: string, body: Body, status = 400, more: Partial<Row> = {}): Row => ({
  ...{ says, path: INFER, body, status, json: ERROR },
  ...more,
});
const good = (says: string, body: Body, data: unknown[] = [9], more: object = {}): Row => ({
  ...{ says, path: INFER, body, status: 200, json: y(data, more) },
});

const HEALTH: Row[] = [
  ...['/v2/health/live', '/v2/health/ready', '/v2/models/plane/ready', '/v2/models/plane/versions/1/ready'].flatMap(
    (path): Row[] => [
      { says: 'GET is 200', path, status: 200, answerHeaders: { 'content-type': 'application/json' } },
      { says: 'HEAD is 200 without a body', path, method: 'HEAD', status: 200 },
      {
        says: 'OPTIONS says which methods',
        path,
        method: 'OPTIONS',
        status: 204,
        answerHeaders: { allow: 'GET, HEAD, OPTIONS' },
      },
      {
        says: 'POST is 405',
        path,
        method: 'POST',
        status: 405,
        json: ERROR,
        answerHeaders: { allow: 'GET, HEAD, OPTIONS' },
      },
      { says: 'DELETE is 405', path, method: 'DELETE', status: 405, json: ERROR },
      { says: 'a query changes nothing', path: `${path}?a=b&c`, status: 200 },
    ],
  ),
  { says: 'live', path: '/v2/health/live', status: 200, json: { live: true } },
  { says: 'ready', path: '/v2/health/ready', status: 200, json: { ready: true } },
  { says: 'model ready', path: '/v2/models/plane/ready', status: 200, json: { name: 'plane', ready: true } },
  { says: 'unknown model', path: '/v2/models/none/ready', status: 404, json: ERROR },
  { says: 'unknown version', path: '/v2/models/plane/versions/2/ready', status: 404, json: ERROR },
  { says: 'paths have their case', path: '/V2/health/live', status: 404, json: ERROR },
  { says: 'no further path', path: '/v2/health', status: 404, json: ERROR },
];

const METADATA: Row[] = [
  ...['/v2', '/v2/'].map(
    (path): Row => ({
      says: 'the server',
      path,
      status: 200,
      json: {
        name: 'forwardpass',
        version: expect.stringMatching(/^\d+\.\d+/),
        extensions: expect.arrayContaining(['binary_tensor_data']),
      },
    }),
  ),
  ...['/v2/models/plane', '/v2/models/plane/versions/1'].map(
    (path): Row => ({
      says: 'a model',
      path,
      status: 200,
      json: {
        name: 'plane',
        versions: ['1'],
        platform: expect.any(String),
        inputs: [{ name: 'input', datatype: 'FP32', shape: [-1, 2] }],
        outputs: [{ name: 'output', datatype: 'FP32', shape: [-1, 1] }],
      },
    }),
  ),
  {
    says: 'datatypes of outputs',
    path: '/v2/models/types',
    status: 200,
    json: expect.objectContaining({
      platform: 'onnx_onnxv1',
      outputs: ['INT32', 'BOOL', 'INT64'].map((datatype) => expect.objectContaining({ datatype })),
    }),
  },
  {
    says: 'labels that are texts are BYTES',
    path: '/v2/models/labels',
    status: 200,
    json: expect.objectContaining({
      outputs: [
        expect.objectContaining({ datatype: 'BYTES', shape: [-1] }),
        expect.objectContaining({ datatype: 'FP32' }),
      ],
    }),
  },
  { says: 'an unknown model', path: '/v2/models/none', status: 404, json: ERROR },
  { says: 'an unknown version', path: '/v2/models/plane/versions/7', status: 404, json: ERROR },
  { says: 'no version', path: '/v2/models/plane/versions/', status: 404, json: ERROR },
  {
    says: 'a name with a slash and a space',
    path: '/v2/models/%C3%BCber%2F%C3%BC%20%25',
    status: 200,
    json: expect.objectContaining({ name: 'über/ü %' }),
  },
  { says: 'a name that is not encoded well', path: '/v2/models/%C3', status: 400, json: ERROR },
  { says: 'a path out of the folder', path: '/v2/models/..%2F..%2Fetc%2Fpasswd', status: 404, json: ERROR },
  { says: '__proto__', path: '/v2/models/__proto__', status: 404, json: ERROR },
  { says: 'constructor', path: '/v2/models/constructor/ready', status: 404, json: ERROR },
  {
    says: 'POST to metadata',
    path: '/v2/models/plane',
    method: 'POST',
    status: 405,
    json: ERROR,
    answerHeaders: { allow: 'GET, HEAD, OPTIONS' },
  },
];

const METHODS: Row[] = [
  ...['GET', 'HEAD', 'PUT', 'DELETE', 'PATCH'].map(
    (method): Row => ({
      says: `${method} of infer is 405`,
      path: INFER,
      method,
      status: 405,
      answerHeaders: { allow: 'POST, OPTIONS' },
      ...(method !== 'HEAD' && { json: ERROR }),
    }),
  ),
  { says: 'OPTIONS of infer', path: INFER, method: 'OPTIONS', status: 204, answerHeaders: { allow: 'POST, OPTIONS' } },
  { says: 'an unknown model', path: '/v2/models/none/infer', body: infer([1, 2]), status: 404, json: ERROR },
  {
    says: 'an unknown version',
    path: '/v2/models/plane/versions/2/infer',
    body: infer([1, 2]),
    status: 404,
    json: ERROR,
  },
  { says: 'a version', path: '/v2/models/plane/versions/1/infer', body: infer([1, 2]), status: 200, json: y([9]) },
  { says: 'generate is none of ours', path: '/v2/models/plane/generate', body: {}, status: 404, json: ERROR },
];

const TYPE: Row[] = [
  ...[
    'application/json',
    'application/json; charset=utf-8',
    'application/json;charset=UTF-8',
    'Application/JSON',
    'application/x-www-form-urlencoded',
    'application/octet-stream',
  ].map((type): Row => ({ ...good(`the type ${type}`, infer([1, 2])), headers: { 'content-type': type } })),
  ...[
    'text/plain',
    'multipart/form-data; boundary=x',
    'image/png',
    'application/xml',
    'application/json; charset=utf-16',
  ].map((type) => refused(`the type ${type}`, infer([1, 2]), 415, { headers: { 'content-type': type } })),
  { ...good('any Accept', infer([1, 2])), headers: { accept: 'text/html' } },
  {
    ...good('the answer is JSON', infer([1, 2])),
    answerHeaders: { 'content-type': 'application/json', 'content-length': expect.stringMatching(/^\d+$/) },
  },
];

/** Numbers that a datatype holds, and numbers that it does not. */
const DATATYPES: [string, unknown[], unknown[][]][] = [
  [
    'BOOL',
    [true, false],
    [
      [2, 0],
      ['true', 'false'],
      [null, true],
      [0.5, 1],
    ],
  ],
  [
    'INT8',
    [-128, 127],
    [
      [128, 0],
      [-129, 0],
      [0.5, 0],
      [true, 0],
      ['1', 0],
      [null, 0],
    ],
  ],
  [
    'INT16',
    [-32768, 32767],
    [
      [32768, 0],
      [-32769, 0],
      [1.5, 0],
    ],
  ],
  [
    'INT32',
    [-2147483648, 2147483647],
    [
      [2147483648, 0],
      [-2147483649, 0],
      [1e-3, 0],
    ],
  ],
  [
    'INT64',
    [-3, 4],
    [
      [0.5, 0],
      [1e30, 0],
      [true, 1],
      ['1', 1],
    ],
  ],
  [
    'UINT8',
    [0, 255],
    [
      [256, 0],
      [-1, 0],
      [0.1, 0],
    ],
  ],
  [
    'UINT16',
    [0, 65535],
    [
      [65536, 0],
      [-1, 0],
    ],
  ],
  [
    'UINT32',
    [0, 4294967295],
    [
      [4294967296, 0],
      [-1, 0],
    ],
  ],
  [
    'UINT64',
    [0, 5],
    [
      [-1, 0],
      [0.5, 0],
      [1e30, 0],
    ],
  ],
  [
    'FP32',
    [0.5, -2],
    [
      [1e39, 0],
      [true, 0],
      ['0.5', 0],
      [{}, 0],
      [[], 0],
    ],
  ],
  [
    'FP64',
    [0.5, -2],
    [
      [true, 0],
      ['0.5', 0],
    ],
  ],
];
const TYPES: Row[] = DATATYPES.flatMap(([datatype, held, not]) => [
  good(`${datatype} ${JSON.stringify(held)}`, infer(held, [1, 2], datatype), [
    Math.fround(2 * Number(held[0]) + 3 * Number(held[1]) + 1),
  ]),
  ...not.map((data) => refused(`${datatype} ${JSON.stringify(data)}`, infer(data, [1, 2], datatype))),
]);
const OTHER_TYPES: Row[] = [
  ...['FP16', 'BF16', 'BYTES', 'STRING', 'FP8', 'fp32', '', 'float32', '__proto__'].map((datatype) =>
    refused(`the datatype ${datatype || 'of no name'}`, infer([1, 2], [1, 2], datatype)),
  ),
  ...[null, 7, {}, []].map((datatype) =>
    refused(`the datatype ${JSON.stringify(datatype)}`, infer([1, 2], [1, 2], datatype)),
  ),
  refused('no datatype', { inputs: [{ name: 'input', shape: [1, 2], data: [1, 2] }] }),
];

const SHAPES: Row[] = [
  good('flat data', infer([1, 2, 3, 4], [2, 2]), [9, 19]),
  good(
    'nested data',
    infer(
      [
        [1, 2],
        [3, 4],
      ],
      [2, 2],
    ),
    [9, 19],
  ),
  good('no rows', infer([], [0, 2]), []),
  ...(
    [
      [[2], [1, 2]],
      [
        [1, 2, 1],
        [1, 2],
      ],
      [
        [1, 3],
        [1, 2, 3],
      ],
      [
        [2, 2],
        [1, 2],
      ],
      [
        [1, 1],
        [1, 2],
      ],
      [
        [-1, 2],
        [1, 2],
      ],
      [
        [1, -2],
        [1, 2],
      ],
      [
        [1.5, 2],
        [1, 2],
      ],
      [
        ['1', 2],
        [1, 2],
      ],
      [[], [1, 2]],
      [
        [null, 2],
        [1, 2],
      ],
      [2, [1, 2]],
      ['2', [1, 2]],
      [null, [1, 2]],
      [{ 0: 1, 1: 2 }, [1, 2]],
      [
        [1, 2],
        [[1], [2]],
      ],
      [
        [1, 2],
        [
          [1, 2],
          [3, 4],
        ],
      ],
      [
        [2, 2],
        [[1, 2], [3]],
      ],
      [[1, 2], [[[1, 2]]]],
      [[16, 2 ** 60 + 2], []],
      [[2 ** 32, 2 ** 32], []],
      [[2 ** 53, 2], []],
      [[1e308, 2], []],
      [[0, 2 ** 40], []],
    ] as [unknown, unknown][]
  ).map(([shape, data]) =>
    refused(`the shape ${JSON.stringify(shape)} of ${JSON.stringify(data)}`, infer(data, shape)),
  ),
  refused('no shape', { inputs: [{ name: 'input', datatype: 'FP32', data: [1, 2] }] }),
  ...[undefined, null, 1, '12', {}, true].map((data) => refused(`the data ${JSON.stringify(data)}`, infer(data))),
];

const REQUESTS: Row[] = [
  good('an id comes back', { id: '42', ...infer([1, 2]) }, [9], { id: '42' }),
  good('any id', { id: '"\\\n\u0000é😀__proto__', ...infer([1, 2]) }, [9], { id: '"\\\n\u0000é😀__proto__' }),
  good('an empty id', { id: '', ...infer([1, 2]) }, [9], { id: '' }),
  good('id null is none', { id: null, ...infer([1, 2]) }),
  ...[1, true, {}, []].map((id) => refused(`the id ${JSON.stringify(id)}`, { id, ...infer([1, 2]) })),
  good('unknown members', { model_name: 'other', extra: { a: [1, { b: null }] }, ...infer([1, 2]) }),
  good('unknown members of inputs', infer([1, 2], [1, 2], 'FP32', { note: [{}], x: null })),
  good('unknown parameters', { parameters: { a: 1, b: 'c', d: true }, ...infer([1, 2]) }),
  good('parameters of inputs', infer([1, 2], [1, 2], 'FP32', { parameters: { content_type: 'np' } })),
  good('parameters null', { parameters: null, ...infer([1, 2], [1, 2], 'FP32', { parameters: null }) }),
  ...[1, 'a', [], true].map((parameters) =>
    refused(`the parameters ${JSON.stringify(parameters)}`, { parameters, ...infer([1, 2]) }),
  ),
  ...[{ a: {} }, { a: [] }, { a: null }].map((parameters) =>
    refused(`the parameters ${JSON.stringify(parameters)}`, { parameters, ...infer([1, 2]) }),
  ),
  refused('no inputs', {}),
  refused('inputs that are empty', { inputs: [] }),
  ...[null, {}, 'x', 1].map((inputs) => refused(`the inputs ${JSON.stringify(inputs)}`, { inputs })),
  ...[null, 1, 'x', []].map((input) => refused(`the input ${JSON.stringify(input)}`, { inputs: [input] })),
  refused('an input without a name', { inputs: [{ shape: [1, 2], datatype: 'FP32', data: [1, 2] }] }),
  refused('an input of another name', { inputs: [{ ...tensor([1, 2]), name: 'x' }] }),
  refused('an input of another case', { inputs: [{ ...tensor([1, 2]), name: 'Input' }] }),
  refused('an input there twice', { inputs: [tensor([1, 2]), tensor([1, 2])] }),
  refused('an input too many', { inputs: [tensor([1, 2]), { ...tensor([1, 2]), name: 'y' }] }),
  refused('__proto__ as an input', '{"inputs":[{"name":"__proto__","shape":[1,2],"datatype":"FP32","data":[1,2]}]}'),
  good('__proto__ as a member', `{"__proto__":{"inputs":[]},${JSON.stringify(infer([1, 2])).slice(1)}`),
  good(
    'a member there twice is the last one',
    `{"id":"a",${JSON.stringify({ id: 'b', ...infer([1, 2]) }).slice(1)}`,
    [9],
    { id: 'b' },
  ),
  good(
    'names in escapes',
    JSON.stringify(infer([1, 2]))
      .replaceAll('inputs', '\\u0069nputs')
      .replaceAll('"input"', '"\\u0069nput"')
      .replaceAll('data"', 'd\\u0061ta"')
      .replaceAll('FP32', 'F\\u005032'),
  ),
  good('white space', JSON.stringify(infer([1, 2]), undefined, '\t').replaceAll('\n', '\r\n')),
  good('a byte order mark', `\ufeff${JSON.stringify(infer([1, 2]))}`),
  ...[
    '',
    ' ',
    '{',
    '[]',
    'null',
    '1',
    '"x"',
    '{"inputs":',
    '{"inputs":[}',
    '{} {}',
    '{"a":1,}',
    "{'a':1}",
    '{"inputs":[{"name":"input","shape":[1,2],"datatype":"FP32","data":[1,2]}]}x',
    `${'['.repeat(100_000)}`,
    `{"inputs":[{"name":"input","shape":[1,2],"datatype":"FP32","data":${'['.repeat(100_000)}${']'.repeat(100_000)}}]}`,
    `{"a":${'{"a":'.repeat(5000)}1${'}'.repeat(5001)}`,
    '{"inputs":[{"name":"input","shape":[1,2],"datatype":"FP32","data":[NaN,1]}]}',
    '{"inputs":[{"name":"input","shape":[1,2],"datatype":"FP32","data":[1,Infinity]}]}',
    '{"inputs":[{"name":"input","shape":[1,2],"datatype":"FP32","data":[1,2,]}]}',
    '{"inputs":[{"name":"input","shape":[1,],"datatype":"FP32","data":[1,2]}]}',
    '{"inputs":[{"name":"input","shape":[1,2,],"datatype":"FP32","data":[1,2]}]}',
    '{"inputs":[{"name":"input","shape":[1,2],"datatype":"FP32","data":["1]}]}',
    '{"inputs":[{"name":"input","shape":[1,2],"datatype":"FP32","data":[1 2]}]}',
    '{"inputs":[{"name":"inp\nut","shape":[1,2],"datatype":"FP32","data":[1,2]}]}',
  ].map((body) => refused(`the body ${JSON.stringify(body.slice(0, 70))}`, body)),
  refused('bytes that are not UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d])),
];

const OUTPUTS: Row[] = [
  good('outputs that are empty are all', { ...infer([1, 2]), outputs: [] }),
  good('outputs null are all', { ...infer([1, 2]), outputs: null }),
  good('an output', { ...infer([1, 2]), outputs: [{ name: 'output' }] }),
  good('an output with parameters', {
    ...infer([1, 2]),
    outputs: [{ name: 'output', parameters: { binary_data: false } }],
  }),
  ...[
    [{ name: 'x' }],
    [{ name: 'output' }, { name: 'output' }],
    [{}],
    [{ name: 1 }],
    ['output'],
    [null],
    {},
    'output',
    1,
    [{ name: 'output', parameters: 1 }],
    [{ name: 'output', parameters: { binary_data: 1 } }],
    [{ name: 'output', parameters: { binary_data: 'true' } }],
    [{ name: 'output', parameters: { classification: 1 } }],
    [{ name: 'output', parameters: { shared_memory_region: 'r' } }],
    [{ name: '__proto__' }],
  ].map((outputs) => refused(`the outputs ${JSON.stringify(outputs)}`, { ...infer([1, 2]), outputs })),
  refused('binary_data_output that is not a boolean', { ...infer([1, 2]), parameters: { binary_data_output: 'yes' } }),
  refused(
    'shared memory',
    infer(undefined, [1, 2], 'FP32', { parameters: { shared_memory_region: 'r', shared_memory_byte_size: 8 } }),
  ),
  refused('an overflow has no number in JSON', infer([3e38, 3e38])),
  good('but null, where that is asked for', { ...infer([3e38, 3e38]), parameters: { non_finite: 'null' } }, [null]),
];

const predicted = (predictions: unknown) => ({ predictions });
const V1 = '/v1/models/plane:predict';
const V1_ROWS: Row[] = [
  {
    says: 'the models',
    path: '/v1/models',
    status: 200,
    json: { models: expect.arrayContaining(['plane', 'types', 'labels']) },
  },
  { says: 'a model', path: '/v1/models/plane', status: 200, json: { name: 'plane', ready: true } },
  { says: 'an unknown model', path: '/v1/models/none', status: 404, json: ERROR },
  {
    says: 'rows',
    path: V1,
    body: {
      instances: [
        [1, 2],
        [3, 4],
      ],
    },
    status: 200,
    json: predicted([9, 19]),
  },
  { says: 'no rows', path: V1, body: { instances: [] }, status: 200, json: predicted([]) },
  {
    says: 'further members',
    path: V1,
    body: { signature_name: 's', instances: [[1, 2]] },
    status: 200,
    json: predicted([9]),
  },
  ...(
    [
      {},
      [],
      [[1, 2]],
      { instances: {} },
      { instances: 1 },
      { instances: [1] },
      { instances: [[1]] },
      { instances: [[1, 2, 3]] },
      { instances: [['a', 1]] },
      { instances: [[null, 1]] },
      { instances: [[true, {}]] },
      { inputs: [[1, 2]] },
      'x',
      '',
      '{"instances":[[1,2]]',
    ] as Body[]
  ).map((body): Row => ({ says: `the body ${JSON.stringify(body)}`, path: V1, body, status: 400, json: ERROR })),
  {
    says: 'an unknown model',
    path: '/v1/models/none:predict',
    body: { instances: [[1, 2]] },
    status: 404,
    json: ERROR,
  },
  { says: 'another verb', path: '/v1/models/plane:explain', body: { instances: [[1, 2]] }, status: 404, json: ERROR },
  { says: 'GET', path: V1, status: 405, json: ERROR, answerHeaders: { allow: 'POST, OPTIONS' } },
  {
    says: 'text/plain',
    path: V1,
    body: { instances: [[1, 2]] },
    headers: { 'content-type': 'text/plain' },
    status: 415,
    json: ERROR,
  },
];

async function asked({ path, method, body, headers }: Row): Promise<Reply> {
  const bytes =
    body === undefined || typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body);
  return ask(server, path, {
    ...(bytes !== undefined && { body: bytes }),
    ...(method && { method }),
    ...(headers && { headers }),
  });
}

describe.each([
  ['health', HEALTH],
  ['metadata', METADATA],
  ['methods', METHODS],
  ['content types', TYPE],
  ['datatypes', TYPES],
  ['other datatypes', OTHER_TYPES],
  ['shapes and data', SHAPES],
  ['requests', REQUESTS],
  ['outputs', OUTPUTS],
  ['KServe v1', V1_ROWS],
])('%s', (_, rows) => {
  test.each(rows.map((row) => [`${row.method ?? ''} ${row.path} ${row.says}: ${row.status}`, row] as const))(
    '%s',
    async (_, row) => {
      const { status, headers, text, json } = await asked(row);
      expect([status, text]).toEqual([row.status, text]);
      if (row.json !== undefined) expect(json).toEqual(row.json);
      if (row.method === 'HEAD' || row.status === 204) expect(text).toBe('');
      if (row.status >= 400 && row.method !== 'HEAD') expect(headers['content-type']).toBe('application/json');
      expect(headers).toMatchObject(row.answerHeaders ?? {});
    },
  );
});
/** A request of JSON with binary data behind it, and its header. */
function withBinary(json: unknown, parts: readonly Uint8Array[], length?: string) {
  const text = Buffer.from(typeof json === 'string' ? json : JSON.stringify(json));
  return {
    body: Buffer.concat([text, ...parts]),
    headers: {
      'content-type': 'application/octet-stream',
      'inference-header-content-length': length ?? `${text.length}`,
    },
  };
}

const binary = (size: unknown, datatype = 'FP32', shape = [1, 2], more: object = {}) => ({
  inputs: [{ name: 'input', shape, datatype, parameters: { binary_data_size: size }, ...more }],
});
const bytesOf = (array: ArrayLike<number> & { buffer: ArrayBufferLike }) => new Uint8Array(array.buffer);
const F32 = (...values: number[]) => bytesOf(Float32Array.from(values));
const TWO = F32(1, 2);

const BINARY_TYPES: [string, Uint8Array][] = [
  ['BOOL', Uint8Array.of(1, 0)],
  ['INT8', bytesOf(Int8Array.of(-1, 2))],
  ['INT16', bytesOf(Int16Array.of(-1, 2))],
  ['INT32', bytesOf(Int32Array.of(-1, 2))],
  ['INT64', new Uint8Array(BigInt64Array.of(-1n, 2n).buffer)],
  ['UINT8', Uint8Array.of(1, 2)],
  ['UINT16', bytesOf(Uint16Array.of(1, 2))],
  ['UINT32', bytesOf(Uint32Array.of(1, 2))],
  ['UINT64', new Uint8Array(BigUint64Array.of(1n, 2n).buffer)],
  ['FP16', bytesOf(Uint16Array.of(0xbc00, 0x4000))],
  ['BF16', bytesOf(Uint16Array.of(0xbf80, 0x4000))],
  ['FP32', F32(-1, 2)],
  ['FP64', bytesOf(Float64Array.of(-1, 2))],
];

describe('the binary extension', () => {
  const post = (given: { body: Uint8Array; headers: Record<string, string> }, path = INFER) =>
    ask(server, path, { body: given.body, headers: given.headers });

  test.each(BINARY_TYPES)('takes %s', async (datatype, bytes) => {
    const { status, json } = await post(withBinary(binary(bytes.length, datatype), [bytes]));
    const first = datatype === 'BOOL' || datatype.startsWith('U') ? 1 : -1;
    expect([status, json]).toEqual([200, y([2 * first + (datatype === 'BOOL' ? 0 : 6) + 1])]);
  });

  test.each(BINARY_TYPES)('refuses %s of another size', async (datatype, bytes) => {
    for (const wrong of [bytes.subarray(1), Buffer.concat([bytes, bytes]), new Uint8Array(0)]) {
      const { status, json } = await post(withBinary(binary(wrong.length, datatype), [wrong]));
      expect([status, json]).toEqual([400, ERROR]);
    }
  });

  test.each<[string, ReturnType<typeof withBinary>]>([
    ['a size that is less than the bytes', withBinary(binary(4), [TWO])],
    ['a size that is more', withBinary(binary(12), [TWO])],
    ['a size that is negative', withBinary(binary(-8), [TWO])],
    ['a size that is not a number', withBinary(binary('8'), [TWO])],
    ['a size that is not whole', withBinary(binary(8.5), [TWO])],
    ['a size that is null', withBinary(binary(null), [TWO])],
    ['a size beyond a double', withBinary(binary(2 ** 60), [TWO])],
    ['bytes that are left over', withBinary(binary(8), [TWO, Uint8Array.of(0)])],
    ['bytes without a size', withBinary({ inputs: [tensor([1, 2])] }, [TWO])],
    ['data and a size', withBinary(binary(8, 'FP32', [1, 2], { data: [1, 2] }), [TWO])],
    ['a header beyond the body', withBinary(binary(8), [TWO], '9999')],
    ['a header that is negative', withBinary(binary(8), [TWO], '-1')],
    ['a header that is not a number', withBinary(binary(8), [TWO], 'abc')],
    ['a header with a sign', withBinary(binary(8), [TWO], '+5')],
    ['a header in hexadecimal', withBinary(binary(8), [TWO], '0x10')],
    ['a header that is not whole', withBinary(binary(8), [TWO], '1.0')],
    ['a header that is empty', withBinary(binary(8), [TWO], '')],
    ['a header within the JSON', withBinary(binary(8), [TWO], '10')],
    ['a BOOL of 2', withBinary(binary(2, 'BOOL'), [Uint8Array.of(2, 0)])],
    ['shapes that overflow', withBinary(binary(8, 'FP32', [2 ** 32, 2 ** 32]), [TWO])],
    ['a whole body that is not a row', withBinary('', [TWO.subarray(1)], '0')],
  ])('refuses %s', async (_, given) => {
    const { status, json } = await post(given);
    expect([status, json]).toEqual([400, ERROR]);
  });

  test('without the header there is no binary data', async () => {
    const { status, json } = await ask(server, INFER, { body: JSON.stringify(binary(8)) });
    expect([status, json]).toEqual([400, ERROR]);
  });

  const answered = async (given: { body: Uint8Array | string; headers?: Record<string, string> }) => {
    const { status, headers, bytes } = await ask(server, INFER, given);
    expect([status, headers['content-type']]).toEqual([200, 'application/octet-stream']);
    const length = Number(headers['inference-header-content-length']);
    expect(headers['content-length']).toBe(String(bytes.length));
    const json = JSON.parse(bytes.subarray(0, length).toString());
    return { json, data: new Float32Array(new Uint8Array(bytes.subarray(length)).buffer) };
  };
  const described = (size: number, rows = 1) => ({
    model_name: 'plane',
    model_version: '1',
    outputs: [{ name: 'output', shape: [rows, 1], datatype: 'FP32', parameters: { binary_data_size: size } }],
  });

  test.each<[string, object]>([
    ['all outputs', { parameters: { binary_data_output: true } }],
    ['an output', { outputs: [{ name: 'output', parameters: { binary_data: true } }] }],
    [
      'an output, against the request',
      { parameters: { binary_data_output: false }, outputs: [{ name: 'output', parameters: { binary_data: true } }] },
    ],
  ])('gives %s as asked', async (_, more) => {
    const { json, data } = await answered({ body: JSON.stringify({ ...infer([1, 2]), ...more }) });
    expect([json, [...data]]).toEqual([described(4), [9]]);
  });

  test('an output may be JSON where others are binary', async () => {
    const body = {
      ...infer([1, 2]),
      parameters: { binary_data_output: true },
      outputs: [{ name: 'output', parameters: { binary_data: false } }],
    };
    const { headers, json } = await ask(server, INFER, { body: JSON.stringify(body) });
    expect([headers['content-type'], json]).toEqual(['application/json', y([9])]);
    expect(headers).not.toHaveProperty('inference-header-content-length');
  });

  test('what JSON has no number for goes as it is', async () => {
    const { data } = await answered({
      body: JSON.stringify({ ...infer([3e38, 3e38]), parameters: { binary_data_output: true } }),
    });
    expect([...data]).toEqual([Number.POSITIVE_INFINITY]);
  });

  test('binary in, JSON out, and a header of the whole length is plain JSON', async () => {
    expect((await post(withBinary(binary(8), [TWO]))).json).toEqual(y([9]));
    expect((await post(withBinary(infer([1, 2]), []))).json).toEqual(y([9]));
  });

  test('a body without JSON is the one input', async () => {
    const { json, data } = await answered(withBinary('', [F32(1, 2, 3, 4)], '0'));
    expect([json, [...data]]).toEqual([described(8, 2), [9, 19]]);
  });

  test('a failure is JSON', async () => {
    const body = JSON.stringify({ ...infer([1]), parameters: { binary_data_output: true } });
    const { status, headers, json } = await ask(server, INFER, { body });
    expect([status, headers['content-type'], json]).toEqual([400, 'application/json', ERROR]);
  });
});
