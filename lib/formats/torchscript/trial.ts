/**
 * Finds types and sizes of inputs that are not in the file, by how the code uses them. The code is run with inputs of a
 * width that no layer has; the first mismatch of sizes, for example 5040 features for a layer of 13, and how it changes
 * with the widths, determine the correct width.
 */
import { ForwardpassError } from '../../errors.ts';
import type { Graph, Node } from '../../graph/graph.ts';
import { listNames } from '../../messages.ts';
import type { ProgramInput } from '../aten/finish.ts';
import { FloatIds } from '../aten/float-ids.ts';
import type { Machine } from '../aten/machine.ts';
import { ShapeMismatch } from '../aten/shape-mismatch.ts';
import { CrossesRows } from '../tensors/emitter.ts';
import type { ElementType } from '../tensors/value.ts';
import { Raised } from './builtins.ts';
import type { ForwardInput } from './inputs.ts';

/** One run of the code. */
export interface Trial {
  readonly machine: Machine;
  finish(): Graph;
}

/** Runs the code with inputs of these types and shapes. */
export type Run = (inputs: readonly ProgramInput[]) => Trial;

/** The ranks to try for a row: features are most likely vectors, ids are most likely single. */
const FEATURE_RANKS = [1, 0, 2];
const ID_RANKS = [0, 1, 2];

/**
 * By the number of axes. Halves, thirds and so on are integers, so that code that splits an input splits it in
 * proportion.
 */
const PROBES = [[], [5040], [840, 1680]] as const;

const MOST_TURNS = 100;
const MOST_WIDTHS = 64;

/** Widths by input and axis, as far as known. */
type Widths = ReadonlyMap<string, number>;

/** The graph, with every input as the code needs it. Throws `SHAPE` if the code also works for other sizes. */
export function findInputs(inputs: readonly ForwardInput[], floatType: ElementType, run: Run): Graph {
  const known = inputs.map(({ name, known }) => known && { name, ...known });
  const isKnown = known.every((input) => input !== undefined);
  return isKnown ? run(known).finish() : new Search(inputs, floatType, run).find();
}

class Search {
  readonly #inputs: readonly ForwardInput[];
  readonly #floatType: ElementType;
  readonly #run: Run;
  /** The batch size of the examples, if some inputs have one. */
  readonly #batch: number | undefined;
  /** The machine of the previous trial, whose nodes can be dropped once there is another. */
  #last: Machine | undefined;
  /** Inputs found to contain ids. */
  readonly #ids = new Set<string>();

  constructor(inputs: readonly ForwardInput[], floatType: ElementType, run: Run) {
    this.#inputs = inputs;
    this.#floatType = floatType;
    this.#run = run;
    this.#batch = inputs.find(({ known }) => known !== undefined)?.known?.shape[0];
  }

  /** Tries the most likely ranks first. */
  find(): Graph {
    for (;;) {
      const known = this.#ids.size;
      const found = this.#findTurn();
      if (!(found instanceof ForwardpassError)) return found;
      // The most likely ranks of ids differ from those of features.
      if (this.#ids.size === known) throw found;
    }
  }

  /** The result for the first ranks that work, or the error for the most likely ones. */
  #findTurn(): Graph | ForwardpassError {
    let failure: ForwardpassError | undefined;
    for (const turns of this.#turns()) {
      try {
        const solution = this.#solve(turns);
        this.#refuseOthers(turns, solution.widths);
        return solution.graph;
      } catch (error) {
        if (!(error instanceof ForwardpassError) || error instanceof Undecided || !concernsRanks(error)) throw error;
        failure ??= error;
      }
    }
    return failure as ForwardpassError;
  }

