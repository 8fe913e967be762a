/** What must not be taken for a function in pieces, and numbers at the edges of what may. ../spellings.test.ts has what is. */
import { describe, expect, it } from 'vitest';
import type { BinaryName, Node, Operand, Tensor, UnaryName } from '../../../lib/graph/graph.ts';
import { reference } from '../../reference.ts';
import { checkedOf, node, scalar } from '../graphs.ts';
import { kinds, simple } from './simple.ts';

/** Writes nodes in the order of an expression of x and z, [3, 4]; numbers are constants of float64. */
class Writer {
  readonly nodes: Node[] = [];

  binary(fn: BinaryName, a: Operand | number, b: Operand | number): string {
    return this.#add('binary', [a, b], { fn });
  }
  unary(fn: UnaryName, x: string, alpha?: number, beta?: number): string {
    return this.#add('unary', [x], { fn, alpha, beta });
  }
  affine(x: string, scale: Tensor | number, shift: Tensor | number): string {
    return this.#add('affine', [x, scale, shift], {});
  }
  select(condition: string, a: string | number, b: string | number): string {
    return this.#add('select', [condition, a, b], {});
  }
  reduce(fn: 'l1' | 'l2' | 'max' | 'sum' | 'mean', x: string, axes: readonly number[], keepDims = true): string {
    return this.#add('reduce', [x], { fn, axes, keepDims });
  }
  softmax(x: string): string {
    return this.#add('softmax', [x], { axis: 1, fn: 'softmax' });
  }

  #add(op: Node['op'], inputs: readonly (Operand | number)[], attributes: object): string {
    const output = `v${this.nodes.length}`;
    const operands = inputs.map((each) =>
      typeof each === 'number' ? { shape: [], data: Float64Array.of(each) } : each,
    );
    this.nodes.push(node(output, op, operands, attributes as never));
    return output;
  }
}

type Spelling = (w: Writer) => string;
const INPUTS = { x: [3, 4], z: [3, 4] };

function written(spell: Spelling): Node[] {
  const writer = new Writer();
  spell(writer);
  return writer.nodes;
}

const found = (spell: Spelling, precision: 'f32' | 'f64' = 'f64') => kinds(INPUTS, written(spell), { precision });

const sigmoid = (w: Writer, { one = 1, scale = 1, shift = 1, slope = -1 } = {}) =>
  w.binary('div', one, w.affine(w.unary('exp', w.affine('x', slope, -0)), scale, shift));
const gelu = (
  w: Writer,
  { root = Math.SQRT1_2, half = 0.5, other = undefined as number | undefined, shift = 0 } = {},
) => w.binary('mul', 'x', w.affine(w.unary('erf', w.affine('x', root, shift)), half, other ?? half));
const ROOT = Math.sqrt(2 / Math.PI);
const tanh = (w: Writer, { cube = 0.044715, root = ROOT, half = 0.5 } = {}) => {
  const inner = w.binary('add', 'x', w.affine(w.binary('mul', 'x', w.unary('square', 'x')), cube, -0));
  return w.binary('mul', 'x', w.affine(w.unary('tanh', w.affine(inner, root, -0)), half, half));
};
const factored = (w: Writer, { cube = 0.044715, one = 1, root = ROOT } = {}) => {
  const inner = w.binary('mul', 'x', w.affine(w.unary('square', 'x'), cube, one));
  return w.binary('mul', 'x', w.affine(w.unary('tanh', w.affine(inner, root, -0)), 0.5, 0.5));
};
const swish = (w: Writer, { one = 1, three = 3, low = 0, high = 6 } = {}) =>
  w.binary('mul', 'x', w.unary('clip', w.affine('x', one, three), low, high));
const swishBySigmoid = (w: Writer, alpha = 1 / 6, beta = 1 / 2) =>
  w.binary('mul', 'x', w.unary('hard_sigmoid', 'x', alpha, beta));
const hard = (w: Writer, { one = 1, three = 3, low = 0, high = 6, sixth = 1 / 6 } = {}) =>
  w.affine(w.unary('clip', w.affine('x', one, three), low, high), sixth, -0);
const softplus = (w: Writer, { one = 1, shift = 1 } = {}) => w.unary('log', w.affine(w.unary('exp', 'x'), one, shift));
const mish = (w: Writer, alpha = 1) => w.binary('mul', 'x', w.unary('tanh', w.unary('softplus', 'x', alpha)));
const softsign = (w: Writer, { one = 1, shift = 1 } = {}) =>
  w.binary('div', 'x', w.affine(w.unary('abs', 'x'), one, shift));
