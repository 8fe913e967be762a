/** The stages from a source to a model. */
import { compile as compileProgram } from './compute.ts';
import { ForwardpassError } from './errors.ts';
import { refuseArchitecture } from './formats/architecture.ts';
import type { Source } from './formats/format.ts';
import { anticipateFormat, chooseFormat, errorOfFormat } from './formats/registry.ts';
import type { Architecture } from './graph/architecture.ts';
import { Budget } from './graph/budget.ts';
import { buildGraph } from './graph/define/build.ts';
import { Folding, type FoldingOptions } from './graph/folding.ts';
import { decidersOf, type Graph, type Node, type Op, type Tensor } from './graph/graph.ts';
import { integersAsked } from './graph/integers.ts';
import { lower } from './graph/lower.ts';
import { treesOf } from './graph/ops/trees.ts';
import { reducedTo, reduceWeights } from './graph/reduce.ts';
import { type SimplifiedGraph, simplify } from './graph/simplify.ts';
import { type CheckedGraph, validate } from './graph/validate.ts';
import { quote } from './messages.ts';
import { Model } from './model.ts';
import {
  type CheckedOptions,
  checkLoadOptions,
  checkModelOptions,
  type LoadOptions,
  type ModelOptions,
  type PrecisionOption,
} from './options.ts';
import { reading } from './reading.ts';
import { openTexts } from './rows/texts.ts';
import { aborted } from './source/abort.ts';
import type { OpenSource } from './source/open-source.ts';
import { type ModelSource, openSource } from './source.ts';
import { checkFunctions } from './steps/functions.ts';
import { refusedSteps } from './steps/refused.ts';
import type { Staged } from './steps/staged.ts';

export type { LoadOptions, ModelOptions } from './options.ts';

/**
 * Loads a trained model from a path, a URL (`file:`, `http:`, `https:`), bytes or a Blob. The format is detected from the
 * content. Only this step reads files or the network.
 *
 * @throws {ForwardpassError} SOURCE if nothing can be read; UNKNOWN_FORMAT, TRUNCATED, MALFORMED, UNSUPPORTED_OP and
 * others for invalid files (see {@link ErrorCode}); OPTION, LIMIT, MEMORY, ABORTED.
 */
export async function load(source: ModelSource, options: LoadOptions = {}): Promise<Model> {
  return loadChecked(source, checkLoadOptions(options));
}

/** The same, with options that were already checked. */
export async function loadChecked(source: ModelSource, options: CheckedOptions<LoadOptions>): Promise<Model> {
  const budget = new Budget(options.given);
  return modelOf(await readSource(source, options, budget), options, budget);
}

/** The model of an open source, which stays open. */
export async function loadOpened(source: OpenSource, options: CheckedOptions<LoadOptions>): Promise<Model> {
  const budget = new Budget(options.given);
  return modelOf(await readGraph(source, options, budget), options, budget);
}

/** The graph of an open source, which stays open, with the saved state of its optimizer. */
export async function readTrained(source: OpenSource, options: CheckedOptions<LoadOptions>): Promise<Graph> {
  return readGraph(source, options, new Budget(options.given), true);
}

/** The graph as described by a file. */
export async function readSource(
  source: ModelSource,
  options: CheckedOptions<LoadOptions>,
  budget = new Budget(options.given),
): Promise<Graph> {
  aborted(options.signal);
  const opening = openSource(source, options);
  if (typeof source === 'string') anticipateFormat(source);
  const opened = await opening;
  try {
    return await readGraph(opened, options, budget);
  } finally {
    await opened.checkUnchanged().finally(() => opened.close());
    aborted(options.signal);
  }
}

/**
 * Makes a model from the caller's parameters. docs/define.md explains every layer.
 *
 *     const line = define({ layers: [{ weight: m, bias: c }] });   // y = m·x + c
 *
 * @throws {ForwardpassError} ARCHITECTURE, SHAPE, DANGLING, DUPLICATE for an invalid architecture; OPTION, LIMIT,
 * MEMORY.
 */
export function define(architecture: Architecture, options: ModelOptions = {}): Model {
  const graph = reading('ARCHITECTURE', 'architecture', () => buildGraph(architecture, { format: 'define' }));
  return modelFromGraph(graph, options);
}

