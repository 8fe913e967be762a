/** Bodies of requests, whole and decompressed, within bounds. */
import type { IncomingMessage } from 'node:http';
import { promisify } from 'node:util';
import { gunzip, inflate, type ZlibOptions } from 'node:zlib';
import { type Answer, problem } from './protocol.ts';

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
    /** The answer when there is no room for more. */
    private readonly busy: Answer,
  ) {}

  /** What can be said before the body comes. */
  refuse(request: IncomingMessage): Answer | undefined {
    const length = lengthOf(request);
    if (length !== undefined && length > this.most.bodyBytes) return this.#tooLarge();
    if (this.#held + (length ?? 0) > this.most.heldBytes) return this.busy;
    return undefined;
  }

  /**
   * Calls back once, with the bytes or the answer to what they are instead; never when the client goes away before. {@link release}
   * has to be called with as many bytes as are `held`, when they are not needed any more.
   */
  read(request: IncomingMessage, done: (body: Uint8Array | Answer, held: number) => void): void {
    let first: Uint8Array | undefined;
    let chunks: Uint8Array[] | undefined;
    let length = 0;
    let isReading = true;
    const end = (body: Uint8Array | Answer) => {
      isReading = false;
      done(body, length);
    };
    request.on('data', (chunk: Uint8Array) => {
      if (!isReading) return;
      length += chunk.length;
      this.#held += chunk.length;
      const refused = this.#overflow(length);
      if (refused !== undefined) {
        end(refused);
        return;
      }
      if (first === undefined) first = chunk;
      else if (chunks === undefined) chunks = [first, chunk];
      else chunks.push(chunk);
    });
    request.on('end', () => {
      if (!isReading) return;
      isReading = false;
      const whole = chunks === undefined ? (first ?? EMPTY) : Buffer.concat(chunks, length);
      const encoding = request.headers['content-encoding'];
      if (encoding === undefined || encoding.toLowerCase() === 'identity') end(whole);
      else {
        this.#decompress(whole, encoding).then((body) => {
          if (body instanceof Uint8Array) {
            length += body.length;
            this.#held += body.length;
          }
          end(this.#held > this.most.heldBytes ? this.busy : body);
        });
      }
    });
    request.on('close', () => {
      // Where the client went away, what it sent is given back, and nobody waits for an answer.
      if (isReading) this.release(length);
      isReading = false;
    });
  }

  release(bytes: number): void {
    this.#held -= bytes;
  }

  async #decompress(body: Uint8Array, encoding: string): Promise<Uint8Array | Answer> {
    const decompress = decompressors.get(encoding.toLowerCase());
    if (decompress === undefined) return problem(415, 'ENCODING', 'expected content-encoding: gzip, deflate, or none');
    try {
      return await decompress(body, { maxOutputLength: this.most.bodyBytes });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') return this.#tooLarge();
      return problem(400, 'ENCODING', 'the body is not what its content-encoding says');
    }
  }

  #overflow(length: number): Answer | undefined {
    if (length > this.most.bodyBytes) return this.#tooLarge();
    return this.#held > this.most.heldBytes ? this.busy : undefined;
  }

  #tooLarge(): Answer {
    return problem(413, 'LIMIT', `the body has more than the ${this.most.bodyBytes} bytes that are taken`);
  }
}

function lengthOf({ headers }: IncomingMessage): number | undefined {
  const length = headers['content-length'];
  return length === undefined ? undefined : Number(length);
}
