/**
 * Interprets the code of a module's forward with what is known of its values: numbers, text and modules are known, a
 * tensor is a constant or represents one value per row. Only calls of operators become nodes.
 */
import { ForwardpassError } from '../../errors.ts';
import type { Budget } from '../../graph/budget.ts';
import { quote } from '../../messages.ts';
import { type Argument, PyNumber, TensorRef } from '../aten/argument.ts';
import { type Machine, siteOf } from '../aten/machine.ts';
import { builtins } from './builtins.ts';
import { truthOf } from './context.ts';
import type { Library } from './library.ts';
import { itemOf, keyOf } from './lists.ts';
import { type Body, dottedName, type Expression, type Statement } from './syntax.ts';
import {
  describeValue,
  isArgument,
  NamedTuple,
  ScriptDict,
  ScriptFunction,
  ScriptObject,
  type ScriptValue,
  SLOT_BYTES,
} from './values.ts';

/** The maximum depth of nested calls of modules and functions. */
const DEEPEST_CALL = 256;
/** The maximum depth of nested calls, blocks and expressions, well within the stack's size. */
const DEEPEST = 1000;

/** The cost of an expression, of each list item that an operator takes, and of each field of a tuple. */
const STEPS_OF_EXPRESSION = 1 / 4;
const STEPS_OF_FIELD = 1 / 16;

type Compound = Extract<Expression, { kind: 'list' | 'tuple' | 'dict' | 'attribute' | 'subscript' | 'call' }>;

/** One running function. */
interface Frame {
  readonly locals: Map<string, ScriptValue>;
  /** The path of the module whose code it is, or that called the function. */
  readonly path: string;
  /** For messages. */
  readonly place: string;
}

/** The value of a `return`; undefined if there was none yet. */
type Returned = { readonly value: ScriptValue } | undefined;

export class Interpreter {
  readonly #machine: Machine;
  readonly #library: Library;
  readonly #constants: readonly ScriptValue[];
  readonly #budget: Budget;
  #calls = 0;
  #depth = 0;

  constructor(machine: Machine, library: Library, constants: readonly ScriptValue[]) {
    this.#machine = machine;
    this.#library = library;
    this.#constants = constants;
    this.#budget = machine.build.budget;
  }

  /** Calls a function or method; omitted arguments take the defaults in the code. */
  call(
    { code, self }: ScriptFunction,
    positional: readonly ScriptValue[],
    named: ReadonlyMap<string, ScriptValue>,
    path: string,
  ): ScriptValue {
    const own = self?.path ?? path;
    const place = own === '' ? code.name : `${own}.${code.name}`;
    const frame: Frame = { locals: new Map(), path: own, place };
    if (++this.#calls > DEEPEST_CALL) {
      throw new ForwardpassError('LIMIT', `calls are nested deeper than ${DEEPEST_CALL}`, place);
    }
    const given = self === undefined ? positional : [self, ...positional];
    if (given.length > code.parameters.length) {
      throw new ForwardpassError(
        'MALFORMED',
        `expected at most ${code.parameters.length} arguments, found ${given.length}`,
        place,
      );
    }
    for (const [i, { name, otherwise }] of code.parameters.entries()) {
      const value = i < given.length ? given[i] : named.get(name);
      if (value !== undefined) frame.locals.set(name, value);
      else if (otherwise !== undefined) frame.locals.set(name, this.#evaluate(otherwise, frame));
      else throw new ForwardpassError('MALFORMED', `the argument ${quote(name)} is missing`, place);
    }
    const returned = this.#run(code.body, frame);
    this.#calls--;
    return returned?.value ?? null;
  }

  #run(body: Body, frame: Frame): Returned {
    this.#enter(frame);
    for (const statement of body) {
      this.#machine.step(frame.place);
      const returned = this.#runStatement(statement, frame);
      if (returned !== undefined) {
        this.#depth--;
        return returned;
      }
    }
    this.#depth--;
    return undefined;
  }

