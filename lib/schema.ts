/** JSON Schema of one record, or of one row of a model without names. */
import { takesIntegers } from './faults.ts';
import type { Port } from './graph/lower.ts';
import { type Asked, type KnownStrings, knownStringsOf } from './known-strings.ts';
import { Features } from './rows/features.ts';

type JsonType = 'number' | 'integer' | 'boolean' | 'string' | 'null' | 'array';

/** JSON Schema of a feature, or of an input; the fields have their meaning from JSON Schema. */
export interface FieldSchema {
  readonly type?: JsonType | readonly JsonType[];
  /** The strings that the model knows; it rejects others. */
  readonly enum?: readonly (string | null)[];
  /** Strings that the model knows; it also accepts others, as unknown ones. */
  readonly examples?: readonly (string | null)[];
  /** The value that the model uses if the value is missing. */
  readonly default?: number | string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly description?: string;
  readonly items?: FieldSchema | false;
  readonly prefixItems?: readonly FieldSchema[];
  readonly minItems?: number;
  readonly maxItems?: number;
}

/** JSON Schema of a record. */
export interface RecordSchema {
  readonly $schema: string;
  readonly type: 'object';
  readonly properties: Readonly<Record<string, FieldSchema>>;
  readonly required: readonly string[];
  readonly additionalProperties: true;
}

/**
 * The result of {@link Model.schema}: JSON Schema (draft 2020-12) of a record, or of an array if the model has no
 * feature names. @inline
 */
export type RowSchema = RecordSchema | ArraySchema;

/** JSON Schema of a row of a model without feature names. */
export interface ArraySchema extends FieldSchema {
  readonly $schema: string;
  readonly type: 'array';
  /** Only in schemas of records. */
  readonly properties?: undefined;
  readonly required?: undefined;
}

const DIALECT = 'https://json-schema.org/draft/2020-12/schema';

export function schemaOf(calls: Asked, featureNames: readonly string[] | undefined): RowSchema {
  const { inputs } = calls;
  const features = new Features(inputs);
  const asked = knownStringsOf(calls);
  if (features.isWholeRow) return wholeRowSchema(inputs[0]);
  const elementsOf = (input: number) =>
    Array.from({ length: inputs[input].width }, (_, at) => elementSchema(inputs[input], at, asked[input].get(at)));
  const arrayOf = (input: number) => {
    const port = inputs[input];
    if (isUniform(port))
      return { whole: uniformSchema(elementSchema(port, 0, undefined).schema, port.width), isOptional: false };
    const elements = elementsOf(input);
    const schemas = elements.map(({ schema }) => schema);
    const whole = port.width === 1 && !isRow ? schemas[0] : arraySchema(schemas);
    return { whole, isOptional: elements.every(({ isOptional }) => isOptional) };
  };
  const isRow = featureNames === undefined && inputs.length === 1 && !features.isMapped;
  if (isRow) return { $schema: DIALECT, ...arrayOf(0).whole, type: 'array' };
  const properties: Record<string, FieldSchema> = Object.create(null);
  const required: string[] = [];
  const add = (name: string, schema: FieldSchema, isOptional: boolean) => {
    if (Object.hasOwn(properties, name)) return;
    properties[name] = schema;
    if (!isOptional) required.push(name);
  };
  let feature = 0;
  for (const [at, { terms }] of features.texts) {
    const isHashed = terms?.some((step) => step.op === 'hash' && step.value !== 'text' && step.feature === at);
    const kind = terms?.flatMap((step) => (step.op === 'place' ? [step.kinds[step.features.indexOf(at)]] : []))[0];
    if (kind !== undefined) {
      const type = kind === 'word' ? 'string' : 'integer';
      add(featureNames?.[at] ?? features.nameOf(at), { type, description: 'it is hashed' }, false);
      continue;
    }
    const schema: FieldSchema = isHashed ? { description: 'it is hashed' } : { type: 'string', description: 'a text' };
    add(featureNames?.[at] ?? features.nameOf(at), schema, false);
  }
  for (const [input, { name, terms, features: own }] of inputs.entries()) {
    if (terms !== undefined) continue;
    if (featureNames === undefined) {
      const { whole, isOptional } = arrayOf(input);
      add(name, whole, isOptional);
    } else {
      for (const [at, { schema, isOptional }] of elementsOf(input).entries()) {
        add(featureNames[own?.[at] ?? feature], schema, isOptional);
        feature++;
      }
    }
  }
  return { $schema: DIALECT, type: 'object', properties, required, additionalProperties: true };
}

