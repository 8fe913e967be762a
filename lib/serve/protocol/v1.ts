/** KServe's first protocol: `POST /v1/models/NAME:predict`. */
import { jsonAnswer, problem } from './answers.ts';
import type { Answer, Handler, ServedModel } from './types.ts';

export const predictV1: Handler = () => problem(501, 'INTERNAL', 'not yet');

/** `GET /v1/models` */
export function modelsV1(names: readonly string[]): Answer {
  return jsonAnswer({ models: names });
}

/** `GET /v1/models/NAME` */
export function metadataV1(served: ServedModel): Answer {
  return jsonAnswer({ name: served.name, ready: true });
}
