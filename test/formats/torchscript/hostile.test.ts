/** Small files whose code asks for much: each is refused in words, soon, or loads. */
import { describe, expect, it } from 'vitest';
import { load } from '../../../lib/load.ts';
import { failureOf } from '../../failure.ts';
import { type ScriptFile, scriptFile } from './write-torchscript.ts';

/** Doubles a value many times. */
function doubled(first: string, double: string, times = 60): string {
  const lines = Array.from({ length: times }, (_, i) => `a${i + 1} = ${double.replaceAll(/\ba\b/g, `a${i}`)}`);
  return [`a0 = ${first}`, ...lines, 'return x'].join('\n');
}

/** Loops inside one another. */
function nested(over: string, body: string, depth = 4): string {
  const loops = Array.from({ length: depth }, (_, i) => `${'  '.repeat(i)}for i${i} in ${over}:`);
  return [...loops, `${'  '.repeat(depth)}${body}`, 'return x'].join('\n');
}

const REFUSED: Readonly<Record<string, string>> = {
  'a list that doubles': doubled('[1, 2]', 'torch.add(a, a)'),
  'a list that is repeated again and again': nested('range(1000)', 'l = torch.mul([1, 2], 50000)'),
  'text that doubles': doubled('"ab"', 'torch.add(a, a)'),
  'text that doubles by its format': doubled('"ab"', 'torch.format("{}{}", a, a)'),
  'text whose parts are many': [
    't = "{}{}{}{}"',
    ...Array(30).fill('t = torch.format(t, t, t, t, t)'),
    'return x',
  ].join('\n'),
  'ranges in a loop': nested('range(300)', 'l = range(100000)'),
  'loops that do nothing': nested('range(99999)', 'pass'),
  'loops over a list that grows': ['l = [1]', 'for i in l:', '  l0 = torch.append(l, i)', 'return x'].join('\n'),
  'lists that are copied in a loop': ['l = range(100000)', nested('range(1000)', 'm = torch.list(l)')].join('\n'),
  'lists that are sliced in a loop': [
    'l = range(100000)',
    nested('range(1000)', 'm = torch.slice(l, 0, 99999, 1)'),
  ].join('\n'),
  'lists that are compared in a loop': ['l = range(100000)', nested('range(1000)', 'm = torch.eq(l, l)')].join('\n'),
  'lists that are searched in a loop': [
    'l = range(100000)',
    nested('range(1000)', 'm = torch.__contains__(l, -1)'),
  ].join('\n'),
  'operators in a loop': nested('range(1000)', 'y = torch.relu(x)'),
  'results shared 2^60 times': doubled('[x, x]', '[a, a]').replace('return x', 'return a60'),
  'empty results shared 2^60 times': doubled('[]', '[a, a]').replace('return x', 'return [a60, x]'),
  'a list of itself as a result': ['l = [x]', 'l0 = torch.append(l, l)', 'return l'].join('\n'),
  'a list of itself as a tensor': ['l = [1]', 'l0 = torch.append(l, l)', 'return torch.tensor(l)'].join('\n'),
  'a tensor of a list shared 2^30 times': doubled('[1, 2]', '[a, a]', 30).replace(
    'return x',
    'return torch.tensor(a30)',
  ),
  'zeros beyond measure': 'return torch.add(x, torch.sum(torch.zeros([4096, 4096])))',
  'ones in a loop': nested('range(1000)', 'y = torch.ones([100000])'),
  'tensors that double': doubled('torch.ones([3])', 'torch.cat([a, a])'),
  'tensors that double by stacking': doubled('torch.ones([3])', 'torch.flatten(torch.stack([a, a]))'),
  'tensors that are repeated': doubled('torch.ones([3])', 'torch.repeat(a, [2])'),
  'products of constants in a loop': [
    'w = torch.ones([500, 500])',
    nested('range(1000)', 'v = torch.matmul(w, w)'),
  ].join('\n'),
  'triangles in a loop': ['w = torch.ones([500, 500])', nested('range(1000)', 'v = torch.tril(w)')].join('\n'),
  'slices of a wide row in a loop': [
    'w = torch.repeat(x, [1, 1000000])',
    nested('range(1000)', 'v = torch.slice(w, 1, 1, 2000000)'),
  ].join('\n'),
  'a wide row in single columns': 'return torch.unbind(torch.repeat(x, [1, 1000000]), 1)[0]',
  'sizes below nothing': 'return torch.add(x, torch.sum(torch.expand(torch.ones([1]), [-5])))',
  'shapes of thousands of axes': 'return torch.reshape(x, torch.mul([-1], 50000))',
  'a stack of nothing': 'return torch.stack([])',
  'attributes after one another': `return x${'.T'.repeat(3000)}`,
  'calls after one another': `return x${'()'.repeat(3000)}`,
  'brackets inside one another': `return ${'['.repeat(3000)}x${']'.repeat(3000)}`,
  'a name without end': `${'n'.repeat(100_000)} = 1\nreturn x`,
  'a number without end': `y = ${'1'.repeat(100_000)}\nreturn x`,
  'an operator on a list of itself': ['l = [1]', 'l0 = torch.append(l, l)', 'return torch.relu(l)'].join('\n'),
};

describe('code that asks for much', () => {
  it.each(Object.entries(REFUSED))('is refused: %s', async (_, forward) => {
    const error = await failureOf(() => load(scriptFile({ forward })));
    expect(['LIMIT', 'MALFORMED', 'SHAPE', 'UNSUPPORTED_OP']).toContain(error.code);
    expect(error.message.length).toBeLessThan(2000);
    expect(error.message).not.toMatch(/undefined|\[object/);
  });

  const CALLS: Readonly<Record<string, ScriptFile>> = {
    'a function that calls itself': {
      before: 'def f(x: Tensor) -> Tensor:\n  return __torch__.f(x)\n',
      forward: 'return __torch__.f(x)',
    },
    'a function that calls itself twice': {
      before:
        'def f(x: Tensor, n: int) -> Tensor:\n  if torch.eq(n, 0):\n    return x\n  y = __torch__.f(x, torch.sub(n, 1))\n  return __torch__.f(y, torch.sub(n, 1))\n',
      forward: 'return __torch__.f(x, 200)',
    },
    'functions deep in expressions': {
      before: `def f(x: Tensor) -> Tensor:\n  return ${'['.repeat(150)}__torch__.f(x)${']'.repeat(150)}\n`,
      forward: 'return __torch__.f(x)',
    },
  };

  it.each(Object.entries(CALLS))('is refused: %s', async (_, file) => {
    const error = await failureOf(() => load(scriptFile(file)));
    expect(error.code).toBe('LIMIT');
  });

  it('loads where it stays within bounds', async () => {
    const forward = [
      'l = torch.mul([1, 2], 500)',
      'for i in range(500):',
      '  l0 = torch.append(l, i)',
      'y = torch.add(x, torch.tensor(torch.len(l)))',
      'return torch.cat(torch.mul([y], 300), 1)',
    ].join('\n');
    const model = await load(scriptFile({ forward }));
    expect(model.outputs[0].shape).toEqual([null, 900]);
    expect(model.run(Float32Array.of(1, 2, 3))[899]).toBe(1503);
    model.dispose();
  });
});
