/**
 * The effect of each opcode on the machine, by its byte: https://github.com/python/cpython/blob/main/Lib/pickletools.py
 */
import { ForwardpassError } from '../../../errors.ts';
import type { Machine, Opcode } from './machine.ts';
import {
  decodeLatin1,
  decodeLong,
  decodeUtf8,
  parseFloatLine,
  parseIndex,
  parseInteger,
  parseQuoted,
  parseRawUnicode,
} from './text.ts';
import { PickleDict, PickleList, PickleSet, PickleTuple, type PickleValue } from './values.ts';

const NUMBERS: Readonly<Record<string, Opcode>> = {
  N: (m) => m.push(null),
  '\x88': (m) => m.push(true), //                                              NEWTRUE
  '\x89': (m) => m.push(false), //                                             NEWFALSE
  I: (m) => m.push(parseInteger(m.stream.line(), m.stream.place)),
  L: (m) => m.push(parseInteger(m.stream.line(), m.stream.place)),
  J: (m) => m.push(m.stream.i32()), //                                         BININT
  K: (m) => m.push(m.stream.u8()), //                                          BININT1
  M: (m) => m.push(m.stream.u16()), //                                         BININT2
  '\x8a': (m) => m.push(decodeLong(m.stream.take(m.stream.u8()), m.stream.place)), //  LONG1
  '\x8b': (m) => m.push(decodeLong(m.stream.take(m.stream.u32()), m.stream.place)), // LONG4
  F: (m) => m.push(parseFloatLine(m.stream.line(), m.stream.place)),
  G: (m) => m.push(m.stream.f64BigEndian()), //                                BINFLOAT
};

/**
 * Python 2 wrote its strings, which are bytes, with the first three opcodes: each byte becomes the character of the
 * same number.
 */
const TEXTS: Readonly<Record<string, Opcode>> = {
  S: (m) => m.push(parseQuoted(m.stream.line(), m.stream.place)),
  T: (m) => m.push(decodeLatin1(m.stream.take(m.stream.u32()), m.stream.place)), //            BINSTRING
  U: (m) => m.push(decodeLatin1(m.stream.take(m.stream.u8()), m.stream.place)), //             SHORT_BINSTRING
  V: (m) => m.push(parseRawUnicode(m.stream.line(), m.stream.place)),
  X: (m) => m.push(m.stream.text(m.stream.u32())), //                          BINUNICODE
  '\x8c': (m) => m.push(m.stream.text(m.stream.u8())), //                      SHORT_BINUNICODE
  '\x8d': (m) => m.push(m.stream.text(m.stream.u64())), //                     BINUNICODE8
  C: (m) => m.push(m.stream.takeElements(m.stream.u8())), //                   SHORT_BINBYTES
  B: (m) => m.push(m.stream.takeElements(m.stream.u32())), //                  BINBYTES
  '\x8e': (m) => m.push(m.stream.takeElements(m.stream.u64())), //             BINBYTES8
  '\x96': (m) => m.push(m.stream.takeElements(m.stream.u64())), //             BYTEARRAY8
};

const CONTAINERS: Readonly<Record<string, Opcode>> = {
  ']': (m) => m.push(new PickleList()),
  l: (m) => pushList(m, m.popMark()),
  a: (m) => appendOne(m, m.pop()),
  e: (m) => m.append(m.popMark()),
  ')': (m) => m.push(new PickleTuple([])),
  // A copy, without the capacity that the stack has reserved.
  t: (m) => m.push(new PickleTuple(m.popMark().slice())),
  '\x85': (m) => pushTuple(m, 1),
  '\x86': (m) => pushTuple(m, 2),
  '\x87': (m) => pushTuple(m, 3),
  '}': (m) => m.push(new PickleDict()),
  d: (m) => pushDict(m, m.popMark()),
  s: (m) => setOne(m, m.pop()),
  u: (m) => m.setItems(m.popMark()),
  '\x8f': (m) => m.push(new PickleSet()), //                                   EMPTY_SET
  '\x90': (m) => m.addItems(m.popMark()), //                                   ADDITEMS
  '\x91': (m) => pushSet(m, m.popMark()), //                                   FROZENSET
};

