/** The protocols: from a model and the bytes of a request's body to the bytes of an answer. */
export { errorAnswer, JSON_TYPE, jsonAnswer, problem } from './protocol/answers.ts';
export { predictFriendly, schemaOf } from './protocol/friendly.ts';
export { openApi } from './protocol/open-api.ts';
export type {
  Answer,
  Compute,
  Handler,
  Incoming,
  ProtocolLimits,
  Results,
  ServedModel,
  Work,
} from './protocol/types.ts';
export { PROTOCOL_LIMITS } from './protocol/types.ts';
export { metadataV1, modelsV1, predictV1 } from './protocol/v1.ts';
export { inferV2, liveV2, metadataV2, modelReadyV2, readyV2, serverMetadata } from './protocol/v2.ts';
export { keptResults, keptWork, runTogether, runWork, runWorkAsync } from './protocol/work.ts';
