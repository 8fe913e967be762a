/** TorchScript files for tests: one class `M`, whose code and attributes are given. */
import { zipOf } from '../containers/zip-file.ts';

/** Opcodes of a pickle, for what no other value here stands for. */
export class Opcodes {
  readonly text: string;

  /** A character for each byte. */
  constructor(text: string) {
    this.text = text;
  }
}

export type Stored = null | boolean | number | string | Opcodes | Map<string, Stored> | readonly Stored[];

/** A value without the frame of a pickle around it. */
export function pickled(value: Stored): string {
  if (value === null) return 'N';
  if (value instanceof Opcodes) return value.text;
  if (typeof value === 'boolean') return value ? '\x88' : '\x89';
  if (typeof value === 'string') return `X${int32(Buffer.byteLength(value))}${Buffer.from(value).toString('latin1')}`;
  if (typeof value === 'number') return Number.isInteger(value) ? `J${int32(value)}` : `F${value}\n`;
  if (value instanceof Map) {
    return `}(${[...value].map(([key, item]) => pickled(key) + pickled(item)).join('')}u`;
  }
  return `](${value.map(pickled).join('')}e`;
}

function int32(value: number): string {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(value);
  return bytes.toString('latin1');
}

/** A tensor over the storage `key`, which holds `elements` floats. */
export function tensor(
  shape: readonly number[],
  key = '0',
  elements = shape.reduce((count, size) => count * size, 1),
  strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((count, size) => count * size, 1)),
): Opcodes {
  const tuple = (values: readonly number[]) => `(${values.map(pickled).join('')}t`;
  const storage = `(${pickled('storage')}ctorch\nFloatStorage\n${pickled(key)}${pickled('cpu')}${pickled(elements)}tQ`;
  const call = `ctorch._utils\n_rebuild_tensor_v2\n(${storage}K\0${tuple(shape)}${tuple(strides)}`;
  return new Opcodes(`${call}\x89ccollections\nOrderedDict\n)RtR`);
}

export interface ScriptFile {
  /** Of the class, each with its type. */
  readonly fields?: Readonly<Record<string, string>>;
  readonly attributes?: Readonly<Record<string, Stored>>;
  readonly constants?: Stored;
  /** What the module was traced with. */
  readonly traced?: Stored;
  readonly storages?: Readonly<Record<string, Float32Array>>;
  /** Lines of `forward(self, x: Tensor)`. */
  readonly forward: string;
  /** Code before the class, and other methods. */
  readonly before?: string;
  readonly methods?: string;
  readonly parameters?: string;
  readonly deflate?: boolean;
}

const file = (text: string) => Buffer.from(`\x80\x02${text}.`, 'latin1');

/** An input of three features, where nothing else is given. */
export function scriptFile(given: ScriptFile): Uint8Array {
  const { fields = {}, attributes = {}, before = '', methods = '', parameters = 'x: Tensor', deflate = false } = given;
  const traced = given.traced ?? new Map([['forward', [tensor([2, 3], '0')]]]);
  const indented = given.forward.split('\n').map((line) => `    ${line}`);
  const code = [
    before,
    'class M(Module):',
    '  __parameters__ = []',
    ...Object.entries(fields).map(([name, type]) => `  ${name} : ${type}`),
    methods,
    `  def forward(self: __torch__.M, ${parameters}) -> Tensor:`,
    ...indented,
    '',
  ].join('\n');
  const state = pickled(new Map(Object.entries(attributes)));
  return zipOf([
    { name: 'm/data.pkl', data: file(`c__torch__\nM\n)\x81${state}b`), deflate },
    { name: 'm/code/__torch__.py', data: code, deflate },
    { name: 'm/constants.pkl', data: file(given.constants === undefined ? ')' : pickled(given.constants)), deflate },
    { name: 'm/traced_inputs.pkl', data: file(pickled(traced)), deflate },
    ...Object.entries(given.storages ?? {}).map(([key, values]) => ({
      name: `m/data/${key}`,
      data: Buffer.from(values.buffer),
      deflate,
    })),
    { name: 'm/version', data: '3\n' },
  ]);
}