const OBJECTS: Readonly<Record<string, Opcode>> = {
  c: (m) => m.global(readName(m), readName(m)),
  '\x93': (m) => m.stackGlobal(),
  R: (m) => callWith(m, m.pop()), //                                           REDUCE
  '\x81': (m) => callWith(m, m.pop()), //                                      NEWOBJ
  '\x92': (m) => callWith(m, m.pop(), m.pop()), //                             NEWOBJ_EX
  i: (m) => instantiate(m, readName(m), readName(m)), //                       INST
  o: (m) => construct(m, m.popMark()), //                                      OBJ
  b: (m) => m.build(),
  P: (m) => m.persistent(readName(m)),
  Q: (m) => m.persistent(m.pop()), //                          BINPERSID
  '\x82': (m) => refuseExtension(m, m.stream.u8()), //                         EXT1
  '\x83': (m) => refuseExtension(m, m.stream.u16()), //                        EXT2
  '\x84': (m) => refuseExtension(m, m.stream.u32()), //                        EXT4
  '\x97': (m) => refuseBuffer(m), //                                           NEXT_BUFFER
  '\x98': (m) => void m.top(), //                                              READONLY_BUFFER
};

const MACHINE: Readonly<Record<string, Opcode>> = {
  '\x80': (m) => m.setProtocol(m.stream.u8()),
  '\x95': (m) => m.stream.beginFrame(m.stream.u64()),
  '.': (m) => m.stop(),
  '(': (m) => m.mark(),
  '0': (m) => m.discard(),
  '1': (m) => void m.popMark(),
  '2': (m) => m.put(m.top()), //                                              DUP
  p: (m) => m.remember(parseIndex(m.stream.line(), m.stream.place)),
  q: (m) => m.remember(m.stream.u8()), //                                      BINPUT
  r: (m) => m.remember(m.stream.u32()), //                                     LONG_BINPUT
  '\x94': (m) => m.remember(), //                                              MEMOIZE
  g: (m) => m.recall(parseIndex(m.stream.line(), m.stream.place)),
  h: (m) => m.recall(m.stream.u8()), //                                        BINGET
  j: (m) => m.recall(m.stream.u32()), //                                       LONG_BINGET
};

/** By the opcode's byte. */
export const OPCODES: readonly (Opcode | undefined)[] = (() => {
  const table = new Array<Opcode | undefined>(256).fill(undefined);
  for (const group of [NUMBERS, TEXTS, CONTAINERS, OBJECTS, MACHINE]) {
    for (const [code, run] of Object.entries(group)) table[code.charCodeAt(0)] = run;
  }
  return table;
})();

function pushList(m: Machine, items: PickleValue[]): void {
  m.push(new PickleList(items));
}

function appendOne(m: Machine, item: PickleValue): void {
  m.append([item]);
}

function pushTuple(m: Machine, length: number): void {
  const items = Array.from({ length }, () => m.pop());
  m.push(new PickleTuple(items.reverse()));
}

function pushDict(m: Machine, items: readonly PickleValue[]): void {
  m.push(new PickleDict());
  m.setItems(items);
}

function setOne(m: Machine, value: PickleValue): void {
  m.setItems([m.pop(), value]);
}

function pushSet(m: Machine, items: readonly PickleValue[]): void {
  m.push(new PickleSet());
  m.addItems(items);
}

function readName(m: Machine): string {
  return decodeUtf8(m.stream.line(), m.stream.place);
}

/** The arguments are on top; NEWOBJ_EX has keyword arguments above them. */
function callWith(m: Machine, top: PickleValue, below?: PickleValue): void {
  const callable = m.pop();
  if (below === undefined) m.call(callable, top);
  else m.call(callable, below, top);
}

function instantiate(m: Machine, module: string, name: string): void {
  const args = m.popMark();
  m.global(module, name);
  m.call(m.pop(), new PickleTuple(args));
}

function construct(m: Machine, [callable, ...args]: readonly PickleValue[]): void {
  if (callable === undefined) throw m.malformed('an object has no class');
  m.call(callable, new PickleTuple(args));
}

function refuseExtension(m: Machine, code: number): never {
  const message = `names a class by the number ${code} in a registry that is not in the file`;
  throw new ForwardpassError('UNSAFE', message, m.stream.place);
}

function refuseBuffer(m: Machine): never {
  const message =
    'the data of an array was stored outside of the pickle (out-of-band buffers); save it with plain pickle.dump';
  throw new ForwardpassError('UNSUPPORTED_VERSION', message, m.stream.place);
}
