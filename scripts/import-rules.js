/**
 * Who may import whom. The rules of docs/design.md as a table, and a check of files against it.
 *
 * A rule names a group of files and what they may import: patterns of repository paths, packages, `node:` modules
 * and C++ system headers. The first rule that matches a file is the one that holds for it.
 *
 * @typedef {{ files: RegExp, may: RegExp }} Rule
 */
import { posix } from 'node:path';

/** The tables of operations: what each is called, its number in plans, what it computes. */
const OPERATIONS = 'lib/graph/operations/.*';
const GRAPH_TYPES = `lib/graph/(graph|limits|budget|fold|architecture|word-hash|terms)\\.ts|${OPERATIONS}`;
/** What makes a graph of layers, and the shapes that it computes with; not the stages that follow. */
const MAKING_GRAPHS = 'lib/graph/((define|stack)/.*|(activations|combine|float32|shapes)\\.ts)';
/** The leaves: the error class, helpers for the text of its messages, what callers' getters throw, extremes of numbers. */
const ERRORS = 'lib/(errors|messages|extremes|reading)\\.ts';

/**
 * The host is what other platforms than Node have not, or have otherwise: files, the network, threads, compression, scripts
 * that are opened. Files and the network are behind lib/source, the rest behind lib/platform. Nothing else of the library
 * imports them, but an engine, which is replaced as a whole. The server and the command are programs of Node, and use it
 * as they like.
 */
const PLATFORM = 'lib/platform/(text|zlib)\\.ts';
const HOST = 'node:.*';
/** What the parts that do not run in a browser may have of Node, which is not of the host. */
const UTILITIES = 'node:(buffer|crypto|path|timers|timers/promises|util)';

/** What the model is made of beside the addon. */
const MODEL_PARTS =
  'lib/(bound-call|buffers|calls|faults|handle|isa|known-strings|labels|predictions|ragged|rows|schema|summary|tensor-info)\\.ts|lib/rows/.*';
/** The engine, and its types. */
const ENGINE = ['#engine', 'lib/engine/engine\\.ts'];
/** The engine of the addon. What finds its binary does so from its own place, one folder below the package's root. */
const NATIVE_ENGINE = 'lib/engine/native\\.ts|lib/(addon|elf)\\.ts';
/** What load and the package's main entry are not made of. */
const NOT_OF_LOAD = '(addon|elf|serve|learn)\\.ts|cli/|engine/|platform/|serve/|learn/';
/** What stands between the stages of a model with steps of the author's own. */
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
  // What a graph says of texts is all that reading them knows.
  {
    files: /^lib\/text\//,
    may: only(
      'lib/text/.*',
      'lib/graph/(terms|check-terms|word-hash|operations/choices)\\.ts',
      'lib/engine/engine\\.ts',
      ERRORS,
    ),
  },
  // The stages between a graph and a plan, and define(), which makes a graph.
  { files: /^lib\/graph\//, may: only('lib/graph/.*', ERRORS) },
  { files: /^lib\/platform\//, may: only(HOST) },
  // Formats get a reader: no file system, no network.
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
  // A frozen file holds a plan, too.
  {
    files: /^lib\/formats\/safetensors\/(frozen|write-frozen|read)\.ts$/,
    may: only('lib/formats/.*', GRAPH_TYPES, 'lib/graph/plan-format\\.ts', MAKING_GRAPHS, PLATFORM, ERRORS),
  },
  {
    files: /^lib\/formats\//,
    may: only('lib/formats/.*', 'lib/text/.*', GRAPH_TYPES, MAKING_GRAPHS, PLATFORM, ERRORS),
  },
  // What an engine is, and which of its instruction sets a model uses.
  {
    files: /^lib\/engine\/engine\.ts$/,
    may: only('lib/(buffers|faults|isa)\\.ts', 'lib/graph/plan-format\\.ts'),
  },
  { files: /^lib\/engine\/choose-isa\.ts$/, may: only('#engine', 'lib/isa\\.ts', ERRORS) },
  {
    files: only(NATIVE_ENGINE),
    may: only(NATIVE_ENGINE, 'lib/engine/engine\\.ts', 'lib/isa\\.ts', ERRORS, HOST),
  },
  // All else sees the engine as `#engine`, whichever it is.
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
  // Rows become what a model takes; of some, texts do.
  {
    files: /^lib\/rows\/term-column\.ts$/,
    may: only(MODEL_PARTS, 'lib/engine/engine\\.ts', 'lib/text/.*', 'lib/graph/.*', ERRORS),
  },
  { files: /^lib\/rows\/texts\.ts$/, may: only('lib/rows/term-column\\.ts', 'lib/platform/script\\.ts', ERRORS) },
  { files: only(MODEL_PARTS), may: only(MODEL_PARTS, 'lib/graph/.*', ERRORS) },
  // What folds constants runs the engine for each.
  { files: /^lib\/compute\.ts$/, may: only('#engine', 'lib/graph/(programs|plan-format)\\.ts', ERRORS) },
  {
    files: /^lib\/source(\/.*)?\.ts$/,
    may: only('lib/source(/.*)?\\.ts', 'lib/formats/format\\.ts', 'lib/graph/limits\\.ts', ERRORS, HOST),
  },
  // What watches models loads them: it reads the network and files through what load reads them with.
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
  // Protocols turn bytes into bytes: of Node they know types of headers, and no socket.
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
  // Threads that listen on one socket: the addon gives each its own descriptor.
  {
    files: /^lib\/serve\/workers\/crew\.ts$/,
    may: only('#engine', 'lib/serve/.*', 'lib/handle\\.ts', ERRORS, HOST),
  },
  // The host of a server: sockets, files, threads; models come by watching them.
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
  // What learns has its own addon, which nothing else opens.
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
  // load, and what it is made of.
  { files: /^lib\//, may: only(`lib/(?!index\\.ts|${NOT_OF_LOAD}).*`) },
];

const STANDARD = '<(?!node_api|arm_|[a-z]*intrin|cpuid)[a-z_]+(\\.h)?>';
const INTRINSICS = '<(immintrin|intrin|cpuid|arm_neon)\\.h>';
const PROCESSOR_QUESTIONS = '<(sys/(auxv|sysctl)|windows)\\.h>';

/** @type {readonly Rule[]} */
const NATIVE_RULES = [
  { files: /^native\/include\/forwardpass\.h$/, may: only(STANDARD) },
  // Node's headers are seen here alone.
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
  // What the C library reads. Nothing here computes: of the engine it knows what a plan is made of.
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
  // The engine and its network name no instruction set: hosts take one from the registry and hand it over.
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
  // The addon of learning; beside it, what learns sees the vectors of an instruction set.
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
  // What reads texts knows nothing of the engine.
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
/** Node has it without an import. */
const GLOBAL_BUFFER = /\bBuffer\.[a-z]|[:<(|] ?Buffer\b(?=[ ,;)>=|\]])/;
const CPP_INCLUDE = /^[ \t]*#[ \t]*include[ \t]*(?:"([^"]+)"|(<[^>]+>))/gm;

/**
 * What a file imports, as repository paths where it is a file of the repository.
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
    // Quoted includes are written from the file's own folder, or from native/.
    return /^(kernels|include)\//.test(path) ? `native/${path}` : posix.join(posix.dirname(file), path);
  });
}

/**
 * Every import that its rule does not allow, in words.
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
 * Files of lib/ that import one another in a circle, one line for each circle, types included: what two files need of each
 * other belongs in a third. By Tarjan's algorithm, without recursion.
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