/** The model of a graph from any source. */
export function modelFromGraph(graph: Graph, options: ModelOptions = {}): Model {
  const checked = checkModelOptions(options);
  const budget = new Budget(checked.given);
  for (const { byteLength } of constantsOf(graph.nodes)) budget.opened(byteLength);
  return compile(graph, checked, budget);
}

async function readGraph(
  opened: OpenSource,
  options: CheckedOptions<LoadOptions>,
  budget: Budget,
  optimizer = false,
): Promise<Graph> {
  const source = counted(opened, budget);
  const format = await chooseFormat(source, options.format);
  const { activation, outputActivation, architecture, signature, member, numIteration } = options;
  if (format.takesArchitecture !== true) refuseArchitecture(format.name, options);
  if (signature !== undefined && format.takesSignature !== true) {
    const message = `only applies to TensorFlow SavedModels and TensorFlow Lite models; a file of format ${format.name} has no signatures`;
    throw new ForwardpassError('OPTION', message, 'signature');
  }
  if (member !== undefined && format.takesMember !== true) {
    const message = `only applies to scikit-learn and PyTorch files with several objects; a file of format ${format.name} has one model`;
    throw new ForwardpassError('OPTION', message, 'member');
  }
  if (numIteration !== undefined && format.takesIterations !== true) {
    const message = `only applies to boosted models of LightGBM, XGBoost, CatBoost and scikit-learn; a file of format ${format.name} does not say what belongs to an iteration`;
    throw new ForwardpassError('OPTION', message, 'numIteration');
  }
  const functions = checkFunctions(options.functions);
  if (functions.size > 0 && format.takesFunctions !== true) {
    const message = `only applies to custom steps in models of scikit-learn, Keras and PyTorch; a file of format ${format.name} has none`;
    throw new ForwardpassError('OPTION', message, 'functions');
  }
  const asked = options.precision === 'auto' ? undefined : arithmeticOf(options.precision);
  const given = { activation, outputActivation, architecture, signature, member, numIteration, functions, optimizer };
  const graph = await withFolding({ precision: asked, budget }, async (fold) => {
    const found = await format.read(source, { ...given, budget, fold }).catch(async (error) => {
      throw options.format === undefined ? error : await errorOfFormat(error, source, options.format);
    });
    return fold.fits(asked ?? found.precision) ? found : found.precision;
  });
  if (typeof graph === 'object') return checkTexts(graph);
  // If the inputs did not indicate the precision, which is rare, the file is read again with a fresh budget.
  const anew = new Budget(options.given);
  return withFolding({ precision: graph, budget: anew }, async (fold) =>
    checkTexts(await format.read(counted(opened, anew), { ...given, budget: anew, fold })),
  );
}

/** Loads the code that reads texts, if the model takes texts, and validates how they are read. */
async function checkTexts(graph: Graph): Promise<Graph> {
  for (const { name, terms } of graph.inputs) {
    if (terms !== undefined) (await openTexts()).checkPatterns(terms, `input ${quote(name)}`);
  }
  return graph;
}

/** Runs `use` with a folding, and releases the programs that it compiled afterwards. */
async function withFolding<T>(
  options: Omit<FoldingOptions, 'compile'>,
  use: (fold: Folding) => Promise<T>,
): Promise<T> {
  const fold = new Folding({ ...options, compile: compileProgram });
  try {
    return await use(fold);
  } finally {
    fold.dispose();
  }
}

/** The source, whose files are counted in the budget when they are opened. */
function counted({ main, sibling }: OpenSource, budget: Budget): Source {
  const known = new Set([main]);
  budget.opened(main.size);
  return {
    main,
    async sibling(path) {
      const file = await sibling(path);
      if (!known.has(file)) budget.opened(file.size);
      known.add(file);
      return file;
    },
  };
}

/** With custom steps, the caller computes values between parts of the graph. */
async function modelOf(graph: Graph, options: CheckedOptions<LoadOptions>, budget: Budget): Promise<Model> {
  const { steps } = graph;
  if (steps === undefined) return compile(graph, options, budget);
  const { stagedModel } = await import('./steps/assemble.ts');
  return stagedModel(graph, steps, checkFunctions(options.functions), {
    compile: (part, staged) => compile(part, options, budget, staged),
    countParameters,
    budget,
  });
}

function compile(graph: Graph, options: CheckedOptions<ModelOptions>, budget: Budget, staged?: Staged): Model {
  const prepared = prepare(graph, options, budget);
  return assemble(prepared, withWeights(prepared, options.precision), options, staged);
}

