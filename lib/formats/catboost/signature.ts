/** How CatBoost files begin. */
import { latin1 } from '../../platform/text.ts';

/** The magic of the binary form. */
export const MAGIC = 'CBM1';

/** CatBoost sorts the keys of its JSON; other programs may not. */
const JSON_MODEL =
  /^\s{0,64}\{\s{0,64}"(?:ctr_data|features_info|model_info|oblivious_trees|scale_and_bias)"\s{0,64}:\s{0,64}[{[]/;

export function isModel(head: Uint8Array): boolean {
  return isBinary(head) || JSON_MODEL.test(latin1(head));
}

export function isBinary(bytes: Uint8Array): boolean {
  return latin1(bytes.subarray(0, MAGIC.length)) === MAGIC;
}
