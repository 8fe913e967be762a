import { describe, expect, it } from 'vitest';
import { parseFile } from '../../../lib/formats/torchscript/parser.ts';
import type { Statement } from '../../../lib/formats/torchscript/syntax.ts';
import { Budget } from '../../../lib/graph/budget.ts';
import { failureOf } from '../../failure.ts';

function bodyOf(...lines: string[]): readonly Statement[] {
  const code = ['def f(x: Tensor) -> Tensor:', ...lines.map((line) => `  ${line}`)].join('\n');
  return parseFile(code, 'code/f.py', new Budget()).functions.get('f')?.body ?? [];
}

function expressionOf(expression: string) {
  const [statement] = bodyOf(expression);
  return statement.kind === 'expression' ? statement.value : undefined;
}

describe('the code of TorchScript', () => {
  it('has classes with fields, constants and methods', () => {
    const code = [
      'class Linear(Module):',
      '  __parameters__ = ["weight", ]',
      '  weight : Tensor',
      '  __annotations__["0"] = __torch__.torch.nn.modules.linear.Linear',
      '  in_features : Final[int] = 8',
      '  def forward(self: __torch__.Linear,',
      '    input: Tensor,',
      '    scale: float=2.) -> Tensor:',
      '    return torch.mul(input, scale)',
    ];
    const type = parseFile(code.join('\n'), 'code/a.py', new Budget()).classes.get('Linear');
    expect(type?.base).toBe('Module');
    expect([...(type?.fields.keys() ?? [])]).toEqual(['weight', '0', 'in_features']);
    expect(type?.fields.get('in_features')?.value).toEqual({ kind: 'int', value: 8 });
    expect(type?.methods.get('forward')?.parameters.map(({ name }) => name)).toEqual(['self', 'input', 'scale']);
  });

  it.each([
    ['1.0000000000000001e-05', { kind: 'float', value: 1.0000000000000001e-5 }],
    ['2.', { kind: 'float', value: 2 }],
    ['-3', { kind: 'int', value: -3 }],
    ['-inf', { kind: 'float', value: -Infinity }],
    ['9223372036854775807', { kind: 'int', value: 2 ** 63 }],
    ['"a\\"\\n\\x41\\101"', { kind: 'text', value: 'a"\nAA' }],
    ["'it'", { kind: 'text', value: 'it' }],
    ['True', { kind: 'bool', value: true }],
    ['None', { kind: 'none' }],
    ['()', { kind: 'tuple', items: [] }],
    ['(1,)', { kind: 'tuple', items: [{ kind: 'int', value: 1 }] }],
    ['(1)', { kind: 'int', value: 1 }],
    ['[1, ]', { kind: 'list', items: [{ kind: 'int', value: 1 }] }],
    [
      '{"p": x}',
      {
        kind: 'dict',
        entries: [
          [
            { kind: 'text', value: 'p' },
            { kind: 'name', name: 'x' },
          ],
        ],
      },
    ],
  ])('writes %s as a value', (code, value) => {
    expect(expressionOf(code)).toEqual(value);
  });

  it('calls with arguments by place and by name', () => {
    expect(expressionOf('(fc).forward(torch.gelu(x, approximate="tanh"), )')).toMatchObject({
      kind: 'call',
      callee: { kind: 'attribute', name: 'forward' },
      positional: [{ kind: 'call', named: [['approximate', { kind: 'text', value: 'tanh' }]] }],
    });
  });

  it('assigns to names, to several at once, with a type, and to attributes', () => {
    const kinds = bodyOf('a = x', 'b, c, = f(x)', 'd : Optional[int] = None', '(self).e = a').map((statement) =>
      statement.kind === 'assign' ? [statement.targets.length, statement.isTuple] : statement.kind,
    );
    expect(kinds).toEqual([
      [1, false],
      [2, true],
      [1, false],
      [1, false],
    ]);
  });

  it('branches, loops and returns', () => {
    const body = bodyOf('if a:', '  pass', 'else:', '  for i in range(3):', '    b = i', 'return b');
    expect(body).toMatchObject([
      { kind: 'if', body: [], otherwise: [{ kind: 'for', variable: 'i', body: [{ kind: 'assign' }] }] },
      { kind: 'return' },
    ]);
  });

  it('keeps the word of a statement that is not followed, and what comes after it', () => {
    expect(bodyOf('while x:', '  a = 1', 'return a')).toMatchObject([
      { kind: 'refused', word: 'while' },
      { kind: 'return' },
    ]);
  });

  it.each<[what: string, lines: string[], code: string, words: string]>([
    ['an open bracket', ['return f(x'], 'TRUNCATED', 'ends within brackets'],
    ['a bracket too many', ['return x)'], 'MALFORMED', 'code/f.py:2: a closing bracket has no opening bracket'],
    ['a sign of no meaning', ['return x ? 1'], 'MALFORMED', '"?"'],
    ['an operator', ['return x * 2'], 'MALFORMED', '"*"'],
    ['indentation of its own', ['if a:', '    b = 1', '   c = 2'], 'MALFORMED', 'matches no outer block'],
    ['a missing block', ['if a:', 'return x'], 'MALFORMED', 'expected an indented block'],
    ['a missing value', ['a = '], 'MALFORMED', 'expected a value, found the end of the line'],
    ['brackets without end', [`return ${'['.repeat(5000)}${']'.repeat(5000)}`], 'MALFORMED', 'deeper than 200'],
  ])('refuses %s', async (_, lines, code, words) => {
    const error = await failureOf(() => bodyOf(...lines));
    expect(error.code).toBe(code);
    expect(error.message).toContain(words);
  });
});
