/** Types the addon. Nothing else in lib/ knows that there is one but model.ts. */
import { createRequire } from 'node:module';
import { openAddon } from './addon.ts';
import type { TypedArray } from './buffers.ts';
import { ForwardpassError } from './errors.ts';
import type { Fault } from './faults.ts';
import type { MostBytes, Plan } from './graph/plan-format.ts';
import { ISAS, type Isa } from './isa.ts';
import { didYouMean, listNames, quote } from './messages.ts';

/** A ragged input takes three: ids, weights or undefined for ones, offsets. */
type Buffers = readonly (TypedArray | undefined)[];

/**
 * A model's functions: inputs then outputs in the plan's order, undefined when all went well. Each is made when it is first
 * asked for; where there is no memory for it, that throws an Error whose code is MEMORY.
 */
export interface NativeModel {
  run(...buffers: Buffers): Fault | undefined;
  bind(...buffers: Buffers): (() => Fault | undefined) | Fault;
  runAsync(...buffers: Buffers): Promise<Fault | undefined> | Fault;
  /** The names of the copy of the addon and of the model: those given where there are none yet. Not once disposed of. */
  share(addon: string, model: string, description: Uint8Array): readonly [addon: string, model: string] | undefined;
  dispose(): void;
}

interface Addon {
  /** Those that this processor and its operating system have, best first. */
  instructionSets(): Isa[];
  create(
    code: Int32Array,
    parameters: readonly (Float32Array | Float64Array)[],
    isa: Isa,
    integers: readonly boolean[],
    threads: number,
    mostPacked: number,
    mostOfRow: number,
  ): NativeModel;
  attach(addon: string, model: string, threads: number): readonly [NativeModel, description: ArrayBuffer];
  /** Another descriptor of the same file or socket, or −1. Not on Windows. */
  duplicate?(descriptor: number): number;
}

let loaded: Addon | undefined;

function addon(): Addon {
  loaded ??= openAddon() as Addon;
  return loaded;
}

let available: readonly Isa[] | undefined;

/** The instruction sets that this machine can run, best first. */
export function availableIsas(): readonly Isa[] {
  available ??= translated('engine', () => addon().instructionSets());
  return available;
}

/** The set asked for by name, else by the environment's FORWARDPASS_ISA, else the best. */
export function chooseIsa(option: string | undefined): Isa {
  const available = availableIsas();
  const place = option !== undefined ? 'option isa' : 'environment variable FORWARDPASS_ISA';
  const wanted = option ?? (process.env.FORWARDPASS_ISA || undefined);
  if (wanted === undefined) return available[0];
  const found = available.find((isa) => isa === wanted);
  if (found !== undefined) return found;
  const why = ISAS.some((isa) => isa === wanted)
    ? `${quote(wanted)} is not available on this processor`
    : `${quote(String(wanted))} is not an instruction set${didYouMean(String(wanted), ISAS)}`;
  throw new ForwardpassError('ISA', `${why}; expected one of ${listNames(available)}`, place);
}

/** V8's own serializer knows Maps, NaN and −0, which JSON does not; and few programs need it. */
const v8 = (): typeof import('node:v8') => createRequire(import.meta.url)('node:v8');

/** The names by which other threads attach to the model; undefined when it was disposed of. */
export function shareNative(
  native: NativeModel,
  description: object,
): readonly [addon: string, model: string] | undefined {
  return translated('model', () => native.share(crypto.randomUUID(), crypto.randomUUID(), v8().serialize(description)));
}

/** The model of those names, and the description that it was shared with. */
export function attachNative(addonName: string, model: string, threads: number): readonly [NativeModel, unknown] {
  const [native, description] = translated('handle', () => addon().attach(addonName, model, threads));
  return [native, v8().deserialize(new Uint8Array(description))];
}

/** Packs a plan for an instruction set. `integers` says of each input and output whether it takes whole numbers. */
export function createNative(
  { code, parameters }: Plan,
  isa: Isa,
  integers: readonly boolean[],
  threads: number,
  { packed, ofRow }: MostBytes = { packed: Infinity, ofRow: Infinity },
): NativeModel {
  return translated('engine', () => addon().create(code, parameters, isa, integers, threads, packed, ofRow));
}

/** Another descriptor of the same socket, for a thread that closes its own; undefined where there are none. */
export function duplicateDescriptor(descriptor: number): number | undefined {
  const copy = addon().duplicate?.(descriptor) ?? -1;
  return copy < 0 ? undefined : copy;
}

const CODES = ['PLAN', 'MEMORY', 'LIMIT', 'ISA', 'HANDLE'] as const;
const isCode = (code: unknown): code is (typeof CODES)[number] => CODES.some((each) => each === code);

/** With what the addon throws as a ForwardpassError. */
function translated<T>(place: string, call: () => T): T {
  try {
    return call();
  } catch (cause) {
    if (cause instanceof ForwardpassError || !(cause instanceof Error)) throw cause;
    const code = (cause as { code?: string }).code;
    if (!isCode(code)) throw cause;
    throw new ForwardpassError(code, cause.message, place, { cause });
  }
}
