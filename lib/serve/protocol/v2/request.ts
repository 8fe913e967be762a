/** Reads the request of an inference: its JSON, and the binary data after it. */
import type { IncomingHttpHeaders } from 'node:http';
import { describe, quote } from '../../../messages.ts';
import { jsonBytes, parseJson } from '../body.ts';
import { BYTE, Scanner, tokenOf } from '../json-scanner.ts';
import type { Layout } from '../layout.ts';
import { badRequest, Refusal, tooLarge } from '../refusal.ts';
import type { Incoming } from '../types.ts';
import { DATATYPE_LIST, DATATYPE_NAMES, DATATYPES, type Datatype } from './datatypes.ts';
import { type JsonData, readJsonData, tensorOfJson, type Unread } from './json-data.ts';
import { inInput, sizeOf, type Tensor, valuesOfBytes } from './tensor.ts';

export interface InferRequest {
  readonly id?: string;
  readonly inputs: readonly Tensor[];
  /** The requested outputs; empty for all. */
  readonly outputs: readonly OutputAsked[];
  /** Whether outputs are sent as binary data by default. */
  readonly isBinary: boolean;
  /** Whether numbers that JSON does not have are written as null. */
  readonly isNullable: boolean;
}

export interface OutputAsked {
  readonly name: string;
  readonly isBinary?: boolean;
}

const HEADER_LENGTH = 'inference-header-content-length';

/** How many bytes of the body are JSON; undefined without the header, which means all. */
export function headerLengthOf(headers: IncomingHttpHeaders, bodyBytes: number): number | undefined {
  const value = headers[HEADER_LENGTH];
  if (value === undefined) return undefined;
  const place = 'Inference-Header-Content-Length';
  if (typeof value !== 'string' || !/^\d{1,15}$/.test(value)) throw badRequest(`${place}: expected a number of bytes`);
  const length = Number(value);
  if (length > bodyBytes) throw badRequest(`${place}: is ${length} bytes, but the body has ${bodyBytes}`);
  return length;
}

export function readRequest({ headers, body }: Incoming, layout: Layout, most: number): InferRequest {
  const length = headerLengthOf(headers, body.length);
  const bytes = jsonBytes(length === undefined ? body : body.subarray(0, length));
  const { id, inputs, outputs, isBinary, isNullable } = new Envelope(bytes, layout, most).read();
  const tensors = tensorsOf(inputs, length === undefined ? undefined : body.subarray(length), most);
  return { id, inputs: tensors, outputs, isBinary, isNullable };
}

/** An input from the JSON. */
interface InputSaid {
  readonly name: string;
  readonly datatype: Datatype;
  readonly shape: readonly number[];
  readonly data?: JsonData;
  readonly binaryBytes?: number;
}

/** `binary` is the data after the JSON, if a header declares it. */
function tensorsOf(inputs: readonly InputSaid[], binary: Uint8Array | undefined, most: number): Tensor[] {
  let at = 0;
  const tensors = inputs.map((input): Tensor => {
    const { name, datatype, shape, data, binaryBytes } = input;
    if (binaryBytes === undefined) {
      if (data === undefined) throw inInput(name, 'has no data');
      return tensorOfJson(input, data, most);
    }
    if (data !== undefined) throw inInput(name, 'has both data and a binary_data_size');
    if (binary === undefined) {
      throw inInput(name, 'has a binary_data_size, but the header Inference-Header-Content-Length is missing');
    }
    if (binaryBytes > binary.length - at) {
      throw inInput(
        name,
        `its binary_data_size is ${binaryBytes}, but ${binary.length - at} bytes are left of the body`,
      );
    }
    const bytes = binary.subarray(at, at + binaryBytes);
    at += binaryBytes;
    return { name, datatype, shape, values: valuesOfBytes(bytes, datatype, sizeOf(shape, most, name), name) };
  });
  const left = (binary?.length ?? 0) - at;
  if (left > 0) throw badRequest(`the body has ${left} bytes more than the JSON and its binary data`);
  return tensors;
}

