/** Reads a file into a graph: its values, the outermost estimator, and that estimator's result for a row. */

import { ForwardpassError } from '../../errors.ts';
import type { Budget } from '../../graph/budget.ts';
import type { Graph, GraphInput, Node, Operand, OwnStep, Word } from '../../graph/graph.ts';
import type { PickleValue } from '../containers/pickle/values.ts';
import type { Source as FileSource, ReadOptions } from '../format.ts';
import { neededFor } from '../needed.ts';
import { type Choice, choose } from './bundle/choose.ts';
import { decoded, isLabelEncoder } from './bundle/labels.ts';
import { Cells, type Known } from './cells.ts';
import { Emitter } from './emitter.ts';
import type { Estimator } from './estimator.ts';
import { featuresOf, startsOwn } from './features.ts';
import type { RowVector } from './outcome.ts';
import { type Outputs, output, outputsOf } from './outputs.ts';
import type { Source } from './own/sources.ts';
import { boostedIn, isKnown, ownFeatures, predicts, readers } from './table.ts';
import { namesOf, withoutColumns } from './term-inputs.ts';
import { unusedColumns } from './unused.ts';

/** The options that the graph depends on. */
type AskedOfModel = Pick<ReadOptions, 'budget' | 'numIteration' | 'functions'>;

export async function readModel(source: FileSource, options: ReadOptions, isSkops: boolean): Promise<Graph> {
  const { budget, member } = options;
  return graphOf(choose(await readValues(source, budget, isSkops), member, budget, options.functions), options);
}

/** The values of a file, before they are interpreted. */
export async function readValues(
  source: FileSource,
  budget: Budget,
  isSkops: boolean,
): Promise<readonly PickleValue[]> {
  if (isSkops) return [await (await import('./skops.ts')).readSkops(source.main, budget)];
  const { readPickledFile } = await import('../containers/joblib.ts');
  return (await readPickledFile(source, budget)).values;
}

export function graphOf(choice: Choice, options: AskedOfModel): Graph {
  // Each pass knows more columns than the one before; most files need only one.
  for (let known: Known | undefined; ; ) {
    const cells = new Cells(known);
    const graph = graphWith(cells, choice, options);
    known = cells.settle();
    if (known === undefined) return graph;
  }
}

function graphWith(cells: Cells, choice: Choice, { budget, numIteration, functions }: AskedOfModel): Graph {
  const { steps, last, encoder } = chainOf(choice.estimators);
  // Unsupported classes are reported before missing attributes.
  const [isPredictor] = [last, ...steps].map((estimator) => predicts(estimator, budget.limits.depth, functions));
  const asked =
    numIteration === undefined ? undefined : { of: boostedIn(last, budget.limits.depth).object, numIteration };
  const emitter = new Emitter(budget, readers, cells, asked, functions);
  const chain = [...steps, last];
  const { width, names } = startsOwn(chain[0]) ? OPEN : featuresOf(chain, budget, isKnown, ownFeatures);
  const x = emitter.source({ name: INPUT, width, names });
  const row = emitter.through(steps, x, last);
  const outputs =
    isPredictor || encoder
      ? predicted(emitter, last, row, encoder)
      : transformed(emitter, last, emitter.transform(last, row));
  const featureNames = names ?? (width && choice.names(width, outputs.classes ? [outputs.classes] : []));
  const { steps: own } = emitter;
  const { inputs, nodes } = emitter.terms.hasAny
    ? own.length > 0
      ? stagedTexts(emitter, outputs, own, featureNames || undefined)
      : textInputs(emitter, outputs, featureNames || undefined)
    : { inputs: inputsOf(emitter, outputs, own), nodes: emitter.nodes };
  return {
    format: 'sklearn',
    precision: emitter.precision,
    inputs,
    nodes,
    ...outputs,
    ...(own.length > 0 && { steps: own, rows: [INPUT] }),
    ...(emitter.boosting.length > 0 && { boosting: emitter.boosting }),
    ...(featureNames && { featureNames }),
  };
}

/** A row passes through the steps and the last estimator, and, if the classes were encoded, back through the encoder. */
function chainOf(estimators: readonly Estimator[]) {
  const encoder = estimators.length > 1 ? estimators.slice(-1).find(isLabelEncoder) : undefined;
  const chain = encoder === undefined ? estimators : estimators.slice(0, -1);
  return { steps: chain.slice(0, -1), last: chain[chain.length - 1], encoder };
}

function predicted(emitter: Emitter, last: Estimator, row: RowVector, encoder: Estimator | undefined): Outputs {
  const outcome = emitter.predict(last, row);
  return outputsOf(encoder === undefined ? outcome : decoded(encoder, outcome), emitter);
}

const INPUT = 'X';
/** Rows that only user-defined steps take are not described in the file. */
const OPEN = { width: undefined, names: undefined };
/** The words of an unused column; one list for all of them. */
const NO_WORDS: Word[] = [];

