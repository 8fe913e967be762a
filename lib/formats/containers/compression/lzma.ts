/**
 * LZMA: literals and repetitions, by a range coder. Specification: https://7-zip.org/sdk.html. The output written so
 * far serves as the dictionary, so that no dictionary is allocated, whatever size the file asks for.
 */
import { Input } from './input.ts';
import { evenProbabilities, RangeDecoder, setEven } from './lzma-range.ts';
import type { BoundedOutput } from './output.ts';

const STATES = 12;
/** From this state on, the previous symbol was a repetition. */
const AFTER_REPETITION = 7;
const POSITIONS = 16;
const SHORTEST_MATCH = 2;
const LITERAL_PROBABILITIES = 0x300;
/** Distances from here on have their lowest bits coded with probabilities of their own. */
const ALIGN_BITS = 4;
const FIRST_DIRECT_SLOT = 14;
const END_MARK = 0xffffffff;
const UNKNOWN_SIZE = 2 ** 64;

/** An .lzma file: 13 bytes of settings, then the stream up to its size or its end mark. */
export function unpackLzma(bytes: Uint8Array, output: BoundedOutput): Uint8Array {
  const input = new Input(bytes, output.place);
  output.consumed = () => input.at;
  const settings = input.u8();
  input.u32(); // The dictionary's size.
  const size = input.u64();
  const decoder = new LzmaDecoder(output);
  decoder.setSettings(settings);
  const isMarked = size >= UNKNOWN_SIZE;
  if (!isMarked) output.declare(size);
  decoder.decode(input, isMarked ? Number.POSITIVE_INFINITY : output.size + size);
  return output.finish();
}

/** The length of a repetition: three trees, for short, longer and the longest ones. */
class LengthDecoder {
  private readonly choices = evenProbabilities(2);
  private readonly low = evenProbabilities(POSITIONS << 3);
  private readonly middle = evenProbabilities(POSITIONS << 3);
  private readonly high = evenProbabilities(256);

  reset(): void {
    for (const each of [this.choices, this.low, this.middle, this.high]) setEven(each);
  }

  decode(range: RangeDecoder, position: number): number {
    if (range.bit(this.choices, 0) === 0) return SHORTEST_MATCH + range.tree(this.low, position << 3, 3);
    if (range.bit(this.choices, 1) === 0) return SHORTEST_MATCH + 8 + range.tree(this.middle, position << 3, 3);
    return SHORTEST_MATCH + 16 + range.tree(this.high, 0, 8);
  }
}

/** All adaptive state. */
class Model {
  readonly isMatch = evenProbabilities(STATES * POSITIONS);
  readonly isRepetition = evenProbabilities(STATES);
  readonly isNotLast = evenProbabilities(STATES);
  readonly isLong = evenProbabilities(STATES * POSITIONS);
  readonly isNotSecond = evenProbabilities(STATES);
  readonly isNotThird = evenProbabilities(STATES);
  readonly slots = evenProbabilities(4 << 6);
  readonly special = evenProbabilities(128);
  readonly align = evenProbabilities(1 << ALIGN_BITS);
  readonly lengths = new LengthDecoder();
  readonly repeatedLengths = new LengthDecoder();
  readonly literals: Uint16Array;
  state = 0;
  /** The last four distances, the latest first. */
  distances: [number, number, number, number] = [1, 1, 1, 1];

  constructor(readonly literalBits: number) {
    this.literals = evenProbabilities(LITERAL_PROBABILITIES << literalBits);
  }

  /** Restores the initial state; a file may ask for that every few bytes. */
  reset(): void {
    const { isMatch, isRepetition, isNotLast, isLong, isNotSecond, isNotThird, slots, special, align, literals } = this;
    for (const each of [isMatch, isRepetition, isNotLast, isLong, isNotSecond, isNotThird]) setEven(each);
    for (const each of [slots, special, align, literals]) setEven(each);
    this.lengths.reset();
    this.repeatedLengths.reset();
    this.state = 0;
    this.distances = [1, 1, 1, 1];
  }
}

export class LzmaDecoder {
  private contextBits = 0;
  private literalPositionBits = 0;
  private positionBits = 0;
  private model: Model | undefined;
  /** Where the dictionary begins; positions are relative to it. */
  private start: number;

  constructor(private readonly output: BoundedOutput) {
    this.start = output.size;
  }

  resetDictionary(): void {
    this.start = this.output.size;
  }

  /** `most`: the maximum number of bits of the previous byte and the position, together, that literals may depend on. */
  setSettings(settings: number, most = 12): void {
    this.contextBits = settings % 9;
    this.literalPositionBits = Math.floor(settings / 9) % 5;
    this.positionBits = Math.floor(settings / 45);
    if (this.positionBits > 4 || this.contextBits + this.literalPositionBits > most) {
      throw this.output.malformed('the settings are not allowed');
    }
    this.resetModel();
  }

  resetModel(): void {
    const literalBits = this.contextBits + this.literalPositionBits;
    if (this.model?.literalBits === literalBits) this.model.reset();
    else this.model = new Model(literalBits);
  }

