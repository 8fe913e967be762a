/** JSON Schema of one record, or of one row of a model that knows no names. */
import type { TypedArray } from './buffers.ts';
import type { Calls } from './calls.ts';
import { FAULT, takesIntegers } from './faults.ts';
import type { Port } from './graph/lower.ts';

type JsonType = 'number' | 'integer' | 'boolean' | 'string' | 'null' | 'array';

/** Of a feature, or of an input. */
export interface FieldSchema {
  readonly type?: JsonType | readonly JsonType[];
  /** The strings that the model knows, which refuses others. */
  readonly enum?: readonly (string | null)[];
  /** Strings that the model knows; others are unknown to it, and it has an answer for that. */
  readonly examples?: readonly (string | null)[];
  /** What the model takes where the value is missing. */
  readonly default?: number | string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly description?: string;
  readonly items?: FieldSchema | false;
  readonly prefixItems?: readonly FieldSchema[];
  readonly minItems?: number;
  readonly maxItems?: number;
}

export interface RecordSchema {
  readonly $schema: string;
  readonly type: 'object';
  readonly properties: Readonly<Record<string, FieldSchema>>;
  readonly required: readonly string[];
  readonly additionalProperties: true;
}

/** What {@link Model.schema} gives: an array where the model knows no names. */
export type RowSchema = RecordSchema | (FieldSchema & { readonly $schema: string; readonly type: 'array' });

const DIALECT = 'https://json-schema.org/draft/2020-12/schema';

/** Elements that are looked at for whether the model refuses strings that it does not know; more are taken to take them. */
const MOST_PROBES = 4096;

export function schemaOf(calls: Calls, featureNames: readonly string[] | undefined): RowSchema {
  const { inputs } = calls;
  const strict = strictElements(calls);
  const elements = inputs.map((port, input) =>
    Array.from({ length: port.width }, (_, at) => elementSchema(port, at, strict[input].has(at))),
  );
  if (featureNames === undefined && inputs.length === 1) {
    return { $schema: DIALECT, ...arraySchema(elements[0].map(({ schema }) => schema)), type: 'array' };
  }
  const properties: Record<string, FieldSchema> = Object.create(null);
  const required: string[] = [];
  const add = (name: string, schema: FieldSchema, isOptional: boolean) => {
    properties[name] = schema;
    if (!isOptional) required.push(name);
  };
  let feature = 0;
  for (const [input, { name, width }] of inputs.entries()) {
    if (featureNames === undefined) {
      const schemas = elements[input].map(({ schema }) => schema);
      const whole = width === 1 ? schemas[0] : arraySchema(schemas);
      add(
        name,
        whole,
        elements[input].every(({ isOptional }) => isOptional),
      );
    } else {
      for (const { schema, isOptional } of elements[input]) add(featureNames[feature++], schema, isOptional);
    }
  }
  return { $schema: DIALECT, type: 'object', properties, required, additionalProperties: true };
}

function elementSchema(port: Port, at: number, isStrict: boolean): { schema: FieldSchema; isOptional: boolean } {
  const words = port.words?.get(at);
  if (words?.length === 0) return { schema: { description: 'not used by the model' }, isOptional: true };
  const fill = port.fills?.get(at);
  const isNullable = fill !== undefined || words?.includes(null) === true;
  const type = words === undefined ? numberType(port, at) : 'string';
  const count = port.ids?.get(at);
  const value = fill?.value;
  const isKnown = value !== undefined && (words === undefined || typeof words[value] === 'string');
  const schema: FieldSchema = {
    type: isNullable ? [type, 'null'] : type,
    ...(words &&
      (isStrict ? { enum: wordsOf(words, isNullable) } : { examples: words.filter((word) => word !== null) })),
    ...(words && !isStrict && { description: 'other strings are unknown to the model, which takes them as such' }),
    ...(words === undefined && count !== undefined && { minimum: 0, maximum: count - 1 }),
    ...(isKnown && { default: words === undefined ? value : (words[value] as string) }),
  };
  return { schema, isOptional: fill?.known === true };
}

function wordsOf(words: readonly (string | null)[], isNullable: boolean): readonly (string | null)[] {
  return isNullable && !words.includes(null) ? [...words, null] : words;
}

function numberType(port: Port, at: number): JsonType {
  if (port.dtype === 'bool') return 'boolean';
  return takesIntegers(port) || port.ids?.has(at) ? 'integer' : 'number';
}

function arraySchema(elements: readonly FieldSchema[]): FieldSchema {
  const [first] = elements;
  const size = { minItems: elements.length, maxItems: elements.length };
  const text = JSON.stringify(first);
  const isUniform = elements.every((element) => element === first || JSON.stringify(element) === text);
  return isUniform
    ? { type: 'array', items: first, ...size }
    : { type: 'array', prefixItems: elements, items: false, ...size };
}

/** Of each input, the elements of which the model refuses a string that it does not know: it is asked. */
function strictElements(calls: Calls): ReadonlySet<number>[] {
  const { inputs } = calls;
  const strict = inputs.map(() => new Set<number>());
  const asked = inputs.flatMap(({ words }, input) =>
    [...(words ?? [])].flatMap(([at, list]) => (list.length > 0 ? [{ input, at }] : [])),
  );
  if (asked.length === 0) return strict;
  const row = acceptedRow(calls);
  if (row === undefined) return strict;
  for (const { input, at } of asked.slice(0, MOST_PROBES)) {
    const before = row[input][at];
    row[input][at] = -1;
    if (calls.faultOf(row)?.[0] === FAULT.badId) strict[input].add(at);
    row[input][at] = before;
  }
  return strict;
}

/** Some row that the model takes; undefined where none is found. */
function acceptedRow(calls: Calls): (Float64Array & TypedArray)[] | undefined {
  for (const number of [0, 1, 0.5]) {
    const row = calls.inputs.map(({ width, words, fills, ids }) =>
      Float64Array.from({ length: width }, (_, at) => {
        if (words?.has(at) || ids?.has(at)) return 0;
        return fills?.get(at)?.value ?? number;
      }),
    );
    if (calls.faultOf(row) === undefined) return row;
  }
  return undefined;
}