function transformed(emitter: Emitter, estimator: Estimator, row: RowVector): Outputs {
  const isNoNumber = (column: number | undefined) =>
    column !== undefined &&
    (emitter.cells.categories.has(column) || emitter.cells.hashes.has(column) || emitter.holdsNone(row, column));
  const at = row.columns?.findIndex(isNoNumber) ?? -1;
  if (at >= 0) {
    const message = `gives words or None in column ${at}, but outputs are numbers; add an encoder after it`;
    throw estimator.error('UNSUPPORTED_OP', message);
  }
  return { outputs: [output(emitter, 'transformed', row)] };
}

/** The columns of a row, and what is computed from its texts. */
function textInputs(
  emitter: Emitter,
  outputs: Outputs,
  featureNames: readonly string[] | undefined,
): Pick<Graph, 'inputs' | 'nodes'> {
  const [source] = emitter.sources.all;
  const { width } = source;
  const needed = neededFor(operandsOf(outputs), emitter.nodes);
  const rows = emitter.terms.usedBy(needed);
  const texts = new Set([...rows.values()].flatMap(({ features }) => features));
  const rest = Array.from({ length: width }, (_, column) => column).filter((column) => !texts.has(column));
  const places = new Map(rest.map((column, place) => [column, place]));
  const nameOf = (column: number) => featureNames?.[column] ?? `${column}`;
  const moved = neededFor(operandsOf(outputs), withoutColumns(needed, INPUT, places, nameOf));
  const names = namesOf([...rows.values()], featureNames, [INPUT]);
  const dtype = emitter.precision === 'f64' ? 'float64' : 'float32';
  const termInputs = [...rows.values()].map(
    ({ width: ids, program, features }, i): GraphInput => ({
      ...{ name: names[i], shape: [ids], dtype, ragged: true, terms: program, features },
    }),
  );
  const input = rest.length > 0 ? [withPlaces(inputOf(emitter, source, outputs.outputs, needed), rest)] : [];
  return {
    inputs: [...input, ...termInputs],
    nodes: renamed(moved, new Map([...rows.keys()].map((operand, i) => [operand, names[i]]))),
  };
}

function renamed(nodes: readonly Node[], names: ReadonlyMap<string, string>): Node[] {
  const rename = (operand: Operand) => (typeof operand === 'string' ? (names.get(operand) ?? operand) : operand);
  return nodes.map((node) => ({ ...node, inputs: node.inputs.map(rename) }) as Node);
}

/** All columns of the rows and of user-defined steps' results, and what is computed from the texts among them. */
function stagedTexts(
  emitter: Emitter,
  outputs: Outputs,
  own: readonly OwnStep[],
  featureNames: readonly string[] | undefined,
): Pick<Graph, 'inputs' | 'nodes'> {
  const { sources } = emitter;
  const needed = neededFor([...operandsOf(outputs), ...takenBy(own)], emitter.nodes);
  const rows = emitter.terms.usedBy(needed);
  const texts = [...new Set([...rows.values()].flatMap(({ features }) => features))];
  const closed = sources.all.filter(({ isOpen }) => !isOpen);
  const unused = new Map(
    closed.map(({ name, width }) => {
      const isOutput = outputs.outputs.some(({ value }) => value === name);
      return [name, new Set(isOutput ? [] : unusedColumns(needed, name, width))];
    }),
  );
  for (const column of texts) {
    const { input, element } = sources.placeOf(column);
    if (unused.get(input)?.has(element)) continue;
    const name = featureNames?.[column] ?? `${element} of ${input}`;
    const message = `a vectorizer takes the texts of column ${name}, and something else its numbers; give each step its own columns with a ColumnTransformer`;
    throw new ForwardpassError('UNSUPPORTED_OP', message, 'model');
  }
  const names = namesOf(
    [...rows.values()],
    featureNames,
    sources.all.map(({ name }) => name),
  );
  const dtype = emitter.precision === 'f64' ? 'float64' : 'float32';
  const termInputs = [...rows.values()].map(({ width, program, features }, i): GraphInput => {
    const places = new Map(features.map((feature, at) => [feature, at]));
    const terms = program.map((step) =>
      'feature' in step ? { ...step, feature: places.get(step.feature) as number } : step,
    );
    const cells = features.map((column) => sources.placeOf(column));
    return { name: names[i], shape: [width], dtype, ragged: true, terms, cells };
  });
  return {
    inputs: [...closed.map((source) => inputOf(emitter, source, outputs.outputs, needed)), ...termInputs],
    nodes: renamed(needed, new Map([...rows.keys()].map((operand, i) => [operand, names[i]]))),
  };
}

