/**
 * Files of about 100 MB of each framework: loading against reading the file, and the memory that a process has at the
 * most, each in its own process. With arguments it is that process. Forests are those of python/make_trees.py.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { byteCount, duration, significant } from './lib/format.js';
import { describeMachine } from './lib/machine.js';
import { WRITERS } from './lib/model-files.js';
import { makeNet } from './lib/nets.js';
import { saveResult } from './lib/results.js';
import { median } from './lib/stats.js';
import { TREES } from './lib/tree-files.js';

const RUNS = 5;
/** A layer of 100 MB in float32; joblib's in float64 is of half as many weights. */
const WIDTHS = [5000, 5000];
const DOUBLE_WIDTHS = [5000, 2500];
/** Forests by the ending of their file's name. */
const FORESTS = { pkl: 'pickle', joblib: 'joblib' };
const MOST_TIMES = 3;
const MOST_MEMORY = 2.5;

const [action, path] = process.argv.slice(2);
if (action === undefined) measureAll();
else console.log(JSON.stringify(await measureOne(action, path)));

/** Nanoseconds, and the process's greatest resident memory in bytes. @param {string} action @param {string} path */
async function measureOne(action, path) {
  const { load } = await import('../dist/index.js');
  // What reading takes of code is there before the clock starts, and so is the memory of it.
  if (action !== 'read') (await load(`${path}.small`)).dispose();
  const before = process.resourceUsage().maxRSS * 1024;
  const start = process.hrtime.bigint();
  if (action === 'load') await load(path);
  else if (action === 'read') readFileSync(path);
  const nanoseconds = Number(process.hrtime.bigint() - start);
  return { nanoseconds, bytes: process.resourceUsage().maxRSS * 1024 - before };
}

function measureAll() {
  const folder = mkdtempSync(join(tmpdir(), 'forwardpass-load-'));
  try {
    const formats = Object.entries(WRITERS).map(([name, write]) => {
      const path = join(folder, `model.${name}`);
      writeFileSync(path, write(netOf(name === 'joblib' ? DOUBLE_WIDTHS : WIDTHS)));
      writeFileSync(`${path}.small`, write(netOf([3, 2])));
      const result = measureFile(name, path);
      rmSync(path);
      return result;
    });
    for (const [ending, format] of Object.entries(FORESTS)) {
      const path = join(TREES, `large.${ending}`);
      if (existsSync(path)) formats.push(measureFile(`forest, ${format}`, path));
      else console.log(`Left out: a forest by ${format}; python/make_trees.py makes it`);
    }
    console.log(
      'file                             read       load    times (target 3)    memory, of the file (target 2.5)',
    );
    for (const { name, fileBytes, read, load, memory } of formats) {
      const columns = [
        `${name}, ${byteCount(fileBytes)}`.padEnd(28),
        duration(read).padStart(9),
        duration(load).padStart(10),
      ];
      const [times, share] = [load / read, memory / fileBytes];
      const verdict = times <= MOST_TIMES && share <= MOST_MEMORY ? '' : '   over';
      console.log(`${columns.join(' ')}${significant(times).padStart(12)}${significant(share).padStart(24)}${verdict}`);
    }
    saveResult('load', { machine: describeMachine(), runs: RUNS, formats });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The file at the path, and beside it a small one, PATH.small. @param {string} name @param {string} path */
function measureFile(name, path) {
  const [reads, loads] = ['read', 'load'].map((action) => runs(action, path));
  const [read, load] = [reads, loads].map((results) => median(results.map(({ nanoseconds }) => nanoseconds)));
  const memory = median(loads.map(({ bytes }) => bytes));
  return { name, fileBytes: statSync(path).size, read, load, memory };
}

/** @param {number[]} widths */
function netOf(widths) {
  return makeNet(widths, ['none'], 1);
}

/** @param {string} action @param {string} path @returns {{ nanoseconds: number, bytes: number }[]} */
function runs(action, path) {
  return Array.from({ length: RUNS }, () =>
    JSON.parse(execFileSync(process.execPath, [import.meta.filename, action, path], { encoding: 'utf8' })),
  );
}
