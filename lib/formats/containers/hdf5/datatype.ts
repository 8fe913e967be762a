/** The type of an array's or attribute's elements. */
import type { Part } from './reader.ts';

/** Little-endian types, by their names in safetensors. */
export type Hdf5Element = 'F64' | 'F32' | 'F16' | 'BF16' | `${'I' | 'U'}${8 | 16 | 32 | 64}`;

export interface Datatype {
  readonly kind: 'number' | 'text' | 'variable text' | 'opaque' | 'other';
  /** Bytes of a stored element. */
  readonly bytes: number;
  readonly isBigEndian: boolean;
  readonly element?: Hdf5Element;
  /** For messages. */
  readonly words: string;
}

const [INTEGER, FLOAT, STRING, OPAQUE, ENUMERATION, VARIABLE] = [0, 1, 3, 5, 8, 9];
/** The other classes, for messages. */
const WORDS: Readonly<Record<number, string>> = {
  2: 'a time',
  4: 'a bit field',
  6: 'a compound type',
  7: 'a reference',
  10: 'an array type',
};
const IS_BIG_ENDIAN = 1;
/** An old byte order (VAX) that no machine has today. */
const IS_MIXED_ENDIAN = 64;
const IS_SIGNED = 8;
/** For a sequence of variable length: whether it is text. */
const IS_TEXT = 1;

/**
 * Float layouts: bits, position of the sign, position and size of the exponent, position and size of the mantissa,
 * bias. The first bit of a mantissa is implied.
 */
const FLOATS: Readonly<Record<string, Hdf5Element>> = {
  '16 15 10 5 0 10 15': 'F16',
  '16 15 7 8 0 7 127': 'BF16',
  '32 31 23 8 0 23 127': 'F32',
  '64 63 52 11 0 52 1023': 'F64',
};

export function readDatatype(part: Part): Datatype {
  const head = part.u8();
  const version = head >> 4;
  if (version < 1 || version > 4) throw part.reader.unknownVersion(`a type of version ${version}`);
  const [bits, bits2, bits3, bytes] = [part.u8(), part.u8(), part.u8(), part.u32()];
  const type = { bytes, isBigEndian: false };
  switch (head & 15) {
    case INTEGER:
      return integer(part, bits, bytes);
    case FLOAT:
      return float(part, [bits, bits2, bits3], bytes);
    case STRING:
      return { ...type, kind: 'text', words: 'text' };
    case OPAQUE:
      return { ...type, kind: 'opaque', words: `opaque elements of ${bytes} bytes` };
    case ENUMERATION:
      return enumeration(part, bytes);
    case VARIABLE: {
      const isText = (bits & 15) === IS_TEXT;
      if (isText) return { ...type, kind: 'variable text', words: 'text of variable length' };
      return { ...type, kind: 'other', words: 'lists of variable length' };
    }
    default:
      return { ...type, kind: 'other', words: WORDS[head & 15] ?? `a type of class ${head & 15}` };
  }
}

function integer(part: Part, bits: number, bytes: number): Datatype {
  const [offset, precision] = [part.u16(), part.u16()];
  const [isSigned, isBigEndian] = [(bits & IS_SIGNED) !== 0, (bits & IS_BIG_ENDIAN) !== 0];
  const isWhole = offset === 0 && precision === 8 * bytes;
  if (!isWhole || (bytes !== 1 && bytes !== 2 && bytes !== 4 && bytes !== 8)) {
    const words = `integers of ${precision} bits from bit ${offset} of ${bytes} bytes`;
    return { kind: 'other', bytes, isBigEndian, words };
  }
  const element: Hdf5Element = `${isSigned ? 'I' : 'U'}${(8 * bytes) as 8 | 16 | 32 | 64}`;
  return { kind: 'number', bytes, isBigEndian, element, words: element };
}

function float(part: Part, [bits, sign, more]: readonly number[], bytes: number): Datatype {
  const [offset, precision] = [part.u16(), part.u16()];
  const fields = [precision, sign, part.u8(), part.u8(), part.u8(), part.u8(), part.u32()].join(' ');
  const isImplied = ((bits >> 4) & 3) === 2;
  const isKnown = offset === 0 && precision === 8 * bytes && isImplied && more === 0 && (bits & IS_MIXED_ENDIAN) === 0;
  const isBigEndian = (bits & IS_BIG_ENDIAN) !== 0;
  const element = isKnown ? FLOATS[fields] : undefined;
  if (element === undefined) {
    return { kind: 'other', bytes, isBigEndian, words: `floats of ${bytes} bytes in a layout other than IEEE's` };
  }
  return { kind: 'number', bytes, isBigEndian, element, words: element };
}

/** Booleans are an enumeration of one byte. */
function enumeration(part: Part, bytes: number): Datatype {
  const base = readBase(part);
  const words = `an enumeration of ${bytes} bytes`;
  if (base?.kind !== 'number' || base.bytes !== 1 || bytes !== 1)
    return { kind: 'other', bytes, isBigEndian: false, words };
  return { ...base, words };
}

/** The integer type of an enumeration. */
function readBase(part: Part): Datatype | undefined {
  if ((part.u8() & 15) !== INTEGER) return undefined;
  const bits = part.u8();
  return integer(part, bits, part.skip(2).u32());
}
