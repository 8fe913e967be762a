import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { BINARY_NAMES, METRIC_NAMES, NORM_NAMES, REDUCE_NAMES, UNARY_NAMES } from '../../lib/graph/graph.ts';
import {
  MOST_COUPLED,
  MOST_INT8_INPUTS,
  OLDEST_PLAN,
  OPCODES,
  PLAN_VERSION,
  PRECISIONS,
  quantizedWidth,
  RAGGED_PORT,
  WEIGHTS,
} from '../../lib/graph/plan-format.ts';

const native = (path: string) => readFileSync(new URL(`../../native/${path}`, import.meta.url), 'utf8');

/** The enumerators of `enum class NAME : int32_t { … }`, with their values. */
function enumerators(source: string, name: string): Record<string, number> {
  const body = new RegExp(`enum class ${name} : int32_t \\{([^}]*)\\}`).exec(source)?.[1] ?? '';
  return Object.fromEntries([...body.matchAll(/(\w+) = (\d+)/g)].map(([, key, value]) => [key, Number(value)]));
}

/** The rows of an X-macro list; C++ keywords stand there with a prefix. */
function rows(source: string): string[] {
  return [...source.matchAll(/^FP_\w+\((\w+)(?:, \w+)?\)/gm)].map(([, name]) => name.replace(/^logical_/, ''));
}

describe('the plan', () => {
  const plan = native('plan.h');

  it('is of the version that the engine reads', () => {
    expect(plan).toContain(`constexpr int32_t plan_version = ${PLAN_VERSION};`);
    expect(plan).toContain(`constexpr int32_t oldest_plan = ${OLDEST_PLAN};`);
    expect(plan).toContain(`constexpr int32_t ragged_port = 1 << ${Math.log2(RAGGED_PORT)};`);
  });

  it('has the opcodes, precisions and weights of the engine', () => {
    expect(enumerators(plan, 'Opcode')).toEqual(OPCODES);
    expect(enumerators(plan, 'Precision')).toEqual(PRECISIONS);
    expect(enumerators(plan, 'Weights')).toEqual(WEIGHTS);
  });

  it('has the sizes of int8 layers that the engine has', () => {
    const pack = native('pack_reduced.h');
    expect(pack).toContain(`constexpr size_t most_int8_inputs = ${MOST_INT8_INPUTS};`);
    expect(pack).toContain('quantized_width(size_t K) { return 1 + 8 * ((K + 15) / 16); }');
    expect([1, 16, 17, 784].map(quantizedWidth)).toEqual([9, 9, 17, 393]);
  });

  it('couples as many classes as the engine does', () => {
    expect(native('couple.h')).toContain(`constexpr int32_t most_coupled = ${MOST_COUPLED};`);
  });

  it('numbers functions as the engine does', () => {
    expect(rows(native('kernels/unary.inc'))).toEqual([...UNARY_NAMES]);
    expect(rows(native('kernels/binary.inc'))).toEqual([...BINARY_NAMES]);
    expect(rows(native('kernels/reduce.inc'))).toEqual([...REDUCE_NAMES]);
    expect(rows(native('kernels/metrics.inc'))).toEqual([...METRIC_NAMES]);
  });

  it('numbers norms as their kernel does', () => {
    expect(NORM_NAMES).toEqual(['l1', 'l2', 'max']);
  });
});