  /** For every unknown input, which of its ranks is tried. */
  *#turns(): Generator<ReadonlyMap<string, number>> {
    const unknown = this.#inputs.filter(({ known }) => known === undefined);
    const count = Math.min(FEATURE_RANKS.length ** unknown.length, MOST_TURNS);
    for (let turn = 0; turn < count; turn++) {
      yield new Map(unknown.map(({ name }, i) => [name, Math.floor(turn / 3 ** i) % 3]));
    }
  }

  /** Throws the obstacle, or `Undecided` if any width would do. */
  #solve(turns: ReadonlyMap<string, number>): { graph: Graph; widths: Widths } {
    const widths = new Map<string, number>();
    for (let round = 0; round < MOST_WIDTHS; round++) {
      const outcome = this.#try(turns, widths);
      const open = this.#open(turns, widths);
      if (!('error' in outcome)) {
        if (open.length === 0) return { graph: outcome.graph, widths };
        const readers = readersOf(outcome.graph);
        for (const axis of open) widths.set(axis, columnsPicked(readers, axis));
        continue;
      }
      const { error } = outcome;
      if (error instanceof FloatIds && this.#learnIds(error, outcome.trial)) continue;
      if (!(error instanceof ShapeMismatch)) throw error;
      this.#learnWidth(error, outcome.trial.machine.steps, open, turns, widths);
    }
    throw new ForwardpassError('LIMIT', 'the widths of the inputs could not be determined', 'forward');
  }

  /** Runs the code, with the axes in `wider` twice as wide. */
  #try(turns: ReadonlyMap<string, number>, widths: Widths, wider: readonly string[] = []) {
    const inputs = this.#inputs.map(({ name, known }): ProgramInput => {
      if (known !== undefined) return { name, ...known };
      const row = this.#axesOf(name, turns).map((axis, i, { length }) => {
        return widths.get(axis) ?? PROBES[length][i] * (wider.includes(axis) ? 2 : 1);
      });
      const type = this.#ids.has(name) ? 'int64' : this.#floatType;
      return { name, type, shape: [this.#batch, ...row] };
    });
    this.#last?.discard();
    const trial = this.#run(inputs);
    this.#last = trial.machine;
    try {
      return { trial, graph: trial.finish() };
    } catch (error) {
      return { trial, error };
    }
  }

  /** Names for the axes of an input's row. */
  #axesOf(name: string, turns: ReadonlyMap<string, number>): string[] {
    const ranks = this.#ids.has(name) ? ID_RANKS : FEATURE_RANKS;
    return Array.from({ length: ranks[turns.get(name) ?? 0] }, (_, axis) => axisName(name, axis));
  }

  /** The axes whose width is still unknown. */
  #open(turns: ReadonlyMap<string, number>, widths: Widths): string[] {
    const axes = [...turns.keys()].flatMap((name) => this.#axesOf(name, turns));
    return axes.filter((axis) => !widths.has(axis));
  }

  /** Marks the inputs that the ids come from. */
  #learnIds({ ids }: FloatIds, { machine }: Trial): boolean {
    if (ids.kind !== 'row' || typeof ids.operand !== 'string') return false;
    const producers = new Map(machine.build.nodes.map((node) => [node.output, node]));
    const before = this.#ids.size;
    const stack: string[] = [ids.operand];
    const seen = new Set<string>();
    for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
      if (seen.has(next)) continue;
      seen.add(next);
      for (const operand of producers.get(next)?.inputs ?? []) if (typeof operand === 'string') stack.push(operand);
      const isUnknown = this.#inputs.some(({ name, known }) => name === next && known === undefined);
      if (isUnknown) this.#ids.add(next);
    }
    return this.#ids.size > before;
  }

  /** Widens each open axis, then all, to find which of them cause the mismatch. */
  #learnWidth(
    error: ShapeMismatch,
    steps: number,
    open: readonly string[],
    turns: ReadonlyMap<string, number>,
    widths: Map<string, number>,
  ): void {
    const answers: ReadonlyMap<string, number>[] = [];
    for (const axes of [...open.map((axis) => [axis]), ...(open.length > 1 ? [open] : [])]) {
      if (axes.length > 1 && answers.length > 0) break;
      const { trial, error: other } = { error: undefined, ...this.#try(turns, widths, axes) };
      if (!(other instanceof ShapeMismatch) || trial.machine.steps !== steps || other.excess === error.excess) continue;
      // The excess is linear in the width, which was doubled: it is 0 for the correct width.
      const growth = other.excess - error.excess;
      answers.push(
        new Map(
          axes.map((axis) => {
            const probe = this.#probeOf(axis, turns);
            return [axis, probe - (error.excess * probe) / growth];
          }),
        ),
      );
    }
    const [answer, ...others] = answers;
    if (others.length > 0) throw new Undecided(answers.flatMap((each) => [...each.keys()]));
    if (answer === undefined || [...answer.values()].some((width) => !Number.isInteger(width) || width < 1))
      throw error;
    for (const [axis, width] of answer) widths.set(axis, width);
  }

  #probeOf(axis: string, turns: ReadonlyMap<string, number>): number {
    const axes = [...turns.keys()].map((name) => this.#axesOf(name, turns)).find((names) => names.includes(axis)) ?? [];
    return PROBES[axes.length][axes.indexOf(axis)];
  }

  /** Using several ids in place of one must not allow other widths of the other inputs. */
  #refuseOthers(turns: ReadonlyMap<string, number>, widths: Widths): void {
    if (widths.size === 0) return;
    for (const name of this.#ids) {
      const other = new Map(turns).set(name, turns.get(name) === 0 ? 1 : 0);
      let found: Widths;
      try {
        found = this.#solve(other).widths;
      } catch (error) {
        if (!(error instanceof Undecided)) continue;
        found = new Map(error.axes.map((axis) => [axis, Number.NaN]));
      }
      const differs = [...widths].filter(([axis, width]) => found.has(axis) && found.get(axis) !== width);
      if (differs.length > 0) throw new Undecided([axisName(name, 0), ...differs.map(([axis]) => axis)]);
    }
  }
}