type Said = Omit<InferRequest, 'inputs'> & { readonly inputs: readonly InputSaid[] };
type Fields = Record<string, unknown>;

/** An input as read, with unchecked values. */
interface InputMet {
  name: unknown;
  datatype: unknown;
  shape: unknown;
  parameters: unknown;
  data: JsonData | undefined;
}

/** The most bytes of values other than data. */
const MOST_ASIDE = 2 ** 20;
/** The most inputs beyond those of the model. */
const MOST_STRANGERS = 1_000;
const MOST_COLUMNS = 2 ** 16;

/** The names in the objects of a request; others are skipped. */
const REQUEST_KEYS = ['id', 'inputs', 'outputs', 'parameters'].map(tokenOf);
const [ID, INPUTS, OUTPUTS] = [0, 1, 2];
const INPUT_KEYS = ['name', 'shape', 'datatype', 'data', 'parameters'].map(tokenOf);
const [NAME, SHAPE, DATATYPE, DATA] = [0, 1, 2, 3];
const DATATYPE_KEYS = DATATYPE_LIST.map(({ name }) => tokenOf(name));

/** Reads the JSON once: data is read into arrays of numbers; everything else is small and left to JSON.parse. */
class Envelope {
  readonly #bytes: Uint8Array;
  readonly #scanner: Scanner;
  readonly #layout: Layout;
  readonly #most: number;
  /** The index at which the next input's name is tried first. */
  #next = 0;

  constructor(bytes: Uint8Array, layout: Layout, most: number) {
    this.#bytes = bytes;
    this.#scanner = new Scanner(bytes);
    this.#layout = layout;
    this.#most = most;
  }

