/** The features of rows: each is an element of an input, or a value from which inputs are made. */
import type { Port } from '../graph/lower.ts';

/** An element of an input. */
export interface Element {
  readonly input: number;
  readonly at: number;
}

export class Features {
  readonly count: number;
  /** The element of each feature; undefined for a text. */
  readonly #elements: readonly (Element | undefined)[] | undefined;
  /** The input that is made from each text. */
  readonly #texts = new Map<number, Port>();
  /** Whether a row is the single value, of any type, from which the only input is made. */
  readonly isWholeRow: boolean;

  constructor(readonly inputs: readonly Port[]) {
    const isMapped = inputs.some(({ features }) => features !== undefined);
    if (!isMapped) {
      this.count = inputs.reduce((sum, { width }) => sum + width, 0);
      this.isWholeRow = false;
      return;
    }
    const elements: (Element | undefined)[] = [];
    for (const [input, port] of inputs.entries()) {
      for (const [at, feature] of (port.features ?? []).entries()) {
        while (elements.length <= feature) elements.push(undefined);
        if (port.terms === undefined) elements[feature] = { input, at };
        else if (!this.#texts.has(feature)) this.#texts.set(feature, port);
      }
    }
    this.#elements = elements;
    this.count = elements.length;
    const isOther = ({ terms }: Port) => terms?.some((step) => step.op === 'hash' && step.value !== 'text') === true;
    this.isWholeRow = this.count === 1 && inputs.some(isOther);
  }

  /** Whether inputs declare which features they take. */
  get isMapped(): boolean {
    return this.#elements !== undefined;
  }

  get texts(): ReadonlyMap<number, Port> {
    return this.#texts;
  }

  element(feature: number): Element | undefined {
    return this.#elements?.[feature];
  }

  /** The name of a feature without a name: that of its input; for a text, that of the first input made only from it. */
  nameOf(feature: number): string {
    const element = this.element(feature);
    if (element !== undefined) return this.inputs[element.input].name;
    const port = this.#texts.get(feature);
    return port?.features?.length === 1 ? port.name : `${feature}`;
  }
}