const steep = (w: Writer, { alpha = 2, inverse = 0.5, inner = 1 } = {}) =>
  w.affine(w.unary('softplus', w.affine('x', alpha, -0), inner), inverse, -0);
const leaky = (w: Writer, { zero = 0, alpha = 0.25, shift = -0, fn = 'greater' as BinaryName } = {}) =>
  w.select(w.binary(fn, 'x', zero), 'x', w.affine('x', alpha, shift));
const shrink = (w: Writer, { alpha = 2, other = undefined as number | undefined, zero = 0 } = {}) =>
  w.select(
    w.binary('greater', w.unary('abs', 'x'), alpha),
    w.binary('sub', 'x', w.affine(w.unary('sign', 'x'), other ?? alpha, -0)),
    w.affine('x', zero, -0),
  );
const hardShrink = (w: Writer, { alpha = 2, zero = 0 } = {}) =>
  w.select(w.binary('less_equal', w.unary('abs', 'x'), alpha), zero, 'x');
const norm = (w: Writer, { of = 'l2' as 'l1' | 'l2' | 'max', axes = [1], least = 0.5, most = Infinity } = {}) =>
  w.binary('div', 'x', w.unary('clip', w.reduce(of, 'x', axes), least, most));

describe('a function in pieces', () => {
  it.each<[string, Spelling, string[]]>([
    ['sigmoid', (w) => sigmoid(w), ['sigmoid']],
    ['sigmoid of 2x', (w) => sigmoid(w, { slope: -2 }), ['affine', 'sigmoid']],
    ['gelu', (w) => gelu(w), ['gelu']],
    ['gelu by tanh', (w) => tanh(w), ['gelu_tanh']],
    ['gelu by tanh, factored', (w) => factored(w), ['gelu_tanh']],
    ['hard swish times 6', (w) => swish(w), ['hard_swish', 'affine']],
    ['hard swish', (w) => swishBySigmoid(w), ['hard_swish']],
    ['hard sigmoid', (w) => hard(w), ['hard_sigmoid']],
    ['softplus', (w) => softplus(w), ['softplus']],
    ['mish', (w) => mish(w), ['mish']],
    ['softsign', (w) => softsign(w), ['softsign']],
    ['a steep softplus', (w) => steep(w), ['softplus']],
    ['leaky relu', (w) => leaky(w), ['leaky_relu']],
    ['leaky relu from 0', (w) => leaky(w, { fn: 'greater_equal' }), ['leaky_relu']],
    ['soft shrink', (w) => shrink(w), ['soft_shrink']],
    ['soft shrink by less', (w) => shrink(w, { alpha: 0.5 }), ['soft_shrink']],
    ['soft shrink by nothing', (w) => shrink(w, { alpha: 0 }), ['soft_shrink']],
    ['hard shrink', (w) => hardShrink(w), ['hard_shrink']],
    ['a norm', (w) => norm(w), ['normalize']],
    ['a norm of the sum', (w) => norm(w, { of: 'l1' }), ['normalize']],
    [
      'gelu by tanh, the other way round',
      (w) => {
        const cube = w.affine(w.binary('mul', w.unary('square', 'x'), 'x'), 0.044715, -0);
        const inner = w.affine(w.binary('add', cube, 'x'), ROOT, -0);
        return w.binary('mul', w.affine(w.unary('tanh', inner), 0.5, 0.5), 'x');
      },
      ['gelu_tanh'],
    ],
    ['silu, whatever else its sigmoid is given', (w) => w.binary('mul', 'x', w.unary('sigmoid', 'x', 3)), ['silu']],
    [
      'hard swish by a clip that says its greatest alone',
      (w) => w.binary('mul', 'x', w.unary('clip', w.affine('x', 1, 3), undefined, 6)),
      ['hard_swish', 'affine'],
    ],
    ['gelu times 2', (w) => gelu(w, { half: 1 }), ['gelu', 'affine']],
  ])('is %s', (_, spell, expected) => {
    expect(found(spell)).toEqual(expected);
  });

  it.each<[string, Spelling]>([
    ['sigmoid, with another numerator', (w) => sigmoid(w, { one: 2 })],
    ['sigmoid, with another factor', (w) => sigmoid(w, { scale: 2 })],
    ['sigmoid, with another sum', (w) => sigmoid(w, { shift: 2 })],
    ['gelu, with another root', (w) => gelu(w, { root: 1.7 })],
    ['gelu, with two halves', (w) => gelu(w, { other: 0.75 })],
    ['gelu, shifted', (w) => gelu(w, { shift: 1 })],
    ['gelu by tanh, with another cube', (w) => tanh(w, { cube: 1.044715 })],
    ['gelu by tanh, with another root', (w) => tanh(w, { root: Math.sqrt(3 / Math.PI) })],
    ['gelu by tanh, factored, with another cube', (w) => factored(w, { cube: 1.044715 })],
    ['gelu by tanh, factored, with another 1', (w) => factored(w, { one: 2 })],
    ['gelu by tanh, factored, with another root', (w) => factored(w, { root: Math.sqrt(1 / Math.PI) })],
    ['hard swish, with another factor', (w) => swish(w, { one: 2 })],
    ['hard swish, with another sum', (w) => swish(w, { three: 2 })],
    ['hard swish, with another least', (w) => swish(w, { low: 1 })],
    ['hard swish, with another most', (w) => swish(w, { high: 5 })],
    ['hard swish, with another slope', (w) => swishBySigmoid(w, 1 / 5)],
    ['hard swish, with another middle', (w) => swishBySigmoid(w, 1 / 6, 1 / 3)],
    ['hard sigmoid, with another factor', (w) => hard(w, { one: 2 })],
    ['hard sigmoid, with another sum', (w) => hard(w, { three: 4 })],
    ['hard sigmoid, with another least', (w) => hard(w, { low: 1 })],
    ['hard sigmoid, with another most', (w) => hard(w, { high: 7 })],
    ['hard sigmoid, with another sixth', (w) => hard(w, { sixth: 1 / 7 })],
    ['softplus, with another factor', (w) => softplus(w, { one: 2 })],
    ['softplus, with another sum', (w) => softplus(w, { shift: 2 })],
    ['mish, of another softplus', (w) => mish(w, 2)],
    ['softsign, with another factor', (w) => softsign(w, { one: 2 })],
    ['softsign, with another sum', (w) => softsign(w, { shift: 2 })],
    ['a steep softplus, with another inverse', (w) => steep(w, { inverse: 0.25 })],
    ['a steep softplus, of one that is steep', (w) => steep(w, { inner: 2 })],
    ['leaky relu, from another point', (w) => leaky(w, { zero: 1 })],
    ['leaky relu, from another point on', (w) => leaky(w, { zero: 1, fn: 'greater_equal' })],
    ['leaky relu, shifted', (w) => leaky(w, { shift: 1 })],
    ['leaky relu, of an infinite slope', (w) => leaky(w, { alpha: Infinity })],
    ['leaky relu, by another comparison', (w) => leaky(w, { fn: 'less' })],
    ['soft shrink, by two numbers', (w) => shrink(w, { other: 1 })],
    ['soft shrink, to something else', (w) => shrink(w, { zero: 1 })],
    ['soft shrink, by a negative number', (w) => shrink(w, { alpha: -1 })],
    ['soft shrink, by infinity', (w) => shrink(w, { alpha: Infinity })],
    ['hard shrink, to another number', (w) => hardShrink(w, { zero: 1 })],
    ['a norm, of two axes', (w) => norm(w, { axes: [0, 1] })],
    ['a norm, with a bound above', (w) => norm(w, { most: 5 })],
    ['a norm, of the greatest', (w) => norm(w, { of: 'max' })],
    ['a norm, with a negative floor', (w) => norm(w, { least: -1 })],
  ])('is not taken for %s', (_, spell) => {
    const NAMES = ['sigmoid', 'gelu', 'gelu_tanh', 'hard_swish', 'mish', 'softsign', 'leaky_relu', 'normalize'];
    const kept = written(spell).map(({ op, attributes }) => ('fn' in attributes ? attributes.fn : op));
    const names = [...NAMES, 'soft_shrink', 'hard_shrink', 'hard_sigmoid', 'softplus'];
    for (const name of found(spell)) if (names.includes(name)) expect(kept).toContain(name);
  });

  it('keeps its numbers, whichever of the ways it is taken', () => {
    const rows = [-Infinity, -40, -3.5, -2, -1, -0.3, 0, 0.5, 1, 2, 3, 7].map((value) => Number(value));
    const spellings: Spelling[] = [
      (w) => leaky(w, { alpha: -0.5 }),
      (w) => leaky(w, { alpha: 0 }),
      (w) => shrink(w, { alpha: 0 }),
      (w) => steep(w, { alpha: -2, inverse: -0.5 }),
      (w) => w.binary('mul', 'x', w.unary('sigmoid', w.affine('x', -0.5, -0))),
      (w) => w.binary('div', 1, w.affine(w.unary('exp', 'x'), 1, 1)),
      (w) => w.select(w.binary('greater', 'x', -20), 'x', w.unary('softplus', 'x', -1)),
      (w) => w.select(w.binary('greater', 'x', 40), 'x', w.unary('softplus', 'x', 1)),
      (w) => w.select(w.binary('greater', w.affine('x', -1, -0), 40), 'x', w.unary('softplus', 'x', -1)),
      (w) => w.select(w.binary('less_equal', 'x', 1), 20, 'x'),
      (w) => norm(w, { least: 0.5 }),
      (w) => norm(w, { of: 'l1', axes: [0], least: 60 }),
    ];
    for (const spell of spellings) {
      const nodes = written(spell);
      const graph = checkedOf(INPUTS, nodes);
      const inputs = { x: rows, z: rows };
      const [after, before] = [simple(INPUTS, nodes), graph].map((each) => [...reference(each, inputs, 1).y]);
      for (const [at, value] of before.entries()) {
        if (Number.isFinite(value)) expect(after[at]).toBeCloseTo(value, 12);
        else expect(after[at]).toBe(value);
      }
    }
  });
});

