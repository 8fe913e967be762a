/** Finds the model in a checkpoint: its parameters by name, or the whole module. */
import { ForwardpassError } from '../../errors.ts';
import { didYouMean, listNames, quote } from '../../messages.ts';
import { isContainer, labelOf, partsOf } from '../containers/pickle/parts.ts';
import { follow } from '../containers/pickle/path.ts';
import { PickleDict, PickleObject, type PickleValue, pickleKind } from '../containers/pickle/values.ts';
import { isTorchTensor } from '../containers/torch-tensors.ts';
import type { Member } from '../format.ts';
import { withoutCompiler } from './modules/module.ts';

/** Keys under which checkpoints store the model, the most likely first. */
const MODEL_KEYS = [
  'state_dict',
  'model_state_dict',
  'model_state',
  'model',
  'net',
  'network',
  'module',
  'weights',
  'params',
  'parameters',
  'model_weights',
  'state',
  'ema_state_dict',
  'model_ema',
  'ema',
];

export type Found =
  | { readonly kind: 'module'; readonly module: PickleObject; readonly place: string }
  | {
      readonly kind: 'parameters';
      /** By the names in the file, and by the names within the model's wrappers. */
      readonly stored: ReadonlyMap<string, PickleObject>;
      readonly tensors: ReadonlyMap<string, PickleObject>;
    };

/** The value of a checkpoint's member, which must exist. @throws {ForwardpassError} OPTION */
export function memberOf(root: PickleValue, member: Member): PickleValue {
  const [asked, ...others] = [member].flat();
  if (others.length > 0) {
    throw new ForwardpassError('OPTION', 'models of PyTorch cannot be chained; expected one member', 'member');
  }
  const found = follow({ path: '', place: '', value: root, within: [] }, asked, isContainer);
  if (found !== undefined) return found.value;
  const keys = isContainer(root) ? Array.from(partsOf(root), ({ label }) => label) : [];
  const held = keys.length > 0 ? `the file contains ${listNames(keys)}` : `the file is ${pickleKind(root)}`;
  const message = `${quote(String(asked))} not found${didYouMean(String(asked), keys)}; ${held}`;
  throw new ForwardpassError('OPTION', message, 'member');
}

/** Throws `ARCHITECTURE` if there is no model, or if it is ambiguous which of several it is. */
export function findModel(given: PickleValue, depth: number): Found {
  let root = given;
  for (let left = depth; ; left--) {
    if (isTorchTensor(root)) throw noModel('a single tensor');
    if (root instanceof PickleObject) return { kind: 'module', module: root, place: 'the model' };
    if (!(root instanceof PickleDict)) throw noModel(pickleKind(root));
    const stored = tensorsOf(root);
    const isModel = [...stored.keys()].some((name) => isParameter(name) || !OF_TRAINING.test(name));
    const isBeside = ![...stored.keys()].some(isParameter) && membersOf(root).length > 0;
    if (isModel && !isBeside) return { kind: 'parameters', stored, tensors: withoutPrefixes(stored) };
    if (isOptimizer(root)) throw noModel("only an optimizer's state");
    root = chooseMember(root, left);
  }
}

/** `0.weight` is a tensor of a model; other entries of a checkpoint have names such as `loss` or `rng_state`. */
function isParameter(name: string): boolean {
  return name.includes('.') || /^(weight|bias)/.test(name);
}

function chooseMember(root: PickleDict, depth: number): PickleValue {
  const models = membersOf(root);
  const known = MODEL_KEYS.flatMap((name) => models.filter(([key]) => key === name));
  const [chosen] = known.length > 0 ? known : models.length === 1 ? models : [];
  if (chosen !== undefined && depth > 0) return chosen[1];
  const keys = root.entries.map(([key]) => labelOf(key));
  if (models.length < 2) throw noModel(keys.length > 0 ? `a dict of ${listNames(keys)}` : 'an empty dict');
  const message = `the checkpoint contains several models, ${listNames(models.map(([key]) => labelOf(key)))}`;
  throw new ForwardpassError('ARCHITECTURE', `${message}; choose one with the option \`member\``);
}

/** Training state contains tensors too. */
const OF_TRAINING =
  /(^|_)(rng|random|optim|optimi[sz]ers?|sched|schedulers?|scaler|loss|criterion|metrics?|grads?)(_|$)/i;

function membersOf(root: PickleDict): PickleDict['entries'] {
  const known: Known = { models: new Map(), tensors: new Map() };
  return root.entries.filter(
    ([key, value]) => typeof key === 'string' && !OF_TRAINING.test(key) && mayBeModel(value, known),
  );
}

/** Cached results for dicts: many entries may share one. */
interface Known {
  readonly models: Map<PickleDict, boolean>;
  /** Whether they contain tensors directly. */
  readonly tensors: Map<PickleDict, boolean>;
}

function mayBeModel(value: PickleValue, known: Known): boolean {
  if (value instanceof PickleObject) return withoutCompiler(value).attribute('_modules') !== undefined;
  if (!(value instanceof PickleDict)) return false;
  const before = known.models.get(value);
  if (before !== undefined) return before;
  const may = !isOptimizer(value) && value.entries.some(([, item]) => isTorchTensor(item) || holdsTensors(item, known));
  known.models.set(value, may);
  return may;
}

function holdsTensors(value: PickleValue, known: Known): boolean {
  if (!(value instanceof PickleDict)) return false;
  const before = known.tensors.get(value);
  if (before !== undefined) return before;
  const holds = value.entries.some(([name, item]) => typeof name === 'string' && isTorchTensor(item));
  known.tensors.set(value, holds);
  return holds;
}

function tensorsOf(dict: PickleDict): Map<string, PickleObject> {
  const tensors = new Map<string, PickleObject>();
  for (const [name, value] of dict.entries) {
    if (typeof name === 'string' && isTorchTensor(value)) tensors.set(name, value);
  }
  return tensors;
}

function isOptimizer(dict: PickleDict): boolean {
  return dict.get('param_groups') !== undefined;
}

/** Prefixes that wrappers add to every name: DataParallel, torch.compile, an average of weights. */
const WRAPPERS = ['module.', '_orig_mod.'];
/** The number of models that AveragedModel averages. */
const AVERAGED = 'n_averaged';
/** The maximum nesting of wrappers. */
const MOST_WRAPPERS = 4;

/** Tensors by the names within all wrappers. */
export function withoutPrefixes<T>(tensors: ReadonlyMap<string, T>): ReadonlyMap<string, T> {
  let own = tensors;
  for (let layer = 0; layer < MOST_WRAPPERS; layer++) {
    const names = [...own.keys()].filter((name) => name !== AVERAGED);
    const prefix = WRAPPERS.find((wrapper) => names.every((name) => name.startsWith(wrapper)));
    if (prefix === undefined || names.length === 0) break;
    const given = own;
    own = new Map(names.map((name) => [name.slice(prefix.length), given.get(name) as T]));
  }
  return own;
}

function noModel(found: string): ForwardpassError {
  const expected = 'expected a state_dict, a checkpoint that holds one, or a whole module';
  return new ForwardpassError('ARCHITECTURE', `${expected}, found ${found}`);
}

/** The place of a name in the file, for messages. */
export function placeOf(name: string): string {
  return `tensor ${quote(name).slice(1, -1)}`;
}
