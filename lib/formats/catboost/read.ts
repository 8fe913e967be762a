/** Reads a CatBoost file into the graph that a pickled `CatBoost` with the same model gives. */
import type { Graph } from '../../graph/graph.ts';
import { PickleDict, PickleGlobal, PickleObject } from '../containers/pickle/values.ts';
import type { ReadOptions, Source } from '../format.ts';
import { Estimator } from '../sklearn/estimator.ts';
import { graphOf } from '../sklearn/read.ts';
import { readModel } from './content.ts';
import { known } from './pickled.ts';

export async function readCatboost({ main }: Source, options: ReadOptions): Promise<Graph> {
  const { budget } = options;
  const model = readModel(await main.read(0, main.size), budget, main.name);
  const object = new PickleObject(new PickleGlobal('catboost.core', 'CatBoost'), []);
  object.state = new PickleDict();
  known.set(object, model);
  const graph = graphOf({ estimators: [new Estimator(object, '', budget)], names: () => undefined }, options);
  return { ...graph, format: 'catboost' };
}
