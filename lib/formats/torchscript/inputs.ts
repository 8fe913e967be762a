/** The inputs of a module's forward: their names from its code, and their types and sizes if the file has them. */
import { ForwardpassError } from '../../errors.ts';
import { quote } from '../../messages.ts';
import { TensorRef } from '../aten/argument.ts';
import type { ElementType } from '../tensors/value.ts';
import type { Expression, FunctionCode, Parameter } from './syntax.ts';
import { dottedName } from './syntax.ts';
import { ScriptDict, type ScriptValue } from './values.ts';

/** One input tensor. */
export interface ForwardInput {
  readonly name: string;
  readonly parameter: string;
  /** Its index in a tuple; undefined if the parameter itself is a tensor. */
  readonly item: number | undefined;
  /** Undefined if it has to be found by trial. */
  readonly known: { readonly type: ElementType; readonly shape: readonly number[] } | undefined;
}

/** The maximum number of a model's inputs. */
const MOST_INPUTS = 2 ** 14;

/** `traced` is what the module was traced with: a list of forward's arguments. */
export function inputsOf(forward: FunctionCode, traced: ScriptValue | undefined): ForwardInput[] {
  const inputs: ForwardInput[] = [];
  if (forward.parameters.length > MOST_INPUTS) {
    const message = `forward has ${forward.parameters.length} arguments; at most ${MOST_INPUTS} are supported`;
    throw new ForwardpassError('LIMIT', message, 'forward');
  }
  for (const [i, parameter] of forward.parameters.slice(1).entries()) {
    const { name } = parameter;
    const example = Array.isArray(traced) ? traced[i] : undefined;
    const items = tupleItems(parameter);
    if (items !== undefined) {
      for (const item of items.keys()) {
        const known = knownOf(Array.isArray(example) ? example[item] : undefined);
        inputs.push({ name: `${name}.${item}`, parameter: name, item, known });
      }
    } else if (isTensor(parameter.type)) {
      inputs.push({ name, parameter: name, item: undefined, known: knownOf(example) });
    } else if (parameter.otherwise === undefined) {
      const message =
        'forward takes something other than tensors; give it a default, or save a module that takes tensors';
      throw new ForwardpassError('UNSUPPORTED_OP', message, `input ${quote(name)}`);
    }
  }
  return inputs;
}

/** A parameter without a type is a tensor. */
function isTensor(type: Expression | undefined): boolean {
  return type === undefined || dottedName(type) === 'Tensor';
}

/** The item types of a parameter that is a tuple of only tensors. */
function tupleItems({ type }: Parameter): readonly Expression[] | undefined {
  if (type?.kind !== 'subscript' || dottedName(type.of) !== 'Tuple') return undefined;
  const items = type.index.kind === 'tuple' ? type.index.items : [type.index];
  return items.every(isTensor) ? items : undefined;
}

function knownOf(example: ScriptValue | undefined): ForwardInput['known'] {
  const value = example instanceof TensorRef ? example.value : undefined;
  return value && { type: value.type, shape: value.shape };
}

/** The arguments of forward in a dict of traced inputs. */
export function tracedArguments(traced: ScriptValue): ScriptValue | undefined {
  return traced instanceof ScriptDict ? traced.entries.get('forward') : undefined;
}

/** The arguments of forward by parameter. */
export function argumentsOf(
  inputs: readonly ForwardInput[],
  tensors: readonly TensorRef[],
): ReadonlyMap<string, ScriptValue> {
  const given = new Map<string, ScriptValue>();
  for (const [i, { parameter, item }] of inputs.entries()) {
    const tuple = given.get(parameter);
    if (item === undefined) given.set(parameter, tensors[i]);
    else if (Array.isArray(tuple)) tuple.push(tensors[i]);
    else given.set(parameter, [tensors[i]]);
  }
  return given;
}