/** The schema for a model that hashes everything in a row. */
function wholeRowSchema({ terms }: Port): RowSchema {
  const isRecord = terms?.some((step) => step.op === 'hash' && step.value === 'record') === true;
  if (!isRecord) return { $schema: DIALECT, type: 'array', description: 'its entries are hashed' };
  return { $schema: DIALECT, type: 'object', properties: {}, required: [], additionalProperties: true };
}

function elementSchema(
  port: Port,
  at: number,
  asked: KnownStrings | undefined,
): { schema: FieldSchema; isOptional: boolean } {
  const categories = port.categories?.get(at);
  if (port.hashes?.has(at)) {
    return { schema: { type: ['string', 'integer'], description: 'a category' }, isOptional: false };
  }
  if (port.present?.has(at)) {
    return {
      schema: { description: 'it only counts whether it is missing' },
      isOptional: port.fills?.get(at)?.known === true,
    };
  }
  if (categories?.length === 0) {
    const isUsed = port.spread !== undefined;
    return { schema: isUsed ? { type: 'string' } : { description: 'not used by the model' }, isOptional: !isUsed };
  }
  const fill = port.fills?.get(at);
  const isNullable = fill !== undefined || categories?.includes(null) === true;
  const type = categories === undefined ? numberType(port, at) : 'string';
  const count = port.ids?.get(at);
  const value = fill?.value;
  const isKnown = value !== undefined && (categories === undefined || typeof categories[value] === 'string');
  const schema: FieldSchema = {
    type: isNullable ? [type, 'null'] : type,
    ...(categories && categoriesSchema(asked ?? { isStrict: false, known: categories }, isNullable)),
    ...(categories === undefined && count !== undefined && { minimum: 0, maximum: count - 1 }),
    ...(isKnown && { default: categories === undefined ? value : (categories[value] as string) }),
  };
  return { schema, isOptional: fill?.known === true || categories?.includes(null) === true };
}

function categoriesSchema({ isStrict, known }: KnownStrings, isNullable: boolean): FieldSchema {
  if (isStrict) return { enum: isNullable && !known.includes(null) ? [...known, null] : known };
  const examples = known.filter((word) => word !== null);
  return { examples, description: 'other strings are unknown to the model, which takes them as such' };
}

function numberType(port: Port, at: number): JsonType {
  if (port.dtype === 'bool') return 'boolean';
  return takesIntegers(port) || port.ids?.has(at) ? 'integer' : 'number';
}

function arraySchema(elements: readonly FieldSchema[]): FieldSchema {
  const [first] = elements;
  const text = JSON.stringify(first);
  const areSame = elements.every((element) => element === first || JSON.stringify(element) === text);
  if (areSame) return uniformSchema(first, elements.length);
  const size = { minItems: elements.length, maxItems: elements.length };
  return { type: 'array', prefixItems: elements, items: false, ...size };
}

/** Whether nothing is known of single elements, of which there may be millions. */
function isUniform({ width, categories, hashes, fills, ids, present }: Port): boolean {
  return (
    width > 1 && [categories, hashes, fills, ids, present].every((known) => known === undefined || known.size === 0)
  );
}

function uniformSchema(items: FieldSchema, width: number): FieldSchema {
  return { type: 'array', items, minItems: width, maxItems: width };
}
