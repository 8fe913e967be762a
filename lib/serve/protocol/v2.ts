/** The Open Inference Protocol over REST. */
import { jsonAnswer, problem } from './answers.ts';
import type { Answer, Handler, ServedModel } from './types.ts';

/** `POST /v2/models/NAME[/versions/VERSION]/infer` */
export const inferV2: Handler = () => problem(501, 'INTERNAL', 'not yet');

/** `GET /v2/models/NAME[/versions/VERSION]`; `versions` are all that are served of that name. */
export function metadataV2(served: ServedModel, versions: readonly string[]): Answer {
  return jsonAnswer({ name: served.name, versions });
}

/** `GET /v2` */
export function serverMetadata(): Answer {
  return jsonAnswer({ name: 'forwardpass', extensions: ['binary_tensor_data'] });
}

/** `GET /v2/health/live` */
export function liveV2(): Answer {
  return jsonAnswer({ live: true });
}

/** `GET /v2/health/ready` */
export function readyV2(isReady: boolean): Answer {
  return jsonAnswer({ ready: isReady }, isReady ? 200 : 503);
}

/** `GET /v2/models/NAME[/versions/VERSION]/ready` */
export function modelReadyV2(name: string, isReady: boolean): Answer {
  return jsonAnswer({ name, ready: isReady }, isReady ? 200 : 503);
}
