/** Which form of a model bytes are, by their content, and the model in them. */
import { ForwardpassError } from '../../errors.ts';
import type { Budget } from '../../graph/budget.ts';
import { spendOnJson } from '../containers/json-cost.ts';
import { readUbjson } from '../containers/ubjson.ts';
import { fromLegacy } from './legacy.ts';
import type { XgboostModel } from './model.ts';
import { parseNonFinite } from './non-finite-json.ts';
import { fromSchema } from './schema.ts';
import { beginsAsBinary, textAt, WITH_CONFIGURATION } from './signature.ts';

/** Of the model, after what says that the configuration comes too. */
const LENGTH_BYTES = 8;
/** What an output takes while its model is made: its own tree, a class. */
const OUTPUT_BYTES = 128;

/** The bytes may be moved. `statistics`: whether trees have theirs. Throws for what is not a model. */
export function readModel(bytes: Uint8Array, budget: Budget, place: string, statistics = false): XgboostModel {
  const isConfigured = startsWith(bytes, WITH_CONFIGURATION);
  const model = modelOf(isConfigured ? withoutConfiguration(bytes, place) : bytes, budget, place, statistics);
  const { features, outputs } = model;
  if (features < 1) throw new ForwardpassError('MALFORMED', 'takes no features', 'num_feature');
  const { rowElements } = budget.limits;
  if (features > rowElements || outputs > rowElements) {
    const message = `takes ${features} features and gives ${outputs} numbers; \`limits.rowElements\` allows ${rowElements}`;
    throw new ForwardpassError('LIMIT', message, place);
  }
  budget.build(OUTPUT_BYTES * outputs, place);
  return model;
}

function modelOf(bytes: Uint8Array, budget: Budget, place: string, statistics: boolean): XgboostModel {
  if (/^\s*\{\s*["}]/.test(textAt(bytes, 0, 256))) {
    return fromSchema(parseJson(bytes, budget, place), budget, statistics);
  }
  if (startsWith(bytes, '{')) return fromSchema(readUbjson(bytes, budget, place), budget, statistics);
  if (beginsAsBinary(bytes)) return fromLegacy(bytes, statistics);
  throw new ForwardpassError(
    'MALFORMED',
    'expected a model of XGBoost in JSON, UBJSON or its older binary form',
    place,
  );
}

function withoutConfiguration(bytes: Uint8Array, place: string): Uint8Array {
  const start = WITH_CONFIGURATION.length + LENGTH_BYTES;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = bytes.length < start ? -1 : Number(view.getBigInt64(WITH_CONFIGURATION.length, true));
  if (length >= 0 && length <= bytes.length - start && !startsWith(bytes.subarray(start), WITH_CONFIGURATION)) {
    return bytes.subarray(start, start + length);
  }
  throw new ForwardpassError('MALFORMED', `says that its model has ${length} of its ${bytes.length} bytes`, place);
}

function parseJson(bytes: Uint8Array, budget: Budget, place: string): unknown {
  // Letters beyond ASCII are in strings alone, and count as their bytes. Trees share their keys.
  spendOnJson(textAt(bytes, 0, bytes.length), budget, place, 'common');
  try {
    return parseNonFinite(bytes);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ForwardpassError('MALFORMED', `is not the JSON of a model: ${reason}`, place);
  }
}

function startsWith(bytes: Uint8Array, text: string): boolean {
  return textAt(bytes, 0, text.length) === text;
}
