/**
 * Checks the binaries of a release: `node scripts/check-binaries.js [--all | FILE...]`, by default those in prebuilds/;
 * with --all, every platform must have them. They must only need the C library, in an old version, export one symbol,
 * and be stripped, hardened and small. LLVM's llvm-readobj and llvm-objdump read them, because they support the formats
 * of all systems.
 */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, join, relative } from 'node:path';
import { argv, exit } from 'node:process';
import { ADDONS, root } from '../native/make.js';
import { llvm } from './llvm.js';
import { fileOf, TARGETS } from './targets.js';

/** For the addon that runs models, and for the one that learns. */
const MOST_BYTES = { runs: 476 * 1024, learns: 208 * 1024 };
const OLDEST_GLIBC = [2, 17];
const EXPORT = 'napi_register_module_v1';

/** Libraries that every system of the kind has. On Windows, Node counts as one. */
const LIBRARIES = {
  elf: /^(lib(c|m|pthread)\.so(\.\d)?|ld-linux-aarch64\.so\.1)$/,
  pe: /^(kernel32|msvcrt|node|api-ms-win-crt-.*)\.(dll|exe)$/i,
  macho: /^(\/usr\/lib\/libSystem\.B\.dylib|@rpath\/forwardpass(-learn)?\.node)$/,
};

/** @typedef {{ libraries: string[], symbols: string[], flaws: string[] }} Findings */

/** @param {string} file @returns {Findings} */
function readElf(file) {
  const text = llvm('llvm-readobj', ['--elf-output-style=GNU', '-S', '-l', '-d', '--dyn-syms', file]);
  const all = (/** @type {RegExp} */ pattern) => [...text.matchAll(pattern)].map(([, found]) => found);
  const symbols = [...text.matchAll(/^\s*\d+: [0-9a-f]+\s+\d+ \w+\s+\w+\s+\w+\s+(\w+) (\S+)/gm)];
  const defined = symbols.filter(([, section]) => section !== 'UND').map(([, , name]) => name);
  const flaws = [];
  for (const version of new Set(all(/@(\w+)_[\d.]+ ?/g))) {
    if (version !== 'GLIBC') flaws.push(`needs symbols of ${version}`);
  }
  const newest = all(/@GLIBC_([\d.]+)/g).map((version) => version.split('.').map(Number));
  for (const [major, minor] of newest) {
    if (major * 1000 + minor > OLDEST_GLIBC[0] * 1000 + OLDEST_GLIBC[1]) flaws.push(`needs glibc ${major}.${minor}`);
  }
  if (/TEXTREL/.test(text)) flaws.push('has text relocations');
  if (!/GNU_STACK.* RW {2}/.test(text)) flaws.push('has an executable stack');
  if (!/GNU_RELRO/.test(text) || !/BIND_NOW/.test(text)) flaws.push('leaves its tables of addresses writable');
  if (/ \.(symtab|debug_\w+) /.test(text)) flaws.push('is not stripped');
  return { libraries: all(/\(NEEDED\).*\[(.*)\]/g), symbols: defined, flaws };
}

/** @param {string} file @returns {Findings} */
function readPe(file) {
  const text = llvm('llvm-readobj', ['--file-headers', '--coff-imports', '--coff-exports', file]);
  const flaws = ['DYNAMIC_BASE', 'HIGH_ENTROPY_VA', 'NX_COMPAT']
    .filter((flag) => !text.includes(`IMAGE_DLL_CHARACTERISTICS_${flag}`))
    .map((flag) => `is not ${flag}`);
  const names = (/** @type {string} */ block) =>
    [...text.matchAll(new RegExp(`^(?:Delay)?${block} \\{[^}]*?Name: (\\S+)`, 'gm'))].map(([, name]) => name);
  return { libraries: names('Import'), symbols: names('Export'), flaws };
}

