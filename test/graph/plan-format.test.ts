import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { BINARY } from '../../lib/graph/operations/binary.ts';
import { TABLES } from '../../lib/graph/operations/tables.ts';
import { UNARY } from '../../lib/graph/operations/unary.ts';
import {
  MOST_COUPLED,
  MOST_INT8_INPUTS,
  OLDEST_PLAN,
  PLAN_VERSION,
  PRECISIONS,
  quantizedWidth,
  RAGGED_PORT,
  RAGGED_SINCE,
} from '../../lib/graph/plan-format.ts';
import { faultsOf, filesOf } from '../../scripts/operations.js';

const native = (path: string) => readFileSync(new URL(`../../native/${path}`, import.meta.url), 'utf8');

describe('the plan', () => {
  const plan = native('plan.h');

  it('marks what the engine looks for', () => {
    expect(plan).toContain(`constexpr int32_t ragged_port = 1 << ${Math.log2(RAGGED_PORT)};`);
    expect(plan).toContain(`enum class Precision : int32_t { f32 = ${PRECISIONS.f32}, f64 = ${PRECISIONS.f64} };`);
    expect(native('plan.cc')).toContain(`constexpr int32_t ragged_since = ${RAGGED_SINCE};`);
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
});

describe('the tables of operations', () => {
  const released: Parameters<typeof faultsOf>[1] = JSON.parse(
    readFileSync(new URL('released-numbers.json', import.meta.url), 'utf8'),
  );
  const altered = (name: string, entries: Record<string, { number: number; since?: number }>) =>
    faultsOf([{ name, entries }], { [name]: released[name] }, OLDEST_PLAN);

  it('are what C++, the docs and the list of released numbers have', () => {
    for (const [path, text] of filesOf({ TABLES, OLDEST_PLAN, PLAN_VERSION })) {
      expect(readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8'), path).toBe(text);
    }
  });

  it('keep every released number', () => {
    expect(faultsOf(TABLES, released, OLDEST_PLAN)).toEqual([]);
  });

  it('may not change, swap, remove or reuse a number', () => {
    const { relu, ...others } = UNARY;
    expect(altered('unary', others).join('\n')).toContain('unary relu was released as 0, and may not be removed');
    const swapped = { ...BINARY, add: BINARY.sub, sub: BINARY.add };
    expect(altered('binary', swapped)).toEqual([
      'binary add was released as 0, and may not become 1',
      'binary sub was released as 1, and may not become 0',
    ]);
    expect(altered('unary', { ...others, renamed: relu })).toContain(
      'unary relu was released as 0, and may not be removed',
    );
    expect(altered('unary', { ...UNARY, twice: { number: 3 } }).join()).toContain('found 3');
  });

  it('number what is new after all others, and say since when', () => {
    const last = Math.max(...Object.values(UNARY).map(({ number }) => number));
    const since = PLAN_VERSION + 1;
    expect(altered('unary', { ...UNARY, fresh: { number: last + 1, since } })).toEqual([]);
    expect(altered('unary', { ...UNARY, fresh: { number: last + 2, since } }).join()).toContain(
      `unary fresh should be number ${last + 1}`,
    );
    const bags = { sum: { number: 0, since: 4 }, mean: { number: 1, since: 4 }, max: { number: 2 } };
    expect(altered('bag', bags)).toHaveLength(2);
  });
});
