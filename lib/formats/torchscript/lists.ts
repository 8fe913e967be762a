/** Operations of the code on lists, dicts and text. Everything that they create is charged first. */
import { ForwardpassError } from '../../errors.ts';
import { quote } from '../../messages.ts';
import { PyNumber } from '../aten/argument.ts';
import { type Builtin, type Context, numberOf } from './context.ts';
import {
  describeValue,
  LONGEST_TEXT,
  NamedTuple,
  NUMBER_BYTES,
  ScriptDict,
  type ScriptValue,
  SLOT_BYTES,
} from './values.ts';

/** The maximum number of iterations over a range, and of items in a repeated list. */
const LONGEST_RANGE = 100_000;
/** The maximum length of a dict key. */
const LONGEST_KEY = 4096;
/** Items, and characters, that are compared in one step. */
const ITEMS_PER_STEP = 8;
const CHARACTERS_PER_STEP = 4096;

/** The key of a dict. */
export function keyOf(key: ScriptValue, place: string): string | number {
  const number = key instanceof PyNumber ? key.value : undefined;
  if (typeof key === 'string' && key.length <= LONGEST_KEY) return key;
  if (number !== undefined) return number;
  const found = typeof key === 'string' ? `text of ${key.length} characters` : describeValue(key);
  throw new ForwardpassError('UNSUPPORTED_OP', `${found} cannot be the key of a dict`, place);
}

/** `of[index]` of lists, tuples and dicts. */
export function itemOf(of: ScriptValue, index: ScriptValue, place: string): ScriptValue {
  if (of instanceof ScriptDict) {
    const value = of.entries.get(keyOf(index, place));
    if (value !== undefined) return value;
    throw new ForwardpassError('DANGLING', `the dict has no ${describeKey(index)}`, place);
  }
  const items = of instanceof NamedTuple ? of.items : of;
  const at = index instanceof PyNumber ? index.value : undefined;
  const item = Array.isArray(items) && at !== undefined ? items.at(at) : undefined;
  if (item !== undefined) return item;
  throw new ForwardpassError('UNSUPPORTED_OP', `${describeValue(of)} has no ${describeKey(index)}`, place);
}

function describeKey(key: ScriptValue): string {
  return typeof key === 'string' ? `the key ${quote(key)}` : `the item ${numberOf(key) ?? describeValue(key)}`;
}

export function range(args: readonly ScriptValue[], { budget, place }: Context): ScriptValue {
  const numbers = args.map(numberOf);
  const [start, end, step] = numbers.length === 1 ? [0, numbers[0], 1] : [numbers[0], numbers[1], numbers[2] ?? 1];
  if (start === undefined || end === undefined || step === undefined || step === 0) {
    throw new ForwardpassError('UNSUPPORTED_OP', 'the number of iterations depends on the input or the batch', place);
  }
  const count = Math.max(Math.ceil((end - start) / step), 0);
  if (!(count <= LONGEST_RANGE))
    throw new ForwardpassError(
      'LIMIT',
      `the code loops ${count} times; at most ${LONGEST_RANGE} iterations are supported`,
      place,
    );
  budget.build(count * (SLOT_BYTES + NUMBER_BYTES), place);
  return Array.from({ length: count }, (_, i) => PyNumber.int(start + i * step));
}

export const length: Builtin = ([value]) => {
  if (typeof value === 'string' || Array.isArray(value)) return PyNumber.int(value.length);
  if (value instanceof NamedTuple) return PyNumber.int(value.items.length);
  if (value instanceof ScriptDict) return PyNumber.int(value.entries.size);
  return undefined;
};

export const append: Builtin = ([list, value], { budget, place }) => {
  if (!Array.isArray(list) || value === undefined) return undefined;
  budget.build(SLOT_BYTES, place);
  list.push(value);
  return list;
};

export const setItem: Builtin = ([of, key, value], { budget, place }) => {
  const at = numberOf(key);
  if (value === undefined)
    throw new ForwardpassError('MALFORMED', 'there is no value to write into a list or dict', place);
  if (of instanceof ScriptDict) {
    budget.build(ENTRY_BYTES, place);
    of.entries.set(keyOf(key, place), value);
  } else if (Array.isArray(of) && at !== undefined && of.at(at) !== undefined) of[at < 0 ? at + of.length : at] = value;
  else
    throw new ForwardpassError(
      'UNSUPPORTED_OP',
      `the code writes into ${describeValue(of)}, which is not supported`,
      place,
    );
  return null;
};

/** The memory of a dict entry, with its share of the hash tables. */
const ENTRY_BYTES = 64;

export const copy: Builtin = ([list], { budget, place }) => {
  if (!Array.isArray(list)) return undefined;
  budget.build(SLOT_BYTES * list.length, place);
  return list.slice();
};

/** Concatenates lists and text; numbers and tensors are added by ATen. */
export const add: Builtin = ([a, b], { budget, place }) => {
  if (Array.isArray(a) && Array.isArray(b)) {
    budget.build(SLOT_BYTES * (a.length + b.length), place);
    return a.concat(b);
  }
  if (typeof a !== 'string' || typeof b !== 'string') return undefined;
  spendText(a.length + b.length, { budget, place });
  return a + b;
};

/** Charges text before it is created. */
function spendText(characters: number, { budget, place }: Pick<Context, 'budget' | 'place'>): void {
  if (characters > LONGEST_TEXT) {
    const message = `the code creates text of ${characters} characters; at most ${LONGEST_TEXT} are supported`;
    throw new ForwardpassError('LIMIT', message, place);
  }
  budget.build(TEXT_BYTES + characters, place);
}

