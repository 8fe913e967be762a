/** The OpenAPI document of all that is served. */
import { jsonAnswer } from './answers.ts';
import type { Answer, ServedModel } from './types.ts';

/** `GET /openapi.json` */
export function openApi(models: readonly ServedModel[]): Answer {
  return jsonAnswer({ openapi: '3.1.0', info: { title: `${models.length} models`, version: '0' }, paths: {} });
}
