/**
 * The pickle machine: a stack, marks in it, and a memo. It only makes data: it records what Python would call.
 * https://docs.python.org/3/library/pickletools.html describes every opcode.
 */
import { ForwardpassError } from '../../../errors.ts';
import type { Budget } from '../../../graph/budget.ts';
import { FIRST_ITEM, heapBytes, ITEM, MAP_ENTRY, MEMORISED, PAIR, STACKED } from './heap.ts';
import { readArray } from './numpy.ts';
import { readRecords } from './records.ts';
import { makeValue } from './reduce.ts';
import { currentName } from './renamed.ts';
import { PickleStream } from './stream.ts';
import { GETATTR, methodOfText, refuseCall, refuseUnsafe, unsafe } from './unsafe.ts';
import {
  PickleDict,
  PickleGlobal,
  PickleList,
  PickleObject,
  PicklePersistent,
  PickleSet,
  PickleTuple,
  type PickleValue,
  pickleKind,
} from './values.ts';

export interface PickleHooks {
  /** Called when an object is made, with only its arguments set; the result, if any, replaces the object. */
  called?(object: PickleObject): PickleValue | undefined;
  /** Called when an object gets its state; the result, if any, replaces the object. It may read on from the stream. */
  built?(object: PickleObject, stream: PickleStream): PickleValue | undefined;
  /** Whether a method of an object, obtained by getattr, is allowed as data; see `isMethod` in unsafe.ts. */
  readonly methods?: boolean;
  /** Resolves a reference to something outside of the pickle, if it is known. */
  persistent?(id: PickleValue): PickleValue | undefined;
}

export interface PickleOptions {
  readonly budget: Budget;
  /** The file, for messages. */
  readonly place: string;
  /** Where the pickle begins; 0 by default. */
  readonly start?: number;
  /** How many of the values that `limits` allow are left after earlier pickles; all of them by default. */
  readonly valuesLeft?: number;
  readonly hooks?: PickleHooks;
}

/** Values, marks and memo entries allowed for each node of the graph; `limits.nodes` thereby bounds the memory. */
const VALUES_PER_NODE = 32;
const NEWEST_PROTOCOL = 5;
/** The longest name of a class or function, including its module. */
const LONGEST_NAME = 500;
/** More values than a pickler leaves on the stack, except for long tuples. */
const MANY = 2 ** 12;
const COUNTED_AT_ONCE = 2 ** 14;

/** What an opcode does to the machine. */
export type Opcode = (machine: Machine) => void;

export class Machine {
  readonly stream: PickleStream;
  private readonly budget: Budget;
  private readonly hooks: PickleHooks | undefined;
  private stack: PickleValue[] = [];
  /** The stacks below each mark. */
  private readonly marked: PickleValue[][] = [];
  private readonly memo: PickleValue[] = [];
  /** Entries whose indices are not consecutive. */
  private readonly strayMemo = new Map<number, PickleValue>();
  private readonly globals = new Map<string, PickleGlobal>();
  /** Where each object is in the memo. */
  private readonly places = new Map<PickleObject, number>();
  private isStopped = false;
  /** Where getattr was last named, until a call for a method uses it. */
  private getterPlace: string | undefined;
  private protocol = 0;
  /** Bytes of memory that were used and not yet charged to the budget. */
  private taken = 0;
  valuesLeft: number;

  constructor(bytes: Uint8Array, { budget, place, start, valuesLeft, hooks }: PickleOptions) {
    this.stream = new PickleStream(bytes, place, start);
    this.budget = budget;
    this.hooks = hooks;
    this.valuesLeft = valuesLeft ?? budget.limits.nodes * VALUES_PER_NODE;
  }

  /** Runs up to STOP; returns the remaining value and the declared protocol. */
  run(opcodes: readonly (Opcode | undefined)[]): { value: PickleValue; protocol: number } {
    const { stream } = this;
    while (!this.isStopped) {
      const code = stream.u8();
      const run = opcodes[code];
      if (run === undefined) throw this.malformed(`unknown opcode ${code}`);
      run(this);
    }
    if (this.getterPlace !== undefined) throw unsafe(GETATTR, this.getterPlace);
    if (this.stack.length !== 1 || this.marked.length > 0)
      throw this.malformed('more than one value is left when the pickle ends');
    return { value: this.stack[0], protocol: this.protocol };
  }

