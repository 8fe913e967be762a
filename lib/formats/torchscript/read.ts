/** Reads a TorchScript module into a graph: its modules, the inputs of its forward, and forward's results. */
import { ForwardpassError } from '../../errors.ts';
import type { Budget } from '../../graph/budget.ts';
import type { Graph } from '../../graph/graph.ts';
import { type Argument, PyNumber, TensorRef } from '../aten/argument.ts';
import { batchOf, finishGraph, inputRow, type ProgramInput } from '../aten/finish.ts';
import { Machine } from '../aten/machine.ts';
import { TorchArchive } from '../aten/torch-archive.ts';
import type { Reader, ReadOptions } from '../format.ts';
import { GraphBuilder } from '../tensors/builder.ts';
import { type ElementType, isFloat } from '../tensors/value.ts';
import { argumentsOf, type ForwardInput, inputsOf, tracedArguments } from './inputs.ts';
import { Interpreter } from './interpreter.ts';
import { Library } from './library.ts';
import { StoredObjects } from './objects.ts';
import type { FunctionCode } from './syntax.ts';
import { findInputs, type Trial } from './trial.ts';
import { describeValue, NamedTuple, ScriptDict, ScriptFunction, ScriptObject, type ScriptValue } from './values.ts';

export async function readModule(main: Reader, { budget, fold }: ReadOptions): Promise<Graph> {
  if (main.size > budget.limits.bytes) {
    throw new ForwardpassError(
      'LIMIT',
      `the file has ${main.size} bytes; \`limits.bytes\` allows ${budget.limits.bytes}`,
    );
  }
  const archive = await TorchArchive.open(main, budget);
  if (!archive.has('data.pkl')) {
    const message =
      'the file is from torch 1.2 or older, which is not supported; load it with a newer torch and save it again';
    throw new ForwardpassError('UNSUPPORTED_VERSION', message);
  }
  const library = await Library.open(archive, budget);
  const objects = await StoredObjects.open(archive, 'data', library, budget);
  const has = (name: string) => archive.has(`${name}.pkl`);
  const constants = has('constants') ? await StoredObjects.open(archive, 'constants', library, budget) : undefined;
  const traced = has('traced_inputs')
    ? await StoredObjects.openExamples(archive, 'traced_inputs', library, budget)
    : undefined;
  const forward = methodOf(objects.make());
  const inputs = inputsOf(forward, traced && tracedArguments(traced.make()));
  const types = [...objects.types(), ...(constants?.types() ?? [])];
  return findInputs(inputs, floatType(types), (shapes) => {
    const build = new GraphBuilder({
      batchAxis: 0,
      declaredBatch: batchOf(shapes),
      budget,
      fold,
      casts: 'wrap',
    });
    const machine = new Machine(build);
    const held = constants?.make();
    const interpreter = new Interpreter(machine, library, Array.isArray(held) ? held : []);
    const root = objects.make() as ScriptObject;
    return { machine, finish: () => runForward(build, interpreter, new ScriptFunction(forward, root), inputs, shapes) };
  });
}

/** The type of inputs that are not ids: layers take the type of their own weights. */
function floatType(types: readonly ElementType[]): ElementType {
  const [only, ...others] = new Set(types.filter(isFloat));
  return others.length === 0 && only !== undefined ? only : 'float32';
}

function methodOf(root: ScriptValue): FunctionCode {
  const forward = root instanceof ScriptObject ? root.code.methods.get('forward') : undefined;
  if (forward !== undefined) return forward;
  const found = describeValue(root);
  throw new ForwardpassError('MALFORMED', `expected a module with a forward, found ${found}`, 'data.pkl');
}

function runForward(
  build: GraphBuilder,
  interpreter: Interpreter,
  forward: ScriptFunction,
  inputs: readonly ForwardInput[],
  shapes: readonly ProgramInput[],
): ReturnType<Trial['finish']> {
  build.budget.step(STEPS_PER_INPUT * shapes.length, 'forward');
  const rows = shapes.map((shape) => inputRow(build, shape));
  build.suppose(rows.map(({ declared }) => declared));
  const tensors = rows.map(({ row }) => new TensorRef(row));
  const result = interpreter.call(forward, [], argumentsOf(inputs, tensors), '');
  const declared = rows.map(({ declared }) => declared);
  return finishGraph('torchscript', build, declared, namedResults(result, build.budget));
}

/** The cost of each input of a trial, and of each value among the results. */
const STEPS_PER_INPUT = 16;
const STEPS_PER_RESULT = 4;
const RESULT_BYTES = 8192;
const LONGEST_NAME = 1000;

/** Keys of a dict, fields of a named tuple, or numbers; a single tensor is named `output`. */
function namedResults(result: ScriptValue, budget: Budget): Map<string, Argument> {
  const results = new Map<string, Argument>();
  collect(result, '', 0);
  return results;

  /** Lists may be shared: each path to one gives separate results. */
  function collect(value: ScriptValue, name: string, depth: number): void {
    const place = name || 'forward';
    budget.step(STEPS_PER_RESULT, place);
    if (depth > budget.limits.depth || name.length > LONGEST_NAME) {
      const message = `results are nested deeper than \`limits.depth\`, ${budget.limits.depth}, or have names of more than ${LONGEST_NAME} characters`;
      throw new ForwardpassError('LIMIT', message, place.slice(0, LONGEST_NAME));
    }
    const inner = (key: string) => (name === '' ? key : `${name}.${key}`);
    if (value instanceof ScriptDict) {
      for (const [key, item] of value.entries) collect(item, inner(String(key)), depth + 1);
    } else if (value instanceof NamedTuple) {
      for (const [i, item] of value.items.entries()) collect(item, inner(value.names[i]), depth + 1);
    } else if (Array.isArray(value)) {
      for (const [i, item] of value.entries()) collect(item, name === '' ? `output_${i}` : inner(String(i)), depth + 1);
    } else if (value instanceof TensorRef) {
      budget.build(RESULT_BYTES + name.length, place);
      results.set(name || 'output', value);
    } else if (value !== null && !(value instanceof PyNumber)) {
      throw new ForwardpassError('UNSUPPORTED_OP', `forward returns ${describeValue(value)}`, place);
    }
  }
}
