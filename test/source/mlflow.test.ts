/** Folders of MLflow, laid out as its documentation says, around models of the other fixtures. */
import { cpSync, linkSync, mkdirSync, mkdtempSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { load } from '../../lib/load.ts';
import { watch } from '../../lib/watch.ts';
import { failureOf } from '../failure.ts';

const root = mkdtempSync(join(tmpdir(), 'forwardpass-mlflow-'));
afterAll(() => rm(root, { recursive: true, force: true }));
const fixture = (name: string) => fileURLToPath(new URL(`../fixtures/${name}`, import.meta.url));

let count = 0;
/** A folder with an MLmodel of these lines, and files beside it. */
function folderOf(description: string, files: Readonly<Record<string, string>> = {}): string {
  const folder = join(root, `${count++}`);
  mkdirSync(folder);
  for (const [name, from] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    cpSync(from, join(folder, name), { recursive: true });
  }
  writeFileSync(join(folder, 'MLmodel'), description);
  return folder;
}

const SKLEARN = `artifact_path: model
flavors:
  python_function:
    env:
      conda: conda.yaml
      virtualenv: python_env.yaml
    loader_module: mlflow.sklearn
    model_path: elsewhere.pkl
    predict_fn: predict
    python_version: 3.11.7
  sklearn:
    code: null
    pickled_model: model.pkl
    serialization_format: cloudpickle
    sklearn_version: 1.9.1
mlflow_version: 3.1.0
signature:
  inputs: '[{"type": "double", "name": "flavors: x", "required": true}]'
  outputs: '[{"type": "string", "required": true}]'
utc_time_created: '2026-03-20 19:40:55.665301'
`;
const flavor = (name: string, ...lines: readonly string[]) =>
  ['flavors:', `  ${name}:`, ...lines.map((line) => `    ${line}`), ''].join('\n');

describe('a folder of MLflow', () => {
  it('opens the model that its MLmodel names', async () => {
    const folder = folderOf(SKLEARN, { 'model.pkl': fixture('sklearn-bundles/dict.joblib') });
    const model = await load(folder);
    expect(model.featureNames).toEqual(['sepal length', 'sepal width', 'petal length', 'petal width']);
    const live = await watch(folder);
    expect(live.predict([[5.1, 3.5, 1.4, 0.2]])).toEqual(['setosa']);
    live.close();
  });

  it.each<[string, string, Readonly<Record<string, string>>, string]>([
    [
      'a network of Keras',
      flavor('keras', 'data: data'),
      { 'data/model.keras': 'keras/activation-layers.keras' },
      'keras',
    ],
    [
      'a network of Keras, by the flavor of TensorFlow',
      flavor('tensorflow', 'code: null', 'data: data', 'model_type: keras'),
      { 'data/model.keras': 'keras/activation-layers.keras' },
      'keras',
    ],
    [
      'a SavedModel inside two folders',
      flavor('tensorflow', 'data: data', 'model_type: keras'),
      { 'data/model': 'tensorflow/module-mlp' },
      'tensorflow',
    ],
    [
      'a SavedModel, quoted',
      flavor('tensorflow', "saved_model_dir: 'tf2model'"),
      { tf2model: 'tensorflow/module-mlp' },
      'tensorflow',
    ],
    [
      'a module of PyTorch',
      flavor('pytorch', 'model_data: data', 'pytorch_version: 2.13.0'),
      { 'data/model.pth': 'pytorch/checkpoint-whole-module.pt' },
      'pytorch',
    ],
    ['LightGBM', flavor('lightgbm', 'data: model.lgb'), { 'model.lgb': 'lightgbm/stumps.txt' }, 'lightgbm'],
    ['CatBoost', flavor('catboost', 'data: model.cb'), { 'model.cb': 'catboost/plain-cbm.cbm' }, 'catboost'],
    ['ONNX', flavor('onnx', 'data: "model.onnx"'), { 'model.onnx': 'onnx-ml/binarizer.onnx' }, 'onnx'],
  ])('opens %s', async (_, description, files, format) => {
    const from = Object.fromEntries(Object.entries(files).map(([name, path]) => [name, fixture(path)]));
    expect((await load(folderOf(description, from))).format).toBe(format);
  });

  it('says of a model that is not read what it is', async () => {
    const folder = folderOf(flavor('statsmodels', 'data: model.txt'));
    writeFileSync(join(folder, 'model.txt'), 'booster[0]:\n0:[f2<2.45] yes=1,no=2,missing=1\n');
    const error = await failureOf(() => load(folder));
    expect([error.code, error.message]).toEqual([
      'UNKNOWN_FORMAT',
      expect.stringContaining("model.txt: looks like XGBoost's text of its trees"),
    ]);
  });

  it.each<[string, string, string, string]>([
    ['another flavor', flavor('spark', 'model_data: sparkml'), 'SOURCE', "an MLflow folder of MLflow's flavor 'spark'"],
    ['a class of Python', flavor('python_function', 'python_model: a.pkl'), 'SOURCE', 'of a custom class'],
    ['no flavor', 'artifact_path: model\n', 'SOURCE', 'its MLmodel has none'],
    ['a path that leads out', flavor('sklearn', 'pickled_model: ../model.pkl'), 'UNSAFE', 'leads upwards'],
    ['an absolute path', flavor('sklearn', 'pickled_model: /etc/hosts'), 'UNSAFE', 'is absolute'],
    ['a file that is not there', flavor('sklearn', 'pickled_model: a.pkl'), 'SOURCE', 'a.pkl: file not found'],
    ['a key twice', flavor('sklearn', 'pickled_model: a', 'pickled_model: b'), 'MALFORMED', 'is given twice'],
    ['a flavor twice', 'flavors:\n  sklearn:\n  sklearn:\n', 'MALFORMED', 'is given twice'],
    ['a tab', 'flavors:\n\tsklearn:\n', 'MALFORMED', 'is indented by a tab'],
    ['an alias', 'flavors:\n  sklearn: *other\n', 'MALFORMED', 'is not a flavor'],
    ['a value of several', flavor('sklearn', 'pickled_model: [a, b]'), 'SOURCE', "flavor 'sklearn'"],
  ])('is refused with %s', async (_, description, code, message) => {
    const error = await failureOf(() => load(folderOf(description)));
    expect([error.code, error.message]).toEqual([code, expect.stringContaining(message)]);
  });

  it('is refused where a folder in it holds no model', async () => {
    const folder = folderOf(flavor('pytorch', 'model_data: data'), { 'data/notes.txt': fixture('README.md') });
    const error = await failureOf(() => load(folder));
    expect([error.code, error.message]).toEqual(['SOURCE', expect.stringContaining("found 'notes.txt'")]);
  });

  it('is refused when its MLmodel is out of proportion', async () => {
    const error = await failureOf(() => load(folderOf('#'.repeat(2 ** 20 + 1))));
    expect(error.code).toBe('LIMIT');
  });

  it.skipIf(process.platform === 'win32')('is refused where links lead out of it', async () => {
    const folder = folderOf(SKLEARN);
    symlinkSync(fixture('sklearn-bundles/dict.joblib'), join(folder, 'model.pkl'));
    expect((await failureOf(() => load(folder))).code).toBe('UNSAFE');
    const inner = folderOf(flavor('pytorch', 'model_data: data'));
    symlinkSync(fixture('pytorch'), join(inner, 'data'));
    expect((await failureOf(() => load(inner))).code).toBe('UNSAFE');
    const hard = folderOf(SKLEARN);
    writeFileSync(join(root, 'elsewhere'), readFileSync(fixture('sklearn-bundles/dict.joblib')));
    linkSync(join(root, 'elsewhere'), join(hard, 'model.pkl'));
    expect((await failureOf(() => load(hard))).code).toBe('UNSAFE');
  });

  it('is asked for where its MLmodel is given', async () => {
    const error = await failureOf(() => load(join(folderOf(SKLEARN), 'MLmodel')));
    expect([error.code, error.message]).toEqual([
      'UNKNOWN_FORMAT',
      expect.stringContaining('give the path of the folder'),
    ]);
  });
});
