/** Reads a torch.export program into a graph: its inputs, its nodes in order, its outputs. */
import { ForwardpassError } from '../../errors.ts';
import type { Graph, GraphInput } from '../../graph/graph.ts';
import { quote } from '../../messages.ts';
import { type Argument, TensorRef } from '../aten/argument.ts';
import { batchOf, finishGraph, inputRow, type ProgramInput } from '../aten/finish.ts';
import { dangling, Machine } from '../aten/machine.ts';
import { TorchArchive } from '../aten/torch-archive.ts';
import { type Fields, fields, list, text } from '../containers/checks.ts';
import type { Reader, ReadOptions } from '../format.ts';
import { GraphBuilder } from '../tensors/builder.ts';
import { rowsOrWhole } from '../tensors/inputs.ts';
import { elementTypeOf } from './dtypes.ts';
import { fromPlain, Interpreter } from './interpreter.ts';
import { leafNames } from './names.ts';
import { namesIn, type ProgramGraph, programGraph, tensorMeta, type Union, union } from './program.ts';
import { openWeights, type Weights } from './weights.ts';

/** The supported layouts of the program's JSON: schema_version.major, or in the first layout the whole version. */
const OLDEST_SCHEMA = 3;
const NEWEST_SCHEMA = 8;

const LEGACY_PROGRAM = 'serialized_exported_program.json';

export async function readProgram(main: Reader, options: ReadOptions): Promise<Graph> {
  const { budget } = options;
  if (main.size > budget.limits.bytes) {
    throw new ForwardpassError(
      'LIMIT',
      `the file has ${main.size} bytes; \`limits.bytes\` allows ${budget.limits.bytes}`,
    );
  }
  const archive = await TorchArchive.open(main, budget);
  const member = programOf(archive);
  const program = fields(await archive.json(member), member);
  checkVersion(program, member);
  const module = fields(program.graph_module, 'graph_module');
  const graph = programGraph(module.graph, 'graph');
  const model = member.slice(member.lastIndexOf('/') + 1, -'.json'.length);
  const weights = await openWeights(archive, model, budget);
  const specs = list(union)(fields(module.signature, 'signature').input_specs, 'signature.input_specs');
  const inputs = specs.flatMap((spec) => userInput(spec, graph) ?? []);
  const build = (batchAxis: 0 | undefined) => buildGraph(batchAxis, module, graph, specs, inputs, weights, options);
  // A model exported for a single row has no batch that could be mixed.
  const isOneRow = inputs.every(({ shape }) => shape.length === 1 && shape[0] !== undefined);
  return rowsOrWhole(isOneRow, build);
}

/** The only program in the file, in the layouts of torch 2.7 and later and of earlier versions. */
function programOf(archive: TorchArchive): string {
  if (archive.has(LEGACY_PROGRAM)) return LEGACY_PROGRAM;
  const programs = archive.names.filter((name) => /^models\/[^/]+\.json$/.test(name));
  if (programs.length === 1) return programs[0];
  const message = `expected one program, found ${programs.length}; save each in its own file`;
  throw new ForwardpassError(programs.length === 0 ? 'MALFORMED' : 'UNSUPPORTED_VERSION', message);
}

function checkVersion(program: Fields, member: string): void {
  const given = program.schema_version;
  const major = typeof given === 'number' ? given : fields(given, `${member}.schema_version`).major;
  if (typeof major === 'number' && major >= OLDEST_SCHEMA && major <= NEWEST_SCHEMA) return;
  const found = typeof major === 'number' ? `version ${major}` : 'none';
  const message = `expected schema version ${OLDEST_SCHEMA} to ${NEWEST_SCHEMA} (torch 2.2 to 2.14), found ${found}`;
  throw new ForwardpassError('UNSUPPORTED_VERSION', message, member);
}

/** An input for users; undefined for parameters, buffers and constants. */
function userInput(spec: Union, graph: ProgramGraph): ProgramInput | undefined {
  if (spec.tag !== 'user_input') return undefined;
  const argument = argumentOf(spec);
  if (argument.tag !== 'as_tensor') return undefined;
  const [name] = namesIn(argument);
  const place = `tensor_values.${name}`;
  const meta = tensorMeta(Object.hasOwn(graph.tensors, name) ? graph.tensors[name] : undefined, place);
  return { name, type: elementTypeOf(meta.dtype, `input ${name}`), shape: meta.sizes };
}