const TEXT_BYTES = 32;

/** Repeats a list. */
export const multiply: Builtin = ([a, b], { budget, place }) => {
  const [list, times] = Array.isArray(a) ? [a, b] : [b, a];
  if (!Array.isArray(list)) return undefined;
  const count = times === undefined ? undefined : numberOf(times);
  if (count === undefined || !(count * list.length <= LONGEST_RANGE)) {
    throw new ForwardpassError('LIMIT', 'a list is repeated too many times', place);
  }
  const size = list.length * Math.max(Math.trunc(count), 0);
  if (!(size > 0)) return [];
  budget.build(SLOT_BYTES * size, place);
  return Array.from({ length: size }, (_, i) => list[i % list.length]);
};

/** For lists, Python's [start:end:step]. */
export const slice: Builtin = ([of, ...bounds], { budget, place }) => {
  if (!Array.isArray(of)) return undefined;
  const [start, end, step = 1] = bounds.map((bound) => numberOf(bound));
  if (!Number.isInteger(step) || step === 0) {
    throw new ForwardpassError('MALFORMED', `a list is sliced with the step ${step}, which is not supported`, place);
  }
  const [low, high] = step > 0 ? [0, of.length] : [-1, of.length - 1];
  const within = (bound: number | undefined, otherwise: number) =>
    bound === undefined ? otherwise : Math.min(Math.max(bound < 0 ? bound + of.length : bound, low), high);
  const [from, to] = step > 0 ? [within(start, low), within(end, high)] : [within(start, high), within(end, low)];
  const count = Math.max(Math.ceil((to - from) / step), 0);
  if (!Number.isInteger(from) || !Number.isInteger(count)) {
    throw new ForwardpassError('MALFORMED', 'a list is sliced by a value that is not an integer', place);
  }
  budget.build(SLOT_BYTES * count, place);
  return Array.from({ length: count }, (_, i) => of[from + i * step]);
};

/** For text and lists; ATen compares numbers and tensors. */
export function equal(isEqual: boolean): Builtin {
  return ([a, b], { budget, place }) => {
    if (typeof a === 'string' || typeof b === 'string') {
      if (typeof a === 'string') budget.step(a.length / CHARACTERS_PER_STEP, place);
      return PyNumber.bool((a === b) === isEqual);
    }
    if (!Array.isArray(a) || !Array.isArray(b)) return undefined;
    if (a.length !== b.length) return PyNumber.bool(!isEqual);
    budget.step(a.length / ITEMS_PER_STEP, place);
    const isSame = a.every((item, i) => {
      const number = numberOf(item);
      return number !== undefined ? number === numberOf(b[i]) : isSameOfBatch(item, b[i]);
    });
    return PyNumber.bool(isSame === isEqual);
  };
}

/** For numbers that depend on the batch size: whether they depend on it in the same way. */
function isSameOfBatch(a: ScriptValue, b: ScriptValue): boolean {
  const [first, second] = [a, b].map((value) => (value instanceof PyNumber ? value.constant : undefined));
  const isOfBatch = first?.batch !== undefined && second?.batch !== undefined;
  return isOfBatch && first.data[0] === second.data[0] && first.batch[0] === second.batch[0];
}

export const contains: Builtin = ([of, key], { budget, place }) => {
  if (of instanceof ScriptDict) return PyNumber.bool(of.entries.has(keyOf(key, place)));
  if (!Array.isArray(of)) throw new ForwardpassError('UNSUPPORTED_OP', `cannot search in ${describeValue(of)}`, place);
  const perItem = 1 + (typeof key === 'string' ? key.length / ITEMS_PER_STEP : 0);
  budget.step((of.length * perItem) / ITEMS_PER_STEP, place);
  const number = numberOf(key);
  return PyNumber.bool(of.some((item) => item === key || (number !== undefined && numberOf(item) === number)));
};

export function dictParts(part: 'keys' | 'values' | 'items'): Builtin {
  return ([dict], { budget, place }) => {
    if (!(dict instanceof ScriptDict)) return undefined;
    budget.build(dict.entries.size * (part === 'values' ? SLOT_BYTES : ENTRY_BYTES + NUMBER_BYTES), place);
    if (part === 'values') return [...dict.entries.values()];
    const items = [...dict.entries].map(([key, value]): [ScriptValue, ScriptValue] => [
      typeof key === 'string' ? key : PyNumber.int(key),
      value,
    ]);
    return part === 'items' ? items : items.map(([key]) => key);
  };
}

/** Replaces each `{}` by the next value. */
export const format: Builtin = ([template, ...values], context) => {
  if (typeof template !== 'string') return undefined;
  const parts: string[] = [];
  let characters = 0;
  const add = (part: string) => {
    characters += part.length;
    if (characters > LONGEST_TEXT) spendText(characters, context);
    parts.push(part);
  };
  let at = 0;
  for (let next = 0; ; at = next + 2) {
    next = template.indexOf('{}', at);
    add(template.slice(at, next < 0 ? template.length : next));
    if (next < 0) break;
    add(describeFormatted(values.shift()));
  }
  context.budget.step(parts.length / ITEMS_PER_STEP, context.place);
  spendText(characters, context);
  return parts.join('');
};

function describeFormatted(value: ScriptValue | undefined): string {
  if (value instanceof PyNumber && value.value !== undefined) return String(value.value);
  return typeof value === 'string' ? value : describeValue(value ?? null);
}
