/** Inputs of strings: the words that layers look up in them, which the caller's strings are written as. */
import type { Budget } from '../../graph/budget.ts';
import type { GraphInput } from '../../graph/graph.ts';
import { everywhere } from '../everywhere.ts';
import type { WordInputs } from './layer.ts';

export class Vocabularies implements WordInputs {
  /** By the input's name: the words of all lookups, each with its position. */
  private readonly byInput = new Map<string, Map<string, number>>();

  positions(input: string, words: readonly string[]): readonly number[] {
    const known = this.byInput.get(input) ?? new Map<string, number>();
    this.byInput.set(input, known);
    return words.map((word) => {
      const position = known.get(word) ?? known.size;
      known.set(word, position);
      return position;
    });
  }

  /** The input with its words, which any of its elements may be. */
  complete(input: GraphInput, budget: Budget): GraphInput {
    const words = this.byInput.get(input.name);
    if (words === undefined) return input;
    return { ...input, words: everywhere([...words.keys()], input.shape, budget, `input ${input.name}`) };
  }
}
