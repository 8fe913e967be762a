/**
 * Recognises functions that exporters spell out as several operations. The patterns are in the form that the other
 * rules produce: arithmetic with constants is affine, factors are outside of products, x·x is a square.
 */
import type { Node, Op, OpAttributes, Operand, UnaryName } from '../graph.ts';
import type { Shape } from '../shapes.ts';
import { scalar } from './constants.ts';
import {
  affine,
  any,
  binary,
  either,
  type Match,
  match,
  number,
  type Pattern,
  reduce,
  select,
  unary,
} from './pattern.ts';
import { type Rewrite, type Rewriter, rule } from './rewriter.ts';

const x = any('x');
const mul = (a: Pattern, b: Pattern) => binary('mul', a, b);
const div = (a: Pattern, b: Pattern) => binary('div', a, b);
const onePlus = (a: Pattern) => affine(a, 1, 1);
const times = (a: Pattern, factor: number | string) => affine(a, factor, 0);

interface Found extends Match {
  readonly precision: 'f32' | 'f64';
  /** The shape of x. */
  readonly shape: Shape;
  number(name: string): number;
}

/** Recognises a function that ends with a node, and returns its replacement. */
type Recognise = (node: Node, graph: Rewriter) => Rewrite | undefined;

/** Replaces what the pattern matches by `op` of x. */
function recognise<O extends Op>(
  pattern: Pattern,
  op: O,
  /** Undefined if the bindings do not fit after all. */
  attributes: (found: Found) => OpAttributes[O] | undefined,
  /**
   * Factors of x and of the result; and whether it rounds where the parts do not, which is not allowed before a step.
   */
  options: { readonly before?: number; readonly after?: (found: Found) => number; readonly rounds?: boolean } = {},
): Recognise {
  const { before = 1, after = () => 1, rounds = false } = options;
  return (node, graph) => {
    if (rounds && graph.feedsStep(node)) return undefined;
    const matched = match(pattern, node, graph);
    if (matched === undefined) return undefined;
    const operand = matched.operands.get('x') as Operand;
    const found: Found = {
      ...matched,
      precision: graph.precision,
      shape: graph.shape(operand),
      number: (bound) => matched.numbers.get(bound) as number,
    };
    const known = attributes(found);
    if (known === undefined) return undefined;
    return scaled(node, graph, op, known, operand, before, after(found));
  };
}

function scaled<O extends Op>(
  place: Node,
  graph: Rewriter,
  op: O,
  attributes: OpAttributes[O],
  operand: Operand,
  before: number,
  after: number,
): Node[] {
  const scaling = (factor: number) => [scalar(factor), scalar(-0)];
  const inner = before === 1 ? [] : [graph.add(place, 'affine', [operand, ...scaling(before)], {})];
  const source = inner.at(0)?.output ?? operand;
  if (after === 1) return [...inner, graph.replace(place, op, [source], attributes)];
  const middle = graph.add(place, op, [source], attributes);
  return [...inner, middle, graph.replace(place, 'affine', [middle.output, ...scaling(after)], {})];
}

const fn = (name: UnaryName, alpha?: number, beta?: number) => () => ({ fn: name, alpha, beta });

/** The axis where a norm over the last axes begins; undefined for other axes. */
function normOf({ axes, shape, number }: Found): { axis: number; epsilon: number } | undefined {
  const list = axes.get('axes') as readonly number[];
  const axis = shape.length - list.length;
  return list.every((at, index) => at === axis + index) ? { axis, epsilon: number('epsilon') } : undefined;
}

function oneAxis({ axes }: Found): number | undefined {
  const list = axes.get('axes') as readonly number[];
  return list.length === 1 ? list[0] : undefined;
}

const twice = { after: ({ number }: Found) => 2 * number('half') };
const inversePower = () => onePlus(unary('exp', times(x, -1)));
const cubic = () =>
  either(
    times(binary('add', x, times(mul(x, unary('square', x)), 0.044715)), Math.sqrt(2 / Math.PI)),
    times(mul(x, affine(unary('square', x), 0.044715, 1)), Math.sqrt(2 / Math.PI)),
  );
const centred = () => binary('sub', x, reduce('mean', x, 'axes'));
const deviation = (of: Pattern) => unary('sqrt', affine(reduce('mean', unary('square', of), 'axes'), 1, 'epsilon'));
const shifted = () => binary('sub', x, reduce('max', x, 'axes'));
const exponential = () => unary('exp', shifted());

function normalize(norm: 'l1' | 'l2'): Recognise {
  return recognise(div(x, unary('clip', reduce(norm, x, 'axes'), 'least', Infinity)), 'normalize', (found) => {
    const axis = oneAxis(found);
    const least = found.number('least');
    return axis === undefined || least < 0 ? undefined : { axis, norm, epsilon: least, floor: least };
  });
}

function softmax(name: 'softmax' | 'log_softmax', pattern: Pattern): Recognise {
  return recognise(pattern, 'softmax', (found) => {
    const axis = oneAxis(found);
    return axis === undefined ? undefined : { axis, fn: name };
  });
}

