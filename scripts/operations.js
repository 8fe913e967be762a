/**
 * What is made of the tables in lib/graph/operations: lists and enumerations for C++, the released numbers and
 * docs/operations.md. `node scripts/operations.js` writes them, with `--check` it says which differ.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { argv, exit } from 'node:process';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { rolldown } from 'rolldown';

/**
 * @typedef {import('../lib/graph/operations/entry.ts').Numbered & { kernel?: string, formula?: string, parameters?: readonly string[] }} Entry
 * @typedef {{ readonly name: string, readonly entries: Readonly<Record<string, Entry>> }} Table
 * @typedef {{ readonly TABLES: readonly Table[], readonly OLDEST_PLAN: number, readonly PLAN_VERSION: number }} Operations
 * @typedef {Record<string, Record<string, [number: number, since: number]>>} Released
 */

const RELEASED = 'test/graph/released-numbers.json';
const NOTICE = 'Made by scripts/operations.js of the tables in lib/graph/operations: change those.';

const root = new URL('..', import.meta.url);
const read = (/** @type {string} */ path) => readFileSync(new URL(path, root), 'utf8');

/** The tables, from TypeScript that not every Node runs as it is. @returns {Promise<Operations>} */
async function operations() {
  const path = (/** @type {string} */ file) => JSON.stringify(fileURLToPath(new URL(file, root)));
  const entry = `export { OLDEST_PLAN, PLAN_VERSION } from ${path('lib/graph/plan-format.ts')};
    export { TABLES } from ${path('lib/graph/operations/tables.ts')};`;
  const name = '\0tables';
  const bundle = await rolldown({
    input: name,
    plugins: [{ name, resolveId: (id) => (id === name ? id : null), load: (id) => (id === name ? entry : null) }],
  });
  const { output } = await bundle.generate({ format: 'esm' });
  await bundle.close();
  return import(`data:text/javascript,${encodeURIComponent(output[0].code)}`);
}

/**
 * Why the tables may not be as they are, given the numbers that were released: a plan in a file calls operations by them.
 * @param {readonly Table[]} tables @param {Released} released @param {number} oldest
 */
export function faultsOf(tables, released, oldest) {
  /** @type {string[]} */
  const faults = [];
  for (const { name: table, entries } of tables) {
    for (const [name, [number]] of Object.entries(released[table] ?? {})) {
      const found = entries[name]?.number;
      if (found === undefined) faults.push(`${table} ${name} was released as ${number}, and may not be removed`);
      else if (found !== number) faults.push(`${table} ${name} was released as ${number}, and may not become ${found}`);
    }
    for (const [name, [number, since]] of Object.entries(released[table] ?? {})) {
      const found = entries[name]?.since ?? oldest;
      if (entries[name]?.number === number && found !== since) {
        faults.push(`${table} ${name} is of plans since version ${since}, and may not become one of ${found}`);
      }
    }
    const inOrder = Object.entries(entries).sort(([, a], [, b]) => a.number - b.number);
    for (const [at, [name, { number, since = oldest }]] of inOrder.entries()) {
      const [, before] = inOrder[at - 1] ?? [];
      if (before !== undefined && number !== before.number + 1) {
        faults.push(
          `${table} ${name} should be number ${before.number + 1}, the next that was never used, found ${number}`,
        );
      }
      if (since < (before?.since ?? oldest))
        faults.push(`${table} ${name} is newer than the number before, and of an older version`);
    }
  }
  return faults;
}

/** The numbers with those of the tables added. @param {readonly Table[]} tables @param {number} oldest */
function numbersOf(tables, oldest) {
  const numbers = tables.map(({ name, entries }) => [
    name,
    Object.fromEntries(inOrder(entries).map(([name, { number, since = oldest }]) => [name, [number, since]])),
  ]);
  const text = JSON.stringify(Object.fromEntries(numbers), null, 2);
  return `${text.replace(/\[\s+(\d+),\s+(\d+)\s+\]/g, '[$1, $2]')}\n`;
}

/** @param {Table['entries']} entries */
const inOrder = (entries) => Object.entries(entries).sort(([, a], [, b]) => a.number - b.number);

/** C++ has some of the names as keywords. @param {string} name */
const cppName = (name) => (['not', 'and', 'or', 'xor'].includes(name) ? `logical_${name}` : name);

/** @param {string} macro @param {Table} table */
function list(macro, { entries }) {
  const rows = inOrder(entries).map(
    ([name, { kernel }]) => `${macro}(${cppName(name)}${kernel ? `, ${kernel}` : ''})\n`,
  );
  return `// ${NOTICE}\n${rows.join('')}`;
}

/** @param {string} name @param {Table} table @param {boolean} [isCounted] */
function enumeration(name, { entries }, isCounted = false) {
  const members = inOrder(entries).map(([member, { number }]) => `  ${cppName(member)} = ${number},\n`);
  return `enum class ${name} : int32_t {\n${members.join('')}${isCounted ? '  count,\n' : ''}};\n`;
}

