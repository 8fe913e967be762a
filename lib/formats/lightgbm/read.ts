/** Reads a text file into the graph that a pickled Booster with the same text gives. */

import type { Graph } from '../../graph/graph.ts';
import { latin1, latin1Bytes, utf8 } from '../../platform/text.ts';
import { PickleDict, PickleGlobal, PickleObject } from '../containers/pickle/values.ts';
import type { ReadOptions, Source } from '../format.ts';
import { Estimator } from '../sklearn/estimator.ts';
import { graphOf } from '../sklearn/read.ts';
import { modelOf } from './pickled.ts';
import { ModelText } from './text.ts';

export async function readText({ main }: Source, options: ReadOptions): Promise<Graph> {
  const { budget } = options;
  const bytes = await main.read(0, main.size);
  // One byte per character, whatever words it contains; words are decoded separately.
  const text = latin1(bytes);
  const booster = new PickleObject(new PickleGlobal('lightgbm.basic', 'Booster'), []);
  booster.state = new PickleDict();
  modelOf.set(booster, new ModelText(text, budget, (words) => utf8(latin1Bytes(words))));
  const graph = graphOf({ estimators: [new Estimator(booster, '', budget)], names: () => undefined }, options);
  return { ...graph, format: 'lightgbm' };
}
