/** Object headers: the messages that describe an object. A header may continue in other blocks. */
import type { Part, Reader } from './reader.ts';

/** Types of messages. */
export const TYPES = {
  dataspace: 0x01,
  linkInfo: 0x02,
  datatype: 0x03,
  oldFill: 0x04,
  fill: 0x05,
  link: 0x06,
  external: 0x07,
  layout: 0x08,
  filters: 0x0b,
  attribute: 0x0c,
  continuation: 0x10,
  symbolTable: 0x11,
  driver: 0x14,
  attributeInfo: 0x15,
  cacheImage: 0x18,
} as const;

const KNOWN: ReadonlySet<number> = new Set(Object.values(TYPES));
/** Bits of a message's flags. */
const IS_SHARED = 2;
const MUST_BE_KNOWN = 128;
const STEPS_PER_MESSAGE = 2;
/** Shared messages that are in another object's header, not in a heap of the file. */
const IN_HEADERS: readonly number[] = [0, 2];

export interface Message {
  readonly type: number;
  readonly flags: number;
  readonly start: number;
  readonly end: number;
}

/** The messages of one header. */
export class Messages {
  constructor(
    readonly reader: Reader,
    readonly all: readonly Message[],
  ) {}

  has(type: number): boolean {
    return this.all.some((message) => message.type === type);
  }

  /** The first message of the type, or the message of another header that it refers to. */
  find(type: number, what: string): Part | undefined {
    const message = this.all.find((one) => one.type === type);
    return message && this.open(message, what);
  }

  of(type: number): readonly Message[] {
    return this.all.filter((message) => message.type === type);
  }

  open({ type, flags, start, end }: Message, what: string): Part {
    const part = this.reader.within(start, end, what);
    return (flags & IS_SHARED) === 0 ? part : readShared(part, type, what);
  }

  at(reader: Reader): Messages {
    return new Messages(reader, this.all);
  }
}

/** A message in another header, such as a committed type. That message must not refer to a further one. */
export function readShared(part: Part, type: number, what: string): Part {
  const version = part.version(1, 2, 3);
  const kind = part.u8();
  if (!IN_HEADERS.includes(kind)) throw part.reader.unknownVersion(`${what} in a table of shared messages`);
  if (version === 1) part.skip(6);
  const message = readMessages(part.reader, part.address()).all.find((one) => one.type === type);
  if (message === undefined || (message.flags & IS_SHARED) !== 0) {
    throw part.damaged('refers to an object without such a message');
  }
  return part.reader.within(message.start, message.end, what);
}

/** Throws `MALFORMED` for a header that is damaged or refers back to itself. */
export function readMessages(reader: Reader, address: number | undefined): Messages {
  const isNewer = reader.part(address, 4, 'an object header').u8() === SIGNATURE_START;
  return new Messages(reader, isNewer ? readNewer(reader, address) : readOlder(reader, address));
}

function readOlder(reader: Reader, address = 0): Message[] {
  const prefix = reader.part(address, 16, 'an object header');
  prefix.version(1);
  const size = prefix.skip(7).u32();
  const collected = new Collected(reader);
  collected.add(reader.part(address + 16, size, 'an object header'));
  for (let block = collected.next(); block !== undefined; block = collected.next()) {
    while (block.left >= 8) {
      const [type, length, flags] = [block.u16(), block.u16(), block.u8()];
      collected.message(type, flags, block.skip(3).part(length));
    }
  }
  return collected.messages;
}

/** The first letter of OHDR; older headers begin with their version. */
const SIGNATURE_START = 0x4f;
const HAS_TIMES = 0x20;
const HAS_PHASE_CHANGE = 0x10;
const HAS_CREATION_ORDER = 4;
const SUM_BYTES = 4;

function readNewer(reader: Reader, address = 0): Message[] {
  const prefix = reader.part(address, 6, 'an object header').signature('OHDR');
  prefix.version(2);
  const flags = prefix.u8();
  const sizeBytes = 2 ** (flags & 3);
  const fieldBytes = ((flags & HAS_TIMES) !== 0 ? 16 : 0) + ((flags & HAS_PHASE_CHANGE) !== 0 ? 4 : 0);
  const headBytes = 6 + fieldBytes + sizeBytes;
  const size = reader
    .part(address, headBytes, 'an object header')
    .skip(headBytes - sizeBytes)
    .uint(sizeBytes);
  const collected = new Collected(reader);
  const first = reader.part(address, headBytes + size + SUM_BYTES, 'an object header');
  first.skip(headBytes);
  collected.add(first);
  const orderBytes = (flags & HAS_CREATION_ORDER) !== 0 ? 2 : 0;
  for (let block = collected.next(); block !== undefined; block = collected.next()) {
    if (block !== first) block.signature('OCHK');
    const messages = block.part(block.left - SUM_BYTES);
    block.checkSum();
    while (messages.left >= 4 + orderBytes) {
      const [type, length, messageFlags] = [messages.u8(), messages.u16(), messages.u8()];
      collected.message(type, messageFlags, messages.skip(orderBytes).part(length));
    }
  }
  return collected.messages;
}

/** The messages so far, and the blocks still to be read. */
class Collected {
  readonly messages: Message[] = [];
  private readonly blocks: Part[] = [];
  private taken = 0;
  private readonly starts = new Set<number>();

  constructor(private readonly reader: Reader) {}

  add(block: Part): void {
    if (this.starts.has(block.start)) throw block.damaged('leads back to itself');
    this.starts.add(block.start);
    this.blocks.push(block);
  }

  next(): Part | undefined {
    return this.blocks[this.taken++];
  }

  message(type: number, flags: number, body: Part): void {
    if (type === TYPES.continuation) {
      const address = body.address();
      this.add(this.reader.part(address, body.length(), 'a continuation of an object header'));
    } else if (KNOWN.has(type)) {
      this.reader.budget.step(STEPS_PER_MESSAGE, this.reader.place);
      this.messages.push({ type, flags, start: body.start, end: body.end });
    } else if ((flags & MUST_BE_KNOWN) !== 0) {
      throw this.reader.unknownVersion(`an unknown message of type ${type} that is marked as required`);
    }
  }
}