  /**
   * Decodes up to the output size `end` exactly, or up to an end mark if that is infinite. Returns whether the stream
   * has ended.
   */
  decode(input: Input, end: number): boolean {
    const { output, model } = this;
    if (model === undefined) throw output.malformed('a chunk has no settings');
    const range = new RangeDecoder(input);
    if (!range.isValid) throw output.malformed('a stream does not begin with a zero byte');
    const mask = (1 << this.positionBits) - 1;
    while (output.size < end) {
      const position = (output.size - this.start) & mask;
      if (range.bit(model.isMatch, model.state * POSITIONS + position) === 0) {
        this.literal(range, model);
        continue;
      }
      const length = this.match(range, model, position);
      const [distance] = model.distances;
      if (distance === END_MARK + 1) {
        if (Number.isFinite(end)) throw output.malformed('the stream ends before the size that it declares');
        return true;
      }
      if (output.size + length > end) throw output.malformed('the stream continues after the size that it declares');
      if (distance > output.size - this.start)
        throw output.malformed('the stream repeats bytes from before its beginning');
      output.repeat(distance, length);
    }
    return range.isFinished;
  }

  private literal(range: RangeDecoder, model: Model): void {
    const { output } = this;
    output.reserve(1);
    const { bytes, size } = output;
    const previous = size > this.start ? bytes[size - 1] : 0;
    const place = (size - this.start) & ((1 << this.literalPositionBits) - 1);
    const context = (place << this.contextBits) + (previous >> (8 - this.contextBits));
    const offset = LITERAL_PROBABILITIES * context;
    let symbol = 1;
    if (model.state >= AFTER_REPETITION) {
      // The byte after the last repetition predicts this one, up to where they differ.
      let expected = bytes[size - model.distances[0]];
      do {
        const hint = expected >> 7;
        expected = (expected << 1) & 0xff;
        const bit = range.bit(model.literals, offset + ((1 + hint) << 8) + symbol);
        symbol = (symbol << 1) | bit;
        if (hint !== bit) break;
      } while (symbol < 0x100);
    }
    while (symbol < 0x100) symbol = (symbol << 1) | range.bit(model.literals, offset + symbol);
    bytes[output.size++] = symbol;
    model.state = model.state < 4 ? 0 : model.state - (model.state < 10 ? 3 : 6);
  }

  /** Moves the distance to the front of the recent ones, and returns how many bytes are repeated from there. */
  private match(range: RangeDecoder, model: Model, position: number): number {
    const { state } = model;
    const wasLiteral = state < AFTER_REPETITION;
    if (range.bit(model.isRepetition, state) === 0) {
      const length = model.lengths.decode(range, position);
      const [first, second, third] = model.distances;
      model.distances = [1 + this.distance(range, model, length), first, second, third];
      model.state = wasLiteral ? 7 : 10;
      return length;
    }
    if (this.output.size === this.start) throw this.output.malformed('the stream begins with a repetition');
    const [first, second, third, fourth] = model.distances;
    if (range.bit(model.isNotLast, state) === 0) {
      if (range.bit(model.isLong, state * POSITIONS + position) === 0) {
        model.state = wasLiteral ? 9 : 11;
        return 1;
      }
    } else if (range.bit(model.isNotSecond, state) === 0) {
      model.distances = [second, first, third, fourth];
    } else if (range.bit(model.isNotThird, state) === 0) {
      model.distances = [third, first, second, fourth];
    } else {
      model.distances = [fourth, first, second, third];
    }
    model.state = wasLiteral ? 8 : 11;
    return model.repeatedLengths.decode(range, position);
  }

  private distance(range: RangeDecoder, model: Model, length: number): number {
    const slot = range.tree(model.slots, Math.min(length - SHORTEST_MATCH, 3) << 6, 6);
    if (slot < 4) return slot;
    const bits = (slot >> 1) - 1;
    const base = (2 | (slot & 1)) * 2 ** bits;
    if (slot < FIRST_DIRECT_SLOT) return base + range.reverseTree(model.special, base - slot, bits);
    const high = range.direct(bits - ALIGN_BITS) * 2 ** ALIGN_BITS;
    return base + high + range.reverseTree(model.align, 0, ALIGN_BITS);
  }
}

/** The chunks of LZMA2, as in .xz, up to their end mark. */
export function unpackLzma2(input: Input, output: BoundedOutput): void {
  const decoder = new LzmaDecoder(output);
  let needsDictionary = true;
  for (let control = input.u8(); control !== 0; control = input.u8()) {
    if (control >= 0xe0 || control === 1) {
      decoder.resetDictionary();
      needsDictionary = false;
    }
    if (needsDictionary || (control > 2 && control < 0x80))
      throw output.malformed('a chunk has an invalid control byte');
    if (control < 0x80) {
      output.append(input.take(input.u16BigEndian() + 1));
      continue;
    }
    const size = ((control & 0x1f) << 16) + input.u16BigEndian() + 1;
    const packed = input.u16BigEndian() + 1;
    if (control >= 0xc0) decoder.setSettings(input.u8(), 4);
    else if (control >= 0xa0) decoder.resetModel();
    output.reserve(size);
    const chunk = new Input(input.take(packed), output.place);
    const isFinished = decoder.decode(chunk, output.size + size);
    if (!isFinished || chunk.left > 0) throw output.malformed('a chunk is longer than its content');
  }
}
