/** Pickles as a list of operations, which are left out, repeated, moved and made up. */
import type { Random } from '../../random-graph.ts';
import { floatNear, integerNear, type Mutator, repeats, stretch } from '../mutator.ts';
import { mutateBytes, setNumber } from './bytes.ts';

/** How the argument of an operation is written: bytes of a number, bytes of a length, or lines of text. */
interface Argument {
  readonly opcodes: string;
  readonly number?: number;
  readonly length?: number;
  readonly lines?: number;
}

const ARGUMENTS: readonly Argument[] = [
  { opcodes: 'K\x80\x82hq', number: 1 },
  { opcodes: 'M\x83', number: 2 },
  { opcodes: 'J\x84jr', number: 4 },
  { opcodes: 'G\x95', number: 8 },
  { opcodes: 'U\x8c\x8aC', length: 1 },
  { opcodes: 'TX\x8bB', length: 4 },
  { opcodes: '\x8d\x8e\x96', length: 8 },
  { opcodes: 'ILFSVPpg', lines: 1 },
  { opcodes: 'ci', lines: 2 },
];
const PLAIN = 'N\x88\x89]lae)t\x85\x86\x87}dsu\x8f\x90\x91\x93R\x81\x92obQ\x97\x98.(012\x94';
const FRAME = '\x95';
const BY_OPCODE = new Map(ARGUMENTS.flatMap((argument) => [...argument.opcodes].map((code) => [code, argument])));

/** Each byte is a character: strings are cut and joined sooner than arrays. */
type Operation = string;

export const mutatePickle: Mutator = (bytes, random, other) => {
  // Frames say how long what follows is; mostly they are left out, as protocol 3 does.
  const areFramesKept = random.below(4) === 0;
  const operations = parse(bytes).filter((operation) => areFramesKept || operation[0] !== FRAME);
  if (operations.length < 2) return undefined;
  const [start, end] = stretch(operations.length, random);
  random.pick(CHANGES)(operations, start, end, random, other);
  return new Uint8Array(Buffer.from(operations.join(''), 'latin1'));
};

type Change = (operations: Operation[], start: number, end: number, random: Random, other: Uint8Array) => void;

const CHANGES: readonly Change[] = [
  changeArgument,
  changeArgument,
  changeArgument,
  (operations, start, end) => operations.splice(start, end - start),
  (operations, start) => operations.splice(start, 1),
  (operations, start) => operations.splice(start, 0, ...operations.splice(start + 1, 1)),
  (operations, start, end, random) => {
    const part = operations.slice(start, end).join('');
    operations.splice(end, 0, part.repeat(repeats(part.length, random)));
  },
  (operations, start, end, random) =>
    operations.splice(random.below(operations.length), 0, ...operations.slice(start, end)),
  (operations, start, _end, random) => operations.splice(start, 0, madeUp(random)),
  (operations, start, _end, random) => operations.splice(start, 1, madeUp(random)),
  (operations, start, _end, random, other) => {
    const others = parse(other);
    if (others.length > 0)
      operations.splice(start, random.below(2), ...others.slice(...stretch(others.length, random)));
  },
  changeName,
  // Pairs of the same again and again: small to write, and large for whoever walks it as a tree.
  (operations, start, _end, random) => operations.splice(start, 0, '2\x86'.repeat(random.pick([5, 20, 40, 200]))),
];

function changeArgument(operations: Operation[], start: number, _end: number, random: Random): void {
  const at = operations.findIndex((operation, i) => i >= start && operation.length > 1);
  if (at < 0) return;
  const operation = operations[at];
  const { number, length, lines } = BY_OPCODE.get(operation[0]) ?? {};
  const changed = new Uint8Array(Buffer.from(operation, 'latin1'));
  if (number !== undefined) {
    setNumber(changed, 1, number, random);
  } else if (length !== undefined && random.below(3) === 0) {
    setNumber(changed, 1, length, random);
  } else if (length !== undefined) {
    const content = mutateBytes(changed.subarray(1 + length), random, changed) ?? new Uint8Array();
    operations[at] = withLength(operation[0], textOf(content), length);
    return;
  } else if (lines !== undefined) {
    operations[at] = operation[0] + changedLine(operation.slice(1), random);
    return;
  }
  operations[at] = textOf(changed);
}

function withLength(opcode: string, content: string, size: number): Operation {
  const held = size === 1 ? content.slice(0, 255) : content;
  const length = Buffer.alloc(8);
  length.writeUInt32LE(held.length, 0);
  return opcode + length.toString('latin1', 0, size) + held;
}

function changedLine(text: string, random: Random): string {
  const number = Number(text);
  const near = random.below(3) === 0 ? floatNear(number, random) : integerNear(number, random);
  return `${near}${random.below(8) === 0 ? '0'.repeat(random.pick([1, 20, 5000])) : ''}\n`;
}

/** A name in place of another one of the file. */
function changeName(operations: Operation[], start: number, _end: number, random: Random): void {
  const names = operations.flatMap((operation, at) => ('cXU\x8c'.includes(operation[0]) ? [at] : []));
  if (names.length === 0) return;
  const at = names.find((name) => name >= start) ?? names[0];
  operations[at] = operations[random.pick(names)];
}

function madeUp(random: Random): Operation {
  if (random.below(3) > 0) return random.pick([...PLAIN]);
  const { opcodes, number = 0, length, lines } = random.pick(ARGUMENTS);
  const opcode = random.pick([...opcodes]);
  if (lines !== undefined) return opcode + changedLine('1', random).repeat(lines);
  if (length !== undefined) return withLength(opcode, '\0'.repeat(random.below(9)), length);
  return opcode + String.fromCharCode(random.below(8), random.below(2)).padEnd(number, '\0').slice(0, number);
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
}

/** Each operation with its argument; what is not understood is an operation of one byte. */
function parse(bytes: Uint8Array): Operation[] {
  const text = textOf(bytes);
  const operations: Operation[] = [];
  for (let at = 0; at < text.length; ) {
    const end = at + sizeOf(text, at);
    operations.push(text.slice(at, end));
    at = end;
  }
  return operations;
}

function sizeOf(text: string, at: number): number {
  const { number, length, lines } = BY_OPCODE.get(text[at]) ?? {};
  if (number !== undefined) return 1 + number;
  if (length !== undefined) {
    let size = 0;
    for (let i = Math.min(length, 6); i > 0; i--) size = 256 * size + (text.charCodeAt(at + i) || 0);
    return 1 + length + size;
  }
  let end = at;
  for (let left = lines ?? 0; left > 0; left--) {
    const next = text.indexOf('\n', end + 1);
    if (next < 0) return 1;
    end = next;
  }
  return end - at + 1;
}