  /** Limits the recursion through statements and expressions, which the file determines. */
  #enter({ place }: Frame): void {
    if (++this.#depth > DEEPEST) {
      throw new ForwardpassError('LIMIT', `calls and expressions are nested deeper than ${DEEPEST}`, place);
    }
  }

  #runStatement(statement: Statement, frame: Frame): Returned {
    switch (statement.kind) {
      case 'assign':
        this.#assign(statement.targets, statement.isTuple, this.#evaluate(statement.value, frame, statement), frame);
        return undefined;
      case 'expression':
        this.#evaluate(statement.value, frame);
        return undefined;
      case 'if':
        return this.#run(this.#isTrue(statement.test, frame) ? statement.body : statement.otherwise, frame);
      case 'for':
        return this.#runLoop(statement, frame);
      case 'return':
        return { value: this.#evaluate(statement.value, frame) };
      case 'refused':
        throw new ForwardpassError(
          'UNSUPPORTED_OP',
          `the code contains \`${statement.word}\`, which is not supported; the operations of a row model must be the same for every row`,
          frame.place,
        );
    }
  }

  /** Loops over what is known while loading: a range or a list. */
  #runLoop(statement: Statement & { kind: 'for' }, frame: Frame): Returned {
    const items = this.#evaluate(statement.over, frame);
    if (!Array.isArray(items)) {
      throw new ForwardpassError(
        'UNSUPPORTED_OP',
        `the code loops over ${describeValue(items)}, which is not supported`,
        frame.place,
      );
    }
    for (const item of items) {
      this.#budget.step(1, frame.place);
      frame.locals.set(statement.variable, item);
      const returned = this.#run(statement.body, frame);
      if (returned !== undefined) return returned;
    }
    return undefined;
  }

  #isTrue(test: Expression, frame: Frame): boolean {
    return truthOf(this.#evaluate(test, frame), frame.place);
  }

  #assign(targets: readonly Expression[], isTuple: boolean, value: ScriptValue, frame: Frame): void {
    if (!isTuple) {
      this.#assignTo(targets[0], value, frame);
      return;
    }
    const items = value instanceof NamedTuple ? value.items : value;
    if (!Array.isArray(items) || items.length !== targets.length) {
      const message = `cannot assign ${describeValue(value)} to ${targets.length} names`;
      throw new ForwardpassError('MALFORMED', message, frame.place);
    }
    for (const [i, target] of targets.entries()) this.#assignTo(target, items[i], frame);
  }

  #assignTo(target: Expression, value: ScriptValue, frame: Frame): void {
    if (target.kind === 'name') {
      frame.locals.set(target.name, value);
      return;
    }
    if (target.kind === 'attribute') {
      const of = this.#evaluate(target.of, frame);
      if (of instanceof ScriptObject) {
        of.attributes.set(target.name, value);
        return;
      }
    }
    throw new ForwardpassError(
      'UNSUPPORTED_OP',
      'the code writes into a part of a value, which is not supported',
      frame.place,
    );
  }

  /** In code without module names, `for` statements and calls name their nodes after the assigned variable. */
  #evaluate(expression: Expression, frame: Frame, assigned?: Statement): ScriptValue {
    this.#budget.step(STEPS_OF_EXPRESSION, frame.place);
    switch (expression.kind) {
      case 'none':
        return null;
      case 'text':
        return expression.value;
      case 'int':
        return PyNumber.int(expression.value);
      case 'float':
        return PyNumber.float(expression.value);
      case 'bool':
        return PyNumber.bool(expression.value);
      case 'name':
        return this.#lookUp(expression.name, frame);
    }
    this.#enter(frame);
    const value = this.#evaluateParts(expression, frame, assigned);
    this.#depth--;
    return value;
  }

  /** An expression with subexpressions. */
  #evaluateParts(expression: Compound, frame: Frame, assigned?: Statement): ScriptValue {
    switch (expression.kind) {
      case 'list':
      case 'tuple':
        return expression.items.map((item) => this.#evaluate(item, frame));
      case 'dict':
        return this.#dict(expression.entries, frame);
      case 'attribute':
        return this.#attribute(expression, frame);
      case 'subscript':
        return itemOf(this.#evaluate(expression.of, frame), this.#evaluate(expression.index, frame), frame.place);
      case 'call':
        return this.#call(expression, frame, assigned);
    }
  }

  #dict(entries: readonly (readonly [Expression, Expression])[], frame: Frame): ScriptDict {
    const dict = new ScriptDict();
    for (const [key, value] of entries) {
      dict.entries.set(keyOf(this.#evaluate(key, frame), frame.place), this.#evaluate(value, frame));
    }
    return dict;
  }

  #lookUp(name: string, frame: Frame): ScriptValue {
    const value = frame.locals.get(name);
    if (value !== undefined) return value;
    const known = NAMES.get(name);
    if (known !== undefined) return PyNumber.float(known);
    throw new ForwardpassError('DANGLING', `the name ${quote(name)} is used but not defined`, frame.place);
  }

  #attribute(expression: Expression & { kind: 'attribute' }, frame: Frame): ScriptValue {
    const { dotted } = expression;
    if (dotted !== undefined && !frame.locals.has(dotted.root)) {
      if (dotted.root === 'CONSTANTS') return this.#constant(expression.name, frame);
      const code = dotted.root === '__torch__' ? this.#library.functionNamed(dotted.whole) : undefined;
      if (code !== undefined) return new ScriptFunction(code);
    }
    const of = this.#evaluate(expression.of, frame);
    const value = this.#attributeOf(of, expression.name, frame);
    if (value !== undefined) return value;
    const message = `${describeValue(of)} has no attribute ${quote(expression.name)}`;
    throw new ForwardpassError('DANGLING', message, frame.place);
  }

  /** An attribute of the object, a constant of its class, or one of its methods. */
  #attributeOf(of: ScriptValue, name: string, frame: Frame): ScriptValue | undefined {
    if (of instanceof NamedTuple) {
      this.#budget.step(of.names.length * STEPS_OF_FIELD, frame.place);
      return of.items[of.names.indexOf(name)];
    }
    if (of instanceof TensorRef) return this.#tensorAttribute(of, name, frame);
    if (!(of instanceof ScriptObject)) return undefined;
    const own = of.attributes.get(name);
    if (own !== undefined) return own;
    const constant = of.code.fields.get(name)?.value;
    if (constant !== undefined) return this.#evaluate(constant, frame);
    const method = of.code.methods.get(name);
    return method && new ScriptFunction(method, of);
  }

  #tensorAttribute(tensor: TensorRef, name: string, frame: Frame): ScriptValue | undefined {
    if (name === 'T') return this.#operator('numpy_T', [tensor], new Map(), frame);
    if (name === 'shape') return this.#operator('size', [tensor], new Map(), frame);
    return undefined;
  }

  /** `CONSTANTS.c3` */
  #constant(name: string, frame: Frame): ScriptValue {
    const index = /^c(\d+)$/.exec(name)?.[1];
    const value = index === undefined ? undefined : this.#constants[Number(index)];
    if (value !== undefined) return value;
    throw new ForwardpassError('DANGLING', `the constant ${quote(name)} was not found in the file`, frame.place);
  }

  #call(expression: Expression & { kind: 'call' }, frame: Frame, assigned?: Statement): ScriptValue {
    const { callee: called } = expression;
    const dotted = dottedName(called);
    const root = called.kind === 'attribute' ? called.dotted?.root : dotted;
    const isGlobal = dotted !== undefined && root !== undefined && !frame.locals.has(root);
    // Their first argument is a type, which is not a value.
    if (isGlobal && (dotted === 'annotate' || dotted === 'unchecked_cast')) {
      return this.#evaluate(expression.positional[1] ?? { kind: 'none' }, frame);
    }
    if (isGlobal && dotted === 'uninitialized') return null;
    const positional = expression.positional.map((argument) => this.#evaluate(argument, frame));
    const named = new Map(expression.named.map(([name, argument]) => [name, this.#evaluate(argument, frame)]));
    if (isGlobal && root === '__torch__') return this.#construct(dotted, positional, named, frame);
    if (isGlobal && dotted === 'getattr') return this.#getattr(positional, frame);
    if (isGlobal) return this.#global(dotted, positional, named, frame, assigned);
    const callee = this.#evaluate(expression.callee, frame);
    if (callee instanceof ScriptFunction) return this.call(callee, positional, named, frame.path);
    throw new ForwardpassError('MALFORMED', `${describeValue(callee)} cannot be called`, frame.place);
  }

  /** Calls a function of the file, or makes an object of one of its classes. */
  #construct(
    qualified: string,
    positional: readonly ScriptValue[],
    named: ReadonlyMap<string, ScriptValue>,
    frame: Frame,
  ): ScriptValue {
    const code = this.#library.functionNamed(qualified);
    if (code !== undefined) return this.call(new ScriptFunction(code), positional, named, frame.path);
    const type = this.#library.classNamed(qualified);
    if (type?.base === 'NamedTuple') {
      this.#budget.step(type.fields.size * STEPS_OF_FIELD, frame.place);
      this.#budget.build(type.fields.size * 2 * SLOT_BYTES, frame.place);
      const names = [...type.fields.keys()];
      return new NamedTuple(
        names,
        names.map((name, i) => positional[i] ?? named.get(name) ?? null),
      );
    }
    const method = type?.methods.get('__init__');
    if (type === undefined) {
      throw new ForwardpassError('DANGLING', `the code of ${quote(qualified)} was not found in the file`, frame.place);
    }
    const object = new ScriptObject(type, frame.path);
    if (method !== undefined) this.call(new ScriptFunction(method, object), positional, named, frame.path);
    return object;
  }

  #getattr([of, name]: readonly ScriptValue[], frame: Frame): ScriptValue {
    const value = typeof name === 'string' ? this.#attributeOf(of, name, frame) : undefined;
    if (value !== undefined) return value;
    throw new ForwardpassError('DANGLING', `${describeValue(of)} has no such attribute`, frame.place);
  }

  /** Built-in functions of Python and torch. */
  #global(
    dotted: string,
    positional: readonly ScriptValue[],
    named: ReadonlyMap<string, ScriptValue>,
    frame: Frame,
    assigned?: Statement,
  ): ScriptValue {
    const { place } = frame;
    const builtin = builtins.get(dotted.replace(/^ops\.(prim|aten)\./, 'torch.'));
    const apply = (name: string, ...args: Argument[]) => this.#operator(name, args, new Map(), frame);
    const result = builtin?.(positional, { budget: this.#budget, place, apply });
    if (result !== undefined) return result;
    const operator = /^(?:torch|ops\.aten|ops\.prim|torch\.[a-z_]+)\.(\w+)$/.exec(dotted)?.[1];
    if (operator === undefined) throw unknown(dotted, place);
    for (const value of [...positional, ...named.values()]) {
      if (Array.isArray(value)) this.#budget.step(value.length * STEPS_OF_FIELD, place);
      if (!isArgument(value)) {
        throw new ForwardpassError(
          'UNSUPPORTED_OP',
          `${operator} cannot be called with ${describeValue(value)}`,
          place,
        );
      }
    }
    const given = positional as readonly Argument[];
    return this.#operator(operator, given, named as ReadonlyMap<string, Argument>, frame, assigned);
  }

  #operator(
    name: string,
    positional: readonly Argument[],
    named: ReadonlyMap<string, Argument>,
    frame: Frame,
    assigned?: Statement,
  ): ScriptValue {
    const target = assigned?.kind === 'assign' && !assigned.isTuple ? dottedName(assigned.targets[0]) : undefined;
    const site = siteOf(frame.path || (target ?? name), name);
    return mutable(this.#machine.call(name, positional, named, site));
  }
}

const NAMES = new Map([
  ['inf', Infinity],
  ['nan', Number.NaN],
]);

/** Copies results to lists that code may append to; operators return no lists of lists. */
function mutable(value: Argument): ScriptValue {
  return Array.isArray(value) ? value.slice() : (value as ScriptValue);
}

function unknown(dotted: string, place: string): ForwardpassError {
  const isQuantized = dotted.startsWith('ops.quantized');
  const what = isQuantized ? 'belongs to a quantised model' : 'is a custom operator, whose code is not in the file';
  const message = `${quote(dotted)} ${what}; run this model with torch, or export it to ONNX without it`;
  return new ForwardpassError('UNSUPPORTED_OP', message, place);
}