  stop(): void {
    this.isStopped = true;
  }

  setProtocol(protocol: number): void {
    if (protocol > NEWEST_PROTOCOL) {
      const message = `is a pickle of protocol ${protocol}; protocols up to ${NEWEST_PROTOCOL} are supported`;
      throw new ForwardpassError('UNSUPPORTED_VERSION', message, this.stream.place);
    }
    this.protocol = protocol;
  }

  // The stack

  /** Pushes a new value. */
  push(value: PickleValue): void {
    this.take(heapBytes(value));
    this.put(value);
  }

  /** Pushes a value that already exists. */
  put(value: PickleValue): void {
    this.spend();
    const count = this.stack.push(value);
    if (count >= MANY && (count & (count - 1)) === 0) this.take(STACKED * count);
  }

  pop(): PickleValue {
    const value = this.stack.pop();
    if (value === undefined) throw this.malformed('the stack holds fewer values than the opcode takes');
    return value;
  }

  top(): PickleValue {
    const value = this.stack.at(-1);
    if (value === undefined) throw this.malformed('the stack holds fewer values than the opcode takes');
    return value;
  }

  mark(): void {
    this.spend();
    this.take(FIRST_ITEM);
    if (this.marked.length >= this.budget.limits.depth) {
      const message = 'objects are nested deeper than `limits.depth` allows';
      throw new ForwardpassError('LIMIT', message, this.stream.place);
    }
    this.marked.push(this.stack);
    this.stack = [];
  }

  /** Removes the last mark and returns the values above it. */
  popMark(): PickleValue[] {
    const values = this.stack;
    const below = this.marked.pop();
    if (below === undefined) throw this.malformed('no mark on the stack');
    this.stack = below;
    return values;
  }

  /** POP removes a mark if there is nothing above it. */
  discard(): void {
    if (this.stack.length > 0) this.stack.pop();
    else this.popMark();
  }

  // The memo

  remember(index: number = this.memo.length + this.strayMemo.size): void {
    this.spend();
    const value = this.top();
    this.memorise(index, value);
    if (!(value instanceof PickleObject)) return;
    this.take(MAP_ENTRY);
    this.places.set(value, index);
  }

  private memorise(index: number, value: PickleValue): void {
    const { memo, strayMemo } = this;
    if (index > memo.length) {
      this.take(MAP_ENTRY);
      strayMemo.set(index, value);
      return;
    }
    if (index === memo.length && strayMemo.size > 0) strayMemo.delete(index);
    memo[index] = value;
    const count = memo.length;
    if (index === count - 1 && count >= MANY && (count & (count - 1)) === 0) this.take(MEMORISED * count);
  }

  recall(index: number): void {
    const value = index < this.memo.length ? this.memo[index] : this.strayMemo.get(index);
    if (value === undefined) throw this.malformed(`the memo has no entry ${index}`);
    this.put(value);
  }

  // Containers

  append(values: readonly PickleValue[]): void {
    const list = this.top();
    if (list instanceof PickleList) this.addTo(list.items, values);
    else if (list instanceof PickleObject) this.addTo(list.appended, values);
    else throw this.malformed(`cannot append values to ${pickleKind(list)}`);
  }

  setItems(values: readonly PickleValue[]): void {
    const dict = this.top();
    if (values.length % 2 !== 0) throw this.malformed('a key has no value');
    if (dict instanceof PickleDict) this.addPairs(dict.entries, values);
    else if (dict instanceof PickleObject) this.addPairs(dict.items, values);
    else throw this.malformed(`cannot set items in ${pickleKind(dict)}`);
  }

  addItems(values: readonly PickleValue[]): void {
    const set = this.top();
    if (!(set instanceof PickleSet)) throw this.malformed(`cannot add values to ${pickleKind(set)}`);
    this.addTo(set.items, values);
  }

  private addTo(items: PickleValue[], values: readonly PickleValue[]): void {
    this.take(ITEM * values.length + (items.length === 0 && values.length > 0 ? FIRST_ITEM : 0));
    for (const value of values) items.push(value);
  }

  private addPairs(pairs: [PickleValue, PickleValue][], values: readonly PickleValue[]): void {
    this.take((PAIR / 2) * values.length + (pairs.length === 0 && values.length > 0 ? FIRST_ITEM : 0));
    for (let i = 0; i < values.length; i += 2) pairs.push([values[i], values[i + 1]]);
  }

