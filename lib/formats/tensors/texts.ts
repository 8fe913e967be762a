/** Texts that a model takes: each row of tokens made from one becomes an input of its own. */
import type { GraphInput, Node, Operand } from '../../graph/graph.ts';
import { elementCount } from '../../graph/shapes.ts';
import type { HashedKind, TermProgram, TermStep } from '../../graph/terms.ts';
import { neededFor } from '../needed.ts';
import type { TensorEmitter } from './emitter.ts';
import type { ElementType, Row } from './value.ts';

/** What a text's tokens become, and what hashed values become, without the row element that they come from. */
type Tokens = Omit<Extract<TermStep, { op: 'tokens' }>, 'feature'>;
type Place = Omit<Extract<TermStep, { op: 'place' }>, 'features'>;

/** A row made from one or several inputs, and where it enters the graph. */
interface MadeRow {
  readonly inputs: readonly string[];
  /** Used until all names are known. */
  readonly placeholder: string;
  readonly width: number;
  readonly step: Tokens | Place;
}

export class TextInputs {
  readonly #rows: MadeRow[] = [];

  /** The input that a row is, if it is a single text, with any number of axes. */
  textOf(build: TensorEmitter, row: Row): string | undefined {
    return row.words === undefined ? undefined : this.inputOf(build, row);
  }

  /** The same for any single value. */
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

  /** The dense row of a text's tokens. */
  row(build: TensorEmitter, text: string, step: Tokens, type: ElementType): Row {
    return this.#made(build, [text], step, step.width, type);
  }

  /** The index of a value, or of several together, as a row of one; undefined if some are not unchanged inputs. */
  place(build: TensorEmitter, values: readonly Row[], step: Omit<Place, 'op' | 'kinds'>): Row | undefined {
    const isOf = (x: Row) => (x.type === 'string' ? x.words !== undefined : /^u?int/.test(x.type));
    const inputs = values.flatMap((x) => (isOf(x) ? (this.inputOf(build, x) ?? []) : []));
    if (inputs.length < values.length || build.batchAxis !== 0) return undefined;
    const kinds = values.map(({ type }) => (type === 'string' ? 'word' : 'integer') as HashedKind);
    return this.#made(build, inputs, { op: 'place', kinds, ...step }, 1, 'int64');
  }

  /** How many indices there are for a value. */
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

  /** The final inputs, and the nodes that use them. An input that nothing uses unchanged is removed. */
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
    // Records then use the input's name for its element, if every input has one element.
    const isEach = (given.length > 1 || inputs.length > 1) && given.every(({ shape }) => elementCount(shape) === 1);
    return { inputs, nodes: renamed, ...(isEach && { featureNames: given.map(({ name }) => name) }) };
  }
}

function keyOf(step: Tokens | Place): string {
  if (step.op === 'place') return JSON.stringify(step);
  const { tokenizing, unknown, row, width } = step;
  return JSON.stringify({ tokenizing, unknown, row, width });
}
