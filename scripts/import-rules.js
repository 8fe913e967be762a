/**
 * Which modules may import which. The rules of docs/design.md as a table, and a check of files against it.
 *
 * A rule names a group of files and what they may import: patterns of repository paths, packages, `node:` modules
 * and C++ system headers. The first rule that matches a file applies to it.
 *
 * @typedef {{ files: RegExp, may: RegExp }} Rule
 */
import { posix } from 'node:path';

/** The tables of operations: the name of each, its number in plans, and what it computes. */
const OPERATIONS = 'lib/graph/operations/.*';
const GRAPH_TYPES = `lib/graph/(graph|limits|budget|fold|architecture|word-hash|terms)\\.ts|${OPERATIONS}`;
/** Code that builds a graph of layers, and the shapes it computes with; not the later stages. */
const MAKING_GRAPHS = 'lib/graph/((define|stack)/.*|(activations|combine|float32|shapes)\\.ts)';
/** The leaves: the error class, helpers for its messages, errors from callers' getters, extremes of numbers. */
const ERRORS = 'lib/(errors|error-text|messages|extremes|reading)\\.ts';

/**
 * The host is what platforms other than Node do not have, or have in another form: files, the network, threads,
 * compression, opening scripts. Files and the network are behind lib/source, the rest behind lib/platform. Nothing else
 * in the library imports them, except an engine, which is replaced as a whole. The server and the command are Node
 * programs and may use it freely.
 */
const PLATFORM = 'lib/platform/(package|text|zlib)\\.ts';
const HOST = 'node:.*';
/** What parts that do not run in a browser may import from Node, apart from the host. */
const UTILITIES = 'node:(buffer|crypto|path|timers|timers/promises|util)';

/** The parts of a model other than the addon. */
const MODEL_PARTS =
  'lib/(bound-call|buffers|calls|faults|handle|isa|known-strings|labels|predictions|ragged|rows|schema|summary|tensor-info)\\.ts|lib/rows/.*';
/** The engine, and its types. */
const ENGINE = ['#engine', 'lib/engine/engine\\.ts'];
/** The engine of the addon. The module that finds its binary does so relative to itself, one folder below the root. */
const NATIVE_ENGINE = 'lib/engine/native\\.ts|lib/(addon|elf)\\.ts';
/** What load and the package's main entry do not use. */
const NOT_OF_LOAD = '(addon|elf|serve|learn)\\.ts|cli/|engine/|platform/|serve/|learn/';
/** What connects the stages of a model with custom steps. */
const STEPS = 'lib/steps/(?!assemble|cut)[a-z]+\\.ts';

/** @param {...string} patterns */
const only = (...patterns) => new RegExp(`^(${patterns.join('|')})$`);

