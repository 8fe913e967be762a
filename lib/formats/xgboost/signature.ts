/** How XGBoost files begin. */
import { latin1 } from '../../platform/text.ts';

/** A model and its configuration, in pickles of 1.0 to 1.6: the length of the model, the model, JSON. */
export const WITH_CONFIGURATION = 'CONFIG-offset:';
/** The magic of the older binary form, which most files since 1.0 have. */
export const BINARY = 'binf';
/** Bytes of the parameters before the name of the objective. */
export const LEARNER_BYTES = 136;
const LONGEST_NAME = 64;

/** The keys of JSON are sorted. */
const JSON_MODEL = /^\s{0,64}\{\s{0,64}"(?:learner|Config|Model)"\s{0,64}:\s{0,64}\{/;
const JSON_VERSION = /^\s{0,64}\{\s{0,64}"version"\s{0,64}:\s{0,64}\[[^\]]{0,64}\]\s{0,64},\s{0,64}"learner"/;
const UBJSON_MODEL = /^\{[iUIlL]\0{0,7}[^\0](?:learner|version|Config|Model)/;

export function isModel(head: Uint8Array): boolean {
  const text = latin1(head);
  return (
    [JSON_MODEL, JSON_VERSION, UBJSON_MODEL].some((pattern) => pattern.test(text)) ||
    text.startsWith(WITH_CONFIGURATION) ||
    beginsAsBinary(head)
  );
}

/** With or without the magic: the parameters and the objective's name. */
export function beginsAsBinary(head: Uint8Array): boolean {
  const start = textAt(head, 0, BINARY.length) === BINARY ? BINARY.length : 0;
  const at = start + LEARNER_BYTES;
  if (head.length < at + 8) return start > 0;
  const isShort = head[at] <= LONGEST_NAME && head.subarray(at + 1, at + 8).every((byte) => byte === 0);
  return isShort && /^[a-z]+:[a-z:_]+$/.test(textAt(head, at + 8, head[at]));
}

export function textAt(bytes: Uint8Array, start: number, length: number): string {
  return latin1(bytes.subarray(start, start + length));
}
