/** What one load may cost: in proportion to the model's files, and counted where it is spent. */
import { ForwardpassError } from '../errors.ts';
import { DEFAULT_LIMITS, type Limits } from './limits.ts';

/** What may be built whatever the files' size, in bytes. */
const MODEST_BYTES = 2 ** 25;
/** What may be built for each byte of the files. */
const BUILT_PER_BYTE = 2;
/** What compressed files may unpack to for each of their bytes. */
const UNPACKED_PER_BYTE = 20;
/** Steps that any file may take, and for each of its bytes; one step is some microsecond of work. */
const MODEST_STEPS = 2 ** 20;
const STEPS_PER_BYTE = 1 / 8;
/** What a node of the graph takes until its model is made, in bytes and steps: names, shapes, tables, passes over it. */
const NODE_BYTES = 3072;
const NODE_STEPS = 32;
/** What it has taken where it was made for nothing. */
const DISCARDED_STEPS = 8;
const ELEMENT_BYTES = 8;
/** What the engine's form of the files' own numbers may take for each of their bytes: doubles of int8. */
const CONVERTED_PER_BYTE = 8;

/**
 * One for each load, handed from stage to stage. Work and memory that are linear in the bytes of the files are free. What
 * a file asks for beyond is spent here before it is done: it grows with the files, and with limits that the caller sets.
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
  /** Parts of the files that were read. */
  readonly #met = new WeakSet<object>();
  /** Arrays of the files' own numbers, and the parts of the files that they hold. */
  #stored = new WeakSet<object>();
  #storedParts = new WeakSet<object>();
  #storedBytes = 0;

  constructor(given: Partial<Limits> = {}) {
    this.#given = given;
    this.limits = { ...DEFAULT_LIMITS, ...given };
  }

  /** One that has spent as much, and from here on spends for itself: for what is made several times. */
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

  /** A file of the model was opened, or parameters were handed over. */
  opened(bytes: number): void {
    this.#fileBytes += bytes;
  }

  /** Bytes that may still be built. */
  get left(): number {
    return this.#mostBuilt - this.#built;
  }

  /** Bytes that a compressed part of a file, of `packed` bytes where that is known, is about to unpack to. Throws `LIMIT`. */
  unpack(bytes: number, place: string, packed = this.#fileBytes): void {
    this.#unpacked += bytes;
    this.#packed += packed;
    const most = this.mostUnpackedFrom(this.#packed);
    if (this.#unpacked <= most) return;
    const message = `brings what is unpacked to ${this.#unpacked} bytes; ${most} are allowed for ${this.#packed} packed bytes (raise \`limits.bytes\`)`;
    throw new ForwardpassError('LIMIT', message, place);
  }

  /** Bytes that all compressed parts together may unpack to. */
  get mostUnpacked(): number {
    return this.mostUnpackedFrom(this.#fileBytes);
  }

  /** What so many bytes of a file may unpack to: a part of a large file may be no more out of proportion than a small file. */
  mostUnpackedFrom(packed: number): number {
    return this.#given.bytes ?? MODEST_BYTES + UNPACKED_PER_BYTE * Math.min(packed, this.#fileBytes);
  }

  /** Bytes that are about to be built and are not in the file: what is computed, repeated or filled. Throws `LIMIT`. */
  build(bytes: number, place: string): void {
    // What a file says to be less than nothing gives nothing back.
    this.#built += Math.max(bytes, 0);
    // Not `>`, which NaN passes.
    if (this.#built <= this.#mostBuilt) return;
    const message = `brings what is built from the file to ${this.#built} bytes; ${this.#mostBuilt} are allowed for files of ${this.#fileBytes} bytes (raise \`limits.bytes\`)`;
    throw new ForwardpassError('LIMIT', message, place);
  }

  /**
   * What small values of a file take while they are collected: apart from what is built of them, since it is half of that
   * afterwards. Throws `LIMIT`.
   */
  hold(bytes: number, place: string): void {
    this.#held += bytes;
    if (this.#held <= this.#mostBuilt) return;
    const message = `holds values of more than ${this.#mostBuilt} bytes, which files of ${this.#fileBytes} bytes are allowed (raise \`limits.bytes\`)`;
    throw new ForwardpassError('LIMIT', message, place);
  }

  /** As `build`, for elements of constants, which are doubles while a model loads. */
  buildElements(count: number, place: string): void {
    this.build(ELEMENT_BYTES * count, place);
  }

  /** A node of the graph, the `count`th, is about to be made. Throws `LIMIT`. */
  node(count: number, place: string): void {
    if (count > this.limits.nodes || this.left < NODE_BYTES) {
      const most = count > this.limits.nodes ? '' : `; files of ${this.#fileBytes} bytes are allowed no more`;
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
   * Spends the bytes on what a model can do without; says whether. Never more than half of what is left, nor than a
   * quarter of all, so that there is enough for what it cannot do without, and for what this becomes for the engine.
   */
  affords(bytes: number): boolean {
    if (!(2 * bytes <= this.left && 4 * (this.#optional + bytes) <= this.#mostBuilt)) return false;
    this.#optional += bytes;
    this.#built += bytes;
    return true;
  }

  /**
   * Bytes of an array that is about to be made of a constant for the engine, which packs it once more. Free as far as
   * the files' own numbers may go; what was built is then three times as large as before. Throws `LIMIT`.
   */
  convert(bytes: number, place: string): void {
    const free = Math.max(0, CONVERTED_PER_BYTE * this.#fileBytes - this.#converted);
    this.#converted += bytes;
    this.build(2 * Math.max(0, bytes - free), place);
  }

  /** So many nodes were made for nothing: they take no memory any more, and go through no further stage. */
  discard(nodes: number): void {
    this.#built -= NODE_BYTES * nodes;
    this.#steps -= (NODE_STEPS - DISCARDED_STEPS) * nodes;
  }

  get #mostBuilt(): number {
    const { bytes = 0, parameters = 0, rowElements = 0, nodes = 0 } = this.#given;
    const asked = Math.max(bytes, ELEMENT_BYTES * parameters, ELEMENT_BYTES * rowElements, NODE_BYTES * nodes);
    return Math.max(MODEST_BYTES + BUILT_PER_BYTE * this.#fileBytes, asked);
  }

  /** Work that is about to be done and is not linear in the file: of loops, calls, and what is met again. Throws `LIMIT`. */
  step(count: number, place: string): void {
    this.#steps += Math.max(count, 0);
    const modest = MODEST_STEPS + Math.floor(STEPS_PER_BYTE * this.#fileBytes);
    const most = Math.max(modest, NODE_STEPS * (this.#given.nodes ?? 0));
    if (this.#steps <= most) return;
    const message = `takes more than ${most} steps to read, which is what files of ${this.#fileBytes} bytes are allowed (raise \`limits.nodes\`)`;
    throw new ForwardpassError('LIMIT', message, place);
  }

  /** Whether a part of a file is read for the first time: that is linear in the file, and what is read again is not. */
  isNew(part: object): boolean {
    if (this.#met.has(part)) return false;
    this.#met.add(part);
    return true;
  }

  /**
   * An array holds the numbers of a part of the files, of so many bytes, of which some may be made for free: see
   * tensors/derived.ts. Parts that share bytes are more than the files have, and are then as if they were computed.
   */
  stored(array: object, bytes: number, part: object = array): void {
    if (!this.#storedParts.has(part)) this.#storedBytes += bytes;
    this.#storedParts.add(part);
    if (this.#storedBytes <= this.#fileBytes + this.#unpacked) this.#stored.add(array);
  }

  isStored(array: object): boolean {
    return this.#stored.has(array);
  }

  /** Work over a part of a file, which is free the first time. Throws `LIMIT`. */
  again(part: object, steps: number, place: string): void {
    if (!this.isNew(part)) this.step(steps, place);
  }
}
