import { createRequire } from 'node:module';
import { PbfReader, PbfWriter } from 'pbf';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { define } from '../../../lib/index.ts';
import { type GrpcStatus, loadPeer, type Peer } from '../../../lib/serve/protocol/grpc/peer.ts';
import { type GrpcCall, type GrpcOptions, startGrpc, startWith } from '../../../lib/serve/protocol/grpc/start.ts';
import { PROTOCOL_LIMITS, type ServedModel } from '../../../lib/serve/protocol.ts';
import { serve, served } from './models.ts';

// Messages are written and read by another library than the server's own.
type Write = (pbf: PbfWriter) => void;
const message = (write: Write): Buffer => {
  const pbf = new PbfWriter();
  write(pbf);
  return Buffer.from(pbf.finish());
};
/** By field, what a message holds: bytes where it has a length, else a number. */
const fieldsOf = (bytes: Uint8Array): Record<number, (Buffer | number)[]> => {
  const fields: Record<number, (Buffer | number)[]> = {};
  const pbf = new PbfReader(bytes);
  while (pbf.pos < pbf.length) {
    const tag = pbf.readVarint();
    const value = (tag & 7) === 2 ? Buffer.from(pbf.readBytes()) : pbf.readVarint();
    fields[tag >> 3] = [...(fields[tag >> 3] ?? []), value];
  }
  return fields;
};
const texts = (values: (Buffer | number)[] = []) => values.map(String);
const floats = (bytes: Buffer | number) => [...new Float32Array(new Uint8Array(bytes as Buffer).buffer)];

interface Input {
  readonly name: string;
  readonly datatype?: string;
  readonly shape?: number[];
  readonly contents?: Write;
}
const request = (name: string, inputs: Input[], raw: Uint8Array[] = [], more: Write = () => {}) =>
  message((pbf) => {
    pbf.writeStringField(1, name);
    for (const { name, datatype = 'FP32', shape = [1, 2], contents } of inputs) {
      const input = message((own) => {
        own.writeStringField(1, name);
        own.writeStringField(2, datatype);
        if (shape.length > 0) own.writePackedVarint(3, shape);
        if (contents) own.writeBytesField(5, message(contents));
      });
      pbf.writeBytesField(5, input);
    }
    for (const bytes of raw) pbf.writeBytesField(7, bytes);
    more(pbf);
  });
const bytesOf = (...values: number[]) => new Uint8Array(Float32Array.from(values).buffer);

let models: Record<string, ServedModel>;
const calls: GrpcCall[] = [];
const options = (more: Partial<GrpcOptions> = {}): GrpcOptions => ({
  place: { host: '127.0.0.1', port: 0 },
  bodyBytes: 2 ** 20,
  limits: PROTOCOL_LIMITS,
  find: (name, version) => (version === undefined || version === '1' ? models[name] : undefined),
  versions: () => ['1'],
  isReady: () => true,
  onCall: (call) => calls.push(call),
  ...more,
});

type Ask = (method: string, bytes: Buffer, token?: string) => Promise<Record<number, (Buffer | number)[]>>;

beforeAll(async () => {
  const weight = { shape: [1, 2], data: Float32Array.of(2, 3) };
  const plane = serve(define({ layers: [{ weight, bias: Float32Array.of(1) }] }), 'plane');
  models = {
    plane,
    labels: await served('onnx-ml/binary-words-one-row.onnx', 'labels'),
    cast: await served('onnx-hand/cast-opset-1.onnx', 'cast'),
    mails: await served('sklearn-texts/logistic.pkl', 'mails'),
    columns: await served('sklearn-texts/columns-logistic.pkl', 'columns'),
  };
}, 60_000);

/** Calls the handlers without a network. */
async function handlers(more: Partial<GrpcOptions> = {}): Promise<Ask> {
  const all: Record<string, (call: object, answer: (error: GrpcStatus | null, bytes?: Buffer) => void) => void> = {};
  class Server {
    addService(methods: Record<string, { path: string }>, own: Record<string, never>) {
      for (const [name, { path }] of Object.entries(methods)) all[path] = own[name];
    }
    bindAsync(_: string, __: object, done: (error: null, port: number) => void) {
      done(null, 1);
    }
  }
  await startWith({ Server, ServerCredentials: { createInsecure: () => ({}) } } as unknown as Peer, options(more));
  return (method, request, token) =>
    new Promise((resolve, reject) => {
      const metadata = { get: () => (token === undefined ? [] : [token]) };
      const path = method.includes('/') ? method : `/inference.GRPCInferenceService/${method}`;
      all[path]({ request, metadata }, (error, bytes) => (error ? reject(error) : resolve(fieldsOf(bytes as Buffer))));
    });
}

