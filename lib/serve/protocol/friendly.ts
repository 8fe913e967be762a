/** `POST /models/NAME/predict` and `GET /models/NAME/schema`. */
import { failureOf, JSON_TYPE, jsonAnswer } from './answers.ts';
import { jsonBodyOf } from './body.ts';
import { exchanged } from './infer.ts';
import { friendlyTexts } from './predictions-text.ts';
import { type RowsForm, type RowsRead, readRows } from './rows-body.ts';
import type { Answer, Handler, Results, ServedModel } from './types.ts';

const FORM: RowsForm = { wrappers: ['records', 'instances'], isWrapped: false };

/**
 * For one record, `{ "label": …, "probabilities": { … } }`, or its value if the model is not a classifier; for an array
 * of records or rows, an array of these.
 */
export const predictFriendly: Handler = (served, incoming, limits, compute) =>
  exchanged<RowsRead>({
    served,
    compute,
    read: () => readRows(jsonBodyOf(incoming), served, FORM, limits),
    write: (work, results) => ({ headers: JSON_TYPE, body: textOf(served, work, results) }),
    fail: failed,
  });

function textOf({ model }: ServedModel, { count, isOne }: RowsRead, results: Results): string {
  const textAt = friendlyTexts(model, model.interpret(results), count);
  if (isOne) return textAt(0);
  let text = '[';
  for (let row = 0; row < count; row++) text += row === 0 ? textAt(row) : `,${textAt(row)}`;
  return `${text}]`;
}

/** An error answer with code and place, for forms and users. */
function failed(error: unknown): Answer {
  const { status, code, message, place } = failureOf(error, 422);
  return { ...jsonAnswer({ error: message, code, place }, status), code };
}

const schemas = new WeakMap<ServedModel['model'], string>();

/** JSON Schema of one record, or of one row if the model has no feature names. */
export function schemaOf({ model }: ServedModel): Answer {
  let schema = schemas.get(model);
  if (schema === undefined) {
    schema = JSON.stringify(model.schema());
    schemas.set(model, schema);
  }
  return { status: 200, headers: JSON_TYPE, body: schema };
}