function argumentOf({ value, place }: Union): Union {
  return union(fields(value, place).arg, `${place}.arg`);
}

async function buildGraph(
  batchAxis: 0 | undefined,
  module: Fields,
  graph: ProgramGraph,
  specs: readonly Union[],
  inputs: readonly ProgramInput[],
  weights: Weights,
  { budget, fold }: ReadOptions,
): Promise<Graph> {
  const build = new GraphBuilder({
    batchAxis,
    declaredBatch: batchAxis === 0 ? batchOf(inputs) : undefined,
    budget,
    fold,
    casts: 'wrap',
  });
  const values = new Map<string, Argument>();
  const declared: GraphInput[] = [];
  for (const input of inputs) {
    const { row, declared: info } = inputRow(build, input);
    values.set(input.name, new TensorRef(row));
    declared.push(info);
  }
  build.suppose(declared);
  for (const spec of specs) await bindStored(spec, values, weights);
  new Interpreter(new Machine(build), budget).run(graph, values);
  return finishGraph('torch-export', build, declared, outputsOf(module, values));
}

/** Binds parameters, buffers and constants to their names in the graph. */
async function bindStored(spec: Union, values: Map<string, Argument>, weights: Weights): Promise<void> {
  const { tag, value, place } = spec;
  const given = fields(value, place);
  const stored = STORED.get(tag);
  if (stored !== undefined) {
    const [name] = namesIn({ tag: 'as_tensor', value: given.arg, place: `${place}.arg` });
    const key = text(given[stored], `${place}.${stored}`);
    values.set(name, new TensorRef(await weights(key, `tensor ${key}`)));
  } else if (tag === 'user_input') {
    const argument = argumentOf(spec);
    if (argument.tag === 'as_sym_int') {
      throw new ForwardpassError('UNSUPPORTED_OP', 'a size is an input of the model, which is not supported', place);
    }
  } else if (tag === 'constant_input') {
    values.set(text(given.name, `${place}.name`), fromPlain(union(given.value, `${place}.value`)));
  } else if (tag !== 'token') {
    throw new ForwardpassError('UNSUPPORTED_OP', `an input of the kind ${quote(tag)} is not supported`, place);
  }
}

/** By the kind of input: the field with its name in the file. */
const STORED = new Map([
  ['parameter', 'parameter_name'],
  ['buffer', 'buffer_name'],
  ['tensor_constant', 'tensor_constant_name'],
]);

/** The outputs for users; numbers and None among them are not tensors and are omitted. */
function outputsOf(module: Fields, values: ReadonlyMap<string, Argument>): Map<string, Argument> {
  const specs = list(union)(fields(module.signature, 'signature').output_specs, 'signature.output_specs');
  const shown = specs.filter(({ tag }) => tag === 'user_output').map(argumentOf);
  const given = leafNames(outSpec(module), (type) => tupleFields(module, type));
  const names = given?.length === shown.length ? given : undefined;
  const results = new Map<string, Argument>();
  for (const [i, argument] of shown.entries()) {
    if (argument.tag !== 'as_tensor') continue;
    const [own] = namesIn(argument);
    const name = names?.[i] ?? own;
    const value = values.get(own);
    if (value === undefined) throw dangling(own, `output ${name}`);
    results.set(results.has(name) ? `${name}.${i}` : name, value);
  }
  return results;
}

/** The tree of the model's results, if it is in the file. */
function outSpec(module: Fields): unknown {
  const calls = Array.isArray(module.module_call_graph) ? module.module_call_graph : [];
  const root = calls.find((call) => isFields(call) && call.fqn === '');
  return isFields(root?.signature) ? root.signature.out_spec : undefined;
}

/** The fields of a named tuple, if they are in the file. */
function tupleFields({ treespec_namedtuple_fields: types }: Fields, type: string): readonly string[] | undefined {
  const definition = isFields(types) && Object.hasOwn(types, type) ? types[type] : undefined;
  const names = isFields(definition) ? definition.field_names : undefined;
  return Array.isArray(names) ? names : undefined;
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null;
}