/** Recognisers by the function, or else the operation, with which the spelling ends. Created on first use. */
const SPELLINGS: Readonly<Record<string, () => readonly Recognise[]>> = {
  reciprocal: () => [
    recognise(unary('reciprocal', inversePower()), 'unary', fn('sigmoid')),
    recognise(unary('reciprocal', onePlus(unary('exp', x))), 'unary', fn('sigmoid'), { before: -1 }),
  ],
  log: () => [
    recognise(unary('log', onePlus(unary('exp', x))), 'unary', fn('softplus', 1)),
    recognise(unary('log', unary('sigmoid', x)), 'unary', fn('log_sigmoid')),
  ],
  log1p: () => [recognise(unary('log1p', unary('exp', x)), 'unary', fn('softplus', 1))],
  mul: () => [
    recognise(mul(x, unary('sigmoid', x)), 'unary', fn('silu')),
    recognise(mul(x, unary('sigmoid', times(x, 'alpha'))), 'unary', ({ number }) => ({
      fn: 'quick_gelu',
      alpha: number('alpha'),
    })),
    recognise(mul(x, affine(unary('erf', times(x, Math.SQRT1_2)), 'half', 'half')), 'unary', fn('gelu'), twice),
    recognise(mul(x, unary('erfc', times(x, -Math.SQRT1_2))), 'unary', fn('gelu'), { after: () => 2 }),
    recognise(mul(x, affine(unary('tanh', cubic()), 'half', 'half')), 'unary', fn('gelu_tanh'), twice),
    recognise(mul(x, unary('tanh', unary('softplus', x, 1))), 'unary', fn('mish')),
    recognise(mul(x, unary('clip', affine(x, 1, 3), 0, 6)), 'unary', fn('hard_swish'), {
      after: () => 6,
      rounds: true,
    }),
    recognise(mul(x, unary('hard_sigmoid', x, 1 / 6, 1 / 2)), 'unary', fn('hard_swish'), { rounds: true }),
  ],
  div: () => [
    recognise(div(x, inversePower()), 'unary', fn('silu')),
    recognise(div(x, onePlus(unary('abs', x))), 'unary', fn('softsign')),
    recognise(div(centred(), deviation(centred())), 'layer_norm', normOf),
    recognise(div(x, deviation(x)), 'rms_norm', normOf),
    normalize('l1'),
    normalize('l2'),
    softmax('softmax', div(exponential(), reduce('sum', exponential(), 'axes'))),
  ],
  sub: () => [
    recognise(binary('sub', x, unary('tanh', x)), 'unary', fn('tanh_shrink')),
    softmax('log_softmax', binary('sub', shifted(), unary('log', reduce('sum', exponential(), 'axes')))),
  ],
  affine: () => [
    recognise(times(unary('softplus', times(x, 'alpha'), 1), 'inverse'), 'unary', (found) => {
      const alpha = found.number('alpha');
      const isInverse = Math.abs(alpha * found.number('inverse') - 1) <= 2 * found.tolerance;
      return isInverse ? { fn: 'softplus', alpha } : undefined;
    }),
    recognise(times(unary('clip', affine(x, 1, 3), 0, 6), 1 / 6), 'unary', fn('hard_sigmoid', 1 / 6, 1 / 2), {
      rounds: true,
    }),
  ],
  select: () => [
    // torch uses x itself beyond a threshold. If the difference is below the last bit, this is softplus.
    recognise(
      either(
        select(binary('greater', x, number('threshold')), x, unary('softplus', x, 'alpha')),
        select(binary('greater', times(x, 'alpha'), number('scaled threshold')), x, unary('softplus', x, 'alpha')),
      ),
      'unary',
      ({ numbers, precision }) => {
        const alpha = numbers.get('alpha') as number;
        // If x is beyond a threshold, so is its scaled value, unless the scale is negative.
        const unscaled = alpha > 0 ? alpha * (numbers.get('threshold') as number) : -Infinity;
        const threshold = numbers.get('scaled threshold') ?? unscaled;
        const isExact = Math.exp(-threshold) <= threshold * (precision === 'f32' ? 2 ** -26 : 2 ** -55);
        return isExact ? { fn: 'softplus', alpha } : undefined;
      },
    ),
    recognise(select(binary('less_equal', x, number('alpha')), number('beta'), x), 'unary', (found) => ({
      fn: 'threshold',
      alpha: found.number('alpha'),
      beta: found.number('beta'),
    })),
    recognise(
      select(either(binary('greater', x, number(0)), binary('greater_equal', x, number(0))), x, times(x, 'alpha')),
      'unary',
      ({ number }) => (Number.isFinite(number('alpha')) ? { fn: 'leaky_relu', alpha: number('alpha') } : undefined),
    ),
    recognise(select(binary('less_equal', unary('abs', x), number('alpha')), number(0), x), 'unary', ({ number }) => ({
      fn: 'hard_shrink',
      alpha: number('alpha'),
    })),
    recognise(
      select(
        binary('greater', unary('abs', x), number('alpha')),
        binary('sub', x, times(unary('sign', x), 'alpha')),
        times(x, 0),
      ),
      'unary',
      (found) => {
        const alpha = found.number('alpha');
        return alpha >= 0 && alpha < Infinity ? { fn: 'soft_shrink', alpha, beta: alpha } : undefined;
      },
    ),
  ],
};

const made = new Map<string, readonly Recognise[]>();

function spellingsOf({ op, attributes }: Node): readonly Recognise[] {
  const end = 'fn' in attributes ? attributes.fn : op;
  let found = made.get(end);
  if (found === undefined) {
    found = Object.hasOwn(SPELLINGS, end) ? SPELLINGS[end]() : [];
    made.set(end, found);
  }
  return found;
}

export const knownFunctions = rule({
  name: 'known functions',
  keeps: 'function',
  ops: ['unary', 'binary', 'affine', 'select'],
  apply(node, graph) {
    for (const recognised of spellingsOf(node)) {
      const rewrite = recognised(node, graph);
      if (rewrite !== undefined) return rewrite;
    }
    return undefined;
  },
});
