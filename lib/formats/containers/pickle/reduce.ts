/** The few calls that represent plain data. Every other call stays a name and arguments. */

import { ForwardpassError } from '../../../errors.ts';
import type { Budget } from '../../../graph/budget.ts';
import { latin1Bytes } from '../../../platform/text.ts';
import { ITEM, PAIR } from './heap.ts';
import { BUILTIN_TYPE, holdsCode, refuseCall } from './unsafe.ts';
import {
  PickleDict,
  PickleGlobal,
  PickleList,
  PickleObject,
  PickleSet,
  PickleTuple,
  type PickleValue,
  pickleKind,
} from './values.ts';

type Make = (args: readonly PickleValue[], place: string, budget: Budget) => PickleValue | undefined;

/** If the function returns undefined, the call is kept as it is. */
const MEANINGS: ReadonlyMap<string, Make> = new Map<string, Make>([
  ['collections.OrderedDict', makeDict],
  ['builtins.dict', makeDict],
  ['builtins.set', makeSet],
  ['builtins.frozenset', makeSet],
  ['builtins.list', makeList],
  ['builtins.bytes', makeBytes],
  ['builtins.bytearray', makeBytes],
  ['_codecs.encode', makeBytes],
  ['copyreg._reconstructor', reconstruct],
  [BUILTIN_TYPE, ([name], place) => builtinType(name, place)],
  ['copyreg.__newobj__', ([cls, ...args], place) => newObject(cls, args, place)],
  ['copyreg.__newobj_ex__', newObjectWithKeywords],
]);

export function makeValue({ module, name }: PickleGlobal, args: readonly PickleValue[], budget: Budget, place: string) {
  return MEANINGS.get(`${module}.${name}`)?.(args, place, budget);
}

/** The items that will be copied, each into `bytes` of memory. */
function itemsOf(args: readonly PickleValue[], place: string, budget: Budget, bytes: number): readonly PickleValue[] {
  const [items] = args;
  if (args.length === 0) return [];
  if (args.length === 1 && (items instanceof PickleList || items instanceof PickleTuple)) {
    budget.build(bytes * items.items.length, place);
    return items.items;
  }
  throw malformed(`expected a list of items, found ${pickleKind(items)}`, place);
}

function makeDict(args: readonly PickleValue[], place: string, budget: Budget): PickleDict | undefined {
  if (args[0] instanceof PickleDict) return undefined;
  const dict = new PickleDict();
  for (const pair of itemsOf(args, place, budget, PAIR)) {
    const items = pair instanceof PickleTuple || pair instanceof PickleList ? pair.items : [];
    if (items.length !== 2) throw malformed(`expected a key and a value, found ${pickleKind(pair)}`, place);
    dict.entries.push([items[0], items[1]]);
  }
  return dict;
}

function makeSet(args: readonly PickleValue[], place: string, budget: Budget): PickleSet {
  return new PickleSet(itemsOf(args, place, budget, ITEM).slice());
}

function makeList(args: readonly PickleValue[], place: string, budget: Budget): PickleList {
  return new PickleList(itemsOf(args, place, budget, ITEM).slice());
}

/** Protocols 0 to 2 cannot write bytes: they write Latin-1 text and a call that encodes it. */
function makeBytes(
  [data = '', encoding]: readonly PickleValue[],
  place: string,
  budget: Budget,
): Uint8Array | undefined {
  if (data instanceof Uint8Array) return data;
  if (typeof data !== 'string') return undefined;
  if (data !== '' && encoding !== 'latin1' && encoding !== 'latin-1') return undefined;
  budget.build(data.length, place);
  if (/[^\0-\xff]/.test(data)) throw malformed('a string that encodes bytes contains a character above 255', place);
  return latin1Bytes(data);
}

/** A type that holds data; other types make functions. */
function builtinType(name: PickleValue | undefined, place: string): PickleGlobal {
  if (name === 'SimpleNamespace') return new PickleGlobal('types', name);
  throw holdsCode(`types.${typeof name === 'string' ? name : pickleKind(name)}`, place);
}

/** Protocols 0 and 1 write an object's class, the built-in base class, and the value of that base. */
function reconstruct([cls, , held = null]: readonly PickleValue[], place: string): PickleObject {
  return newObject(cls, held === null ? [] : [held], place);
}

function newObject(cls: PickleValue | undefined, args: readonly PickleValue[], place: string): PickleObject {
  if (cls instanceof PickleGlobal) {
    refuseCall(cls, args, place);
    return new PickleObject(cls, args);
  }
  throw malformed(`expected a class, found ${pickleKind(cls)}`, place);
}

function newObjectWithKeywords([cls, args, keywords]: readonly PickleValue[], place: string): PickleObject {
  if (cls instanceof PickleGlobal && args instanceof PickleTuple && keywords instanceof PickleDict) {
    refuseCall(cls, args.items, place);
    return new PickleObject(cls, args.items, keywords);
  }
  throw malformed(`expected a class and its arguments, found ${pickleKind(cls)}`, place);
}

function malformed(message: string, place: string): ForwardpassError {
  return new ForwardpassError('MALFORMED', message, place);
}
