/** Reads an XGBoost file into a graph. */
import { ForwardpassError } from '../../errors.ts';
import type { Budget } from '../../graph/budget.ts';
import type { Graph } from '../../graph/graph.ts';
import type { ReadOptions, Source } from '../format.ts';
import { Emitter, type Readers } from '../sklearn/emitter.ts';
import type { Outcome, RowVector } from '../sklearn/outcome.ts';
import { outputsOf } from '../sklearn/outputs.ts';
import { readModel } from './content.ts';
import type { XgboostModel } from './model.ts';
import { boosterOutcome, classifierOutcome, regressorOutcome } from './outcome.ts';
import { roundsAsked } from './sums.ts';
import { roundsUntilBest, wrapperOf } from './wrapper.ts';

const INPUT = 'X';

export async function readXgboost({ main }: Source, { budget, numIteration }: ReadOptions): Promise<Graph> {
  const model = readModel(await main.read(0, main.size), budget, main.name);
  return graphOf(model, budget, numIteration);
}

function graphOf(model: XgboostModel, budget: Budget, asked: number | undefined): Graph {
  const emitter = new Emitter(budget, NO_ESTIMATORS);
  const columns = model.categories && Array.from({ length: model.features }, (_, column) => column);
  const x = emitter.input({ operand: INPUT, width: model.features, columns: columns ?? [] });
  const { outputs, ...decided } = outputsOf(outcomeOf(model, emitter, x, asked), emitter);
  const { categories: words } = emitter.cells;
  return {
    format: 'xgboost',
    precision: 'f64',
    inputs: [
      {
        name: INPUT,
        shape: [model.features],
        dtype: 'float32',
        missing: true,
        ...(words.size > 0 && { categories: words }),
      },
    ],
    nodes: emitter.nodes,
    outputs: outputs.map((output) => ({ ...output, dtype: 'float32' })),
    ...decided,
    ...(emitter.boosting.length > 0 && { boosting: emitter.boosting }),
    ...(model.featureNames && { featureNames: model.featureNames }),
  };
}

/** A file saved by a scikit-learn class of XGBoost contains its name, and gives what that class predicts. */
function outcomeOf(model: XgboostModel, emitter: Emitter, x: RowVector, asked: number | undefined): Outcome {
  const wrapper = wrapperOf(model);
  if (wrapper === undefined) return boosterOutcome(model, emitter, x, asked);
  const { missing, classes, isClassifier } = wrapper;
  const rows = {
    missing,
    infinite: model.booster.kind === 'trees',
    rounds: roundsAsked(model, asked) ?? roundsUntilBest(model),
    inPlace: true,
  };
  return isClassifier ? classifierOutcome(model, emitter, x, rows, classes) : regressorOutcome(model, emitter, x, rows);
}

const none = () => {
  throw new ForwardpassError('MALFORMED', 'a booster contains no estimators');
};
const NO_ESTIMATORS: Readers = { transform: none, predict: none, features: () => undefined };