describe('health and metadata', () => {
  it('are what REST says', async () => {
    const ask = await handlers();
    const named = (name: string, version = '') =>
      message((pbf) => {
        pbf.writeStringField(1, name);
        pbf.writeStringField(2, version);
      });
    expect(await ask('ServerLive', Buffer.of())).toEqual({ 1: [1] });
    expect(await ask('ServerReady', Buffer.of())).toEqual({ 1: [1] });
    expect(await (await handlers({ isReady: () => false }))('ServerReady', Buffer.of())).toEqual({});
    expect(await ask('ModelReady', named('plane'))).toEqual({ 1: [1] });
    expect(await ask('ModelReady', named('plane', '2'))).toEqual({});
    expect(texts((await ask('ServerMetadata', Buffer.of()))[1])).toEqual(['forwardpass']);
    const metadata = await ask('ModelMetadata', named('plane', '1'));
    expect([texts(metadata[1]), texts(metadata[2])]).toEqual([['plane'], ['1']]);
    const input = fieldsOf(metadata[4][0] as Buffer);
    expect([texts(input[1]), texts(input[2])]).toEqual([[models.plane.model.inputs[0].name], ['FP32']]);
    expect(new PbfReader(input[3][0] as Buffer).readVarint(true)).toBe(-1);
    await expect(ask('ModelMetadata', named('nope'))).rejects.toMatchObject({ code: 5 });
    await expect(ask('ModelMetadata', named('plane', '2'))).rejects.toMatchObject({ code: 5 });
  });

  it('of grpc.health.v1 are about the server, the service and each model', async () => {
    const check = (name: string, more?: Partial<GrpcOptions>) =>
      handlers(more).then((ask) =>
        ask(
          '/grpc.health.v1.Health/Check',
          message((pbf) => pbf.writeStringField(1, name)),
        ),
      );
    expect([await check(''), await check('plane')]).toEqual([{ 1: [1] }, { 1: [1] }]);
    expect(await check('', { isReady: () => false })).toEqual({ 1: [2] });
    await expect(check('nope')).rejects.toMatchObject({ code: 5 });
    // Probes carry no token.
    expect(await check('', { isAllowed: () => false })).toEqual({ 1: [1] });
  });
});

