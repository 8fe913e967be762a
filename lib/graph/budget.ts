/** Limits the cost of one load in proportion to the size of the model's files. */
import { ForwardpassError } from '../errors.ts';
import { DEFAULT_LIMITS, type Limits } from './limits.ts';

/** Bytes that may be built for files of any size. */
const MODEST_BYTES = 2 ** 25;
/** Additional bytes that may be built for each byte of the files. */
const BUILT_PER_BYTE = 2;
/** Bytes to which each byte of compressed files may unpack. */
const UNPACKED_PER_BYTE = 20;
/** Steps that any file may take, plus as many for each of its bytes. One step is about a microsecond of work. */
const MODEST_STEPS = 2 ** 20;
const STEPS_PER_BYTE = 1 / 8;
/**
 * What a node of the graph costs until its model is created, in bytes and steps: names, shapes, tables, passes over it.
 */
const NODE_BYTES = 3072;
const NODE_STEPS = 32;
/** What a node has cost that was discarded. */
const DISCARDED_STEPS = 8;
const ELEMENT_BYTES = 8;
/** Bytes of the engine's form of the files' numbers for each of their bytes: at most doubles for int8. */
const CONVERTED_PER_BYTE = 8;

/**
 * Each load has one budget, passed from stage to stage. Work and memory that are linear in the bytes of the files are
 * free. Everything else is spent here before it is done. The budget grows with the files and with the limits that the
 * caller sets.
 */
export class Budget {
  readonly limits: Limits;
  readonly #given: Partial<Limits>;
  #fileBytes = 0;
  #unpacked = 0;
  #packed = 0;
  #built = 0;
  #converted = 0;
  #optional = 0;
  #held = 0;
  #steps = 0;
  /** Parts of the files that were already read. */
  readonly #met = new WeakSet<object>();
  /** Arrays of numbers from the files, and the parts of the files that they hold. */
  #stored = new WeakSet<object>();
  #storedParts = new WeakSet<object>();
  #storedBytes = 0;

  constructor(given: Partial<Limits> = {}) {
    this.#given = given;
    this.limits = { ...DEFAULT_LIMITS, ...given };
  }