describe('a softplus beyond whose threshold x itself is taken', () => {
  const beyond = (threshold: number, alpha = 1) =>
    ((w) => w.select(w.binary('greater', 'x', threshold), 'x', w.unary('softplus', 'x', alpha))) as Spelling;
  const scaled = (threshold: number, alpha: number) =>
    ((w) =>
      w.select(
        w.binary('greater', w.affine('x', alpha, -0), threshold),
        'x',
        w.unary('softplus', 'x', alpha),
      )) as Spelling;

  it('is softplus where the difference is below the last bit', () => {
    // e^−t = t·2^−26 at 15.31, t·2^−55 at 34.57
    expect([found(beyond(15.4), 'f32'), found(beyond(34.7))]).toEqual([['softplus'], ['softplus']]);
    for (const [threshold, precision] of [
      [15.2, 'f32'],
      [34.4, 'f64'],
      [-20, 'f32'],
    ] as const) {
      expect(found(beyond(threshold), precision)).toHaveLength(3);
    }
    expect([found(beyond(8, 2), 'f32'), found(beyond(7, 2), 'f32').length]).toEqual([['softplus'], 3]);
    expect([found(scaled(16, 3), 'f32'), found(scaled(15, 3), 'f32').length]).toEqual([['softplus'], 4]);
    expect(found(beyond(-20, -1), 'f32')).toHaveLength(3);
    expect(found(scaled(20, -1), 'f32')).toEqual(['softplus']);
  });
});

