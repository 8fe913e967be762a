/**
 * Checks the manifests of examples/kubernetes: those of Kubernetes by its own schemas, those of KServe by the fields that
 * its API has. A field that no schema looks at is an error, since Kubernetes would drop it. Also that they fit each other
 * and the command line: `npm install && npm run check`.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { exit } from 'node:process';
import { Deployment } from 'kubernetes-models/apps/v1';
import { HorizontalPodAutoscaler } from 'kubernetes-models/autoscaling/v2';
import { PodDisruptionBudget } from 'kubernetes-models/policy/v1';
import { Pod, Service } from 'kubernetes-models/v1';
import { parseAllDocuments } from 'yaml';

const folder = new URL('../../examples/kubernetes/', import.meta.url);
const KINDS = { Deployment, Service, HorizontalPodAutoscaler, PodDisruptionBudget };

/** @type {string[]} */
const flaws = [];
/** @type {Map<string, any>} */
const found = new Map();
for (const file of readdirSync(folder).filter((name) => name.endsWith('.yaml'))) {
  for (const document of parseAllDocuments(readFileSync(new URL(file, folder), 'utf8'))) {
    for (const error of [...document.errors, ...document.warnings]) flaws.push(`${file}: ${error.message}`);
    const manifest = document.toJS();
    const place = `${file}, ${manifest.kind}`;
    found.set(manifest.kind, manifest);
    if (manifest.kind in KINDS) checkByModel(KINDS[/** @type {keyof KINDS} */ (manifest.kind)], manifest, place);
    else checkKserve(manifest, place);
  }
}

checkThatTheyFit();
console.log(flaws.length === 0 ? `${found.size} manifests are good` : flaws.join('\n'));
exit(flaws.length === 0 ? 0 : 1);

/**
 * By a schema of Kubernetes, and that it looks at every field.
 * @param {any} Model @param {any} manifest @param {string} place
 */
function checkByModel(Model, manifest, place) {
  if (manifest.apiVersion !== Model.apiVersion) flaws.push(`${place}: expected apiVersion ${Model.apiVersion}`);
  /** @type {string[]} */
  const unread = [];
  try {
    new Model(manifest).validate();
    const watched = watch(manifest);
    Model.prototype.validate.call(watched.proxy);
    unread.push(...watched.unread());
  } catch (error) {
    flaws.push(`${place}: ${error instanceof Error ? error.message : error}`);
  }
  for (const path of unread) flaws.push(`${place}: the schema knows no ${path}`);
}

/**
 * A view of an object that remembers which of its properties were read.
 * @param {any} object @param {string} path @returns {{ proxy: any, unread(): string[] }}
 */
function watch(object, path = '') {
  const read = new Set(['apiVersion', 'kind']);
  /** @type {Map<string, ReturnType<typeof watch>>} */
  const parts = new Map();
  const proxy = new Proxy(object, {
    get(target, key) {
      const value = target[key];
      if (typeof key !== 'string') return value;
      read.add(key);
      if (typeof value !== 'object' || value === null) return value;
      const part = parts.get(key) ?? watch(value, `${path}.${key}`);
      parts.set(key, part);
      return part.proxy;
    },
  });
  const unread = () => [
    ...Object.keys(object).flatMap((key) => (read.has(key) ? [] : [`${path}.${key}`])),
    ...[...parts.values()].flatMap((part) => part.unread()),
  ];
  return { proxy, unread };
}

/**
 * After the API reference of KServe. Containers are Kubernetes'.
 * @param {any} manifest @param {string} place
 */
