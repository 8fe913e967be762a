/** Texts that a model takes: each row of tokens that is made of one comes in as an input of its own. */
import type { GraphInput, Node, Operand } from '../../graph/graph.ts';
import { elementCount } from '../../graph/shapes.ts';
import type { TermStep } from '../../graph/terms.ts';
import { neededFor } from '../needed.ts';
import type { Emitter } from './emitter.ts';
import type { ElementType, Row } from './value.ts';

export type Tokens = Extract<TermStep, { op: 'tokens' }>;

/** What is known of a text's tokens, and where the row of it begins in the graph. */
interface TokenRow {
  readonly text: string;
  /** Until the names of all are known. */
  readonly placeholder: string;
  readonly step: Omit<Tokens, 'feature'>;
}

export class TextInputs {
  readonly #rows: TokenRow[] = [];

  /** The input that a row is, where it is one with a single text, whatever axes it was given. */
  textOf(build: Emitter, row: Row): string | undefined {
    if (row.words === undefined || elementCount(row.shape) !== 1) return undefined;
    let { operand } = row;
    for (let at = build.nodes.length - 1; at >= 0; at--) {
      const node = build.nodes[at];
      if (node.output !== operand) continue;
      if (node.op !== 'reshape') return undefined;
      operand = node.inputs[0];
    }
    return typeof operand === 'string' ? operand : undefined;
  }

  /** The row of a text's tokens, written out. */
  row(build: Emitter, text: string, step: Omit<Tokens, 'feature'>, type: ElementType): Row {
    const key = JSON.stringify(step.tokenizing);
    const isSame = (known: TokenRow) =>
      known.text === text &&
      known.step.row === step.row &&
      known.step.width === step.width &&
      known.step.unknown === step.unknown &&
      known.step.terms === step.terms &&
      JSON.stringify(known.step.tokenizing) === key;
    const known = this.#rows.find(isSame);
    const placeholder = known?.placeholder ?? `tokens#${this.#rows.length}`;
    if (known === undefined) this.#rows.push({ text, placeholder, step });
    const info = { type, shape: [step.width], batchAxis: build.batchAxis };
    return build.emit('scatter', [placeholder], {}, info);
  }

  /**
   * The inputs as they are in the end, and the nodes that name them. A text is no input itself any more.
   * @throws {ForwardpassError} UNSUPPORTED_OP where something else takes it too.
   */
  finish(
    build: Emitter,
    given: readonly GraphInput[],
    outputs: readonly string[],
  ): { inputs: readonly GraphInput[]; nodes: readonly Node[]; featureNames?: readonly string[] } {
    if (this.#rows.length === 0) return { inputs: given, nodes: build.nodes };
    const texts = new Set(this.#rows.map(({ text }) => text));
    const nodes = neededFor(outputs, build.nodes);
    const used = new Set<Operand>([...nodes.flatMap(({ inputs }) => inputs), ...outputs]);
    for (const text of texts) {
      if (!used.has(text)) continue;
      throw build.error('UNSUPPORTED_OP', `takes the text ${text} whole, where other layers take its tokens`);
    }
    const names = new Map<Operand, string>();
    const inputs: GraphInput[] = [];
    let feature = 0;
    for (const input of given) {
      const features = Array.from({ length: elementCount(input.shape) }, (_, i) => feature + i);
      feature += features.length;
      if (!texts.has(input.name)) inputs.push({ ...input, features });
      const own = this.#rows.filter(({ text }) => text === input.name);
      for (const [i, { placeholder, step }] of own.entries()) {
        const name = i === 0 ? input.name : build.uniqueName(`${input.name}_${i + 1}`);
        names.set(placeholder, name);
        const terms = [{ ...step, feature: features[0] }];
        inputs.push({ name, shape: [step.width], dtype: 'float32', ragged: true, terms, features });
      }
    }
    const renamed = nodes.map((node) =>
      node.op === 'scatter' ? { ...node, inputs: node.inputs.map((input) => names.get(input) ?? input) } : node,
    );
    // Records then name each input's one element, where all have one.
    const isEach = given.length > 1 && given.every(({ shape }) => elementCount(shape) === 1);
    return { inputs, nodes: renamed, ...(isEach && { featureNames: given.map(({ name }) => name) }) };
  }
}
