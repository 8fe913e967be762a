/** Runs the operators that a file calls: selects their form, translates them, and keeps track of in-place changes. */
import { ForwardpassError } from '../../errors.ts';
import { quote } from '../../messages.ts';
import type { GraphBuilder } from '../tensors/builder.ts';
import type { Site } from '../tensors/emitter.ts';
import { checkShared } from '../tensors/shared-batch.ts';
import type { Value } from '../tensors/value.ts';
import { type Argument, kindOf, PyNumber, type Result, TensorRef } from './argument.ts';
import { AtenCall } from './call.ts';
import { bind } from './signature.ts';
import { canonicalName, formsOf, refusal, takesMerged, VIEWS } from './table.ts';

/** The longest operator name in messages and in names of nodes. */
const LONGEST_SHOWN = 120;
const LONGEST_NAME = 300;
/** Arguments that a message shows. */
const MOST_SHOWN = 12;

/** The steps that a call counts, plus one for each tensor or number of a list that it takes. */
const STEPS_OF_CALL = 8;
const STEPS_OF_TENSOR = 32;
const STEPS_OF_ITEM = 1 / 8;
/** The bytes that a call leaves behind, besides nodes and the elements of constants. */
const CALL_BYTES = 128;
const TENSOR_BYTES = 4096;

export class Machine {
  readonly build: GraphBuilder;
  #steps = 0;

  constructor(build: GraphBuilder) {
    this.build = build;
  }

  /** How many operators were called so far: distinguishes two runs of one file. */
  get steps(): number {
    return this.#steps;
  }

  /** Drops what was built: it is not needed. */
  discard(): void {
    this.build.budget.discard(this.build.nodes.length);
  }

  /** Counts a step against `limits.nodes`; `place` is for messages. */
  step(place: string): void {
    const { nodes } = this.build.budget.limits;
    if (++this.#steps <= nodes) return;
    throw new ForwardpassError('LIMIT', `the model takes more steps than \`limits.nodes\`, ${nodes}`, place);
  }

  /**
   * Calls an operator of ATen, without namespace and overload. A name that ends in one underscore changes its first
   * tensor in place and returns it.
   */
  call(name: string, positional: readonly Argument[], named: ReadonlyMap<string, Argument>, site: Site): Argument {
    this.step(site.place);
    this.build.enter(site);
    this.#spend(positional, named);
    const isInPlace = /[^_]_$/.test(name) && formsOf(name) === undefined;
    const base = canonicalName(isInPlace ? name.slice(0, -1) : name);
    const forms = formsOf(base);
    if (forms === undefined) {
      throw this.build.error('UNSUPPORTED_OP', `${base.slice(0, LONGEST_SHOWN)} ${refusal(base)}`);
    }
    const tensors = [...positional, ...named.values()].flatMap(tensorsIn);
    checkShared(this.build, tensors, { merged: takesMerged(base), stacked: false });
    for (const { signature, translation } of forms) {
      const bound = bind(signature, positional, named);
      if (bound === undefined) continue;
      const result = translation(new AtenCall(this.build, bound));
      const self = bound.get(signature.parameters[0].name) ?? null;
      if (isInPlace) return this.#write(self, result);
      return wrap(result, VIEWS.has(base) ? firstTensor(self) : undefined);
    }
    const count = positional.length + named.size;
    const given = [
      ...positional.slice(0, MOST_SHOWN).map(kindOf),
      ...[...named].slice(0, MOST_SHOWN).map(([key, value]) => `${key.slice(0, LONGEST_SHOWN)}=${kindOf(value)}`),
      ...(count > MOST_SHOWN ? ['…'] : []),
    ];
    throw this.build.error(
      'UNSUPPORTED_OP',
      `${base} is called with (${given.join(', ')}), a form that is not supported`,
    );
  }

  #spend(positional: readonly Argument[], named: ReadonlyMap<string, Argument>): void {
    const { budget, place } = this.build;
    let steps = STEPS_OF_CALL;
    let bytes = CALL_BYTES;
    for (const argument of [...positional, ...named.values()]) {
      steps += STEPS_OF_ITEM;
      if (!Array.isArray(argument)) continue;
      const holdsTensors = argument[0] instanceof TensorRef;
      steps += argument.length * (holdsTensors ? STEPS_OF_TENSOR : STEPS_OF_ITEM);
      if (holdsTensors) bytes += argument.length * TENSOR_BYTES;
    }
    budget.step(steps, place);
    budget.build(bytes, place);
  }

  /** An in-place operator keeps the type. */
  #write(self: Argument, result: Result): Argument {
    const before = self instanceof TensorRef ? self.value : undefined;
    if (!(self instanceof TensorRef) || before === undefined || !isValue(result)) {
      throw this.build.error('UNSUPPORTED_OP', 'what is changed in place is not a separate tensor');
    }
    self.write(this.build.cast(result, before.type));
    return self;
  }
}

function isValue(result: Result): result is Value {
  return !(result instanceof PyNumber || Array.isArray(result));
}

/** Lists of lists hold no tensors in programs with a batch. */
function tensorsIn(argument: Argument): readonly (Value | undefined)[] {
  if (argument instanceof TensorRef) return [argument.value];
  if (!Array.isArray(argument)) return [];
  return argument.flatMap((item: Argument) => (item instanceof TensorRef ? item.value : []));
}

function firstTensor(argument: Argument): TensorRef | undefined {
  return argument instanceof TensorRef ? argument : undefined;
}

function wrap(result: Result, viewOf: TensorRef | undefined): Argument {
  if (result instanceof PyNumber) return result;
  return isValue(result) ? new TensorRef(result, viewOf) : result.map((each) => wrap(each, viewOf));
}

/** The place of an operator in messages. */
export function siteOf(name: string, operator: string, output = name): Site {
  const place = `node ${cut(name, LONGEST_SHOWN)} (${operator.slice(0, LONGEST_SHOWN)})`;
  return { name: cut(name, LONGEST_NAME), place, output: cut(output, LONGEST_NAME) };
}

function cut(name: string, longest: number): string {
  return name.length > longest ? `${name.slice(0, longest)}…` : name;
}

/** The error for a name that a file uses without defining it. */
export function dangling(name: string, place: string): ForwardpassError {
  return new ForwardpassError('DANGLING', `the name ${quote(name)} is used and nothing defines it`, place);
}