/** @type {readonly Rule[]} */
const TYPESCRIPT_RULES = [
  { files: only(ERRORS), may: only(ERRORS) },
  { files: only(OPERATIONS), may: only(OPERATIONS) },
  { files: /^lib\/graph\/plan-format\.ts$/, may: only(OPERATIONS) },
  { files: /^lib\/graph\/budget\.ts$/, may: only(GRAPH_TYPES, ERRORS) },
  { files: only(GRAPH_TYPES), may: only(GRAPH_TYPES) },
  // Reading texts only depends on what a graph says about them.
  {
    files: /^lib\/text\//,
    may: only(
      'lib/text/.*',
      'lib/graph/(terms|check-terms|word-hash|operations/choices)\\.ts',
      'lib/engine/engine\\.ts',
      ERRORS,
    ),
  },
  // The stages between a graph and a plan, and define(), which builds a graph.
  { files: /^lib\/graph\//, may: only('lib/graph/.*', ERRORS) },
  { files: /^lib\/platform\//, may: only(HOST) },
  // Formats receive a reader: no file system, no network.
  {
    files: /^lib\/formats\/containers\//,
    may: only(
      'lib/formats/containers/.*',
      'lib/formats/format\\.ts',
      'lib/graph/(limits|budget)\\.ts',
      ERRORS,
      PLATFORM,
      'yauzl',
    ),
  },
  // A frozen file also contains a plan.
  {
    files: /^lib\/formats\/safetensors\/(frozen|write-frozen|read)\.ts$/,
    may: only('lib/formats/.*', GRAPH_TYPES, 'lib/graph/plan-format\\.ts', MAKING_GRAPHS, PLATFORM, ERRORS),
  },
  {
    files: /^lib\/formats\//,
    may: only('lib/formats/.*', 'lib/text/.*', GRAPH_TYPES, MAKING_GRAPHS, PLATFORM, ERRORS),
  },
  // The interface of engines, and the choice of an instruction set for a model.
  {
    files: /^lib\/engine\/engine\.ts$/,
    may: only('lib/(buffers|faults|isa)\\.ts', 'lib/graph/plan-format\\.ts'),
  },
  { files: /^lib\/engine\/choose-isa\.ts$/, may: only('#engine', 'lib/isa\\.ts', ERRORS) },
  {
    files: only(NATIVE_ENGINE),
    may: only(NATIVE_ENGINE, 'lib/engine/engine\\.ts', 'lib/isa\\.ts', ERRORS, HOST),
  },
  // Everything else imports the engine as `#engine`, whichever it is.
  { files: /^lib\/(bound-call|calls)\.ts$/, may: only(...ENGINE, MODEL_PARTS, 'lib/graph/.*', ERRORS) },
  {
    files: /^lib\/model\.ts$/,
    may: only(
      ...ENGINE,
      'lib/engine/choose-isa\\.ts',
      'lib/(model-parts|options)\\.ts',
      MODEL_PARTS,
      STEPS,
      'lib/graph/.*',
      ERRORS,
    ),
  },
  { files: /^lib\/model-parts\.ts$/, may: only(MODEL_PARTS, STEPS, 'lib/graph/.*', ERRORS) },
  { files: only(STEPS), may: only(STEPS, MODEL_PARTS, 'lib/graph/.*', ERRORS) },
  // Rows become inputs of a model; some models take texts.
  {
    files: /^lib\/rows\/term-column\.ts$/,
    may: only(MODEL_PARTS, 'lib/engine/engine\\.ts', 'lib/text/.*', 'lib/graph/.*', ERRORS),
  },
  { files: /^lib\/rows\/texts\.ts$/, may: only('lib/rows/term-column\\.ts', 'lib/platform/script\\.ts', ERRORS) },
  { files: only(MODEL_PARTS), may: only(MODEL_PARTS, 'lib/graph/.*', ERRORS) },
  // Constant folding runs the engine.
  { files: /^lib\/compute\.ts$/, may: only('#engine', 'lib/graph/(programs|plan-format)\\.ts', ERRORS) },
  {
    files: /^lib\/source(\/.*)?\.ts$/,
    may: only('lib/source(/.*)?\\.ts', 'lib/formats/format\\.ts', 'lib/graph/limits\\.ts', ERRORS, HOST),
  },
  // Watching models includes loading them: it reads the network and files with the same modules as load.
  {
    files: /^lib\/watch(\/.*)?\.ts$/,
    may: only(
      'lib/watch/.*',
      'lib/(load|options|source|model|buffers|predictions|rows|tensor-info)\\.ts',
      'lib/source/.*',
      'lib/formats/format\\.ts',
      ERRORS,
      UTILITIES,
    ),
  },
  // Protocols turn bytes into bytes: from Node they only use the types of headers, and no sockets.
  {
    files: /^lib\/serve\/protocol(\/.*)?\.ts$/,
    may: only(
      'lib/serve/protocol(/.*)?\\.ts',
      'lib/(buffers|faults|labels|model|predictions|rows|schema|tensor-info)\\.ts',
      'lib/rows/.*',
      'lib/graph/(graph|lower)\\.ts',
      'lib/formats/containers/half\\.ts',
      ERRORS,
      '@grpc/grpc-js',
      'node:(buffer|fs|http)',
    ),
  },
  // Threads that listen on one socket: the addon gives each thread its own descriptor.
  {
    files: /^lib\/serve\/workers\/crew\.ts$/,
    may: only('#engine', 'lib/serve/.*', 'lib/handle\\.ts', ERRORS, HOST),
  },
  // The host of a server: sockets, files, threads; it gets models by watching them.
  {
    files: /^lib\/serve(\/.*)?\.ts$/,
    may: only(
      'lib/serve/.*',
      'lib/(handle|model|options|source|watch)\\.ts',
      'lib/source/main\\.ts',
      'lib/steps/import-functions\\.ts',
      'lib/watch/same-interface\\.ts',
      ERRORS,
      HOST,
    ),
  },
  // Learning has its own addon, which nothing else opens.
  { files: /^lib\/learn\/addon\.ts$/, may: only('lib/addon\\.ts', ERRORS) },
  {
    files: /^lib\/learn(\/.*)?\.ts$/,
    may: only(
      'lib/learn/.*',
      'lib/(buffers|labels|load|model|options|ragged|rows|source|frozen-file)\\.ts',
      'lib/rows/texts\\.ts',
      'lib/formats/.*',
      'lib/graph/.*',
      'lib/source/.*',
      ERRORS,
      UTILITIES,
    ),
  },
  {
    files: /^lib\/index\.ts$/,
    may: only(`lib/(?!${NOT_OF_LOAD}).*`),
  },
  {
    files: /^lib\/cli\//,
    may: only(
      'lib/cli/.*',
      'lib/(freeze|learn|load|model|options|quantize|rows|schema)\\.ts',
      'lib/serve/(server|options|events)\\.ts',
      'lib/steps/import-functions\\.ts',
      'lib/rows/.*',
      'lib/formats/containers/.*',
      GRAPH_TYPES,
      ERRORS,
      'commander',
      'csv-parse(/sync)?',
      'hyparquet(-writer|/src/delta\\.js)?',
      HOST,
    ),
  },
  // load, and what it uses.
  { files: /^lib\//, may: only(`lib/(?!index\\.ts|${NOT_OF_LOAD}).*`) },
];

const STANDARD = '<(?!node_api|arm_|[a-z]*intrin|cpuid)[a-z_]+(\\.h)?>';
const INTRINSICS = '<(immintrin|intrin|cpuid|arm_neon)\\.h>';
const PROCESSOR_QUESTIONS = '<(sys/(auxv|sysctl)|windows)\\.h>';

/** @type {readonly Rule[]} */
const NATIVE_RULES = [
  { files: /^native\/include\/forwardpass\.h$/, may: only(STANDARD) },
  // Only these files include Node's headers.
  {
    files: /^native\/binding\//,
    may: only(
      'native/binding/.*',
      'native/(loaded|engine|plan|pool|arena)\\.h',
      'native/kernels/registry\\.h',
      'native/text/scanner\\.h',
      '<node_api\\.h>',
      STANDARD,
    ),
  },
  {
    files: /^native\/c_api\.cc$/,
    may: only(
      'native/(arena|description|engine|file_bytes|frozen_file|scratches)\\.h',
      'native/kernels/registry\\.h',
      'native/include/forwardpass\\.h',
      STANDARD,
    ),
  },
  { files: /^native\/scratches\.h$/, may: only('native/(arena|network)\\.h', STANDARD) },
  // Reading files in the C library. Nothing here computes: from the engine, it only uses the parts of a plan.
  { files: /^native\/json(_check|_letters)?\.(h|cc)$/, may: only('native/(json|json_letters|arena)\\.h', STANDARD) },
  { files: /^native\/safetensors\.(h|cc)$/, may: only('native/(safetensors|json|arena)\\.h', STANDARD) },
  {
    files: /^native\/frozen_file\.(h|cc)$/,
    may: only('native/(frozen_file|safetensors|json|plan|arena)\\.h', STANDARD),
  },
  { files: /^native\/description\.(h|cc)$/, may: only('native/(description|safetensors|json|arena)\\.h', STANDARD) },
  {
    files: /^native\/file_bytes\.(h|cc)$/,
    may: only('native/(file_bytes|arena)\\.h', '<(windows|sys/stat)\\.h>', STANDARD),
  },
  // The engine and its network do not depend on an instruction set: hosts take one from the registry and pass it.
  {
    files: /^native\/engine\.(h|cc)$/,
    may: only('native/(engine|network|plan|pack|pool|arena)\\.h', 'native/kernels/(kernels|registry)\\.h', STANDARD),
  },
  {
    files: /^native\/(network\.h|builder\.h|build(_\w+)?\.cc|elements\.h|lookups\.h|run(_\w+)?\.cc)$/,
    may: only(
      'native/(network|builder|elements|lookups|pairs|plan|pack|pack_reduced|packed_once|pool|arena|couple|sort|trees|tree_packer|tree_layouts)\\.h',
      'native/kernels/kernels\\.h',
      STANDARD,
    ),
  },
  { files: /^native\/couple\.h$/, may: only(STANDARD) },
  { files: /^native\/pairs\.h$/, may: only('native/network\\.h', STANDARD) },
  { files: /^native\/sort\.h$/, may: only('native/kernels/kernels\\.h', STANDARD) },
  { files: /^native\/plan_numbers\.h$/, may: only(STANDARD) },
  { files: /^native\/tree_layouts\.h$/, may: only('native/plan_numbers\\.h', STANDARD) },
  {
    files: /^native\/tree_packer\.(h|cc)$/,
    may: only('native/(tree_packer|tree_layouts|arena)\\.h', 'native/kernels/kernels\\.h', STANDARD),
  },
  {
    files: /^native\/trees\.(h|cc)$/,
    may: only('native/(trees|tree_layouts)\\.h', 'native/kernels/(kernels|ranks)\\.h', STANDARD),
  },
  {
    files: /^native\/(pack|pack_reduced|packed_once|panel)\.(h|cc)$/,
    may: only('native/(pack|pack_reduced|panel|arena)\\.h', STANDARD),
  },
  {
    files: /^native\/(plan\.h|plan\.cc|verifier\.h|verify_steps\.cc)$/,
    may: only(
      'native/(plan|plan_numbers|verifier|pack|pack_reduced|arena|couple|sort|tree_packer)\\.h',
      'native/kernels/kernels\\.h',
      STANDARD,
    ),
  },
  // The addon for learning; apart from it, learners only use the vectors of an instruction set.
  {
    files: /^native\/learn\/addon\.cc$/,
    may: only('native/learn/(kind\\.h|sets\\.inc)', 'native/(arena|cpu)\\.h', '<node_api\\.h>', STANDARD),
  },
  {
    files: /^native\/learn\//,
    may: only(
      'native/learn/.*',
      'native/(arena|cpu)\\.h',
      'native/kernels/((vec_[a-z0-9]+|fma|kernels|math|activations)\\.h|kernels\\.inc)',
      STANDARD,
      INTRINSICS,
    ),
  },
  // Reading texts does not depend on the engine.
  {
    files: /^native\/text\//,
    may: only('native/text/.*', 'native/(arena|plan_numbers)\\.h', '<intrin\\.h>', STANDARD),
  },
  { files: /^native\/loaded\.(h|cc)$/, may: only('native/(loaded|engine|mutex|arena)\\.h', STANDARD) },
  { files: /^native\/(pool|mutex)\.(h|cc)$/, may: only('native/(pool|mutex)\\.h', '<windows\\.h>', STANDARD) },
  { files: /^native\/arena\.(h|cc)$/, may: only('native/arena\\.h', '<sys/mman\\.h>', STANDARD) },
  { files: /^native\/cpu\.(h|cc)$/, may: only('native/cpu\\.h', STANDARD, INTRINSICS, PROCESSOR_QUESTIONS) },
  {
    files: /^native\/kernels\//,
    may: only(
      'native/(cpu|pack|pack_reduced|plan_numbers|tree_layouts|arena)\\.h',
      'native/kernels/.*',
      STANDARD,
      INTRINSICS,
    ),
  },
];

const TYPESCRIPT_IMPORT =
  /(?:^|[;}\s])(?:import|export)\s(?:[^'"`;=()]*?\sfrom\s)?\s*['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]/g;
/** Available in Node without an import. */
const GLOBAL_BUFFER = /\bBuffer\.[a-z]|[:<(|] ?Buffer\b(?=[ ,;)>=|\]])/;
const CPP_INCLUDE = /^[ \t]*#[ \t]*include[ \t]*(?:"([^"]+)"|(<[^>]+>))/gm;

/**
 * The imports of a file, as repository paths for files in the repository.
 * @param {string} file @param {string} text
 */
function importsOf(file, text) {
  if (file.endsWith('.ts')) {
    const code = text.replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '');
    const targets = [...code.matchAll(TYPESCRIPT_IMPORT)].map(([, from, dynamic]) => {
      const target = from ?? /** @type {string} */ (dynamic);
      return target.startsWith('.') ? posix.join(posix.dirname(file), target) : target;
    });
    return GLOBAL_BUFFER.test(code) ? [...targets, 'node:buffer'] : targets;
  }
  return [...text.matchAll(CPP_INCLUDE)].map(([, quoted, system]) => {
    if (system !== undefined) return system;
    const path = /** @type {string} */ (quoted);
    // Quoted includes are relative to the file's own folder, or to native/.
    return /^(kernels|include)\//.test(path) ? `native/${path}` : posix.join(posix.dirname(file), path);
  });
}

/**
 * A message for every import that its rule does not allow.
 * @param {ReadonlyMap<string, string>} files text by path from the repository's root, with forward slashes
 */
export function violations(files) {
  /** @type {string[]} */
  const found = [];
  for (const [file, text] of files) {
    const rules = file.startsWith('native/') ? NATIVE_RULES : TYPESCRIPT_RULES;
    const rule = rules.find(({ files: group }) => group.test(file));
    if (rule === undefined) {
      found.push(`${file} belongs to no group of scripts/import-rules.js`);
      continue;
    }
    for (const target of importsOf(file, text)) {
      if (!rule.may.test(target)) found.push(`${file} may not import ${target}`);
    }
  }
  return found;
}

/**
 * Circular imports in lib/, one line for each circle, including types: what two files need from each other belongs in a
 * third file. Tarjan's algorithm, without recursion.
 * @param {ReadonlyMap<string, string>} files as {@link violations} takes them
 */
export function cycles(files) {
  const targets = new Map(
    [...files].map(([file, text]) => [file, importsOf(file, text).filter((target) => files.has(target))]),
  );
  /** @type {Map<string, { order: number, lowest: number, isOpen: boolean }>} */
  const met = new Map();
  /** @type {string[]} */
  const open = [];
  /** @type {string[]} */
  const found = [];
  for (const root of targets.keys()) {
    const path = met.has(root) ? [] : [enter(root)];
    for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
      const next = top.left.shift();
      if (next === undefined) {
        path.pop();
        leave(top.file, path.at(-1)?.file);
      } else {
        const known = met.get(next);
        if (known === undefined) path.push(enter(next));
        else if (known.isOpen) lower(top.file, known.order);
      }
    }
  }
  return found;

  /** @param {string} file */
  function enter(file) {
    met.set(file, { order: met.size, lowest: met.size, isOpen: true });
    open.push(file);
    return { file, left: [...(targets.get(file) ?? [])] };
  }

  /** @param {string} file @param {number} order */
  function lower(file, order) {
    const state = met.get(file);
    if (state !== undefined && order < state.lowest) state.lowest = order;
  }

  /** @param {string} file @param {string | undefined} importer */
  function leave(file, importer) {
    const { order = 0, lowest = 0 } = met.get(file) ?? {};
    if (importer !== undefined) lower(importer, lowest);
    if (lowest !== order) return;
    const circle = open.splice(open.indexOf(file));
    for (const member of circle) {
      const state = met.get(member);
      if (state !== undefined) state.isOpen = false;
    }
    if (circle.length > 1) found.push(`${circle.sort().join(', ')} import one another`);
  }
}
