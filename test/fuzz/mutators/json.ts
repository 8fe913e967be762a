/** JSON as a tree: keys, numbers, nesting, the same key twice, and numbers that JSON writes and computers do not hold. */
import type { Random } from '../../random-graph.ts';
import { floatNear, integerNear, type Mutator, repeats } from '../mutator.ts';

/** A value with its parts as entries, so that keys may be there twice; an array's keys are not written. */
type Node = { readonly entries: [key: string, value: Node][]; readonly isArray: boolean } | { readonly text: string };

const TEXTS = [
  ...[
    'null',
    'true',
    '""',
    '0',
    '-1',
    '-0',
    '1.5',
    '1e999',
    '9007199254740993',
    '4294967296',
    '[]',
    '{}',
    '[null]',
    '[[]]',
  ],
  ...['"__proto__"', '"constructor"', '"\\ud800"', '1e-400', '2147483648', '[0]', '[-1]', '1e20', '"float32"'],
];
const KEYS = ['__proto__', 'constructor', 'length', 'toString', '', 'class_name', 'config', 'name', 'shape', 'dtype'];

const MOST_DEPTH = 200;

export const mutateJson: Mutator = (bytes, random, other) => {
  const root = parse(bytes);
  if (root === undefined || !('entries' in root)) return undefined;
  const lists = listsOf(root).filter((list) => list.length > 0);
  if (lists.length === 0) return undefined;
  const list = random.pick(lists);
  // Never of the tree itself, which a part of it would make a circle of.
  const others = listsOf(parse(other) ?? parse(bytes) ?? { text: '' }).flat();
  random.pick(CHANGES)(list, random.below(list.length), random, others.length > 0 ? others : list);
  return new TextEncoder().encode(write(root));
};

type Entry = [key: string, value: Node];
type Change = (list: Entry[], at: number, random: Random, others: readonly Entry[]) => void;

const CHANGES: readonly Change[] = [
  changeValue,
  changeValue,
  changeValue,
  (list, at) => list.splice(at, 1),
  (list, at, random) => list.splice(random.below(list.length), 0, list[at]),
  (list, at, random) => list.splice(at, 0, ...Array<Entry>(repeats(write(list[at][1]).length, random)).fill(list[at])),
  (list, at, random) => list.push(...list.splice(at, 1 + random.below(3))),
  (list, at, random, others) => list.splice(at, 1, [list[at][0], random.pick(others)[1]]),
  (list, at, random, others) => list.splice(at, 0, random.pick(others)),
  (list, at, random, others) =>
    list.splice(at, 1, [random.pick([random.pick(KEYS), random.pick(others)[0]]), list[at][1]]),
  (list, at, random) => list.splice(at, 1, [list[at][0], nested(list[at], random)]),
];

function changeValue(list: Entry[], at: number, random: Random): void {
  const [key, value] = list[at];
  const number = 'text' in value ? Number(value.text) : NaN;
  const isNumber = 'text' in value && !value.text.startsWith('"') && !Number.isNaN(number) && random.below(4) > 0;
  if (!isNumber) list[at] = [key, { text: random.pick(TEXTS) }];
  else if (Number.isInteger(number)) list[at] = [key, { text: String(integerNear(number, random)) }];
  else
    list[at] = [key, { text: String(floatNear(number, random)).replace('NaN', 'null').replace('Infinity', '1e999') }];
}

/** A value within lists, or within objects of its own key, as deep as is allowed, and deeper. */
function nested([key, value]: Entry, random: Random): Node {
  const depth = random.pick([1, 2, 60, 70, 2000]);
  const [open, close] = random.below(2) === 0 ? ['[', ']'] : [`{${JSON.stringify(key)}:`, '}'];
  const most = Math.floor(2 ** 16 / (open.length + 1));
  return { text: open.repeat(Math.min(depth, most)) + write(value) + close.repeat(Math.min(depth, most)) };
}

function listsOf(node: Node): Entry[][] {
  return 'entries' in node ? [node.entries, ...node.entries.flatMap(([, value]) => listsOf(value))] : [];
}

function parse(bytes: Uint8Array): Node | undefined {
  try {
    return nodeOf(JSON.parse(Buffer.from(bytes).toString()));
  } catch {
    return undefined;
  }
}

function nodeOf(value: unknown, depth = 0): Node {
  if (depth > MOST_DEPTH) throw new RangeError('deeper than is worth a change');
  if (typeof value !== 'object' || value === null) return { text: JSON.stringify(value) };
  return {
    isArray: Array.isArray(value),
    entries: Object.entries(value).map(([key, part]) => [key, nodeOf(part, depth + 1)]),
  };
}

function write(node: Node): string {
  if ('text' in node) return node.text;
  if (node.isArray) return `[${node.entries.map(([, value]) => write(value)).join(',')}]`;
  return `{${node.entries.map(([key, value]) => `${JSON.stringify(key)}:${write(value)}`).join(',')}}`;
}
