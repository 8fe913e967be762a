/** Texts that a model takes: each row of tokens that is made of one comes in as its own input. */
import type { GraphInput, Node, Operand } from '../../graph/graph.ts';
import { elementCount } from '../../graph/shapes.ts';
import type { HashedKind, TermProgram, TermStep } from '../../graph/terms.ts';
import { neededFor } from '../needed.ts';
import type { TensorEmitter } from './emitter.ts';
import type { ElementType, Row } from './value.ts';

/** What a text's tokens become, and what values become by their hashes, but for which of a row's values those are. */
type Tokens = Omit<Extract<TermStep, { op: 'tokens' }>, 'feature'>;
type Place = Omit<Extract<TermStep, { op: 'place' }>, 'features'>;

/** A row that is made of one input or several, and where it begins in the graph. */
interface MadeRow {
  readonly inputs: readonly string[];
  /** Until the names of all are known. */
  readonly placeholder: string;
  readonly width: number;
  readonly step: Tokens | Place;
}

export class TextInputs {
  readonly #rows: MadeRow[] = [];

  /** The input that a row is, where it is one with a single text, whatever axes it was given. */
  textOf(build: TensorEmitter, row: Row): string | undefined {
    return row.words === undefined ? undefined : this.inputOf(build, row);
  }

  /** The same of any one value. */
  inputOf(build: TensorEmitter, { operand: given, shape }: Row): string | undefined {
    if (elementCount(shape) !== 1) return undefined;
    let operand = given;
    for (let at = build.nodes.length - 1; at >= 0; at--) {
      const node = build.nodes[at];
      if (node.output !== operand) continue;
      if (node.op !== 'reshape') return undefined;
      operand = node.inputs[0];
    }
    return typeof operand === 'string' ? operand : undefined;
  }

  /** The row of a text's tokens, written out. */
  row(build: TensorEmitter, text: string, step: Tokens, type: ElementType): Row {
    return this.#made(build, [text], step, step.width, type);
  }

  /** The place of a value, or of several together, as a row of one; undefined where some are not inputs as they are. */
  place(build: TensorEmitter, values: readonly Row[], step: Omit<Place, 'op' | 'kinds'>): Row | undefined {
    const isOf = (x: Row) => (x.type === 'string' ? x.words !== undefined : /^u?int/.test(x.type));
    const inputs = values.flatMap((x) => (isOf(x) ? (this.inputOf(build, x) ?? []) : []));
    if (inputs.length < values.length || build.batchAxis !== 0) return undefined;
    const kinds = values.map(({ type }) => (type === 'string' ? 'word' : 'integer') as HashedKind);
    return this.#made(build, inputs, { op: 'place', kinds, ...step }, 1, 'int64');
  }

  /** How many places there are, of a value's own. */
  placesOf(placeholder: string): number | undefined {
    const step = this.#rows.find((row) => row.placeholder === placeholder)?.step;
    return step?.op === 'place' ? step.count : undefined;
  }

  #made(build: TensorEmitter, inputs: readonly string[], step: Tokens | Place, width: number, type: ElementType): Row {
    const key = keyOf(step);
    const isSame = (known: MadeRow) => known.inputs.join() === inputs.join() && keyOf(known.step) === key;
    // The words of a text's vocabulary are too many to compare.
    const termsOf = (made: Tokens | Place) => ('terms' in made ? made.terms : undefined);
    const known = this.#rows.find((row) => isSame(row) && termsOf(row.step) === termsOf(step));
    const placeholder = known?.placeholder ?? `made#${this.#rows.length}`;
    if (known === undefined) this.#rows.push({ inputs, placeholder, width, step });
    return build.emit('scatter', [placeholder], {}, { type, shape: [width], batchAxis: build.batchAxis });
  }

  /** The inputs as they are in the end, and the nodes that name them. What nothing takes as it is, is not an input any more. */
  finish(
    build: TensorEmitter,
    given: readonly GraphInput[],
    outputs: readonly string[],
  ): { inputs: readonly GraphInput[]; nodes: readonly Node[]; featureNames?: readonly string[] } {
    if (this.#rows.length === 0) return { inputs: given, nodes: build.nodes };
    const nodes = neededFor(outputs, build.nodes);
    const used = new Set<Operand>([...nodes.flatMap(({ inputs }) => inputs), ...outputs]);
    const firsts = new Map<string, number>();
    let count = 0;
    for (const { name, shape } of given) {
      firsts.set(name, count);
      count += elementCount(shape);
    }
    const names = new Map<Operand, string>();
    const inputs: GraphInput[] = [];
    for (const input of given) {
      const own = this.#rows.filter((row) => row.inputs[0] === input.name && used.has(row.placeholder));
      const isTaken = this.#rows.some((row) => row.inputs.includes(input.name));
      const isKept = !isTaken || used.has(input.name);
      const first = firsts.get(input.name) as number;
      const features = Array.from({ length: elementCount(input.shape) }, (_, i) => first + i);
      if (isKept) inputs.push({ ...input, features });
      for (const [i, { inputs: made, placeholder, step, width }] of own.entries()) {
        const isFirst = i === 0 && !isKept;
        const name = isFirst ? input.name : build.uniqueName(`${input.name}_${i + (isKept ? 2 : 1)}`);
        names.set(placeholder, name);
        const of = made.map((each) => firsts.get(each) as number);
        const terms: TermProgram = [step.op === 'place' ? { ...step, features: of } : { ...step, feature: of[0] }];
        inputs.push({ name, shape: [width], dtype: 'float32', ragged: true, terms, features: of });
      }
    }
    const renamed = nodes.map((node) =>
      node.op === 'scatter' ? { ...node, inputs: node.inputs.map((input) => names.get(input) ?? input) } : node,
    );
    // Records then name each input's one element, where all have one.
    const isEach = (given.length > 1 || inputs.length > 1) && given.every(({ shape }) => elementCount(shape) === 1);
    return { inputs, nodes: renamed, ...(isEach && { featureNames: given.map(({ name }) => name) }) };
  }
}

function keyOf(step: Tokens | Place): string {
  if (step.op === 'place') return JSON.stringify(step);
  const { tokenizing, unknown, row, width } = step;
  return JSON.stringify({ tokenizing, unknown, row, width });
}
