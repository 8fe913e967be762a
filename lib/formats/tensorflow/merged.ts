/** Matrices whose rows are those of the batch and of another axis: what they may meet, and what keeps them so. */
import type { Call, Translation } from './call.ts';
import { translateTexts, wholeTexts } from './ops/texts.ts';
import type { Result, Row } from './value.ts';

/** Operators that treat every row of a matrix, or every element, by itself. */
const ROW_BY_ROW: ReadonlySet<string> = new Set([
  ...['MatMul', '_FusedMatMul', 'BiasAdd', 'Softmax', 'LogSoftmax', 'Cast', 'Identity', 'IdentityN', 'StopGradient'],
  ...['Add', 'AddV2', 'AddN', 'Sub', 'Mul', 'Div', 'RealDiv', 'Pow', 'SquaredDifference', 'Maximum', 'Minimum'],
  ...['Abs', 'Neg', 'Exp', 'Expm1', 'Log', 'Log1p', 'Sqrt', 'Rsqrt', 'Square', 'Reciprocal', 'Erf', 'Erfc', 'Sign'],
  ...['Relu', 'Relu6', 'LeakyRelu', 'Elu', 'Selu', 'Softplus', 'Softsign', 'Sigmoid', 'Tanh', 'Floor', 'Ceil'],
  ...['Less', 'LessEqual', 'Greater', 'GreaterEqual', 'Equal', 'NotEqual', 'LogicalNot', 'LogicalAnd', 'LogicalOr'],
  'SelectV2',
]);

/** Those that know what a merged axis is. */
const OF_MERGED: ReadonlySet<string> = new Set(['Reshape', 'Shape', 'FusedBatchNormV3']);

/** The results of an operator, which itself sees no merged axis but for the few that know it. */
export function translate(given: Call, translation: Translation): readonly (Result | undefined)[] {
  const ofTexts = translateTexts(given);
  if (ofTexts !== undefined) return ofTexts;
  const call = given.withInputs(given.inputs.map((input) => wholeTexts(given.build, input)));
  const { op } = call.node;
  const rows = call.inputs.filter((input) => input.kind === 'row');
  if (OF_MERGED.has(op) || !rows.some(({ merged }) => merged)) return listOf(translation(call));
  checkMerged(op, call, rows);
  const results = listOf(translation(call.withInputs(call.inputs.map(split))));
  return results.map((result) => (result?.kind === 'row' ? { ...result, merged: true } : result));
}

function listOf(results: ReturnType<Translation>): readonly (Result | undefined)[] {
  return 'kind' in results ? [results] : results;
}

/** The batch and the axis as two. */
function split(input: Result): Result {
  return input.kind === 'row' ? { ...input, merged: false } : input;
}

/** All that depends on the input must be merged in the same way, and constants must not vary along that axis. */
function checkMerged(op: string, call: Call, rows: readonly Row[]): void {
  const [first] = rows;
  const size = ({ shape, batchAxis }: Row) => shape[batchAxis ?? 0];
  const isAlike = rows.every((row) => row.merged && row.batchAxis === first.batchAxis && size(row) === size(first));
  const fromEnd = first.shape.length - (first.batchAxis ?? 0);
  const varies = call.inputs.some(
    (input) => input.kind === 'constant' && input.shape.length >= fromEnd && input.shape.at(-fromEnd) !== 1,
  );
  if (ROW_BY_ROW.has(op) && isAlike && (op.endsWith('MatMul') || !varies)) return;
  throw call.build.crossing('the batch and another axis are one here');
}
