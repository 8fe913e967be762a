/** Reads bodies of requests, complete and decompressed, within limits. */
import type { IncomingMessage } from 'node:http';
import { promisify } from 'node:util';
import { gunzip, inflate, type ZlibOptions } from 'node:zlib';
import { type Answer, problem } from './protocol.ts';
import { type Receiver, receive } from './request.ts';

const unzip: (body: Uint8Array, options: ZlibOptions) => Promise<Buffer> = promisify(gunzip);
const EMPTY = new Uint8Array(0);
const decompressors: ReadonlyMap<string, typeof unzip> = new Map([
  ['gzip', unzip],
  ['x-gzip', unzip],
  ['deflate', promisify(inflate)],
]);

export class Bodies {
  #held = 0;

  constructor(
    private readonly most: { readonly bodyBytes: number; readonly heldBytes: number },
    /** The answer if there is no room for more. */
    private readonly busy: Answer,
  ) {}

  /** The answer to a body that can be rejected before it arrives. */
  refuse(request: IncomingMessage): Answer | undefined {
    const length = lengthOf(request);
    if (length !== undefined && length > this.most.bodyBytes) return this.#tooLarge();
    if (this.#held + (length ?? 0) > this.most.heldBytes) return this.busy;
    return undefined;
  }

  /**
   * Calls back once, with the bytes or an error answer; never if the client disconnects first. {@link release} must be
   * called with the number of `held` bytes when they are not needed any more.
   */
  read(request: IncomingMessage, done: Done): void {
    receive(request, new Reading(this, request, done));
  }

  /** Counts received bytes of a body that now has `length` bytes. Returns an answer if they are too many. */
  hold(bytes: number, length: number): Answer | undefined {
    this.#held += bytes;
    if (length > this.most.bodyBytes) return this.#tooLarge();
    return this.#held > this.most.heldBytes ? this.busy : undefined;
  }

  release(bytes: number): void {
    this.#held -= bytes;
  }

  async decompress(body: Uint8Array, encoding: string): Promise<Uint8Array | Answer> {
    const decompress = decompressors.get(encoding.toLowerCase());
    if (decompress === undefined) return problem(415, 'ENCODING', 'expected content-encoding: gzip, deflate, or none');
    try {
      return await decompress(body, { maxOutputLength: this.most.bodyBytes });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') return this.#tooLarge();
      return problem(400, 'ENCODING', 'the body does not match its content-encoding');
    }
  }

  #tooLarge(): Answer {
    return problem(413, 'LIMIT', `the body exceeds the limit of ${this.most.bodyBytes} bytes`);
  }
}

type Done = (body: Uint8Array | Answer, held: number) => void;

/**
 * The least size of a part that is kept as received. Shorter ones are copied, because a part of one byte takes
 * hundreds.
 */
const LEAST_PART = 4_096;
/** The size of the buffers to which short parts are copied. */
const SHORT_PARTS = 8_192;

/** One body that is being received. */
class Reading implements Receiver {
  #first: Uint8Array | undefined;
  #chunks: Uint8Array[] | undefined;
  /** A buffer for short parts; its bytes from `#from` to `#to` are not among the chunks yet. */
  #short = EMPTY;
  #from = 0;
  #to = 0;
  #length = 0;
  #isOver = false;

  constructor(
    private readonly bodies: Bodies,
    private readonly request: IncomingMessage,
    private readonly done: Done,
  ) {}

  part(chunk: Uint8Array): void {
    if (this.#isOver) return;
    this.#length += chunk.length;
    const refused = this.bodies.hold(chunk.length, this.#length);
    if (refused !== undefined) this.#end(refused);
    else if (this.#first === undefined) this.#first = chunk;
    else this.#keep(chunk);
  }

  /** A part after the first. */
  #keep(chunk: Uint8Array): void {
    this.#chunks ??= [this.#first as Uint8Array];
    if (chunk.length >= LEAST_PART) {
      this.#endShort();
      this.#chunks.push(chunk);
      return;
    }
    if (chunk.length > this.#short.length - this.#to) {
      this.#endShort();
      this.#short = Buffer.allocUnsafeSlow(SHORT_PARTS);
      this.#from = 0;
      this.#to = 0;
    }
    this.#short.set(chunk, this.#to);
    this.#to += chunk.length;
  }

  #endShort(): void {
    if (this.#to > this.#from) this.#chunks?.push(this.#short.subarray(this.#from, this.#to));
    this.#from = this.#to;
  }

  end(): void {
    if (this.#isOver) return;
    this.#endShort();
    const whole = this.#chunks === undefined ? (this.#first ?? EMPTY) : Buffer.concat(this.#chunks, this.#length);
    const encoding = this.request.headers['content-encoding'];
    if (encoding === undefined || encoding === '' || encoding.toLowerCase() === 'identity') this.#end(whole);
    else void this.#decompress(whole, encoding);
  }

  /** Releases what the client sent, because nobody waits for an answer. */
  gone(): void {
    if (!this.#isOver) this.bodies.release(this.#length);
    this.#isOver = true;
  }

  #end(body: Uint8Array | Answer): void {
    this.#isOver = true;
    this.done(body, this.#length);
  }

  async #decompress(whole: Uint8Array, encoding: string): Promise<void> {
    this.#isOver = true;
    const body = await this.bodies.decompress(whole, encoding);
    if (!(body instanceof Uint8Array)) {
      this.#end(body);
      return;
    }
    this.#length += body.length;
    this.#end(this.bodies.hold(body.length, body.length) ?? body);
  }
}

function lengthOf({ headers }: IncomingMessage): number | undefined {
  const length = headers['content-length'];
  return length === undefined ? undefined : Number(length);
}
