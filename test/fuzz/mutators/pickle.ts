/** Pickles as a list of operations, which are left out, repeated, moved and made up. */
import type { Random } from '../../random-graph.ts';
import { concat, floatNear, integerNear, type Mutator, repeats, stretch } from '../mutator.ts';
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
const FRAME = 0x95;
const BY_OPCODE = new Map(
  ARGUMENTS.flatMap((argument) => [...argument.opcodes].map((code) => [code.charCodeAt(0), argument])),
);

export const mutatePickle: Mutator = (bytes, random, other) => {
  // Frames say how long what follows is; mostly they are left out, as protocol 3 does.
  const areFramesKept = random.below(4) === 0;
  const operations = parse(bytes).filter((operation) => areFramesKept || operation[0] !== FRAME);
  if (operations.length < 2) return undefined;
  const [start, end] = stretch(operations.length, random);
  random.pick(CHANGES)(operations, start, end, random, parse(other));
  return concat(...operations);
};

type Change = (
  operations: Uint8Array[],
  start: number,
  end: number,
  random: Random,
  others: readonly Uint8Array[],
) => void;

const CHANGES: readonly Change[] = [
  changeArgument,
  changeArgument,
  changeArgument,
  (operations, start, end) => operations.splice(start, end - start),
  (operations, start) => operations.splice(start, 1),
  (operations, start) => operations.splice(start, 0, ...operations.splice(start + 1, 1)),
  (operations, start, end, random) => {
    const part = operations.slice(start, end);
    const size = part.reduce((sum, { length }) => sum + length, 0);
    operations.splice(end, 0, ...Array.from({ length: repeats(size, random) }, () => part).flat());
  },
  (operations, start, end, random) =>
    operations.splice(random.below(operations.length), 0, ...operations.slice(start, end)),
  (operations, start, _end, random) => operations.splice(start, 0, madeUp(random)),
  (operations, start, _end, random) => operations.splice(start, 1, madeUp(random)),
  (operations, start, _end, random, others) => {
    if (others.length > 0)
      operations.splice(start, random.below(2), ...others.slice(...stretch(others.length, random)));
  },
  changeName,
  // Pairs of the same again and again: small to write, and large for whoever walks it as a tree.
  (operations, start, _end, random) => {
    operations.splice(start, 0, ...Array(random.pick([5, 20, 40, 200])).fill(Uint8Array.of(0x32, 0x86)));
  },
];

function changeArgument(operations: Uint8Array[], start: number, end: number, random: Random): void {
  const at = operations.findIndex((operation, i) => i >= start && operation.length > 1);
  if (at < 0 || end > operations.length) return;
  const [opcode, ...argument] = operations[at];
  const { number, length, lines } = BY_OPCODE.get(opcode) ?? {};
  const changed = operations[at].slice();
  if (number !== undefined) {
    setNumber(changed, 1, number, random);
  } else if (length !== undefined && random.below(3) === 0) {
    setNumber(changed, 1, length, random);
  } else if (length !== undefined) {
    const content = mutateBytes(changed.subarray(1 + length), random, changed) ?? new Uint8Array();
    operations[at] = withLength(opcode, content, length);
    return;
  } else if (lines !== undefined) {
    operations[at] = concat(Uint8Array.of(opcode), changedLine(Buffer.from(argument).toString('latin1'), random));
    return;
  }
  operations[at] = changed;
}

function withLength(opcode: number, content: Uint8Array, size: number): Uint8Array {
  const head = Buffer.alloc(9);
  head[0] = opcode;
  head.writeUInt32LE(size === 1 ? Math.min(content.length, 255) : content.length, 1);
  return concat(head.subarray(0, 1 + size), size === 1 ? content.subarray(0, 255) : content);
}

function changedLine(text: string, random: Random): Uint8Array {
  const number = Number(text);
  const near = random.below(3) === 0 ? floatNear(number, random) : integerNear(number, random);
  const line = random.below(8) === 0 ? `${String(near)}${'0'.repeat(random.pick([1, 20, 5000]))}` : String(near);
  return Buffer.from(`${line}\n`, 'latin1');
}

/** A name in place of another one of the file. */
function changeName(operations: Uint8Array[], start: number, _end: number, random: Random): void {
  const names = operations.flatMap((operation, at) => (/^[cXU\x8c]/.test(latin1(operation)) ? [at] : []));
  if (names.length === 0) return;
  const at = names.find((name) => name >= start) ?? names[0];
  operations[at] = operations[random.pick(names)];
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.subarray(0, 1)).toString('latin1');
}

function madeUp(random: Random): Uint8Array {
  if (random.below(3) > 0) return Buffer.from(random.pick([...PLAIN]), 'latin1');
  const { opcodes, number, length, lines } = random.pick(ARGUMENTS);
  const opcode = random.pick([...opcodes]).charCodeAt(0);
  if (lines !== undefined) return concat(Uint8Array.of(opcode), ...Array(lines).fill(changedLine('1', random)));
  if (length !== undefined) return withLength(opcode, new Uint8Array(random.below(9)), length);
  const operation = new Uint8Array(1 + (number ?? 0));
  operation[0] = opcode;
  for (let at = 1; at < operation.length && at < 3; at++) operation[at] = random.below(8);
  return operation;
}

/** Each operation with its argument; what is not understood is an operation of one byte. */
function parse(bytes: Uint8Array): Uint8Array[] {
  const operations: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; ) {
    const end = Math.min(bytes.length, at + sizeOf(bytes, at));
    operations.push(bytes.slice(at, end));
    at = end;
  }
  return operations;
}

function sizeOf(bytes: Uint8Array, at: number): number {
  const { number, length, lines } = BY_OPCODE.get(bytes[at]) ?? {};
  if (number !== undefined) return 1 + number;
  if (length !== undefined) {
    let size = 0;
    for (let i = Math.min(length, 6); i > 0; i--) size = 256 * size + (bytes[at + i] ?? 0);
    return 1 + length + size;
  }
  let end = at;
  for (let left = lines ?? 0; left > 0; left--) {
    const next = bytes.indexOf(0x0a, end + 1);
    if (next < 0) return 1;
    end = next;
  }
  return end - at + 1;
}
