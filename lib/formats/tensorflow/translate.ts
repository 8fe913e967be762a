/**
 * Computes the results of an operator from its inputs: texts and values derived from them, values of rows, and
 * constants.
 */
import { checkShared } from '../tensors/shared-batch.ts';
import type { TensorFlowCall, Translation } from './call.ts';
import { translateTexts, wholeTexts } from './ops/texts.ts';
import type { Result } from './value.ts';

/** Operators that treat each row of a matrix or each element separately, or that know where the batch is. */
const TAKES_MERGED: ReadonlySet<string> = new Set([
  ...['MatMul', '_FusedMatMul', 'BiasAdd', 'Softmax', 'LogSoftmax', 'Cast', 'Identity', 'IdentityN', 'StopGradient'],
  ...['Add', 'AddV2', 'AddN', 'Sub', 'Mul', 'Div', 'RealDiv', 'Pow', 'SquaredDifference', 'Maximum', 'Minimum'],
  ...['Abs', 'Neg', 'Exp', 'Expm1', 'Log', 'Log1p', 'Sqrt', 'Rsqrt', 'Square', 'Reciprocal', 'Erf', 'Erfc', 'Sign'],
  ...['Relu', 'Relu6', 'LeakyRelu', 'Elu', 'Selu', 'Softplus', 'Softsign', 'Sigmoid', 'Tanh', 'Floor', 'Ceil'],
  ...['Less', 'LessEqual', 'Greater', 'GreaterEqual', 'Equal', 'NotEqual', 'LogicalNot', 'LogicalAnd', 'LogicalOr'],
  ...['SelectV2', 'Reshape', 'Shape', 'FusedBatchNormV3'],
]);

/** Operators on values in which whole batches follow each other. */
const TAKES_STACKED: ReadonlySet<string> = new Set(['Reshape', 'Shape']);

export function translate(given: TensorFlowCall, translation: Translation): readonly (Result | undefined)[] {
  const ofTexts = translateTexts(given);
  if (ofTexts !== undefined) return ofTexts;
  const call = given.withInputs(given.inputs.map((input) => wholeTexts(given.build, input)));
  const { op } = call.node;
  checkShared(call.build, call.inputs, { merged: TAKES_MERGED.has(op), stacked: TAKES_STACKED.has(op) });
  const results = translation(call);
  return 'kind' in results ? [results] : results;
}
