/** The OpenAPI document of all served models, from their schemas. */
import type { Model } from '../../model.ts';
import { jsonAnswer } from './answers.ts';
import type { Answer, ServedModel } from './types.ts';
import { packageVersion } from './version.ts';

type Json = Readonly<Record<string, unknown>>;

/** `GET /openapi.json` */
export function openApi(models: readonly ServedModel[]): Answer {
  const named = models.map((served) => ({ served, part: partOf(served.name) }));
  const paths = Object.fromEntries(named.flatMap(({ served, part }) => pathsOf(served, part)));
  const schemas = Object.fromEntries(
    named.flatMap(({ served: { model }, part }) => [
      [`${part}-record`, recordSchema(model)],
      [`${part}-prediction`, predictionSchema(model)],
    ]),
  );
  return jsonAnswer({
    openapi: '3.1.0',
    info: { title: 'Models served by forwardpass', version: packageVersion() },
    jsonSchemaDialect: 'https://json-schema.org/draft/2020-12/schema',
    paths: { ...paths, ...SERVER_PATHS },
    components: { schemas: { ...schemas, ...SHARED } },
  });
}

/** A name as a part of a component's name, which only allows few characters; different names stay different. */
function partOf(name: string): string {
  return name.replace(/[^A-Za-z0-9.-]/g, (character) => `_${character.codePointAt(0)?.toString(16)}_`);
}

/** The schema without `$schema`, which the document declares once. */
function recordSchema(model: Model): Json {
  const { $schema, ...schema } = model.schema();
  return { title: 'A record', ...schema };
}

function pathsOf({ name, model }: ServedModel, part: string): [string, Json][] {
  const path = encodeURIComponent(name);
  const [record, prediction] = [refTo(`${part}-record`), refTo(`${part}-prediction`)];
  const rows = { type: 'array', items: record, description: 'Records, or rows of values in the order of the features' };
  const predict = {
    tags: [name],
    summary: 'Predict one record or many',
    operationId: `predict-${part}`,
    requestBody: bodyOf({ anyOf: [record, rows] }, exampleOf(model)),
    responses: {
      200: contentOf('The prediction for each record', { anyOf: [prediction, { type: 'array', items: prediction }] }),
      ...failures('failure', 400, 413, 415, 422, 503),
    },
  };
  const schema = {
    tags: [name],
    summary: 'JSON Schema of one record',
    operationId: `schema-${part}`,
    responses: { 200: contentOf('A schema', { type: 'object' }), ...failures('error', 404) },
  };
  const infer = {
    tags: [name],
    summary: 'Open Inference Protocol: infer',
    operationId: `infer-${part}`,
    requestBody: bodyOf(refTo('infer-request')),
    responses: {
      200: contentOf('The outputs', refTo('infer-response')),
      ...failures('error', 400, 404, 413, 415, 503),
    },
  };
  const metadata = {
    tags: [name],
    summary: 'Open Inference Protocol: inputs and outputs',
    operationId: `metadata-${part}`,
    responses: { 200: contentOf('The metadata', { type: 'object' }), ...failures('error', 404) },
  };
  const instances = { type: 'object', properties: { instances: rows }, required: ['instances'] };
  const v1 = {
    tags: [name],
    summary: 'KServe v1: predict',
    operationId: `v1-predict-${part}`,
    requestBody: bodyOf(instances),
    responses: {
      200: contentOf('The predictions', { type: 'object', properties: { predictions: { type: 'array' } } }),
      ...failures('error', 400, 404, 413, 415, 503),
    },
  };
  return [
    [`/models/${path}/predict`, { post: predict }],
    [`/models/${path}/schema`, { get: schema }],
    [`/v1/models/${path}:predict`, { post: v1 }],
    [`/v2/models/${path}`, { get: metadata }],
    [`/v2/models/${path}/infer`, { post: infer }],
  ];
}

function refTo(name: string): Json {
  return { $ref: `#/components/schemas/${name}` };
}

function bodyOf(schema: Json, example?: unknown): Json {
  return { required: true, content: { 'application/json': { schema, ...(example !== undefined && { example }) } } };
}

function contentOf(description: string, schema: Json): Json {
  return { description, content: { 'application/json': { schema } } };
}

