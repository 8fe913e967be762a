/** Schema version 1, then a graph. */
const SAVED_MODEL = [0x08, 0x01, 0x12];

export function isSavedModel(head: Uint8Array): boolean {
  return SAVED_MODEL.every((byte, i) => head[i] === byte);
}