/** Whether each page has the hash in the file's code directory, as Apple's processors require. @param {Buffer} file */
function isSigned(file) {
  const CODE_SIGNATURE = 0x1d;
  const CODE_DIRECTORY = 0xfade0c02;
  let at = 32;
  for (let left = file.readUInt32LE(16); left > 0 && file.readUInt32LE(at) !== CODE_SIGNATURE; left--) {
    at += file.readUInt32LE(at + 4);
  }
  if (file.readUInt32LE(at) !== CODE_SIGNATURE) return false;
  const signature = file.subarray(file.readUInt32LE(at + 8));
  const directory = signature.subarray(signature.readUInt32BE(16));
  if (directory.readUInt32BE(0) !== CODE_DIRECTORY) return false;
  const [first, slots, end] = [16, 28, 32].map((offset) => directory.readUInt32BE(offset));
  const [hashBytes, page] = [directory[36], 2 ** directory[39]];
  if (slots !== Math.ceil(end / page)) return false;
  return Array.from({ length: slots }, (_, slot) => slot).every((slot) => {
    const hash = createHash('sha256').update(file.subarray(slot * page, Math.min((slot + 1) * page, end)));
    return hash.digest().equals(directory.subarray(first + slot * hashBytes, first + (slot + 1) * hashBytes));
  });
}

/** @param {string} file @returns {Findings} */
function readMachO(file) {
  const text = llvm('llvm-objdump', ['--macho', '--private-headers', file]);
  const libraries = [...text.matchAll(/LC_(?:LOAD|ID)\w*_DYLIB\n.*\n\s+name (\S+)/g)].map(([, name]) => name);
  const exported = llvm('llvm-objdump', ['--macho', '--exports-trie', file]);
  const flaws = [];
  if (/ARM64/.test(text) && !isSigned(readFileSync(file))) flaws.push('is not signed, or was changed since');
  if (!/minos 11\.0/.test(text)) flaws.push('is not for macOS 11');
  return { libraries, symbols: [...exported.matchAll(/^0x\w+\s+_(\S+)/gm)].map(([, name]) => name), flaws };
}

/** Descriptions of what is wrong with a binary. @param {string} file @returns {string[]} */
export function flawsOf(file) {
  if (!existsSync(file)) return ['is missing'];
  const { size } = statSync(file);
  const kind = file.includes('win32') ? 'pe' : file.includes('darwin') ? 'macho' : 'elf';
  const { libraries, symbols, flaws } = { elf: readElf, pe: readPe, macho: readMachO }[kind](file);
  const foreign = libraries.filter((name) => !LIBRARIES[kind].test(name)).map((name) => `needs ${name}`);
  const others = symbols.filter((name) => name !== EXPORT);
  if (others.length > 0) foreign.push(`exports ${others.length} more symbols, such as ${others[0]}`);
  if (!symbols.includes(EXPORT)) foreign.push(`does not export ${EXPORT}`);
  const most = basename(file).startsWith('forwardpass-learn') ? MOST_BYTES.learns : MOST_BYTES.runs;
  if (size > most) foreign.push(`has ${size} bytes, more than ${most}`);
  return [...foreign, ...new Set(flaws)];
}

/** Prints a line for each binary; returns whether all are correct. @param {string[]} files */
export function checkBinaries(files) {
  let good = files.length > 0;
  for (const file of files) {
    const flaws = flawsOf(file);
    good &&= flaws.length === 0;
    const size = `${((statSync(file, { throwIfNoEntry: false })?.size ?? 0) / 1024).toFixed(0)} KB`.padStart(7);
    console.log(`${relative(root, file).padEnd(46)} ${size}  ${flaws.join('; ') || 'good'}`);
  }
  return good;
}

export function binaries() {
  const folder = join(root, 'prebuilds');
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.node'));
  return files.map((file) => join(folder, file)).sort();
}

if (import.meta.filename === argv[1]) {
  const all = Object.keys(TARGETS).flatMap((target) =>
    ADDONS.map((addon) => join(root, 'prebuilds', fileOf(target, addon))),
  );
  const files = argv.length > 2 ? argv.slice(2) : binaries();
  exit(checkBinaries(argv[2] === '--all' ? all : files) ? 0 : 1);
}
