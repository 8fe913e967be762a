/** The code of TorchScript by its grammar: statements of loops, lists, text and operators put in, lines and numbers changed. */
import { activationOperators } from '../../../lib/formats/aten/operators/activations.ts';
import { arithmeticOperators } from '../../../lib/formats/aten/operators/arithmetic.ts';
import { creationOperators } from '../../../lib/formats/aten/operators/creation.ts';
import { indexingOperators } from '../../../lib/formats/aten/operators/indexing.ts';
import { linearOperators } from '../../../lib/formats/aten/operators/linear.ts';
import { lookupOperators } from '../../../lib/formats/aten/operators/lookup.ts';
import { normalizationOperators } from '../../../lib/formats/aten/operators/normalization.ts';
import { reductionOperators } from '../../../lib/formats/aten/operators/reduction.ts';
import { shapeOperators } from '../../../lib/formats/aten/operators/shape.ts';
import { parseSignature, type Signature } from '../../../lib/formats/aten/signature.ts';
import { builtins } from '../../../lib/formats/torchscript/builtins.ts';
import type { Random } from '../../random-graph.ts';
import { floatNear, integerNear, type Mutator, repeats } from '../mutator.ts';

const SIGNATURES: readonly Signature[] = [
  ...[activationOperators, arithmeticOperators, creationOperators, indexingOperators, linearOperators],
  ...[lookupOperators, normalizationOperators, reductionOperators, shapeOperators],
].flatMap((group) => Object.keys(group).map(parseSignature));
const FUNCTIONS = [...builtins.keys()];

export const mutateTorchscript: Mutator = (bytes, random, other) => {
  const lines = Buffer.from(bytes).toString().split('\n');
  random.pick(CHANGES)(lines, random, Buffer.from(other).toString().split('\n'));
  return new TextEncoder().encode(lines.join('\n'));
};

type Change = (lines: string[], random: Random, others: readonly string[]) => void;

const CHANGES: readonly Change[] = [
  insertProgram,
  insertProgram,
  insertProgram,
  replaceBody,
  replaceBody,
  changeNumber,
  (lines, random) => lines.splice(random.below(lines.length), 1),
  (lines, random) => {
    const at = random.below(lines.length);
    lines.splice(at, 0, ...Array<string>(repeats(lines[at].length, random)).fill(lines[at]));
  },
  (lines, random, others) => lines.splice(random.below(lines.length), 0, random.pick(others)),
  (lines, random) => {
    const at = random.below(lines.length);
    lines[at] = deepened(lines[at], random);
  },
];

/** Statements behind some line of a function. */
function insertProgram(lines: string[], random: Random): void {
  const bodies = [...lines.keys()].filter((at) => /^ {2,}\S/.test(lines[at]));
  if (bodies.length === 0) return;
  const at = random.pick(bodies);
  const indent = /^ */.exec(lines[at])?.[0] ?? '';
  const program = new Program(random, namesIn(lines.slice(0, at)));
  lines.splice(at, 0, ...program.statements(indent, 0));
}