  read(): Said {
    let [id, outputs, parameters]: unknown[] = [];
    let inputs: InputMet[] | undefined;
    if (this.#scanner.peek() !== BYTE.openObject) {
      throw badRequest(`expected an object with inputs, found ${describe(parseJson(this.#bytes))}`);
    }
    this.#object(REQUEST_KEYS, (key) => {
      if (key === INPUTS) inputs = this.#inputs();
      else if (key === ID) id = this.#value();
      else if (key === OUTPUTS) outputs = this.#value();
      else parameters = this.#value();
    });
    if (!this.#scanner.isDone()) throw this.#notJson();
    const flags = parametersOf(parameters, () => 'parameters');
    if (id !== undefined && id !== null && typeof id !== 'string') {
      throw badRequest(`id: expected a string, found ${describe(id)}`);
    }
    if (inputs === undefined) throw badRequest('expected inputs');
    return {
      id: id ?? undefined,
      inputs: inputs.map(inputOf),
      outputs: outputsOf(outputs),
      isBinary: flagOf(flags, 'binary_data_output', 'parameters') ?? false,
      isNullable: isNullable(flags.non_finite),
    };
  }

  #inputs(): InputMet[] {
    const scanner = this.#scanner;
    if (scanner.peek() !== BYTE.openArray) {
      throw badRequest(`inputs: expected an array, found ${describe(this.#value())}`);
    }
    scanner.at++;
    const inputs: InputMet[] = [];
    const { fields, inputKeys, hasSteps } = this.#layout;
    // Custom steps take columns with any names.
    const most = hasSteps ? MOST_COLUMNS : fields.length + inputKeys.length + MOST_STRANGERS;
    if (scanner.take(BYTE.closeArray)) return inputs;
    do {
      const place = inputs.length;
      if (place > most) throw badRequest('inputs: expected at most as many as the model has, found more');
      if (scanner.peek() !== BYTE.openObject)
        throw badRequest(`inputs[${place}]: expected an object, found ${describe(this.#value())}`);
      const input: InputMet = {
        name: undefined,
        datatype: undefined,
        shape: undefined,
        parameters: undefined,
        data: undefined,
      };
      this.#object(INPUT_KEYS, (key) => {
        if (key === DATA) input.data = this.#data(place);
        else if (key === SHAPE) input.shape = this.#shape();
        else if (key === NAME) input.name = this.#name();
        else if (key === DATATYPE) input.datatype = this.#datatype();
        else input.parameters = this.#value();
      });
      inputs.push(input);
    } while (scanner.take(BYTE.comma));
    if (!scanner.take(BYTE.closeArray)) throw this.#notJson();
    return inputs;
  }

  /** Calls back with the indices of keys in `keys`, whatever their escapes. */
  #object(keys: readonly Uint8Array[], onKey: (key: number) => void): void {
    const scanner = this.#scanner;
    scanner.at++;
    if (scanner.take(BYTE.closeObject)) return;
    let key = -1;
    do {
      key = scanner.takeOneOf(keys, key + 1);
      if (key < 0) {
        const name = scanner.peek() === BYTE.quote ? scanner.string() : undefined;
        if (name === undefined) throw this.#notJson();
        const token = tokenOf(name);
        key = keys.findIndex((each) => token.equals(each));
      }
      if (!scanner.take(BYTE.colon)) throw this.#notJson();
      if (key >= 0) onKey(key);
      else this.#skip();
    } while (scanner.take(BYTE.comma));
    if (!scanner.take(BYTE.closeObject)) throw this.#notJson();
  }

  /** A name, usually that of the next input or feature. */
  #name(): unknown {
    const { inputKeys, inputs, fields } = this.#layout;
    const next = this.#next++;
    const scanner = this.#scanner;
    if (next < inputKeys.length && scanner.takeAll(inputKeys[next])) return inputs[next].name;
    if (next < fields.length && scanner.takeAll(fields[next].key)) return fields[next].name;
    return this.#value();
  }

  #datatype(): unknown {
    const at = this.#scanner.takeOneOf(DATATYPE_KEYS);
    return at < 0 ? this.#value() : DATATYPE_LIST[at].name;
  }

  #data(place: number): JsonData | undefined {
    const scanner = this.#scanner;
    if (scanner.peek() !== BYTE.openArray) {
      const found = this.#value();
      if (found === null) return undefined;
      throw badRequest(`inputs[${place}].data: expected an array, found ${describe(found)}`);
    }
    const data = readJsonData(scanner, this.#most);
    if (!('unread' in data)) return data;
    if (data.unread === undefined) throw this.#notJson();
    // Throws if it is not JSON at all.
    parseJson(this.#bytes);
    throw badRequest(`inputs[${place}].data: ${this.#why(data.unread)}`);
  }

  #why(unread: NonNullable<Unread>): string {
    if (unread === 'long') return `has more than the ${this.#most} elements that are allowed`;
    return {
      ragged: 'its arrays differ in length or depth',
      deep: 'is nested too deeply',
      object: 'contains an object',
    }[unread];
  }

  /** Reads a small value of any kind. */
  #value(): unknown {
    const scanner = this.#scanner;
    const byte = scanner.peek();
    if (byte === BYTE.quote) {
      const text = scanner.string();
      if (text === undefined) throw this.#notJson();
      return text;
    }
    const start = scanner.at;
    if (!scanner.skip()) throw this.#notJson();
    if (scanner.at - start > MOST_ASIDE)
      throw tooLarge(`the body has more than ${MOST_ASIDE} bytes beside the data of inputs`);
    return parseJson(this.#bytes.subarray(start, scanner.at));
  }

  #skip(): void {
    if (!this.#scanner.skip()) throw this.#notJson();
  }

  #size(): number {
    this.#scanner.peek();
    return this.#scanner.number();
  }

  /** A shape, usually of one or two dimensions. */
  #shape(): unknown {
    const scanner = this.#scanner;
    if (scanner.peek() !== BYTE.openArray) return this.#value();
    const start = scanner.at++;
    const rows = this.#size();
    if (!Number.isNaN(rows)) {
      if (scanner.take(BYTE.closeArray)) return [rows];
      const row = scanner.take(BYTE.comma) ? this.#size() : Number.NaN;
      if (!Number.isNaN(row) && scanner.take(BYTE.closeArray)) return [rows, row];
    }
    scanner.at = start;
    return this.#value();
  }

  #notJson(): Refusal {
    parseJson(this.#bytes);
    return new Refusal('JSON', 'the body is nested too deeply');
  }
}

