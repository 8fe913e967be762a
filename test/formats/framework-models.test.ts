/** The files of every framework, as it saved them, against its own outputs; test/fixtures/make made both. */
import { testFixtures } from './expectations.ts';

/** The folders of test/fixtures, and how their model files' names end unless a fixture names its file. */
const FOLDERS = [
  ['onnx-torch', '.onnx'],
  ['onnx-hand', '.onnx'],
  ['onnx-quantized', '.onnx'],
  ['onnx-ml', '.onnx'],
  ['onnx-sklearn', '.onnx'],
  ['onnx-converted', '.onnx'],
  ['pytorch', '.pt'],
  ['shards', ''],
  ['sklearn', '.pkl'],
  ['sklearn-older', '.pkl'],
  ['sklearn-steps', '.pkl'],
  ['sklearn-bundles', '.pkl'],
  ['sklearn-trees', '.pkl'],
  ['sklearn-variants', '.pkl'],
  ['sklearn-kernels', '.pkl'],
  ['sklearn-curves', '.pkl'],
  ['sklearn-missing', '.pkl'],
  ['sklearn-functions', '.pkl'],
  ['sklearn-records', '.pkl'],
  ['sklearn-neighbours', '.pkl'],
  ['sklearn-texts', '.pkl'],
  ['lightgbm', '.txt'],
  ['onnx-trees', '.onnx'],
  ['xgboost', ''],
  ['iterations', ''],
  ['catboost', ''],
  ['tflite', '.tflite'],
  ['tensorflow', ''],
  ['tfjs-graph', ''],
  ['keras', '.keras'],
  ['tfjs', '/model.json'],
  ['torch-export', '.pt2'],
  ['torchscript', '.pt'],
  ['products', ''],
  ['torch-more', ''],
  ['statsmodels', '.pkl'],
] as const;

for (const [folder, extension] of FOLDERS) testFixtures(folder, extension);
