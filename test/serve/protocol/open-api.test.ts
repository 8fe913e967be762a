import { expect, it } from 'vitest';
import { openApi, type ServedModel } from '../../../lib/serve/protocol.ts';
import { said, served } from './models.ts';

interface Document {
  readonly openapi: string;
  readonly paths: Record<
    string,
    Record<string, { operationId: string; requestBody?: { content: Record<string, { example?: object }> } }>
  >;
  readonly components: { schemas: Record<string, object> };
}

const documentOf = (models: ServedModel[]) => said(openApi(models)) as Document;

it('has the paths and schemas of every model', async () => {
  const models = [
    await served('sklearn-records/dicts-before-model.joblib', 'churn'),
    await served('sklearn/linear-single.pkl', 'a b/é'),
    await served('sklearn-trees/forest-two-targets.1.2.pkl', 'two'),
    await served('onnx-hand/binary-columns.onnx', 'many'),
  ];
  const { openapi, paths, components } = documentOf(models);
  expect(openapi).toBe('3.1.0');
  expect(Object.keys(paths)).toContain('/models/churn/predict');
  expect(Object.keys(paths)).toContain('/v2/models/a%20b%2F%C3%A9/infer');
  expect(components.schemas['churn-record']).toMatchObject({ type: 'object', required: expect.any(Array) });
  expect(components.schemas['a_20_b_2f__e9_-record']).toMatchObject({ type: 'array', minItems: 10 });
  const operations = Object.values(paths).flatMap((path) => Object.values(path).map(({ operationId }) => operationId));
  expect(new Set(operations).size).toBe(operations.length);
});

it('refers to nothing that is not there, and names components as the format allows', async () => {
  const document = documentOf([await served('catboost/named.cbm', 'x__y'), await served('catboost/named.cbm', 'x y')]);
  const names = Object.keys(document.components.schemas);
  for (const name of names) expect(name).toMatch(/^[A-Za-z0-9._-]+$/);
  const referred = [...JSON.stringify(document).matchAll(/"#\/components\/schemas\/([^"]+)"/g)].map(([, name]) => name);
  expect(new Set(referred)).toEqual(new Set(names));
});

it('has an example that the model takes', async () => {
  for (const path of ['sklearn-records/dicts-before-model.joblib', 'lightgbm/frame-of-two.txt', 'sklearn/linear.pkl']) {
    const model = await served(path);
    const { example } =
      documentOf([model]).paths['/models/m/predict'].post.requestBody?.content['application/json'] ?? {};
    expect(() => model.model.predict([example as never])).not.toThrow();
  }
});