describe('a number in pieces of a function', () => {
  it('may be off by rounding to the precision, and no further', () => {
    for (const [precision, bits] of [
      ['f32', 20],
      ['f64', 50],
    ] as const) {
      const off = (by: number) => found((w) => gelu(w, { root: Math.SQRT1_2 * (1 + by * 2 ** -bits) }), precision);
      expect([off(0.75), off(-0.75)]).toEqual([['gelu'], ['gelu']]);
      expect([off(1.5).length, off(-1.5).length]).toEqual([4, 4]);
      const one = (by: number) => found((w) => softplus(w, { shift: 1 + by * 2 ** -bits }), precision);
      expect([one(1), one(2).length]).toEqual([['softplus'], 3]);
      const inverse = (by: number) => found((w) => steep(w, { inverse: 0.5 * (1 + by * 2 ** -bits) }), precision);
      expect([inverse(2), inverse(3).length]).toEqual([['softplus'], 3]);
    }
    expect(found((w) => leaky(w, { zero: 2 ** -140 }), 'f64')).not.toContain('leaky_relu');
  });

  it('is one number, of the function that it belongs to', () => {
    const halves = { shape: [4], data: Float64Array.of(0.5, 0.5, 0.5, 0.75) };
    const uneven: Spelling = (w) =>
      w.binary('mul', 'x', w.affine(w.unary('erf', w.affine('x', Math.SQRT1_2, -0)), halves, 0.5));
    expect(found(uneven)).not.toContain('gelu');
    expect(found((w) => w.binary('mul', 'x', w.unary('tanh', w.softmax('x'))))).toEqual(['softmax', 'tanh', 'mul']);
    expect(found((w) => w.binary('mul', 'x', w.unary('sigmoid', 'z')))).toEqual(['sigmoid', 'mul']);
    expect(found((w) => w.binary('mul', w.unary('sigmoid', 'z'), 'x'))).toEqual(['sigmoid', 'mul']);
    expect(found((w) => w.binary('add', 'x', w.unary('sigmoid', 'x')))).toEqual(['sigmoid', 'add']);
    expect(found((w) => w.binary('sub', w.unary('tanh', 'x'), 'x'))).toEqual(['tanh', 'sub']);
    expect(found((w) => w.binary('div', w.affine(w.unary('abs', 'x'), 1, 1), 'x')).at(-1)).toBe('div');
  });
});

