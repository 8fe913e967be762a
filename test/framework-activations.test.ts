/** Every activation that torch and Keras name, against their own values; see fixtures/make/make_activations.py. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Activation } from '../lib/graph/architecture.ts';
import { define } from '../lib/index.ts';

type JsonNumber = number | 'NaN' | 'Infinity' | '-Infinity';

interface ActivationValues {
  readonly points: readonly JsonNumber[];
  readonly rows: { readonly shape: readonly [number, number]; readonly data: readonly number[] };
  readonly cases: readonly {
    readonly framework: 'torch' | 'keras' | 'paper';
    readonly activation: { readonly name: string; readonly [setting: string]: number | string };
    readonly input: 'points' | 'rows';
    readonly output: readonly JsonNumber[];
  }[];
}

const values: ActivationValues = JSON.parse(
  readFileSync(new URL('./fixtures/activations.json', import.meta.url), 'utf8'),
);

/** Where a framework's default is another than here; docs/define.md lists them. */
const DEFAULTS: Readonly<Record<string, Activation>> = {
  'keras leaky_relu': { name: 'leaky_relu', negative_slope: 0.2 },
  'keras softplus': { name: 'softplus', threshold: 20 }, // the values were made on torch
};
/** Where they give another value on purpose: NaN stays NaN here, and a limit is taken where Keras has ∞ − ∞. */
const ELSEWHERE: Readonly<Record<string, number>> = { 'keras relu': Number.NaN, 'keras squareplus': -Infinity };

/** The most units in the last place that docs/curves.md allows any curve. */
const UNITS = 4;
const EPSILON = { f32: 2 ** -23, f64: 2 ** -52 };

describe.each(['f32', 'f64'] as const)('in %s', (precision) => {
  it.each(values.cases)('gives $framework $activation its own values', ({ framework, activation, input, output }) => {
    const isRows = input === 'rows';
    const x = Float64Array.from(isRows ? values.rows.data : values.points, Number);
    const width = isRows ? values.rows.shape[1] : 1;
    const name = `${framework} ${activation.name}`;
    const given = (Object.keys(activation).length === 1 && DEFAULTS[name]) || activation;
    using model = define(
      { inputs: [{ name: 'x', shape: [width] }], layers: [{ type: 'activation', activation: given }] },
      { precision },
    );
    const y = model.run(x);
    expect(y.length).toBe(output.length);
    const wrong: string[] = [];
    for (const [at, expected] of Array.from(output, Number).entries()) {
      const found = Number(y[at]);
      if (Object.is(found, expected) || found === expected || Object.is(x[at], ELSEWHERE[name])) continue;
      // Along a row, and where a threshold is subtracted, numbers around 1 are rounded before they cancel. The
      // framework's value is itself the result of float64 operations on numbers up to the size of x.
      const cancels = input === 'rows' || 'negative_slope' in activation;
      const rounding = cancels ? EPSILON[precision] : 2 * EPSILON.f64 * Math.max(1, Math.abs(x[at]));
      const bound = UNITS * (EPSILON[precision] * Math.abs(expected) + rounding);
      if (!(Math.abs(found - expected) <= bound)) wrong.push(`f(${x[at]}) = ${found}, expected ${expected}`);
    }
    expect(wrong).toEqual([]);
  });
});
