/** The tools of LLVM, which support the formats of all systems. In Debian, their names may contain the version. */
import { execFileSync } from 'node:child_process';

/** The output of a tool; throws if it fails. @param {string} name @param {string[]} args */
export function llvm(name, args) {
  for (const version of ['', ...Array.from({ length: 12 }, (_, i) => `-${25 - i}`)]) {
    try {
      return execFileSync(name + version, args, {
        encoding: 'utf8',
        maxBuffer: 1 << 26,
        stdio: ['ignore', 'pipe', 'pipe'],
      });
    } catch (error) {
      if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'ENOENT') throw error;
    }
  }
  throw new Error(`${name} is not installed; Debian has it in the package ${name.startsWith('ld') ? 'lld' : 'llvm'}`);
}