  // Objects

  global(module: string, name: string): void {
    const key = `${module.length} ${module}.${name}`;
    const global = this.globals.get(key) ?? this.newGlobal(module, name);
    this.globals.set(key, global);
    this.put(global);
  }

  private newGlobal(module: string, name: string): PickleGlobal {
    if (module.length + name.length > LONGEST_NAME) {
      throw this.malformed(`the name of a class or function has ${module.length + name.length} characters`);
    }
    const [currentModule, current] = currentName(module, name, this.protocol);
    if (`${currentModule}.${current}` !== GETATTR) refuseUnsafe(currentModule, current, this.stream.place);
    else if (this.hooks?.methods !== true) this.getterPlace = this.stream.place;
    const global = new PickleGlobal(currentModule, current);
    this.take(heapBytes(global) + 2 * MAP_ENTRY);
    return global;
  }

  stackGlobal(): void {
    const name = this.pop();
    const module = this.pop();
    if (typeof name === 'string' && typeof module === 'string') this.global(module, name);
    else throw this.malformed(`a global is named by ${pickleKind(module)} and ${pickleKind(name)}`);
  }

  /** Records a call: of a function by REDUCE, of a class by the other opcodes. */
  call(callable: PickleValue, args: PickleValue, keywords?: PickleValue): void {
    if (!(callable instanceof PickleGlobal)) {
      const message = `the file calls ${pickleKind(callable)} that it made itself, which no model needs`;
      throw new ForwardpassError('UNSAFE', message, this.stream.place);
    }
    if (!(args instanceof PickleTuple))
      throw this.malformed(`expected a tuple as arguments, found ${pickleKind(args)}`);
    if (keywords !== undefined && !(keywords instanceof PickleDict)) {
      throw this.malformed(`expected a dict as named arguments, found ${pickleKind(keywords)}`);
    }
    const { budget, stream } = this;
    const method = methodOfText(callable, args.items);
    if (method !== undefined) {
      this.getterPlace = undefined;
      this.global('builtins', method);
      return;
    }
    refuseCall(callable, args.items, stream.place);
    const object = new PickleObject(callable, args.items, keywords);
    const value =
      makeValue(callable, args.items, budget, stream.place) ??
      readArray(object, budget, stream.place) ??
      readRecords(object, budget, stream.place);
    this.push(value ?? this.hooks?.called?.(object) ?? object);
  }

  persistent(id: PickleValue): void {
    this.push(this.hooks?.persistent?.(id) ?? new PicklePersistent(id));
  }

  build(): void {
    const state = this.pop();
    const object = this.top();
    // An OrderedDict or a set may have attributes, none of which describes a model.
    if (object instanceof PickleDict || object instanceof PickleSet) return;
    if (!(object instanceof PickleObject)) {
      if (!(object instanceof PickleGlobal)) throw this.malformed(`${pickleKind(object)} cannot have a state`);
      throw new ForwardpassError(
        'UNSAFE',
        `the file would change ${object} in Python itself; it is refused`,
        this.stream.place,
      );
    }
    object.state = state;
    const { budget, stream } = this;
    const value =
      this.hooks?.built?.(object, stream) ??
      readArray(object, budget, stream.place) ??
      readRecords(object, budget, stream.place);
    if (value !== undefined) this.replaceTop(value);
  }

  malformed(message: string): ForwardpassError {
    return this.stream.malformed(message);
  }

  /** The memo has an object before its state, so its entry must be replaced too. */
  private replaceTop(value: PickleValue): void {
    const object = this.pop();
    this.stack.push(value);
    const index = object instanceof PickleObject ? this.places.get(object) : undefined;
    if (index !== undefined) this.memorise(index, value);
  }

  /** Counts memory that the values take beyond their bytes; charged to the budget in larger amounts. */
  private take(bytes: number): void {
    this.taken += bytes;
    if (this.taken < COUNTED_AT_ONCE) return;
    this.budget.hold(this.taken, this.stream.place);
    this.taken = 0;
  }

  private spend(): void {
    if (--this.valuesLeft >= 0) return;
    const message = `holds more than ${VALUES_PER_NODE} values for each node that \`limits.nodes\` allows`;
    throw new ForwardpassError('LIMIT', message, this.stream.place);
  }
}