/** The row tensors whose elements user-defined steps take. */
function takenBy(steps: readonly OwnStep[]): string[] {
  return steps.flatMap(({ takes }) =>
    typeof takes === 'string' ? [] : takes.flatMap((column) => ('value' in column ? [column.value] : [])),
  );
}

/** The operands of all outputs, and of all decisions about them. */
function operandsOf({ outputs, decision, targets = [] }: Outputs): string[] {
  const scores = [decision, ...targets.map((target) => target.decision)].map((each) => each?.scores);
  return [...outputs.map(({ value }) => value), ...scores].filter((operand) => operand !== undefined);
}

/** The input with only some of its columns. */
function withPlaces(input: GraphInput, columns: readonly number[]): GraphInput {
  const places = new Map(columns.map((column, place) => [column, place]));
  const moved = <T>(entries: Iterable<readonly [number, T]>) =>
    new Map(
      [...entries].flatMap(([column, each]) => (places.has(column) ? [[places.get(column) as number, each]] : [])),
    );
  const { categories, hashes, nones, present } = input;
  return {
    ...input,
    shape: [columns.length],
    features: columns,
    ...(categories && { categories: moved(categories) }),
    ...(hashes && { hashes: moved(hashes) }),
    ...(nones && { nones: moved(nones) }),
    ...(present && { present: new Set(moved([...present].map((column) => [column, true] as const)).keys()) }),
  };
}

function inputsOf(emitter: Emitter, { outputs, decision, targets }: Outputs, steps: readonly OwnStep[]): GraphInput[] {
  const { cells, sources, nodes } = emitter;
  if (cells.hashes.size > 0) checkCategories(emitter);
  // If user-defined steps take unchanged input, some nodes are unused.
  const scores = [decision, ...(targets ?? []).map((target) => target.decision)].map((each) => each?.scores);
  const values = [...outputs.map(({ value }) => value), ...scores, ...takenBy(steps)];
  const used = steps.length === 0 ? nodes : nodesFor(nodes, new Set(values));
  return sources.all.filter(({ isOpen }) => !isOpen).map((source) => inputOf(emitter, source, outputs, used));
}

/** The nodes that compute the needed values. Each node comes after those whose values it takes. */
function nodesFor(nodes: readonly Node[], needed: Set<unknown>): readonly Node[] {
  return nodes.toReversed().filter(({ output, inputs }) => {
    if (!needed.has(output)) return false;
    for (const operand of inputs) needed.add(operand);
    return true;
  });
}

function inputOf(emitter: Emitter, source: Source, outputs: Graph['outputs'], nodes: readonly Node[]): GraphInput {
  const { precision, cells, sources } = emitter;
  const { name, width } = source;
  const [categories, hashes, nones] = [cells.categories, cells.hashes, cells.nones].map((map) =>
    sources.partOf<unknown>(map as ReadonlyMap<number, unknown>, source),
  ) as [Map<number, Word[]>, Map<number, number[]>, Map<number, number>];
  const isOutput = outputs.some(({ value }) => value === name);
  for (const column of isOutput ? [] : unusedColumns(nodes, name, width)) categories.set(column, NO_WORDS);
  const takesAbsent = cells.takesMissing || nones.size > 0;
  const present = takesAbsent ? presentColumns(emitter, source, categories, outputs) : [];
  return {
    name,
    shape: [width],
    dtype: precision === 'f64' ? 'float64' : 'float32',
    ...(categories.size > 0 && { categories }),
    ...(hashes.size > 0 && { hashes }),
    ...(cells.takesMissing && { missing: true }),
    ...(nones.size > 0 && { nones }),
    ...(present.length > 0 && { present: new Set(present) }),
  };
}

/** The columns that are only checked for missing values. */
function presentColumns(
  emitter: Emitter,
  { first, width }: Source,
  categories: ReadonlyMap<number, unknown>,
  outputs: Graph['outputs'],
): readonly number[] {
  const { hashes, nones } = emitter.cells;
  const valued = emitter.columns.valued(outputs.map(({ value }) => value));
  // None may be represented by its own number.
  const isNumber = (at: number) => nones.has(at) && !Number.isNaN(nones.get(at));
  const isOther = (at: number) =>
    categories.has(at) || isNumber(first + at) || hashes.has(first + at) || valued.has(first + at);
  const present: number[] = [];
  for (let at = 0; at < width; at++) if (!isOther(at)) present.push(at);
  return present;
}

/** Categories known only by their hashes must not be used in another way by another estimator. */
function checkCategories(emitter: Emitter): void {
  const { categories: words, hashes, nones } = emitter.cells;
  const computed = emitter.columns.computed();
  const stray = [...hashes.keys()].find((column) => words.has(column) || nones.has(column) || computed.has(column));
  if (stray === undefined) return;
  const message = `column ${stray} contains categories for one estimator, but numbers or listed words for another`;
  throw new ForwardpassError('UNSUPPORTED_OP', message, 'model');
}
