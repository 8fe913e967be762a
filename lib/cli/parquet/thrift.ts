/**
 * Checks a struct in Thrift's compact protocol before a parser makes objects of it: nothing in it may be longer than
 * the remaining bytes or nested too deeply.
 * https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md
 */
import { ForwardpassError } from '../../errors.ts';

/** The numbers and structs of a struct, by field; everything else is left out. */
export type ThriftFields = ReadonlyMap<number, number | boolean | ThriftFields>;

const DEEPEST = 32;

export class ThriftCheck {
  constructor(
    private readonly bytes: Uint8Array,
    private readonly place: string,
    public at = 0,
  ) {}

  /** Reads a struct. */
  struct(depth = 0): ThriftFields {
    if (depth > DEEPEST) throw this.malformed('structs are nested too deeply');
    const fields = new Map<number, number | boolean | ThriftFields>();
    for (let field = 0; ; ) {
      const byte = this.byte();
      if (byte === 0) return fields;
      const [delta, type] = [byte >> 4, byte & 15];
      field = delta > 0 ? field + delta : zigzag(this.varint());
      const value = this.element(type, depth);
      if (value !== undefined) fields.set(field, value);
    }
  }

  private element(type: number, depth: number): number | boolean | ThriftFields | undefined {
    switch (type) {
      case 1:
      case 2:
        return type === 1;
      case 3:
        return this.byte();
      case 4:
      case 5:
      case 6:
        return zigzag(this.varint());
      case 7:
        this.skip(8);
        return undefined;
      case 8:
        this.skip(this.varint());
        return undefined;
      case 9:
        this.list(depth);
        return undefined;
      case 12:
        return this.struct(depth + 1);
      default:
        throw this.malformed(`a field has the unknown type ${type}`);
    }
  }

  private list(depth: number): void {
    if (depth > DEEPEST) throw this.malformed('lists are nested too deeply');
    const byte = this.byte();
    const count = byte >> 4 === 15 ? this.varint() : byte >> 4;
    const type = byte & 15;
    if (count > this.bytes.length - this.at) throw this.malformed(`a list of ${count} is longer than the file`);
    // In a list, each boolean is a byte.
    for (let i = 0; i < count; i++) this.element(type <= 2 ? 3 : type, depth + 1);
  }

  private byte(): number {
    if (this.at >= this.bytes.length) throw this.malformed('it ends within a struct');
    return this.bytes[this.at++];
  }

  /** Reads a varint, exact to 53 bits. */
  private varint(): number {
    let value = 0;
    for (let i = 0; i < 10; i++) {
      const byte = this.byte();
      value += (byte & 127) * 2 ** (7 * i);
      if (byte < 128) return value;
    }
    throw this.malformed('a number has more than 64 bits');
  }

  private skip(length: number): void {
    if (length > this.bytes.length - this.at) throw this.malformed('it ends within a value');
    this.at += length;
  }

  private malformed(what: string): ForwardpassError {
    return new ForwardpassError('MALFORMED', `the Parquet file is damaged: ${what}`, this.place);
  }
}

function zigzag(value: number): number {
  return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
}