function inputOf({ name, datatype, shape, parameters, data }: InputMet, at: number): InputSaid {
  if (typeof name !== 'string') throw badRequest(`inputs[${at}].name: expected a string, found ${describe(name)}`);
  if (!Array.isArray(shape)) throw inInput(name, `expected an array as its shape, found ${describe(shape)}`);
  for (const size of shape) {
    if (Number.isInteger(size) && size >= 0) continue;
    throw inInput(
      name,
      `its shape has ${typeof size === 'number' ? size : describe(size)}; expected integers of at least 0`,
    );
  }
  if (shape.length === 0) throw inInput(name, 'its shape is empty; the first dimension is the rows');
  const type = typeof datatype === 'string' ? DATATYPES.get(datatype) : undefined;
  if (type === undefined) {
    const found = typeof datatype === 'string' ? quote(datatype) : describe(datatype);
    throw inInput(name, `expected one of ${DATATYPE_NAMES} as its datatype, found ${found}`);
  }
  return {
    name,
    datatype: type,
    shape,
    data,
    binaryBytes: parameters === undefined ? undefined : binaryBytesOf(parameters, name),
  };
}

function binaryBytesOf(parameters: unknown, name: string): number | undefined {
  const said = parametersOf(parameters, () => `input ${quote(name)}: parameters`);
  refuseSharedMemory(said, () => `input ${quote(name)}`);
  const bytes = said.binary_data_size;
  if (bytes === undefined || (Number.isSafeInteger(bytes) && (bytes as number) >= 0))
    return bytes as number | undefined;
  throw inInput(name, 'expected a number of bytes as its binary_data_size');
}

function outputsOf(outputs: unknown): OutputAsked[] {
  if (outputs === undefined || outputs === null) return [];
  if (!Array.isArray(outputs)) throw badRequest(`outputs: expected an array, found ${describe(outputs)}`);
  return outputs.map((output: unknown, at) => {
    const place = `outputs[${at}]`;
    if (typeof output !== 'object' || output === null || Array.isArray(output)) {
      throw badRequest(`${place}: expected an object, found ${describe(output)}`);
    }
    const { name, parameters } = output as Fields;
    if (typeof name !== 'string') throw badRequest(`${place}.name: expected a string, found ${describe(name)}`);
    const said = parametersOf(parameters, () => `${place}.parameters`);
    refuseSharedMemory(said, () => `output ${quote(name)}`);
    if (said.classification !== undefined) {
      throw badRequest(`output ${quote(name)}: the classification extension is not supported`);
    }
    return { name, isBinary: flagOf(said, 'binary_data', place) };
  });
}

/** Rejects shared memory: ignoring it would give a different answer. */
function refuseSharedMemory(parameters: Fields, place: () => string): void {
  if (parameters.shared_memory_region !== undefined) throw badRequest(`${place()}: shared memory is not supported`);
}

const NO_PARAMETERS: Fields = Object.freeze(Object.create(null));

/** Unknown parameters are the client's own and ignored. */
function parametersOf(parameters: unknown, place: () => string): Fields {
  if (parameters === undefined || parameters === null) return NO_PARAMETERS;
  if (typeof parameters !== 'object' || Array.isArray(parameters)) {
    throw badRequest(`${place()}: expected an object, found ${describe(parameters)}`);
  }
  for (const [name, value] of Object.entries(parameters)) {
    if (['string', 'number', 'boolean'].includes(typeof value)) continue;
    throw badRequest(`${place()}: ${quote(name)} is ${describe(value)}; expected a string, a number or a boolean`);
  }
  return Object.assign(Object.create(null), parameters);
}

function flagOf(parameters: Fields, name: string, place: string): boolean | undefined {
  const flag = parameters[name];
  if (flag === undefined || typeof flag === 'boolean') return flag;
  throw badRequest(`${place}: expected true or false as ${name}, found ${describe(flag)}`);
}

function isNullable(value: unknown): boolean {
  if (value === undefined || value === 'error') return false;
  if (value === 'null') return true;
  throw badRequest('parameters: expected "error" or "null" as non_finite');
}
