/**
 * Merges equal constants in COFF. For ELF and Microsoft's compiler, LLVM puts each constant into its own section, which
 * linkers merge, but not for MinGW, whose old linker did not support this; zig's linker does. So this rewrites the
 * assembly: each constant gets a section that is named by its content, and the linker keeps one of them.
 */
import { createHash } from 'node:crypto';

/** @type {Record<string, number>} */
const BYTES = { byte: 1, short: 2, long: 4, quad: 8 };

/** The number of bytes of a line of data; NaN if it is not known here. @param {string} line */
function bytesOf(line) {
  const [, directive, value] = /^\t\.(\w+)\t(-?\w+)/.exec(line) ?? [];
  return directive === 'zero' ? Number(value) : (BYTES[directive] ?? Number.NaN);
}

/** @param {string} assembly of one file, as clang prints it for Windows @returns {string} */
export function mergeConstants(assembly) {
  /** @type {Map<string, string>} by the compiler's own name */
  const names = new Map();
  const written = new Set();
  const merged = assembly.replace(
    /^(\.LCPI\d+_\d+):\n((?:\t\.(?:byte|short|long|quad|zero)\t.*\n)+)/gm,
    (_, label, data) => {
      const lines = data
        .replace(/[ \t]*#.*$/gm, '')
        .trimEnd()
        .split('\n');
      const size = lines.reduce((/** @type {number} */ sum, /** @type {string} */ line) => sum + bytesOf(line), 0);
      if (!Number.isInteger(size)) throw new Error(`constant of unknown size: ${data}`);
      // Instructions require that a vector in memory is aligned to its size.
      const alignment = Math.min(Math.ceil(Math.log2(size)), 6);
      const name = `constant.${createHash('sha256').update(lines.join()).digest('hex').slice(0, 32)}`;
      names.set(label, name);
      if (written.has(name)) return '';
      written.add(name);
      const section = `\t.section\t.rdata,"dr",discard,${name}\n\t.globl\t${name}\n\t.p2align\t${alignment}, 0x0\n`;
      return `${section}${name}:\n${lines.join('\n')}\n`;
    },
  );
  return merged.replace(/\.LCPI\d+_\d+/g, (label) => {
    const name = names.get(label);
    if (name === undefined) throw new Error(`no constant is called ${label}`);
    return name;
  });
}
