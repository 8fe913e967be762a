/** Builds the addon and the JavaScript: `node scripts/build.js [--if-stale] [native] [ts]`. */
import { readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { argv, execPath, exit } from 'node:process';
import { rolldown } from 'rolldown';
import { root, run } from '../native/make.js';
import { ADDON, buildAddon } from './addon.js';
import { breakLines } from './break-lines.js';
import { writeCommonJsEntry } from './commonjs.js';

const ADDON_INPUTS = ['native', 'CMakeLists.txt', 'binding.gyp', 'package-lock.json'];
const SCRIPT_INPUTS = [
  'lib',
  'scripts/build.js',
  'scripts/commonjs.js',
  'tsconfig.json',
  'tsconfig.build.json',
  'package-lock.json',
];

/** The entries that package.json exports; each has the same name in lib/ and dist/. */
const ENTRIES = ['index', 'serve', 'learn'];

/**
 * Whether `output` is missing, or older than one of `inputs` or a file in them.
 * @param {string} output @param {string[]} inputs
 */
function isStale(output, inputs) {
  const built = statSync(join(root, output), { throwIfNoEntry: false })?.mtimeMs ?? Number.NEGATIVE_INFINITY;
  /** @param {string} path @returns {boolean} */
  const isNewer = (path) => {
    const stat = statSync(path);
    return stat.mtimeMs > built || (stat.isDirectory() && readdirSync(path).some((name) => isNewer(join(path, name))));
  };
  return inputs.some((input) => isNewer(join(root, input)));
}

/**
 * The compiler writes types, the bundler writes scripts as a few files: a hundred modules take longer to open than to
 * run. Modules that are imported on demand (readers of formats, parts of the command) stay separate files. dist/ is
 * only replaced if everything succeeds.
 */
async function buildScripts() {
  const made = join(root, 'build/dist');
  rmSync(made, { recursive: true, force: true });
  run(execPath, ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json', '--outDir', made]);
  const bundle = await rolldown({
    cwd: root,
    input: {
      ...Object.fromEntries(ENTRIES.map((name) => [name, `lib/${name}.ts`])),
      'serve-thread': 'lib/serve/workers/thread.ts',
      'cli/main': 'lib/cli/main.ts',
    },
    platform: 'node',
    external: /^(node:.*|@grpc\/grpc-js|commander|csv-parse|yauzl|hyparquet(-writer|\/src\/delta\.js)?)$/,
  });
  // lib/addon.ts finds the addon relative to itself, one folder below the root.
  const { output } = await bundle.generate({
    format: 'esm',
    entryFileNames: '[name].js',
    chunkFileNames: ({ name, facadeModuleId }) =>
      `${facadeModuleId?.match(/lib.formats.(?:.*[\\/])?([^\\/]+).read\.ts$/)?.[1] ?? name}.js`,
    comments: { legal: true, annotation: false, jsdoc: false },
    // Names of functions and classes are kept, so that stack traces are readable. The rest is half of what is opened
    // at a start, and a fifth of the package.
    minify: { compress: { keepNames: { function: true, class: true } }, mangle: { keepNames: true }, codegen: true },
    // The code that all readers share with the rest, or several with each other, so that each reader is one file.
    codeSplitting: {
      groups: [
        { name: 'load', test: /lib.(load|watch|formats.(containers.half|decision|everywhere))\.ts$/ },
        {
          name: 'tensors',
          test: /lib.formats.(tensors.(alignment|along|axes|bags|batch-place|builder|call|cumulative|dimensions|filling|inputs|moves|one-vocabulary|picking|products|raw-elements|reshape|shared-batch|slicing|sorting)|containers.protobuf|onnx.(dequantized|element-types|integer-product|tensor))\.ts$/,
        },
      ],
    },
  });
  await bundle.close();
  for (const chunk of output) {
    if (chunk.type !== 'chunk') continue;
    writeFileSync(join(made, chunk.fileName), breakLines(ascii(chunk.code)));
    if (ENTRIES.includes(chunk.name)) writeCommonJsEntry(made, chunk.name, chunk.exports);
  }
  keepPublicTypes(made);
  rmSync(join(root, 'dist'), { recursive: true, force: true });
  renameSync(made, join(root, 'dist'));
}

/** The declarations that the package's own declarations refer to. @param {string} folder */
function keepPublicTypes(folder) {
  /** @type {Set<string>} */
  const wanted = new Set();
  const visit = (/** @type {string} */ file) => {
    if (wanted.has(file)) return;
    wanted.add(file);
    const imports = readFileSync(file, 'utf8').matchAll(/(?:from |import\()["'](\.[^"']+)["']/g);
    for (const [, path] of imports) visit(join(dirname(file), path.replace(/\.[jt]s$/, '.d.ts')));
  };
  for (const entry of ENTRIES) visit(join(folder, `${entry}.d.ts`));
  for (const path of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    const file = join(folder, path);
    if (path.endsWith('.d.ts') && !wanted.has(file)) rmSync(file);
  }
}

/**
 * V8 keeps an ASCII file in half the memory, and parses it faster.
 * @param {string} code without comments: all other characters are in strings, where they can be escaped
 */
function ascii(code) {
  return code.replace(/[^\0-\x7f]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

const always = !argv.includes('--if-stale');
try {
  if (argv.includes('native') && (always || isStale(ADDON, ADDON_INPUTS))) buildAddon();
  if (argv.includes('ts') && (always || isStale('dist/index.js', SCRIPT_INPUTS))) await buildScripts();
} catch (error) {
  console.error(`forwardpass: ${error instanceof Error ? error.message : error}`);
  exit(1);
}
