/**
 * Weights with a LoRA adapter of peft: W + scale·B·A, as `merge_and_unload` computes it. A state_dict does not contain
 * the scale; `adapter_config.json`, which peft writes beside an adapter, does.
 */

import { ForwardpassError } from '../errors.ts';
import type { Budget } from '../graph/budget.ts';
import type { Tensor } from '../graph/graph.ts';
import { formatShape, type Shape } from '../graph/shapes.ts';
import { describe, listNames, quote } from '../messages.ts';
import { utf8 } from '../platform/text.ts';
import { spendOnJson } from './containers/json-cost.ts';
import { duplicateKey } from './containers/json-keys.ts';
import type { Reader, Source } from './format.ts';
import type { StoredParameter } from './stored-parameter.ts';

const CONFIG = 'adapter_config.json';
const LONGEST_CONFIG = 2 ** 20;
/** Multiply-adds per microsecond. */
const PRODUCTS_PER_STEP = 250;

/** The prefix that peft adds to the names of the model that it wraps. */
const WRAPPER = 'base_model.model.';
const BASE = '.base_layer.';
/** `0.lora_A.default.weight`; without the adapter's name if the adapter is saved separately. */
const PART = /^(.+)\.lora_([AB])((?:\.[^.]+)?)\.weight$/;
/** A layer that is trained as a whole is stored beside the one that it replaces. */
const SAVED_WHOLE = /^(.+)\.modules_to_save\.[^.]+(\.[^.]+)$/;

/** The tensors of a state_dict by their names without peft, each with its adapters added. */
export async function withAdapters<T extends StoredParameter>(
  stored: ReadonlyMap<string, T>,
  source: Source,
  budget: Budget,
): Promise<ReadonlyMap<string, StoredParameter>> {
  const isAdapted = [...stored.keys()].some((name) => name.includes('.lora_'));
  if (!isAdapted || ![...stored.keys()].some((name) => name.includes(BASE))) return stored;
  const config = await beside(source);
  if (config === undefined) return stored;
  const scale = scaleOf(await readConfig(config, budget));
  const isWrapped = [...stored.keys()].every((name) => name.startsWith(WRAPPER));
  const own = new Map([...stored].map(([name, one]) => [isWrapped ? name.slice(WRAPPER.length) : name, one]));
  return merged(own, scale, budget);
}

function merged(stored: ReadonlyMap<string, StoredParameter>, scale: number, budget: Budget) {
  const whole = new Map<string, StoredParameter>();
  const put = (name: string, parameter: StoredParameter) => {
    if (whole.has(name)) throw new ForwardpassError('ARCHITECTURE', 'occurs twice', `tensor ${name}`);
    whole.set(name, parameter);
  };
  const isSavedWhole = new Set([...stored.keys()].flatMap((name) => SAVED_WHOLE.exec(name)?.[1] ?? []));
  const adapters = adaptersOf(stored);
  for (const [name, parameter] of stored) {
    const saved = SAVED_WHOLE.exec(name);
    if (saved !== null) put(`${saved[1]}${saved[2]}`, parameter);
    if (saved !== null || PART.test(name)) continue;
    const [stem] = name.split('.original_module.');
    if (stem !== name && isSavedWhole.has(stem)) continue;
    const added = name.endsWith(`${BASE}weight`) ? adapters.get(name.slice(0, -`${BASE}weight`.length)) : undefined;
    const plain = name.replace(BASE, '.');
    put(plain, added === undefined ? parameter : withAdapter(parameter, { ...added, scale }, budget, plain));
  }
  return whole;
}

interface Adapter {
  readonly a: StoredParameter;
  readonly b: StoredParameter;
}

/** By the module whose weight each adapter modifies. */
function adaptersOf(stored: ReadonlyMap<string, StoredParameter>): Map<string, Adapter> {
  const adapters = new Map<string, Adapter>();
  const names = new Set<string>();
  for (const [part, a] of stored) {
    const [, module, side, name] = PART.exec(part) ?? [];
    if (module === undefined) continue;
    names.add(name);
    if (side === 'B') continue;
    const b = stored.get(`${module}.lora_B${name}.weight`);
    if (b === undefined || !stored.has(`${module}${BASE}weight`)) {
      throw new ForwardpassError(
        'ARCHITECTURE',
        'is half of an adapter: its other half or its weight was not found',
        `tensor ${part}`,
      );
    }
    adapters.set(module, { a, b });
  }
  if (names.size < 2) return adapters;
  const message = `the file holds several adapters (${listNames([...names].map((name) => name.slice(1)))}), and does not specify which one is used`;
  throw new ForwardpassError(
    'ARCHITECTURE',
    `${message}; merge the one that you want to use (peft's merge_and_unload()) and save that`,
  );
}