const WHY: Readonly<Record<number, string>> = {
  400: 'The request is invalid',
  404: 'Model not found',
  413: 'The request is too large',
  415: 'The content type is not supported',
  422: 'The model does not accept these values',
  503: 'The model cannot answer at the moment',
};

function failures(schema: 'error' | 'failure', ...statuses: readonly number[]): Json {
  return Object.fromEntries(statuses.map((status) => [status, contentOf(WHY[status], refTo(schema))]));
}

/** An example record for the schema, from its defaults and examples. */
function exampleOf(model: Model): Json | undefined {
  const { properties } = model.schema();
  if (properties === undefined) return undefined;
  return Object.fromEntries(
    Object.entries(properties).map(([name, field]) => {
      const { enum: known, examples, default: value, minimum, type } = field;
      const isText = type === 'string' || (Array.isArray(type) && type.includes('string'));
      return [name, value ?? known?.[0] ?? examples?.[0] ?? minimum ?? (isText ? 'text' : 0)];
    }),
  );
}

/** The schema of a prediction for one record. */
function predictionSchema(model: Model): Json {
  const { outputs } = model.ports;
  const { classes, targetClasses } = model;
  if (targetClasses !== undefined) {
    return named(
      ['label', 'probabilities'],
      [outputsSchema(outputs, (at) => labelSchema(targetClasses[at])), { type: 'object' }],
    );
  }
  if (classes === undefined) {
    if (outputs.length > 1) return { title: 'Values by output', type: 'object' };
    const number = { type: ['number', 'null'] };
    return { title: 'A value', ...(outputs[0].width === 1 ? number : { type: 'array', items: number }) };
  }
  const probabilities = { type: 'object', additionalProperties: { type: ['number', 'null'] } };
  const schema = named(['label', 'probabilities'], [labelSchema(classes), probabilities]);
  return { title: 'A label, and probabilities if the model has them', ...schema, required: ['label'] };
}

function named(names: readonly string[], schemas: readonly Json[]): Json {
  return { type: 'object', properties: Object.fromEntries(names.map((name, at) => [name, schemas[at]])) };
}

function outputsSchema(outputs: readonly { readonly name: string }[], schemaAt: (at: number) => Json): Json {
  return named(
    outputs.map(({ name }) => name),
    outputs.map((_, at) => schemaAt(at)),
  );
}

/**
 * The schema of labels: the classes, if there are not too many to read; for multilabel models, 1 or 0 for each label.
 */
function labelSchema(classes: readonly (string | number)[]): Json {
  const label = classes.length <= 100 ? { enum: classes } : { type: ['string', 'number'] };
  return { anyOf: [label, { type: 'array', items: { type: 'number' } }] };
}

const TENSOR = {
  type: 'object',
  properties: {
    name: { type: 'string' },
    shape: { type: 'array', items: { type: 'integer', minimum: 0 } },
    datatype: { type: 'string' },
    parameters: { type: 'object' },
    data: { type: 'array' },
  },
  required: ['name', 'shape', 'datatype'],
};

const SHARED = {
  error: { type: 'object', properties: { error: { type: 'string' } }, required: ['error'] },
  failure: {
    type: 'object',
    properties: { error: { type: 'string' }, code: { type: 'string' }, place: { type: 'string' } },
    required: ['error', 'code'],
  },
  'infer-request': {
    type: 'object',
    properties: {
      id: { type: 'string' },
      parameters: { type: 'object' },
      inputs: { type: 'array', items: TENSOR, minItems: 1 },
      outputs: {
        type: 'array',
        items: {
          type: 'object',
          properties: { name: { type: 'string' }, parameters: { type: 'object' } },
          required: ['name'],
        },
      },
    },
    required: ['inputs'],
  },
  'infer-response': {
    type: 'object',
    properties: {
      model_name: { type: 'string' },
      model_version: { type: 'string' },
      id: { type: 'string' },
      outputs: { type: 'array', items: TENSOR },
    },
    required: ['model_name', 'outputs'],
  },
};

const get = (summary: string, operationId: string): Json => ({
  get: { tags: ['server'], summary, operationId, responses: { 200: contentOf('OK', { type: 'object' }) } },
});

const SERVER_PATHS = {
  '/v2': get('Open Inference Protocol: the server', 'server-metadata'),
  '/v2/health/live': get('Whether the server runs', 'live'),
  '/v2/health/ready': get('Whether all models are ready', 'ready'),
};
