/** The engine of the addon, with types. A native model is itself an {@link EngineModel}, so calls go straight to it. */
import { createRequire } from 'node:module';
import { setTimeout } from 'node:timers';
import { openAddon } from '../addon.ts';
import { ForwardpassError } from '../errors.ts';
import type { Isa } from '../isa.ts';
import type { Engine, EngineModel, Scan, SharedNames } from './engine.ts';

/**
 * Each of its functions is created on first use. If there is no memory for that, an Error with the code MEMORY is
 * thrown.
 */
export interface NativeModel extends EngineModel {
  /**
   * The names of the copy of the addon and of the model: those given if there are no names yet. Undefined after
   * disposal.
   */
  share(addon: string, model: string, description: Uint8Array): SharedNames | undefined;
}

interface Addon {
  /** The instruction sets that this processor and its operating system support, best first. */
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
  createScanner(words: Int32Array, bytes: Uint8Array, numbers: Float64Array, threads: number): Scan | undefined;
  /** Frees the memory that runs off the event loop have kept for later runs. */
  giveBack(): void;
  /** Another descriptor of the same file or socket, or −1. Absent on Windows. */
  duplicate?(descriptor: number): number;
}

/** How long memory is kept for the next run off the event loop. */
const KEPT_MILLISECONDS = 1000;
let giveBack: NodeJS.Timeout | undefined;

let loaded: Addon | undefined;
let available: readonly Isa[] | undefined;

function addon(): Addon {
  loaded ??= openAddon() as Addon;
  return loaded;
}

/** V8's serializer handles Maps, NaN and −0, which JSON does not. Opened on first use, because few programs need it. */
const v8 = (): typeof import('node:v8') => createRequire(import.meta.url)('node:v8');

export const engine: Engine = {
  instructionSets() {
    available ??= translated('engine', () => addon().instructionSets());
    return available;
  },

  create({ code, parameters }, { isa, integers, threads, most }) {
    const { packed, ofRow } = most ?? { packed: Infinity, ofRow: Infinity };
    return translated('engine', () => addon().create(code, parameters, isa, integers, threads, packed, ofRow));
  },

  ranAsync() {
    if (giveBack !== undefined) giveBack.refresh();
    else {
      giveBack = setTimeout(() => {
        giveBack = undefined;
        addon().giveBack();
      }, KEPT_MILLISECONDS).unref();
    }
  },

  // The addon reads and writes memory of JavaScript.
  allocate: (Type, length) => new Type(length),

  createScanner({ words, bytes, numbers }, threads) {
    const scan = translated('engine', () => addon().createScanner(words, bytes, numbers, threads));
    return (
      scan &&
      ((texts, at, ids, weights, offsets, row) => translated('rows', () => scan(texts, at, ids, weights, offsets, row)))
    );
  },

  share(model, description) {
    const native = model as NativeModel;
    return translated('model', () =>
      native.share(crypto.randomUUID(), crypto.randomUUID(), v8().serialize(description)),
    );
  },

  attach([addonName, model], threads) {
    const [native, description] = translated('handle', () => addon().attach(addonName, model, threads));
    return [native, v8().deserialize(new Uint8Array(description))];
  },

  duplicateDescriptor(descriptor) {
    const copy = addon().duplicate?.(descriptor) ?? -1;
    return copy < 0 ? undefined : copy;
  },
};

const CODES = ['PLAN', 'MEMORY', 'LIMIT', 'ISA', 'HANDLE'] as const;
const isCode = (code: unknown): code is (typeof CODES)[number] => CODES.some((each) => each === code);

/** Turns errors thrown by the addon into ForwardpassErrors. */
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
