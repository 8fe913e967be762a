/** The Open Inference Protocol over REST, with the extension for binary tensors. */
import { Buffer } from 'node:buffer';
import type { TensorInfo } from '../../tensor-info.ts';
import { errorAnswer, JSON_TYPE, jsonAnswer } from './answers.ts';
import { checkContentType } from './body.ts';
import { exchanged } from './infer.ts';
import { layoutOf } from './layout.ts';
import { badRequest } from './refusal.ts';
import type { Answer, Handler, Incoming, ProtocolLimits, Results, ServedModel, Work } from './types.ts';
import { type Datatype, datatypeOfInput, datatypeOfOutput } from './v2/datatypes.ts';
import { lentWork, mostElements, workOf } from './v2/inputs.ts';
import { checkOutputs, dataBytes, dataText, type OutputTensor, outputTensors } from './v2/outputs.ts';
import { headerLengthOf, type InferRequest, readRequest } from './v2/request.ts';
import { inInput, type Tensor, valuesOfBytes } from './v2/tensor.ts';
import { packageVersion } from './version.ts';

const BINARY = 'application/octet-stream';

/** A request with its rows. */
type Asked = Work & { readonly request: InferRequest };

/** `POST /v2/models/NAME[/versions/VERSION]/infer` */
export const inferV2: Handler = (served, incoming, limits, compute) =>
  exchanged<Asked>({
    served,
    compute,
    read: () => read(served, incoming, limits),
    write: (asked, results) => answerOf(served, asked, results),
    fail: errorAnswer,
  });

function read(served: ServedModel, incoming: Incoming, limits: ProtocolLimits): Asked {
  checkContentType(incoming.headers, BINARY);
  const isRaw = headerLengthOf(incoming.headers, incoming.body.length) === 0;
  const request = isRaw
    ? rawRequest(served, incoming.body)
    : readRequest(incoming, layoutOf(served.model), mostElements(served, limits));
  checkOutputs(
    served,
    request.outputs.map(({ name }) => name),
  );
  const { count, rows } = lentWork(layoutOf(served.model), workOf(served, request.inputs, limits));
  return { count, rows, request };
}

/** A body without JSON is the only input, with as many rows as it contains. All outputs are then binary. */
function rawRequest({ model }: ServedModel, body: Uint8Array): InferRequest {
  const { inputs } = layoutOf(model);
  if (inputs.length > 1)
    throw badRequest('a body without JSON is only possible for models with one input; this one has several');
  const [{ name, shape, width }] = inputs;
  if (shape.some((size) => size < 0)) throw inInput(name, 'a body without JSON does not determine how long a row is');
  const datatype = datatypeOfInput(inputs[0]);
  const tensor = (rows: number, values: Tensor['values']) => ({ name, datatype, shape: [rows, ...shape], values });
  const all = { outputs: [], isBinary: true, isNullable: false };
  if (datatype.bytes === undefined) {
    const values = valuesOfBytes(lengthBefore(body), datatype, 1, name);
    if (width !== 1) throw inInput(name, `a body without JSON is one element, but a row has ${width}`);
    return { inputs: [tensor(1, values)], ...all };
  }
  const rowBytes = width * datatype.bytes;
  if (body.length % rowBytes !== 0) {
    throw inInput(name, `the body has ${body.length} bytes, expected a multiple of ${rowBytes}, the size of a row`);
  }
  const rows = body.length / rowBytes;
  return { inputs: [tensor(rows, valuesOfBytes(body, datatype, rows * width, name))], ...all };
}

function lengthBefore(body: Uint8Array): Uint8Array {
  const length = Buffer.alloc(4);
  length.writeUInt32LE(body.length);
  return Buffer.concat([length, body]);
}

