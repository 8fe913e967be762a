/** Reads from the headers of a Linux program or library whether it can be loaded. */
import { closeSync, openSync, readSync } from 'node:fs';

export interface Elf {
  /** The processor it is for, as Node names it, or the number that ELF gives it. */
  readonly arch: string;
  /** The loader of a program, such as `/lib/ld-musl-x86_64.so.1`; libraries have none. */
  readonly interpreter?: string;
  /** The size of the complete file. */
  readonly bytes: number;
}

const MACHINES: Readonly<Record<number, string>> = {
  3: 'ia32',
  21: 'ppc64',
  22: 's390x',
  40: 'arm',
  62: 'x64',
  183: 'arm64',
  243: 'riscv64',
  258: 'loong64',
};

const PT_INTERP = 3;

/** Reads the file at a path. Undefined if it is not a 64-bit little-endian ELF file, or cannot be read. */
export function readElf(path: string): Elf | undefined {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch {
    return undefined;
  }
  try {
    // The program headers directly follow the header.
    const head = Buffer.alloc(2048);
    const length = readSync(file, head, 0, head.length, 0);
    if (length < 64 || head.readUInt32BE(0) !== 0x7f454c46 || head[4] !== 2 || head[5] !== 1) return undefined;
    const machine = head.readUInt16LE(18);
    // The section headers are at the end of the file.
    const bytes = Number(head.readBigUInt64LE(40)) + head.readUInt16LE(58) * head.readUInt16LE(60);
    return { arch: MACHINES[machine] ?? `machine ${machine}`, interpreter: interpreterOf(file, head, length), bytes };
  } catch {
    return undefined;
  } finally {
    closeSync(file);
  }
}

function interpreterOf(file: number, head: Buffer, length: number): string | undefined {
  const start = Number(head.readBigUInt64LE(32));
  const size = head.readUInt16LE(54);
  for (let i = 0, at = start; i < head.readUInt16LE(56) && at + 56 <= length; i++, at += size) {
    if (head.readUInt32LE(at) !== PT_INTERP) continue;
    const name = Buffer.alloc(Math.min(Number(head.readBigUInt64LE(at + 32)), 4096));
    readSync(file, name, 0, name.length, Number(head.readBigUInt64LE(at + 8)));
    return name.toString('latin1').split('\0', 1)[0];
  }
  return undefined;
}