describe('ModelInfer', () => {
  const name = () => models.plane.model.inputs[0].name;

  it('answers raw with raw, and contents with contents', async () => {
    const ask = await handlers();
    const raw = await ask(
      'ModelInfer',
      request('plane', [{ name: name() }], [bytesOf(1, 10)], (pbf) => pbf.writeStringField(3, 'é')),
    );
    expect([texts(raw[1]), texts(raw[2]), texts(raw[3])]).toEqual([['plane'], ['1'], ['é']]);
    expect([floats(raw[6][0]), fieldsOf(raw[5][0] as Buffer)[5]]).toEqual([[33], undefined]);
    const own = await ask(
      'ModelInfer',
      request('plane', [{ name: name(), contents: (pbf) => pbf.writePackedFloat(6, [1, 10]) }]),
    );
    expect(own[6]).toBeUndefined();
    expect(floats(fieldsOf(fieldsOf(own[5][0] as Buffer)[5][0] as Buffer)[6][0])).toEqual([33]);
    expect(calls.at(-1)).toMatchObject({ method: 'ModelInfer', rows: 1, code: undefined });
  });

  it.each<[string, Write]>([
    ['BOOL', (pbf) => pbf.writePackedBoolean(1, [true, true])],
    ['INT8', (pbf) => pbf.writePackedVarint(2, [1, 1])],
    ['INT32', (pbf) => [1, 1].forEach((value) => void pbf.writeVarintField(2, value))],
    ['INT64', (pbf) => pbf.writePackedVarint(3, [1, 1])],
    ['UINT16', (pbf) => pbf.writePackedVarint(4, [1, 1])],
    ['UINT64', (pbf) => pbf.writePackedVarint(5, [1, 1])],
    ['FP32', (pbf) => [1, 1].forEach((value) => void pbf.writeFloatField(6, value))],
    ['FP64', (pbf) => pbf.writePackedDouble(7, [1, 1])],
  ])('takes contents of %s', async (datatype, contents) => {
    const ask = await handlers();
    const {
      5: [output],
    } = await ask('ModelInfer', request('plane', [{ name: name(), datatype, contents }]));
    expect(floats(fieldsOf(fieldsOf(output as Buffer)[5][0] as Buffer)[6][0])).toEqual([6]);
  });

  it('takes texts as bytes, raw and as contents, beside numbers', async () => {
    const ask = await handlers();
    const mails = ['free cash tomorrow', 'déjà vu', ''];
    const { model } = models.mails;
    const lengthed = (text: string) =>
      Buffer.concat([new Uint8Array(Uint32Array.of(Buffer.byteLength(text)).buffer), Buffer.from(text)]);
    const contents: Write = (pbf) => {
      for (const text of mails) pbf.writeBytesField(8, Buffer.from(text));
    };
    const input = { name: 'text', datatype: 'BYTES', shape: [mails.length] };
    const expected = [...(model.ask('run', model.flatten(mails)) as Float64Array[])[0]];
    const raw = await ask('ModelInfer', request('mails', [input], [Buffer.concat(mails.map(lengthed))]));
    expect([...new Float64Array(new Uint8Array(raw[6][0] as Buffer).buffer)]).toEqual(expected);
    const own = await ask('ModelInfer', request('mails', [{ ...input, contents }]));
    const doubles = fieldsOf(fieldsOf(own[5][0] as Buffer)[5][0] as Buffer)[7][0] as Buffer;
    expect([...new Float64Array(new Uint8Array(doubles).buffer)]).toEqual(expected);

    const record = { subject: 'free cash', size: 7, sender: 'web', body: 'see you' };
    const inputs = Object.entries(record).map(([name, value]): Input => {
      const isText = typeof value === 'string';
      const contents: Write = (pbf) =>
        isText ? pbf.writeBytesField(8, Buffer.from(value)) : pbf.writePackedDouble(7, [value]);
      return { name, datatype: isText ? 'BYTES' : 'FP64', shape: [1], contents };
    });
    const answer = await ask('ModelInfer', request('columns', inputs));
    const values = fieldsOf(fieldsOf(answer[5][0] as Buffer)[5][0] as Buffer)[7][0] as Buffer;
    const { columns } = models;
    expect([...new Float64Array(new Uint8Array(values).buffer)]).toEqual([
      ...(columns.model.ask('run', columns.model.flatten([record])) as Float64Array[])[0],
    ]);
  });

  it('gives integers, truths and texts', async () => {
    const ask = await handlers();
    const [input] = models.cast.model.inputs;
    const contents: Write = (pbf) => pbf.writePackedFloat(6, [1.5, 0, -2, 7]);
    const outputs = (await ask('ModelInfer', request('cast', [{ name: input.name, shape: [1, 4], contents }])))[5];
    const varints = (at: number, field: number) =>
      new PbfReader(
        message((pbf) => {
          const packed = fieldsOf(fieldsOf(outputs[at] as Buffer)[5][0] as Buffer)[field][0] as Buffer;
          pbf.writeBytesField(1, packed);
        }),
      ).readFields((_, own: number[], pbf) => void pbf.readPackedVarint(own, true), [] as number[]);
    expect([varints(0, 2), varints(1, 1), varints(2, 3)]).toEqual([
      [1, 0, -2, 7],
      [1, 0, 1, 1],
      [1, 0, -2, 7],
    ]);
    const [wide] = models.labels.model.inputs;
    const answer = await ask(
      'ModelInfer',
      request('labels', [{ name: wide.name, shape: [1, 8] }], [bytesOf(...Array(8).fill(0.5))]),
    );
    const label = String(models.labels.model.predict([Array(8).fill(0.5)]));
    expect(String(answer[6][0]).slice(4)).toBe(label);
  });

  it.each<[string, () => Buffer, RegExp]>([
    [
      'raw and contents',
      () => request('plane', [{ name: name(), contents: (pbf) => pbf.writePackedFloat(6, [1, 2]) }], [bytesOf(1, 2)]),
      /has both contents and raw_input_contents/,
    ],
    [
      'another number of raw contents',
      () => request('plane', [{ name: name() }], [bytesOf(1, 2), bytesOf(1)]),
      /1 inputs, but 2/,
    ],
    [
      'raw contents that are too short',
      () => request('plane', [{ name: name() }], [bytesOf(1)]),
      /2 elements of 4 bytes, found 4 bytes/,
    ],
    ['no contents', () => request('plane', [{ name: name() }]), /its contents have 0/],
    [
      'contents of another type',
      () => request('plane', [{ name: name(), contents: (pbf) => pbf.writePackedDouble(7, [1, 2]) }]),
      /of a type other than FP32/,
    ],
    [
      'a number out of range',
      () =>
        request('plane', [{ name: name(), datatype: 'INT8', contents: (pbf) => pbf.writePackedVarint(2, [128, 0]) }]),
      /128, which is not INT8/,
    ],
    [
      'halves that are not raw',
      () => request('plane', [{ name: name(), datatype: 'FP16' }]),
      /send it as raw_input_contents/,
    ],
    [
      'a datatype that is none',
      () => request('plane', [{ name: name(), datatype: 'FLOAT' }], [bytesOf(1, 2)]),
      /as its datatype/,
    ],
    ['a negative dimension', () => request('plane', [{ name: name(), shape: [-1, 2] }], [bytesOf(1, 2)]), /has -1/],
    ['no shape', () => request('plane', [{ name: name(), shape: [] }], [bytesOf(1, 2)]), /shape is empty/],
    [
      'a shape that overflows',
      () => request('plane', [{ name: name(), shape: [2 ** 32, 2 ** 32] }], [bytesOf()]),
      /has more than the \d+ elements that are allowed/,
    ],
    ['another name', () => request('plane', [{ name: 'é\n' }], [bytesOf(1, 2)]), /is not an input/],
    [
      'a name twice',
      () => request('plane', [{ name: name() }, { name: name() }], [bytesOf(1, 2), bytesOf(1, 2)]),
      /twice/,
    ],
    [
      'an output that is none',
      () =>
        request('plane', [{ name: name() }], [bytesOf(1, 2)], (pbf) =>
          pbf.writeBytesField(
            6,
            message((own) => own.writeStringField(1, 'z')),
          ),
        ),
      /'z': is not an output/,
    ],
    [
      'a message that is cut off',
      () => request('plane', [{ name: name() }], [bytesOf(1, 2)]).subarray(0, 15),
      /damaged/,
    ],
    ['a string that is not UTF-8', () => message((pbf) => pbf.writeBytesField(1, Uint8Array.of(0xff))), /damaged/],
    ['no message at all', () => Buffer.alloc(16, 0xff), /damaged/],
  ])('refuses %s', async (_, bytes, details) => {
    const ask = await handlers();
    const error: GrpcStatus = await ask('ModelInfer', bytes()).then(
      () => expect.fail(),
      (error) => error,
    );
    expect(error).toMatchObject({ code: 3, details: expect.stringMatching(details) });
    expect(error.details).toMatch(/^[ -~]{1,500}$/);
  });

  it('refuses damaged messages without end', async () => {
    const ask = await handlers();
    const whole = request('plane', [{ name: name() }], [bytesOf(1, 2)]);
    for (let at = 0; at < whole.length; at++) {
      for (const byte of [0, 1, 7, 0x7f, 0x80, 0xff]) {
        const bytes = Buffer.from(whole);
        bytes[at] = byte;
        await ask('ModelInfer', bytes).catch((error: GrpcStatus) => expect([3, 5]).toContain(error.code));
      }
    }
  });

  it('needs a token where the server has some', async () => {
    const ask = await handlers({ isAllowed: (token) => token === 'Bearer a' });
    const bytes = request('plane', [{ name: name() }], [bytesOf(1, 2)]);
    await expect(ask('ModelInfer', bytes)).rejects.toMatchObject({ code: 16 });
    expect(floats((await ask('ModelInfer', bytes, 'Bearer a'))[6][0])).toEqual([9]);
  });
});

