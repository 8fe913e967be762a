/** LZMA's range decoder: each bit has a probability that adapts to the bits seen so far. */
import type { Input } from './input.ts';

/** Probabilities of a zero bit, in units of 2^-11. */
const PROBABILITY_BITS = 11;
const ADAPTATION = 5;
const EVEN = 1 << (PROBABILITY_BITS - 1);
/** Below this, the range reads another byte. */
const LEAST_RANGE = 2 ** 24;

export function evenProbabilities(count: number): Uint16Array {
  return setEven(new Uint16Array(count));
}

export function setEven(probabilities: Uint16Array): Uint16Array {
  return probabilities.fill(EVEN);
}

export class RangeDecoder {
  private range = 0xffffffff;
  private code = 0;

  /** Reads the first five bytes. */
  constructor(private readonly input: Input) {
    this.isValid = input.u8() === 0;
    for (let i = 0; i < 4; i++) this.code = ((this.code << 8) | input.u8()) >>> 0;
  }

  /** Whether the first byte was 0, as it must be. */
  readonly isValid: boolean;

  /** Whether the decoded number is used up, as it is at a proper end. */
  get isFinished(): boolean {
    return this.code === 0;
  }

  bit(probabilities: Uint16Array, index: number): number {
    const probability = probabilities[index];
    const bound = (this.range >>> PROBABILITY_BITS) * probability;
    const isOne = this.code >= bound;
    if (isOne) {
      this.range -= bound;
      this.code -= bound;
      probabilities[index] = probability - (probability >> ADAPTATION);
    } else {
      this.range = bound;
      probabilities[index] = probability + (((1 << PROBABILITY_BITS) - probability) >> ADAPTATION);
    }
    if (this.range < LEAST_RANGE) this.normalise();
    return isOne ? 1 : 0;
  }

  /** `count` bits as a number, each with the probability of its prefix, the highest first. */
  tree(probabilities: Uint16Array, start: number, count: number): number {
    let prefix = 1;
    for (let i = 0; i < count; i++) prefix = (prefix << 1) | this.bit(probabilities, start + prefix);
    return prefix - (1 << count);
  }

  /** Like {@link tree}, with the lowest bit first. */
  reverseTree(probabilities: Uint16Array, start: number, count: number): number {
    let prefix = 1;
    let value = 0;
    for (let i = 0; i < count; i++) {
      const bit = this.bit(probabilities, start + prefix);
      prefix = (prefix << 1) | bit;
      value |= bit << i;
    }
    return value;
  }

  /** `count` bits of equal probability. */
  direct(count: number): number {
    let value = 0;
    for (let i = 0; i < count; i++) {
      this.range >>>= 1;
      const isOne = this.code >= this.range;
      if (isOne) this.code -= this.range;
      value = (value << 1) | (isOne ? 1 : 0);
      if (this.range < LEAST_RANGE) this.normalise();
    }
    return value >>> 0;
  }

  private normalise(): void {
    this.range = (this.range << 8) >>> 0;
    this.code = ((this.code << 8) | this.input.u8()) >>> 0;
  }
}