function answerOf(served: ServedModel, { count, request }: Asked, results: Results): Pick<Answer, 'headers' | 'body'> {
  const names = request.outputs.map(({ name }) => name);
  const binary: Uint8Array[] = [];
  const texts = outputTensors(served, results, count, names).map((tensor, at) => {
    const isBinary = request.outputs[at]?.isBinary ?? request.isBinary;
    if (!isBinary) return tensorText(tensor, `"data":${dataText(tensor, request.isNullable)}`);
    const bytes = dataBytes(tensor);
    binary.push(bytes);
    return tensorText(tensor, `"parameters":{"binary_data_size":${bytes.length}}`);
  });
  const id = request.id === undefined ? '' : `"id":${JSON.stringify(request.id)},`;
  const text = `${headOf(served)}${id}"outputs":[${texts.join(',')}]}`;
  if (binary.length === 0) return { headers: JSON_TYPE, body: text };
  const json = Buffer.from(text);
  const headers = { 'content-type': BINARY, 'inference-header-content-length': String(json.length) };
  return { headers, body: Buffer.concat([json, ...binary]) };
}

const heads = new WeakMap<ServedModel, string>();

/** The beginning of all answers of a version. */
function headOf(served: ServedModel): string {
  let head = heads.get(served);
  if (head === undefined) {
    head = `{"model_name":${JSON.stringify(served.name)},"model_version":${JSON.stringify(served.version)},`;
    heads.set(served, head);
  }
  return head;
}

function tensorText({ name, shape, datatype }: OutputTensor, data: string): string {
  return `{"name":${JSON.stringify(name)},"shape":[${shape.join(',')}],"datatype":"${datatype.name}",${data}}`;
}

/** `GET /v2/models/NAME[/versions/VERSION]`; `versions` are all served versions of the model. */
export function metadataV2(served: ServedModel, versions: readonly string[]): Answer {
  return jsonAnswer({ ...modelMetadata(served), versions });
}

export interface TensorMetadata {
  readonly name: string;
  readonly datatype: string;
  readonly shape: readonly number[];
}

export interface ModelMetadata {
  readonly name: string;
  readonly platform: string;
  readonly inputs: readonly TensorMetadata[];
  readonly outputs: readonly TensorMetadata[];
}

/** Inputs and outputs are the model's own; the first dimension is the rows. */
export function modelMetadata({ name, format, model }: ServedModel): ModelMetadata {
  const { inputs, outputs } = layoutOf(model);
  const hasClasses = model.classes !== undefined;
  return {
    name,
    platform: PLATFORMS[format] ?? `forwardpass_${format}`,
    inputs: inputs.map((port) => tensorMetadata(port, datatypeOfInput(port))),
    outputs: outputs.map((port) => tensorMetadata(port, datatypeOfOutput(port, hasClasses))),
  };
}

/** The platform names that the protocol lists. */
const PLATFORMS: Readonly<Record<string, string>> = {
  onnx: 'onnx_onnxv1',
  tensorflow: 'tensorflow_savedmodel',
  torchscript: 'pytorch_torchscript',
};

function tensorMetadata(
  { name, shape }: Pick<TensorInfo, 'name'> & { readonly shape: readonly number[] },
  datatype: Datatype,
): TensorMetadata {
  return { name, datatype: datatype.name, shape: [-1, ...shape] };
}

export const SERVER = Object.freeze({ name: 'forwardpass', extensions: Object.freeze(['binary_tensor_data']) });

/** `GET /v2` */
export function serverMetadata(): Answer {
  return jsonAnswer({ name: SERVER.name, version: packageVersion(), extensions: SERVER.extensions });
}

/** `GET /v2/health/live` */
export function liveV2(): Answer {
  return jsonAnswer({ live: true });
}

/** `GET /v2/health/ready` */
export function readyV2(isReady: boolean): Answer {
  return jsonAnswer({ ready: isReady }, isReady ? 200 : 503);
}

/** `GET /v2/models/NAME[/versions/VERSION]/ready` */
export function modelReadyV2(name: string, isReady: boolean): Answer {
  return jsonAnswer({ name, ready: isReady }, isReady ? 200 : 503);
}
