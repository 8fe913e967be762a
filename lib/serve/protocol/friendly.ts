/** `POST /models/NAME/predict` and `GET /models/NAME/schema`. */
import { jsonAnswer, problem } from './answers.ts';
import type { Answer, Handler, ServedModel } from './types.ts';

export const predictFriendly: Handler = () => problem(501, 'INTERNAL', 'not yet');

export function schemaOf(served: ServedModel): Answer {
  return jsonAnswer(served.model.schema());
}