function withAdapter(
  weight: StoredParameter,
  { a, b, scale }: Adapter & { readonly scale: number },
  budget: Budget,
  name: string,
): StoredParameter {
  const { shape } = weight;
  return {
    shape,
    read: async () => addAdapter(await weight.read(), await a.read(), await b.read(), scale, budget, `tensor ${name}`),
  };
}

/** W + scale·B·A for W [out, in], A [r, in] and B [out, r], computed in float64 and rounded once. */
export function addAdapter(weight: Tensor, a: Tensor, b: Tensor, scale: number, budget: Budget, place: string): Tensor {
  checkShapes(weight.shape, a.shape, b.shape, place);
  const [outputs, inputs] = weight.shape;
  const [rank] = a.shape;
  budget.step((outputs * inputs * rank) / PRODUCTS_PER_STEP, place);
  budget.buildElements(weight.data.length, place);
  const sums = new Float64Array(weight.data.length);
  for (let row = 0; row < outputs; row++) {
    for (let k = 0; k < rank; k++) {
      const factor = scale * b.data[row * rank + k];
      for (let column = 0; column < inputs; column++)
        sums[row * inputs + column] += factor * a.data[k * inputs + column];
    }
  }
  for (let i = 0; i < sums.length; i++) sums[i] += weight.data[i];
  return { shape: weight.shape, data: weight.data instanceof Float64Array ? sums : new Float32Array(sums) };
}

function checkShapes(weight: Shape, a: Shape, b: Shape, place: string): void {
  const isMatrices = weight.length === 2 && a.length === 2 && b.length === 2;
  if (isMatrices && a[1] === weight[1] && b[0] === weight[0] && a[0] === b[1]) return;
  const found = [weight, a, b].map(formatShape);
  const message = `${found[0]} does not match an adapter of ${found[1]} and ${found[2]}; expected [out, in], [r, in] and [out, r]`;
  throw new ForwardpassError('SHAPE', message, place);
}

/** Undefined if the model was not loaded from a path, or the file does not exist. */
async function beside(source: Source): Promise<Reader | undefined> {
  try {
    return await source.sibling(CONFIG);
  } catch (error) {
    if (error instanceof ForwardpassError && error.code === 'SOURCE') return undefined;
    throw error;
  }
}

async function readConfig(file: Reader, budget: Budget): Promise<Readonly<Record<string, unknown>>> {
  if (file.size > LONGEST_CONFIG) throw new ForwardpassError('LIMIT', `has ${file.size} bytes`, file.name);
  const text = utf8(await file.read(0, file.size));
  spendOnJson(text, budget, file.name);
  let config: unknown;
  try {
    config = JSON.parse(text);
  } catch (cause) {
    throw new ForwardpassError('MALFORMED', 'is not valid JSON', file.name, { cause });
  }
  const isObject = typeof config === 'object' && config !== null && !Array.isArray(config);
  if (isObject && duplicateKey(text) === undefined) return config as Record<string, unknown>;
  throw new ForwardpassError(
    'MALFORMED',
    `expected an object of settings, each once, found ${describe(config)}`,
    file.name,
  );
}

/** Settings that change what an adapter computes. */
const OTHERWISE = [
  'use_dora',
  'use_qalora',
  'use_bdlora',
  'fan_in_fan_out',
  'lora_bias',
  'rank_pattern',
  'alpha_pattern',
];

function scaleOf(config: Readonly<Record<string, unknown>>): number {
  const refuse = (message: string) =>
    new ForwardpassError(
      'ARCHITECTURE',
      `${message}; merge the adapter (peft's merge_and_unload()) and save that`,
      CONFIG,
    );
  if (config.peft_type !== 'LORA') throw refuse(`describes ${describe(config.peft_type)}; only LORA is supported`);
  const other = OTHERWISE.find((name) => isSet(config[name]));
  if (other !== undefined) throw refuse(`sets ${quote(other)}, which is not supported`);
  const { r, lora_alpha: alpha } = config;
  if (typeof r === 'number' && r > 0 && typeof alpha === 'number' && Number.isFinite(alpha)) {
    return alpha / (config.use_rslora === true ? Math.sqrt(r) : r);
  }
  throw refuse(`expected numbers for 'r' and 'lora_alpha', found ${describe(r)} and ${describe(alpha)}`);
}

function isSet(value: unknown): boolean {
  if (typeof value === 'object' && value !== null) return Object.keys(value).length > 0;
  return value !== undefined && value !== null && value !== false;
}
