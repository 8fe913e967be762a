/** Reads a TensorFlow file into a graph: finds the inputs and outputs, and translates the nodes between them. */
import { ForwardpassError } from '../../errors.ts';
import type { Graph } from '../../graph/graph.ts';
import { listNames, quote } from '../../messages.ts';
import { Message } from '../containers/protobuf.ts';
import type { ReadOptions, Source } from '../format.ts';
import { Bundle } from './bundle/bundle.ts';
import { frozenPorts } from './frozen.ts';
import { decodeGraph } from './proto.ts';
import { decodeSavedModel, type Signature } from './saved-model.ts';
import { isSavedModel } from './signature.ts';
import { Stored } from './stored.ts';
import { type InputPort, type OutputPort, traceGraph } from './trace.ts';
import { typeCode } from './types.ts';
import { refuseUnsafe } from './unsafe.ts';

/** A whole saved_model.pb or GraphDef; `source` gives access to the files beside it. */
export async function readModel(bytes: Uint8Array, source: Source, options: ReadOptions): Promise<Graph> {
  return isSavedModel(bytes) ? readSavedModel(bytes, source, options) : readFrozen(bytes, source, options);
}

async function readSavedModel(
  bytes: Uint8Array,
  source: Source,
  { budget, fold, signature }: ReadOptions,
): Promise<Graph> {
  const { graph, signatures, restoreOp, objects, assets } = decodeSavedModel(bytes, source.main.name, budget);
  refuseUnsafe(graph);
  const { inputs, outputs } = portsOf(chooseSignature(signatures, signature));
  const bundle = new Bundle(source, budget);
  const stored = (): Stored => new Stored({ source, bundle, assets, budget, restoreOp, objects });
  return traceGraph({
    format: 'tensorflow',
    graph,
    inputs,
    outputs,
    stored,
    budget,
    fold,
  });
}

async function readFrozen(bytes: Uint8Array, source: Source, { budget, fold, signature }: ReadOptions): Promise<Graph> {
  if (signature !== undefined) {
    throw new ForwardpassError('OPTION', 'is only for SavedModels; a frozen graph has no signatures', 'signature');
  }
  const graph = decodeGraph(new Message(bytes, source.main.name, budget));
  refuseUnsafe(graph);
  const { inputs, outputs } = frozenPorts(graph, budget);
  return traceGraph({
    format: 'tensorflow',
    graph,
    inputs,
    outputs,
    stored: () => new Stored(),
    budget,
    fold,
  });
}

const DEFAULT_SIGNATURE = 'serving_default';
/** TensorFlow's internal signatures, such as the one that fills lookup tables. */
const INTERNAL = /^__saved_model_/;

function chooseSignature(signatures: ReadonlyMap<string, Signature>, asked: string | undefined): Signature {
  const names = [...signatures.keys()].filter((name) => !INTERNAL.test(name));
  const name = asked ?? (names.length === 1 ? names[0] : DEFAULT_SIGNATURE);
  const signature = names.includes(name) ? signatures.get(name) : undefined;
  if (signature !== undefined) return signature;
  if (names.length === 0) {
    const message =
      'the model has no signature; save it with signatures=, or with a function that has an input_signature';
    throw new ForwardpassError('UNSUPPORTED_OP', message, 'signature');
  }
  const found = asked === undefined ? 'choose one' : `found ${quote(asked)}`;
  throw new ForwardpassError('OPTION', `expected one of ${listNames(names)}; ${found}`, 'signature');
}

/**
 * Sorted as in TensorFlow, except that numbers are sorted by value. Constant words cannot be given by callers, and are
 * omitted.
 */
function portsOf(signature: Signature): { inputs: InputPort[]; outputs: OutputPort[] } {
  const ports = (infos: Signature['inputs']) =>
    [...infos]
      .sort(([a], [b]) => compareNames(a, b))
      .map(([name, info]) => ({ name, reference: info.name, type: info.type, dims: info.shape.dims }));
  const outputs = ports(signature.outputs);
  const numbers = outputs.filter(({ type }) => type !== typeCode('DT_STRING'));
  return { inputs: ports(signature.inputs), outputs: numbers.length > 0 ? numbers : outputs };
}

/** `output_2` before `output_10`. */
function compareNames(a: string, b: string): number {
  const [left, right] = [a, b].map((name) => name.split(/(\d+)/));
  const at = left.findIndex((part, i) => part !== right[i]);
  if (at < 0 || at >= right.length) return left.length - right.length;
  const [x, y] = [left[at], right[at]];
  const areNumbers = /^\d+$/.test(x) && /^\d+$/.test(y);
  return areNumbers ? Number(x) - Number(y) : x < y ? -1 : 1;
}