const isInstalled = await loadPeer().then(
  () => true,
  () => false,
);

it.runIf(!isInstalled)('says what to install', async () => {
  await expect(startGrpc(options())).rejects.toMatchObject({
    code: 'OPTION',
    message: expect.stringMatching(/npm install @grpc\/grpc-js/),
  });
});

describe.runIf(isInstalled)('with @grpc/grpc-js', () => {
  let close = async () => {};
  afterAll(() => close());

  it('answers a client, and says what is over the limit', async () => {
    const server = await startGrpc(options({ bodyBytes: 1000 }));
    close = () => server.close(1000);
    const grpc = createRequire(import.meta.url)('@grpc/grpc-js');
    const client = new grpc.Client(`127.0.0.1:${server.port}`, grpc.credentials.createInsecure());
    const ask = (bytes: Buffer): Promise<Buffer> =>
      new Promise((resolve, reject) => {
        const same = (buffer: Buffer) => buffer;
        const done = (error: Error | null, answer: Buffer) => (error ? reject(error) : resolve(answer));
        client.makeUnaryRequest('/inference.GRPCInferenceService/ModelInfer', same, same, bytes, done);
      });
    const [{ name }] = models.plane.model.inputs;
    expect(floats(fieldsOf(await ask(request('plane', [{ name }], [bytesOf(1, 10)])))[6][0])).toEqual([33]);
    await expect(ask(request('plane', [{ name: 'é' }], [bytesOf(1, 10)]))).rejects.toMatchObject({ code: 3 });
    await expect(ask(Buffer.alloc(2000))).rejects.toMatchObject({ code: 8 });
    client.close();
  });
});