/** All of `forward` but its first line. */
function replaceBody(lines: string[], random: Random): void {
  const heads = [...lines.keys()].filter((at) => /^ {2}def forward\(/.test(lines[at]));
  if (heads.length === 0) return;
  const head = random.pick(heads);
  const begin = lines.findIndex((line, at) => at >= head && line.endsWith(':')) + 1;
  const end = lines.findIndex((line, at) => at >= begin && !/^ {4}/.test(line));
  const program = new Program(random, namesIn(lines.slice(head, begin)));
  const body = [...program.statements('    ', 0), ...program.statements('    ', 0), `    return ${program.value(0)}`];
  lines.splice(begin, (end < 0 ? lines.length : end) - begin, ...body);
}

function changeNumber(lines: string[], random: Random): void {
  const places = [...lines.keys()].filter((at) => /\d/.test(lines[at]));
  if (places.length === 0) return;
  const at = random.pick(places);
  const numbers = [...lines[at].matchAll(/\d+(\.\d*)?/g)];
  const { index, 0: number } = random.pick(numbers);
  const changed = number.includes('.') ? floatNear(Number(number), random) : integerNear(Number(number), random);
  lines[at] = lines[at].slice(0, index) + changed + lines[at].slice(index + number.length);
}

/** Some value of the line within brackets, attributes or calls, as deep as is allowed and deeper. */
function deepened(line: string, random: Random): string {
  const names = [...line.matchAll(/\b[a-z_]\w*\b/g)];
  if (names.length === 0) return line;
  const { index, 0: name } = random.pick(names);
  const depth = random.pick([1, 2, 150, 250, 5000]);
  const [open, close] = random.pick([
    ['[', ']'],
    ['(', ',)'],
    ['', '.T'],
    ['', '[0]'],
    ['torch.relu(', ')'],
    ['{0: ', '}'],
  ]);
  return line.slice(0, index) + open.repeat(depth) + name + close.repeat(depth) + line.slice(index + name.length);
}

function namesIn(lines: readonly string[]): string[] {
  const names = new Set(lines.flatMap((line) => [...line.matchAll(/\b([a-z_]\w*)(?= ?[:=,])/g)].map(([name]) => name)));
  return [...names].slice(-12);
}

const SHORT = ['', 'a', '{}', '{}{}', 'inf', '-nan', 'floor', 'trunc', 'none', 'tanh', 'cpu', 'bi,oi->bo', '__proto__'];

class Program {
  readonly #random: Random;
  readonly #names: string[];

  constructor(random: Random, names: readonly string[]) {
    this.#random = random;
    this.#names = names.length > 0 ? [...names] : ['self'];
  }

  statements(indent: string, depth: number): string[] {
    return Array.from({ length: 1 + this.#random.below(5) }).flatMap(() => this.#statement(indent, depth));
  }

  #statement(indent: string, depth: number): string[] {
    const random = this.#random;
    const kind = random.below(depth > 4 ? 4 : 8);
    if (kind === 7) return [`${indent}if ${this.value(1)}:`, ...this.statements(`${indent}  `, depth + 1)];
    if (kind >= 5) {
      const name = this.#newName();
      return [`${indent}for ${name} in ${this.#list(1)}:`, ...this.statements(`${indent}  `, depth + 1)];
    }
    if (kind === 4) return this.#grown(indent);
    if (kind === 3) return [`${indent}${this.#call(0)}`];
    const name = random.below(2) === 0 ? random.pick(this.#names) : this.#newName();
    return [`${indent}${name} = ${this.value(0)}`];
  }

  /** A value that is made of itself again and again. */
  #grown(indent: string): string[] {
    const random = this.#random;
    const name = this.#newName();
    const step = random.pick([
      ...[
        `torch.add(${name}, ${name})`,
        `[${name}, ${name}]`,
        `torch.cat([${name}, ${name}])`,
        `{0: ${name}, 1: ${name}}`,
      ],
      ...[
        `torch.format("{}{}", ${name}, ${name})`,
        `torch.stack([${name}, ${name}])`,
        `torch.append(${name}, ${name})`,
      ],
      ...[`torch.mul(${name}, ${name})`, `torch.matmul(${name}, ${name})`, `torch.repeat(${name}, [2])`],
    ]);
    return [
      `${indent}${name} = ${this.value(1)}`,
      ...Array<string>(1 + random.below(40)).fill(`${indent}${name} = ${step}`),
    ];
  }

  #newName(): string {
    const name = `v${this.#random.below(10)}`;
    if (!this.#names.includes(name)) this.#names.push(name);
    return name;
  }

  value(depth: number): string {
    const kind = this.#random.below(depth > 3 ? 4 : 9);
    if (kind < 3) return this.#random.pick(this.#names);
    if (kind === 3) return this.#number();
    if (kind === 4) return JSON.stringify(this.#random.pick(SHORT));
    if (kind === 5) return this.#list(depth + 1);
    if (kind === 6) return `${this.value(depth + 1)}[${this.value(depth + 1)}]`;
    return this.#call(depth + 1);
  }

  #number(): string {
    const random = this.#random;
    if (random.below(3) > 0) return String(integerNear(random.below(6), random));
    return String(floatNear(random.below(6) + 0.5, random))
      .replace('NaN', 'nan')
      .replace('Infinity', 'inf');
  }

  #list(depth: number): string {
    const random = this.#random;
    if (random.below(3) === 0) return `range(${random.pick([3, 100, 1000, 99_999])})`;
    if (random.below(4) === 0) return `torch.mul([${this.value(depth)}], ${random.pick([2, 1000, 50_000])})`;
    return `[${Array.from({ length: random.below(4) }, () => this.value(depth)).join(', ')}]`;
  }

  #call(depth: number): string {
    const random = this.#random;
    if (random.below(3) === 0) {
      const args = Array.from({ length: random.below(4) }, () => this.value(depth));
      return `${random.pick(FUNCTIONS)}(${args.join(', ')})`;
    }
    const { name, parameters } = random.pick(SIGNATURES);
    const given = parameters.filter(({ otherwise }) => otherwise === undefined || random.below(2) === 0);
    const args = given.map(({ name, type, isList, byNameOnly }) => {
      const value =
        isList && random.below(4) > 0 ? `[${this.#of(type, depth)}, ${this.#of(type, depth)}]` : this.#of(type, depth);
      return byNameOnly || random.below(4) === 0 ? `${name}=${value}` : value;
    });
    return `torch.${name}${random.below(16) === 0 ? '_' : ''}(${args.join(', ')})`;
  }

  #of(type: string, depth: number): string {
    const random = this.#random;
    if (random.below(8) === 0) return this.value(depth + 1);
    if (type === 'bool') return random.pick(['True', 'False']);
    if (type === 'str') return JSON.stringify(random.pick(SHORT));
    if (type === 'int' || type === 'float') return random.below(2) === 0 ? String(random.below(4) - 1) : this.#number();
    return random.below(3) === 0 && depth < 4 ? this.#call(depth + 1) : random.pick(this.#names);
  }
}
