/** Detects the form of a model by its content, and reads it. */
import { ForwardpassError } from '../../errors.ts';
import type { Budget } from '../../graph/budget.ts';
import { spendOnJson } from '../containers/json-cost.ts';
import { readUbjson } from '../containers/ubjson.ts';
import { fromLegacy } from './legacy.ts';
import type { XgboostModel } from './model.ts';
import { parseNonFinite } from './non-finite-json.ts';
import { fromSchema } from './schema.ts';
import { beginsAsBinary, textAt, WITH_CONFIGURATION } from './signature.ts';

/** The length of the model, which follows the marker for files with a configuration. */
const LENGTH_BYTES = 8;
/** The memory of an output while its model is made: its own tree, a class. */
const OUTPUT_BYTES = 128;

/**
 * The bytes may be moved. `statistics`: whether to read the statistics of trees. Throws for bytes that are not a model.
 */
export function readModel(bytes: Uint8Array, budget: Budget, place: string, statistics = false): XgboostModel {
  const isConfigured = startsWith(bytes, WITH_CONFIGURATION);
  const model = modelOf(isConfigured ? withoutConfiguration(bytes, place) : bytes, budget, place, statistics);
  const { features, outputs } = model;
  if (features < 1) throw new ForwardpassError('MALFORMED', 'the model has no features', 'num_feature');
  const { rowElements } = budget.limits;
  if (features > rowElements || outputs > rowElements) {
    const message = `has ${features} features and ${outputs} outputs; \`limits.rowElements\` allows ${rowElements}`;
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
  throw new ForwardpassError('MALFORMED', `declares ${length} bytes for its model, but has ${bytes.length}`, place);
}

function parseJson(bytes: Uint8Array, budget: Budget, place: string): unknown {
  // Characters beyond ASCII occur only in strings, and are counted as bytes. Trees share their keys.
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