describe('a norm in pieces', () => {
  const layer = (w: Writer, axes: readonly number[], others = axes, epsilon = 0.5) => {
    const centred = w.binary('sub', 'x', w.reduce('mean', 'x', axes));
    const variance = w.reduce('mean', w.unary('square', centred), others);
    return w.binary('div', centred, w.unary('sqrt', w.affine(variance, 1, epsilon)));
  };

  it('goes over the last axes, the same for mean and variance', () => {
    expect(found((w) => layer(w, [1]))).toEqual(['layer_norm']);
    expect(found((w) => layer(w, [1, 0]))).toEqual(['layer_norm']);
    for (const axes of [[0], [1]]) {
      const other = axes[0] === 0 ? [0] : [0, 1];
      expect(found((w) => layer(w, axes, other))).not.toContain('layer_norm');
    }
    const dropped: Spelling = (w) =>
      w.binary('div', 'x', w.unary('sqrt', w.affine(w.reduce('mean', w.unary('square', 'x'), [0], false), 1, 0.5)));
    expect(found(dropped)).not.toContain('rms_norm');
  });

  it('is one of x, whose axes it keeps', () => {
    const rms = (of: string, keepDims: boolean) => {
      const nodes = [
        node('a', 'unary', [of], { fn: 'square' }),
        node('b', 'reduce', ['a'], { fn: 'mean', axes: [1], keepDims }),
        node('c', 'affine', ['b', scalar(1), scalar(0.5)], {}),
        node('d', 'unary', ['c'], { fn: 'sqrt' }),
        node('y', 'binary', ['x', 'd'], { fn: 'div' }),
      ];
      return kinds({ x: [4, 4], z: [4, 4] }, nodes).at(-1);
    };
    expect([rms('x', true), rms('x', false), rms('z', true)]).toEqual(['rms_norm', 'div', 'div']);
  });

  it('goes over all axes from one on', () => {
    const rms = (axes: readonly number[]) => {
      const nodes = [
        node('a', 'unary', ['x'], { fn: 'square' }),
        node('b', 'reduce', ['a'], { fn: 'mean', axes, keepDims: true }),
        node('c', 'affine', ['b', scalar(1), scalar(0.5)], {}),
        node('d', 'unary', ['c'], { fn: 'sqrt' }),
        node('y', 'binary', ['x', 'd'], { fn: 'div' }),
      ];
      return kinds({ x: [2, 3, 4] }, nodes);
    };
    expect([rms([1, 2]), rms([0, 2]).length, rms([0, 1]).length]).toEqual([['rms_norm'], 5, 5]);
  });

  it('is a softmax of one axis', () => {
    const softmax = (w: Writer, axes: readonly number[], others = axes) => {
      const exponential = w.unary('exp', w.binary('sub', 'x', w.reduce('max', 'x', axes)));
      return w.binary('div', exponential, w.reduce('sum', exponential, others));
    };
    expect(found((w) => softmax(w, [0]))).toEqual(['softmax']);
    expect(found((w) => softmax(w, [0, 1]))).not.toContain('softmax');
    expect(found((w) => softmax(w, [0], [1]))).not.toContain('softmax');
    expect(found((w) => w.unary('log', w.softmax('x')))).toEqual(['softmax', 'log']);
  });
});

it('a factor beside a function keeps the sign of zeros', () => {
  const nodes = written((w) => gelu(w, { half: 1 }));
  const { y } = reference(simple(INPUTS, nodes), { x: new Array(12).fill(-0), z: new Array(12).fill(0) }, 1);
  expect([...y]).toEqual(new Array(12).fill(-0));
});

it('a function takes x itself where its negative is taken by others too', () => {
  const nodes = written((w) => sigmoid(w));
  const { nodes: left } = simple(INPUTS, nodes, { outputs: ['v3', 'v0'] });
  expect(left.map(({ inputs }) => inputs[0])).toEqual(['x', 'x']);
});

it('what rounds where its pieces do not is not taken before a step', () => {
  const floor = (spell: Spelling) => found((w) => w.unary('floor', spell(w)));
  expect(floor((w) => hard(w))).not.toContain('hard_sigmoid');
  expect(floor((w) => swish(w))).not.toContain('hard_swish');
  expect(floor((w) => swishBySigmoid(w))).not.toContain('hard_swish');
  expect(floor((w) => gelu(w))).toEqual(['gelu', 'floor']);
  expect(kinds({ x: [1] }, [node('y', 'affine', ['x', scalar(2), scalar(1)], {})])).toEqual(['affine']);
});