/** @param {Operations} from */
function header({ TABLES, OLDEST_PLAN, PLAN_VERSION }) {
  const table = (/** @type {string} */ name) => /** @type {Table} */ (TABLES.find((each) => each.name === name));
  const fields = TABLES.map(({ name }) => name.replace(' ', '_'));
  const versions = Array.from({ length: PLAN_VERSION - OLDEST_PLAN + 1 }, (_, at) => OLDEST_PLAN + at);
  const ends = versions.map((version) => {
    const ofVersion = TABLES.map(({ entries }) =>
      Object.values(entries)
        .filter(({ since = OLDEST_PLAN }) => since <= version)
        .reduce((end, { number }) => Math.max(end, number + 1), 0),
    );
    return `    {${ofVersion.join(', ')}},  // ${version}\n`;
  });
  return `// ${NOTICE}
#pragma once

#include <cstdint>

namespace fp {

// Plans are of the least version that has all that they use.
constexpr int32_t oldest_plan = ${OLDEST_PLAN};
constexpr int32_t plan_version = ${PLAN_VERSION};
#define FP_PLAN_VERSIONS "${OLDEST_PLAN} to ${PLAN_VERSION}"

${enumeration('Opcode', table('opcode'))}
// What a dense layer's weights are packed as.
${enumeration('Weights', table('weight'))}
// What \`softmax\` gives.
${enumeration('Softmax', table('softmax'))}
// What \`normalize\` divides by.
${enumeration('Norm', table('norm'))}
// What \`sort\` gives.
${enumeration('SortResult', table('sort'))}
// What \`bag\` makes of the rows of its table.
${enumeration('BagMode', table('bag'))}
// What a tree's values do to the result.
${enumeration('TreeSum', table('tree sum'))}
// Where the numbers end that a plan may use.
struct Ends {
  int32_t ${fields.join(', ')};
};

// Of each version, from the oldest on.
constexpr Ends ends_of_versions[] = {
${ends.join('')}};

}  // namespace fp
`;
}

/** @param {Operations} from */
function page({ TABLES, OLDEST_PLAN }) {
  const titles = {
    unary: ['Functions of one value', 'x'],
    binary: ['Functions of two values', 'a, b'],
    reduce: ['Reductions', ''],
    softmax: ['Softmax and its kin', ''],
    norm: ['Norms', ''],
    metric: ['Distances', ''],
    bag: ['Bags', ''],
  };
  const sections = Object.entries(titles).map(([name, [title]]) => {
    const { entries } = /** @type {Table} */ (TABLES.find((table) => table.name === name));
    const rows = inOrder(entries).map(([fn, { number, since = OLDEST_PLAN, parameters = [], formula = '' }]) => {
      const shown = formula.replaceAll('|', '\\|');
      return `| \`${fn}\` | ${shown} | ${parameters.join(', ')} | ${number} | ${since} |\n`;
    });
    return `## ${title}\n\n| name | what it computes | parameters | number | since |\n|---|---|---|---|---|\n${rows.join('')}`;
  });
  return `# Operations and their numbers

<!-- ${NOTICE} -->

A plan, in memory or in a frozen file, calls functions by these numbers, which never change. \`since\` is the first version of
plans that has it: a plan is of the least version that has all it uses, and an engine runs those of every version up to its
own. \`x\` is the value, \`a\` and \`b\` are the two values; comparisons and logic give 1 or 0.

${sections.join('\n')}`;
}

/** Every file that is made, by its path. @param {Operations} from */
export function filesOf(from) {
  const table = (/** @type {string} */ name) => /** @type {Table} */ (from.TABLES.find((each) => each.name === name));
  return new Map([
    ['native/plan_numbers.h', header(from)],
    ['native/kernels/unary.inc', list('FP_UNARY', table('unary'))],
    ['native/kernels/binary.inc', list('FP_BINARY', table('binary'))],
    ['native/kernels/reduce.inc', list('FP_REDUCE', table('reduce'))],
    ['native/kernels/metrics.inc', list('FP_METRIC', table('metric'))],
    ['docs/operations.md', page(from)],
    [RELEASED, numbersOf(from.TABLES, from.OLDEST_PLAN)],
  ]);
}

async function main() {
  const from = await operations();
  const faults = faultsOf(from.TABLES, JSON.parse(read(RELEASED)), from.OLDEST_PLAN);
  if (faults.length === 0) {
    for (const [path, text] of filesOf(from)) {
      if (read(path) === text) continue;
      if (argv.includes('--check')) faults.push(`${path} is not what the tables make: run node scripts/operations.js`);
      else writeFileSync(new URL(path, root), text);
    }
  }
  for (const fault of faults) console.error(fault);
  exit(faults.length === 0 ? 0 : 1);
}

if (import.meta.url === pathToFileURL(argv[1] ?? '').href) await main();