/** A validated and simplified graph. */
export interface Prepared {
  readonly source: Graph;
  readonly simple: SimplifiedGraph;
  readonly arithmetic: 'f32' | 'f64';
  readonly parameterCount: number;
  readonly budget: Budget;
}

export function prepare(
  source: Graph,
  options: CheckedOptions<ModelOptions>,
  budget = new Budget(options.given),
): Prepared {
  if (source.steps !== undefined) throw refusedSteps(source.steps, 'no file holds');
  const arithmetic = arithmeticOf(options.precision === 'auto' ? source.precision : options.precision);
  const checked = validate(source, budget.limits);
  const outputs = [...checked.outputs, ...decidersOf(checked)];
  const isDecided = source.integers !== undefined && source.precision === arithmetic;
  const integers = isDecided ? source.integers : integersAsked({ ...checked, outputs }, arithmetic);
  const fold = new Folding({ precision: arithmetic, compile: compileProgram, budget, integers });
  try {
    const simple = simplify(checked, { precision: arithmetic, integers, budget, fold });
    return { source, simple, arithmetic, parameterCount: countParameters(checked), budget };
  } finally {
    fold.dispose();
  }
}

function arithmeticOf(precision: Exclude<PrecisionOption, 'auto'>): 'f32' | 'f64' {
  return precision === 'f64' ? 'f64' : 'f32';
}

/** The graph with weights in the requested precision; `auto` keeps those of the file. */
export function withWeights({ simple, arithmetic }: Prepared, asked: PrecisionOption): SimplifiedGraph {
  if (arithmetic === 'f64' || asked === 'f32') return reduceWeights(simple, 'none');
  return asked === 'bf16' || asked === 'int8' ? reduceWeights(simple, asked) : simple;
}

/** The model of a prepared graph; `graph` is derived from it, with the layers' weights to use. */
export function assemble(
  prepared: Prepared,
  graph: SimplifiedGraph,
  options: CheckedOptions<ModelOptions>,
  staged?: Staged,
): Model {
  const { arithmetic, parameterCount, source, budget } = prepared;
  const { format, classes, featureNames, decision, targets, boosting, leftOut } = source;
  const { deciders } = graph;
  return Model.create({
    format,
    lowered: lower(graph, arithmetic, budget),
    ...(deciders && { deciding: lower({ ...graph, outputs: deciders }, arithmetic, budget) }),
    precision: reducedTo(graph) ?? arithmetic,
    parameterCount,
    classes,
    featureNames,
    decision,
    targets,
    boosting,
    leftOut,
    isa: options.isa,
    threads: options.threads,
    ...(staged && { staged }),
  });
}

/** The number of elements of trained constants; shared constants count once. */
function countParameters({ nodes }: CheckedGraph): number {
  const isMeant = (op: Op, operand: Tensor) => op !== 'trees' && operand.isFormula !== true && !isFactor(op, operand);
  let count = 0;
  for (const { length } of constantsOf(nodes, isMeant)) count += length;
  const known = new Set<Tensor['data']>();
  for (const node of nodes) {
    if (node.op !== 'trees') continue;
    const { data } = node.inputs[1] as Tensor;
    if (!known.has(data)) count += trainedIn(node);
    known.add(data);
  }
  return count;
}

/** The trained numbers of trees: one for each split, and the values of leaves. */
function trainedIn(node: Node<'trees'>): number {
  const { helpers = 0 } = node.attributes;
  const { roots, leafCount } = treesOf(node);
  if (helpers === roots.length - 1) return 0;
  const [, splits, leaves] = node.inputs as readonly Tensor[];
  return splits.shape[0] - leafCount + (leafCount - helpers) * leaves.shape[1];
}

/** The distinct arrays of constants. */
function constantsOf(nodes: readonly Node[], isMeant = (_op: Op, _operand: Tensor) => true): Set<Tensor['data']> {
  const arrays = new Set<Tensor['data']>();
  for (const { op, inputs } of nodes) {
    for (const operand of inputs) if (typeof operand !== 'string' && isMeant(op, operand)) arrays.add(operand.data);
  }
  return arrays;
}

/** Whether it is a factor such as the 16 in x / 16, which is part of a formula and not trained. */
function isFactor(op: Op, { data }: Tensor): boolean {
  return (op === 'binary' || op === 'select') && data.length === 1;
}
