/** KServe's V1 protocol. */
import { errorAnswer, JSON_TYPE, jsonAnswer } from './answers.ts';
import { jsonBodyOf } from './body.ts';
import { exchanged } from './infer.ts';
import { predictedTexts } from './predictions-text.ts';
import { type RowsForm, type RowsRead, readRows } from './rows-body.ts';
import type { Answer, Handler, Results, ServedModel } from './types.ts';

const FORM: RowsForm = { wrappers: ['instances'], isWrapped: true };

/**
 * `POST /v1/models/NAME:predict`: turns `{ "instances": […] }` into `{ "predictions": […] }`, the results of `predict`.
 */
export const predictV1: Handler = (served, incoming, limits, compute) =>
  exchanged<RowsRead>({
    served,
    compute,
    read: () => readRows(jsonBodyOf(incoming), served, FORM, limits),
    write: (work, results) => ({ headers: JSON_TYPE, body: textOf(served, work, results) }),
    fail: errorAnswer,
  });

function textOf({ model }: ServedModel, { count }: RowsRead, results: Results): string {
  const textAt = predictedTexts(model, model.interpret(results), count);
  let text = '{"predictions":[';
  for (let row = 0; row < count; row++) text += row === 0 ? textAt(row) : `,${textAt(row)}`;
  return `${text}]}`;
}

/** `GET /v1/models` */
export function modelsV1(names: readonly string[]): Answer {
  return jsonAnswer({ models: names });
}

/** `GET /v1/models/NAME` */
export function metadataV1(served: ServedModel): Answer {
  return jsonAnswer({ name: served.name, ready: true });
}