  /** A budget that has spent as much and from here on spends separately, for something that is made several times. */
  fork(): Budget {
    const own = new Budget(this.#given);
    own.#fileBytes = this.#fileBytes;
    own.#unpacked = this.#unpacked;
    own.#built = this.#built;
    own.#converted = this.#converted;
    own.#optional = this.#optional;
    own.#steps = this.#steps;
    own.#stored = this.#stored;
    own.#storedParts = this.#storedParts;
    own.#storedBytes = this.#storedBytes;
    return own;
  }

  /** Records that a file of the model was opened, or that parameters were passed. */
  opened(bytes: number): void {
    this.#fileBytes += bytes;
  }

  /** Bytes that may still be built. */
  get left(): number {
    return this.#mostBuilt - this.#built;
  }

  /**
   * Spends the bytes to which a compressed part of a file, of `packed` bytes if known, is about to unpack. Throws
   * `LIMIT`.
   */
  unpack(bytes: number, place: string, packed = this.#fileBytes): void {
    this.#unpacked += bytes;
    this.#packed += packed;
    const most = this.mostUnpackedFrom(this.#packed);
    if (this.#unpacked <= most) return;
    const message = `brings the unpacked size to ${this.#unpacked} bytes; at most ${most} are allowed for ${this.#packed} packed bytes (raise \`limits.bytes\`)`;
    throw new ForwardpassError('LIMIT', message, place);
  }

  /** Bytes that all compressed parts together may unpack to. */
  get mostUnpacked(): number {
    return this.mostUnpackedFrom(this.#fileBytes);
  }

  /**
   * The bytes to which a part of `packed` bytes may unpack. The ratio allowed for a part of a large file is that of a
   * small file.
   */
  mostUnpackedFrom(packed: number): number {
    return this.#given.bytes ?? MODEST_BYTES + UNPACKED_PER_BYTE * Math.min(packed, this.#fileBytes);
  }

  /**
   * Spends bytes that are about to be built and are not in the file: computed, repeated or filled ones. Throws `LIMIT`.
   */
  build(bytes: number, place: string): void {
    // A negative size in a file must not increase the budget.
    this.#built += Math.max(bytes, 0);
    // Not `>`, which is false for NaN.
    if (this.#built <= this.#mostBuilt) return;
    const message = `brings the memory built from the file to ${this.#built} bytes; at most ${this.#mostBuilt} are allowed for files of ${this.#fileBytes} bytes (raise \`limits.bytes\`)`;
    throw new ForwardpassError('LIMIT', message, place);
  }

  /**
   * Limits the memory of small values of a file while they are collected. It is separate from what is built of them,
   * which takes half of that afterwards. Throws `LIMIT`.
   */
  hold(bytes: number, place: string): void {
    this.#held += bytes;
    if (this.#held <= this.#mostBuilt) return;
    const message = `holds values of more than ${this.#mostBuilt} bytes, which files of ${this.#fileBytes} bytes are allowed (raise \`limits.bytes\`)`;
    throw new ForwardpassError('LIMIT', message, place);
  }

  /** Like `build`, for elements of constants, which are doubles while a model loads. */
  buildElements(count: number, place: string): void {
    this.build(ELEMENT_BYTES * count, place);
  }

  /** Spends the cost of the `count`th node of the graph, which is about to be made. Throws `LIMIT`. */
  node(count: number, place: string): void {
    if (count > this.limits.nodes || this.left < NODE_BYTES) {
      const most = count > this.limits.nodes ? '' : `, the limit for files of ${this.#fileBytes} bytes`;
      throw new ForwardpassError(
        'LIMIT',
        `the model takes more than ${count - 1} nodes${most} (raise \`limits.nodes\`)`,
        place,
      );
    }
    this.build(NODE_BYTES, place);
    this.step(NODE_STEPS, place);
  }

  /**
   * Spends the bytes on something optional, if possible, and returns whether it did. It never spends more than half of
   * what is left or a quarter of the total, so that enough remains for what is required, and for the engine's form of
   * it.
   */
  affords(bytes: number): boolean {
    if (!(2 * bytes <= this.left && 4 * (this.#optional + bytes) <= this.#mostBuilt)) return false;
    this.#optional += bytes;
    this.#built += bytes;
    return true;
  }

  /**
   * Spends the bytes of an array that is about to be made from a constant for the engine, which packs it once more. It
   * is free up to the allowance for the files' own numbers; after that, what was built is three times as large as
   * before. Throws `LIMIT`.
   */
  convert(bytes: number, place: string): void {
    const free = Math.max(0, CONVERTED_PER_BYTE * this.#fileBytes - this.#converted);
    this.#converted += bytes;
    this.build(2 * Math.max(0, bytes - free), place);
  }

  /** Refunds discarded nodes, which no longer take memory or go through further stages. */
  discard(nodes: number): void {
    this.#built -= NODE_BYTES * nodes;
    this.#steps -= (NODE_STEPS - DISCARDED_STEPS) * nodes;
  }

  get #mostBuilt(): number {
    const { bytes = 0, parameters = 0, rowElements = 0, nodes = 0 } = this.#given;
    const asked = Math.max(bytes, ELEMENT_BYTES * parameters, ELEMENT_BYTES * rowElements, NODE_BYTES * nodes);
    return Math.max(MODEST_BYTES + BUILT_PER_BYTE * this.#fileBytes, asked);
  }

  /**
   * Spends work that is about to be done and is not linear in the file: loops, calls, and parts that are visited again.
   * Throws `LIMIT`.
   */
  step(count: number, place: string): void {
    this.#steps += Math.max(count, 0);
    const modest = MODEST_STEPS + Math.floor(STEPS_PER_BYTE * this.#fileBytes);
    const most = Math.max(modest, NODE_STEPS * (this.#given.nodes ?? 0));
    if (this.#steps <= most) return;
    const message = `takes more than ${most} steps to read, the limit for files of ${this.#fileBytes} bytes (raise \`limits.nodes\`)`;
    throw new ForwardpassError('LIMIT', message, place);
  }

  /** Whether a part of a file is read for the first time. That is linear in the file; reading it again is not. */
  isNew(part: object): boolean {
    if (this.#met.has(part)) return false;
    this.#met.add(part);
    return true;
  }

  /**
   * Records that an array holds the numbers of a part of the files, of this many bytes. Some may then be derived for
   * free: see tensors/derived.ts. Parts that share bytes exceed the size of the files and count as computed.
   */
  stored(array: object, bytes: number, part: object = array): void {
    if (!this.#storedParts.has(part)) this.#storedBytes += bytes;
    this.#storedParts.add(part);
    if (this.#storedBytes <= this.#fileBytes + this.#unpacked) this.#stored.add(array);
  }

  isStored(array: object): boolean {
    return this.#stored.has(array);
  }

  /** Spends the work of visiting a part of a file, which is free the first time. Throws `LIMIT`. */
  again(part: object, steps: number, place: string): void {
    if (!this.isNew(part)) this.step(steps, place);
  }
}
