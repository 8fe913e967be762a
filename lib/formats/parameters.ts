/** Shared by all formats of only parameters: the architecture comes from names and shapes, or from the user. */
import { ForwardpassError } from '../errors.ts';
import { buildGraph } from '../graph/define/build.ts';
import { spellOutPrefixes, tensorNames } from '../graph/define/file.ts';
import { noSuchTensor } from '../graph/define/values.ts';
import type { Graph, Tensor } from '../graph/graph.ts';
import type { Shape } from '../graph/shapes.ts';
import { isCounter, isOfTraining } from '../graph/stack/foreign.ts';
import { stackArchitecture } from '../graph/stack/stack.ts';
import { describe, listNames } from '../messages.ts';
import type { ReadOptions } from './format.ts';
import { withWholeWeights } from './reparametrized.ts';
import type { StoredParameter } from './stored-parameter.ts';

/** Reads the tensors that the network uses, and refuses a file with others: they show that it is another network. */
export async function graphFromParameters(
  format: string,
  parts: ReadonlyMap<string, StoredParameter>,
  options: ReadOptions,
): Promise<Graph> {
  const stored = withWholeWeights(parts);
  const names = new Set(stored.keys());
  const given = options.architecture ?? stackArchitecture(shapesOf(stored), options);
  const architecture = spellOutPrefixes(given, names);
  const wanted = tensorNames(architecture);
  refuseLeftovers(stored, wanted, readIgnored(architecture.ignore));

  const tensors = new Map<string, Tensor>();
  for (const name of wanted) {
    options.budget.node(tensors.size + 1, `tensor ${name}`);
    const tensor = stored.get(name);
    if (tensor === undefined) throw noSuchTensor(name, names, 'architecture');
    tensors.set(name, await tensor.read());
  }
  const leftOut = [...stored.keys()].filter((name) => !wanted.has(name) && !isCounter(name));
  const parameters = new Map<string, Tensor['data']>();
  for (const name of stored.keys()) {
    const tensor = tensors.get(name);
    if (tensor !== undefined) parameters.set(name, tensor.data);
  }
  return { ...buildGraph(architecture, { format, tensors }), parameters, ...(leftOut.length > 0 && { leftOut }) };
}

function shapesOf(stored: ReadonlyMap<string, StoredParameter>): Map<string, Shape> {
  return new Map([...stored].map(([name, { shape }]) => [name, shape]));
}

function refuseLeftovers(
  stored: ReadonlyMap<string, StoredParameter>,
  wanted: ReadonlySet<string>,
  ignored: readonly string[],
): void {
  const isIgnored = (name: string) => ignored.some((prefix) => name === prefix || name.startsWith(`${prefix}.`));
  const left = [...stored].flatMap(([name, { shape }]) =>
    wanted.has(name) || isOfTraining(name, shape) || isIgnored(name) ? [] : [name],
  );
  if (left.length === 0) return;
  const message = `the architecture leaves ${left.length} tensors of the file unused: ${listNames(left)}`;
  throw new ForwardpassError('ARCHITECTURE', `${message}; name them in \`ignore\` if that is intended`);
}

function readIgnored(ignore: unknown): readonly string[] {
  if (ignore === undefined) return [];
  if (Array.isArray(ignore) && ignore.every((name) => typeof name === 'string')) return ignore;
  const message = `expected an array of tensor names or prefixes, found ${describe(ignore)}`;
  throw new ForwardpassError('ARCHITECTURE', message, 'ignore');
}
