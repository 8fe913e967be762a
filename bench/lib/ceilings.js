/** The machine's ceilings: measured by ceilings/ceilings.cc, compiled with the system's compiler on first use. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** @typedef {import('./nets.js').Net} Net */
/** @typedef {import('./machine.js').Cache} Cache */

const root = join(import.meta.dirname, '..');
const SOURCE = join(root, 'ceilings', 'ceilings.cc');
const PROGRAM = join(root, 'build', 'ceilings');

export class Ceilings {
  /** GFLOP/s by instruction set. @type {Record<string, number>} */
  fma = {};
  /** GB/s by size in bytes. @type {Map<number, number>} */
  #read = new Map();
  /** Half of each cache, and memory: what a level gives. */
  #levels;
  /** Why there are none. @type {string | undefined} */
  problem;

  /** @param {readonly Cache[]} caches */
  constructor(caches) {
    this.#levels = caches.map(({ level, bytes }) => ({ level, bytes: bytes / 2 }));
    this.#levels.push({ level: 'memory', bytes: 4 * Math.max(...caches.map(({ bytes }) => bytes)) });
    this.problem = compile();
  }

  /**
   * Measures once more, and keeps the best of each figure: a ceiling is a maximum.
   *
   * @param {readonly Net[]} nets whose weights' sizes are read @param {readonly number[]} [batches] and their rows'
   */
  measure(nets, batches = [1]) {
    if (this.problem !== undefined) return;
    const sizes = [
      ...this.#levels.map(({ bytes }) => bytes),
      ...new Set(nets.flatMap((net) => batches.map((batch) => readBytes(net, batch)))),
    ];
    const { status, stdout, stderr } = spawnSync(PROGRAM, sizes.map(String), { encoding: 'utf8' });
    if (status !== 0) {
      this.problem = stderr.trim() || 'ceilings failed';
      return;
    }
    const { fma, read } = JSON.parse(stdout);
    for (const [name, rate] of Object.entries(fma)) this.fma[name] = Math.max(this.fma[name] ?? 0, rate);
    sizes.forEach((bytes, i) => {
      this.#read.set(bytes, Math.max(this.#read.get(bytes) ?? 0, read[i].gigabytesPerSecond));
    });
  }

  /** GB/s by level of memory. @returns {Record<string, number>} */
  get read() {
    return Object.fromEntries(this.#levels.map(({ level, bytes }) => [level, this.#read.get(bytes) ?? 0]));
  }

  /**
   * The shortest time that one core could take: all multiply-adds at its peak, or reading the weights and the rows once
   * from where they live, whichever is longer. Undefined without ceilings.
   *
   * @param {Net} net @param {number} batch
   */
  floor(net, batch) {
    const peak = Math.max(...Object.values(this.fma));
    const bandwidth = this.#read.get(readBytes(net, batch));
    if (this.problem !== undefined || bandwidth === undefined) return undefined;
    const compute = (2 * net.multiplyAdds * batch) / peak;
    const reading = callBytes(net, batch) / bandwidth;
    return { nanoseconds: Math.max(compute, reading), bound: compute > reading ? 'fma' : 'read' };
  }
}

/** @param {Net} net @param {number} batch */
function callBytes(net, batch) {
  return 4 * (net.parameterCount + batch * net.widths[0]);
}

/** Below a page, a loop's beginning and end would be measured instead. @param {Net} net @param {number} batch */
function readBytes(net, batch) {
  return Math.max(callBytes(net, batch), 4096);
}

/** @returns {string | undefined} why it is not there */
function compile() {
  const built = statSync(PROGRAM, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  if (built > statSync(SOURCE).mtimeMs) return undefined;
  mkdirSync(join(root, 'build'), { recursive: true });
  const compiler = process.env.CXX ?? 'c++';
  const flags = ['-std=c++17', '-O3', '-ffp-contract=fast', SOURCE, '-o', PROGRAM];
  const { status, stderr, error } = spawnSync(compiler, flags, { encoding: 'utf8' });
  if (status === 0) return undefined;
  return `${compiler} did not compile ceilings.cc: ${(error?.message ?? stderr).trim().split('\n')[0]}`;
}