function checkKserve({ apiVersion, kind, metadata, spec }, place) {
  /** @param {any} object @param {Record<string, (value: any) => boolean>} fields @param {string} at */
  const only = (object, fields, at) => {
    for (const [key, value] of Object.entries(object ?? {})) {
      if (!(key in fields)) flaws.push(`${place}: ${at} has no ${key}`);
      else if (!fields[key](value)) flaws.push(`${place}: ${at}.${key} is ${JSON.stringify(value)}`);
    }
  };
  const text = (/** @type {unknown} */ value) => typeof value === 'string' && value !== '';
  const whole = (/** @type {unknown} */ value) => Number.isInteger(value);
  const truth = (/** @type {unknown} */ value) => typeof value === 'boolean';
  const object = (/** @type {unknown} */ value) => typeof value === 'object' && value !== null;
  const protocol = (/** @type {string} */ value) => ['v1', 'v2', 'grpc-v1', 'grpc-v2'].includes(value);
  only(metadata, { name: text, annotations: object, labels: object }, 'metadata');
  if (kind === 'ClusterServingRuntime') {
    if (apiVersion !== 'serving.kserve.io/v1alpha1') flaws.push(`${place}: apiVersion ${apiVersion}`);
    const fields = { annotations: object, supportedModelFormats: Array.isArray, containers: Array.isArray };
    only(spec, { ...fields, protocolVersions: (list) => list.every(protocol) }, 'spec');
    for (const [at, format] of spec.supportedModelFormats.entries()) {
      const known = {
        name: text,
        version: text,
        autoSelect: truth,
        priority: (/** @type {number} */ n) => n > 0 && whole(n),
      };
      only(format, known, `spec.supportedModelFormats[${at}]`);
      const isChosen = format.autoSelect === true;
      if (isChosen !== (format.priority !== undefined)) flaws.push(`${place}: priority goes with autoSelect, at ${at}`);
    }
    if (spec.containers[0].name !== 'kserve-container') flaws.push(`${place}: KServe wants kserve-container`);
    checkByModel(Pod, { apiVersion: 'v1', kind: 'Pod', metadata: {}, spec: { containers: spec.containers } }, place);
  } else if (kind === 'InferenceService') {
    if (apiVersion !== 'serving.kserve.io/v1beta1') flaws.push(`${place}: apiVersion ${apiVersion}`);
    only(spec, { predictor: object }, 'spec');
    const scale = { minReplicas: whole, maxReplicas: whole, scaleTarget: whole };
    const metric = (/** @type {string} */ value) => ['cpu', 'memory', 'concurrency', 'rps'].includes(value);
    only(spec.predictor, { ...scale, scaleMetric: metric, model: object }, 'spec.predictor');
    const { model } = spec.predictor;
    const uri = (/** @type {string} */ value) => /^(pvc|s3|gs|https?|hf):\/\//.test(value);
    only(model, { runtime: text, modelFormat: object, protocolVersion: protocol, storageUri: uri }, 'model');
    only(model.modelFormat, { name: text, version: text }, 'model.modelFormat');
  } else flaws.push(`${place}: is of no kind that is known here`);
}

function checkThatTheyFit() {
  const [deployment, service, scaler] = ['Deployment', 'Service', 'HorizontalPodAutoscaler'].map((kind) =>
    found.get(kind),
  );
  const budget = found.get('PodDisruptionBudget');
  const runtime = found.get('ClusterServingRuntime');
  const { runtime: named, modelFormat, protocolVersion } = found.get('InferenceService').spec.predictor.model;
  const pod = deployment.spec.template;
  const [container] = pod.spec.containers;
  const selected = [service.spec.selector, deployment.spec.selector.matchLabels, budget.spec.selector.matchLabels];
  const expect = (/** @type {boolean} */ holds, /** @type {string} */ message) => holds || flaws.push(message);
  for (const labels of selected) {
    expect(JSON.stringify(labels) === JSON.stringify(pod.metadata.labels), 'a selector selects other pods');
  }
  expect(scaler.spec.scaleTargetRef.name === deployment.metadata.name, 'the scaler has another target');
  expect(scaler.spec.minReplicas > budget.spec.maxUnavailable, 'a disruption may take every pod');
  expect(service.spec.ports[0].targetPort === container.ports[0].name, 'the service has another port');
  expect(named === runtime.metadata.name, 'the inference service names another runtime');
  expect(runtime.spec.protocolVersions.includes(protocolVersion), 'the runtime lacks the protocol');
  const isKnown = (/** @type {any} */ { name, version }) =>
    name === modelFormat.name && version === modelFormat.version;
  expect(runtime.spec.supportedModelFormats.some(isKnown), 'the runtime lacks the format');
  for (const { args, securityContext } of [container, runtime.spec.containers[0]]) {
    expect(args[0] === 'serve' && args[1] === '/mnt/models', 'the command line serves something else');
    expect(securityContext.readOnlyRootFilesystem && !securityContext.allowPrivilegeEscalation, 'is not held in');
  }
  const seconds = (/** @type {string} */ flag) =>
    Number(container.args.find((/** @type {string} */ arg) => arg.startsWith(`--${flag}=`))?.split('=')[1]);
  const grace = pod.spec.terminationGracePeriodSeconds;
  expect(seconds('drain-delay') + seconds('drain-time') < grace, 'a pod is killed before it has drained');
}