/** Joined by a character that no Python name contains. */
function axisName(input: string, axis: number): string {
  return `${input}#${axis}`;
}

/** The nodes that use a value, by its name. */
type Readers = ReadonlyMap<string, ReadonlySet<Node>>;

function readersOf({ nodes }: Graph): Readers {
  const readers = new Map<string, Set<Node>>();
  for (const node of nodes) {
    for (const operand of node.inputs) {
      if (typeof operand !== 'string') continue;
      const known = readers.get(operand);
      if (known === undefined) readers.set(operand, new Set([node]));
      else known.add(node);
    }
  }
  return readers;
}

/**
 * The width of an input that is only split into columns: their number, if every column up to the last is used. Throws
 * `Undecided` for others.
 */
function columnsPicked(readers: Readers, axis: string): number {
  const [input, number] = axis.split('#');
  const picked = new Set<number>();
  for (const node of readers.get(input) ?? []) {
    if (node.op !== 'gather' || node.attributes.axis !== Number(number)) throw new Undecided([axis]);
    for (const index of node.attributes.indices) {
      if (index >= MOST_COLUMNS) throw new Undecided([axis]);
      picked.add(index);
    }
  }
  for (let index = 0; index < picked.size; index++) if (!picked.has(index)) throw new Undecided([axis]);
  if (picked.size === 0) throw new Undecided([axis]);
  return picked.size;
}

const MOST_COLUMNS = 512;

/** The error for code that works with inputs of several sizes. */
class Undecided extends ForwardpassError {
  readonly axes: readonly string[];

  constructor(axes: readonly string[]) {
    const message =
      'the file does not say how many features the input has, and its code takes any number; save it with ' +
      'torch.jit.trace of torch 2, or as .pt2 by torch.export';
    super('SHAPE', message, `input ${listNames([...new Set(axes.map((axis) => axis.split('#')[0]))])}`);
    this.axes = axes;
  }
}

/** Whether inputs of other ranks might not fail in this way. */
function concernsRanks(error: ForwardpassError): boolean {
  return error.code === 'SHAPE' || error instanceof CrossesRows || error instanceof Raised;
}
