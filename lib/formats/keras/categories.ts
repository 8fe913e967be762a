/** Inputs of strings: the words that layers look up in them, which encode the caller's strings. */
import type { Budget } from '../../graph/budget.ts';
import type { GraphInput } from '../../graph/graph.ts';
import { everywhere } from '../everywhere.ts';
import { Spread } from '../tensors/spread.ts';
import { Vocabulary } from '../tensors/vocabulary.ts';
import type { KerasTensor } from './layer.ts';

/** An input's value; the words of a string input are those that layers will look up. */
export function inputValue({ name, shape, dtype }: GraphInput): KerasTensor {
  if (dtype !== 'string') return { name, shape, dtype };
  return { name, shape, dtype, words: new Vocabulary(), spread: new Spread() };
}

/** The input with its words; each element may be any of them. */
export function withCategories(input: GraphInput, { words, spread }: KerasTensor, budget: Budget): GraphInput {
  const ways = spread?.ways;
  if (words === undefined || (words.list.length === 0 && ways === undefined)) return input;
  const everyWord = everywhere(words.list, input.shape, budget, `input ${input.name}`);
  return { ...input, categories: everyWord, ...(ways && { spread: ways }) };
}
