/** Answers to requests without a body. */
import type { Catalog, Served } from './catalog.ts';
import { page } from './page.ts';
import { PROMETHEUS_TYPE } from './prometheus.ts';
import {
  type Answer,
  jsonAnswer,
  liveV2,
  metadataV1,
  metadataV2,
  modelReadyV2,
  modelsV1,
  openApi,
  readyV2,
  schemaOf,
  serverMetadata,
} from './protocol.ts';
import type { Action } from './routes.ts';

export interface Views {
  readonly catalog: Catalog;
  readonly isReady: boolean;
  metrics(): Promise<string>;
}

export function view(action: Action, { catalog, isReady, metrics }: Views, served?: Served): Answer | Promise<Answer> {
  if (served !== undefined) return viewOf(action, served, catalog, isReady);
  switch (action) {
    case 'page':
      return page();
    case 'live':
      return jsonAnswer({ live: true });
    case 'ready':
      return jsonAnswer({ ready: isReady }, isReady ? 200 : 503);
    case 'metrics':
      return metrics().then((body) => ({ status: 200, headers: { 'content-type': PROMETHEUS_TYPE }, body }));
    case 'openapi':
      return openApi(catalog.main);
    case 'list':
      return jsonAnswer({ models: catalog.main.map((main) => describe(main, catalog)) });
    case 'v2':
      return serverMetadata();
    case 'v2-live':
      return liveV2();
    case 'v2-ready':
      return readyV2(isReady);
    default:
      return modelsV1([...catalog.entries.keys()]);
  }
}

function viewOf(action: Action, served: Served, catalog: Catalog, isReady: boolean): Answer {
  const { name } = served;
  switch (action) {
    case 'schema':
      return schemaOf(served);
    case 'v2-metadata':
      return metadataV2(served, catalog.versions(name));
    case 'v2-model-ready':
      return modelReadyV2(name, isReady);
    case 'v1-metadata':
      return metadataV1(served);
    default:
      return jsonAnswer(describe(served, catalog));
  }
}

function describe({ name, version, format, model }: Served, catalog: Catalog): object {
  const { inputs, outputs, classes, featureNames, precision, parameterCount } = model;
  const path = `/models/${encodeURIComponent(name)}`;
  const tensors = (all: typeof inputs) => all.map(({ name: tensor, shape, dtype }) => ({ name: tensor, shape, dtype }));
  return {
    ...{ name, version, versions: catalog.versions(name), format, precision, parameterCount },
    inputs: tensors(inputs),
    outputs: tensors(outputs),
    ...{ classes, featureNames },
    predict: `${path}/predict`,
    schema: `${path}/schema`,
  };
}
