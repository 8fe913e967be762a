/**
 * A zip archive as torch writes it: members in one folder, and pickles whose tensors keep their bytes in other members.
 */

import { ForwardpassError } from '../../errors.ts';
import type { Budget } from '../../graph/budget.ts';
import { quote } from '../../messages.ts';
import { includesText } from '../../platform/text.ts';
import { spendOnJson } from '../containers/json-cost.ts';
import { readPickle } from '../containers/pickle/pickle.ts';
import type { PickleObject, PickleValue } from '../containers/pickle/values.ts';
import { torchElements } from '../containers/torch-elements.ts';
import { describeTorchTensor, type TorchDType } from '../containers/torch-tensors.ts';
import { openZip, type ZipArchive } from '../containers/zip.ts';
import type { Reader } from '../format.ts';
import { WIDTHS } from '../tensors/raw-elements.ts';
import { type Constant, constant, type ElementType } from '../tensors/value.ts';

const ELEMENT_TYPES: Readonly<Record<TorchDType, ElementType>> = {
  F64: 'float64',
  F32: 'float32',
  F16: 'float16',
  BF16: 'bfloat16',
  F8_E4M3: 'float32',
  F8_E5M2: 'float32',
  F8_E4M3FNUZ: 'float32',
  F8_E5M2FNUZ: 'float32',
  F8_E8M0: 'float32',
  I64: 'int64',
  I32: 'int32',
  I16: 'int16',
  I8: 'int8',
  U8: 'uint8',
  BOOL: 'bool',
  U16: 'uint16',
  U32: 'uint32',
  U64: 'uint64',
};

/** The Python module of the objects that torch.compile makes. */
const COMPILER = 'torch._dynamo.eval_frame';

/** The description of a stored tensor, from whichever file has it. */
export interface StoredTensor {
  readonly dtype: TorchDType;
  readonly offset: number;
  readonly shape: readonly number[];
  readonly strides: readonly number[];
}

export class TorchArchive {
  readonly #zip: ZipArchive;
  readonly #root: string;
  readonly #budget: Budget;
  readonly #members = new Map<string, Promise<Uint8Array>>();
  /** Names of members, relative to the folder. */
  readonly names: readonly string[];
  #isBigEndian = false;

  private constructor(zip: ZipArchive, budget: Budget) {
    const names = [...zip.entries.keys()];
    this.#zip = zip;
    this.#budget = budget;
    this.#root = rootOf(names);
    this.names = names.map((name) => name.slice(this.#root.length));
  }

  static async open(reader: Reader, budget: Budget): Promise<TorchArchive> {
    const archive = new TorchArchive(await openZip(reader, budget), budget);
    await archive.#readByteOrder();
    return archive;
  }

  /** Whether storages are big-endian. */
  get isBigEndian(): boolean {
    return this.#isBigEndian;
  }

  has(name: string): boolean {
    return this.#zip.has(this.#root + name);
  }

  /** A member's bytes, read once however many tensors share them. */
  read(name: string): Promise<Uint8Array> {
    const known = this.#members.get(name) ?? this.#zip.read(this.#root + name);
    this.#members.set(name, known);
    return known;
  }

  /** A member as text; unlike bytes, it is not cached. */
  async text(name: string): Promise<string> {
    const bytes = await this.#zip.read(this.#root + name);
    // The bytes, and the text decoded from them.
    this.#budget.build(2 * bytes.length, name);
    try {
      return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    } catch {
      throw new ForwardpassError('MALFORMED', 'is not text in UTF-8', name);
    }
  }

  async json(name: string): Promise<unknown> {
    const text = await this.text(name);
    spendOnJson(text, this.#budget, name, 'common');
    try {
      return JSON.parse(text);
    } catch (error) {
      throw new ForwardpassError('MALFORMED', 'is not JSON', name, { cause: error });
    }
  }

  async pickle(name: string): Promise<PickleValue> {
    const bytes = await this.#zip.read(this.#root + name);
    // A module of torch.compile contains the compiler's own objects, which have methods.
    const hooks = { methods: includesText(bytes, COMPILER) };
    return readPickle(bytes, { budget: this.#budget, place: name, hooks }).value;
  }

  /** A pickled tensor whose storage is a member of `folder`. */
  async tensor(value: PickleObject, folder: string, place: string): Promise<Constant> {
    const tensor = describeTorchTensor(value, this.#budget, place);
    const name = `${folder}/${tensor.key}`;
    if (!this.has(name)) {
      throw new ForwardpassError('DANGLING', `its storage ${quote(tensor.key)} was not found in the file`, place);
    }
    return this.constant(tensor, await this.read(name), place);
  }

  /** A tensor made from the bytes of its storage. */
  constant(tensor: StoredTensor, storage: Uint8Array, place: string): Constant {
    const elements = torchElements(tensor, storage, this.#isBigEndian, this.#budget, place);
    const type = ELEMENT_TYPES[tensor.dtype];
    this.#budget.stored(elements, WIDTHS[type] * elements.length);
    return constant(type, tensor.shape, elements);
  }

  /** The type and shape of a pickled tensor, without its elements. */
  tensorInfo(value: PickleObject, place: string): Constant {
    const { dtype, shape } = describeTorchTensor(value, this.#budget, place);
    return constant(ELEMENT_TYPES[dtype], shape, new Float32Array(0));
  }

  async #readByteOrder(): Promise<void> {
    const order = this.has('byteorder') ? await this.text('byteorder') : 'little';
    this.#isBigEndian = order === 'big';
    if (order === 'little' || order === 'big') return;
    const message = `expected the byte order little or big, found ${quote(order)}`;
    throw new ForwardpassError('UNSUPPORTED_VERSION', message, 'byteorder');
  }
}

/** The one folder that contains everything, with its slash. */
function rootOf(names: readonly string[]): string {
  const root = /^[^/]*\//.exec(names[0] ?? '')?.[0] ?? '';
  return names.every((name) => name.startsWith(root)) ? root : '';
}
