/** One version of a model, which is reloaded when its file changes. */
import { ForwardpassError } from '../errors.ts';
import type { Model } from '../model.ts';
import { checkSameInterface } from '../watch/same-interface.ts';
import { type LiveModel, type WatchOptions, watch } from '../watch.ts';
import type { ModelSource } from './catalog.ts';
import type { CheckedServeOptions } from './options.ts';
import type { VersionCounts } from './prometheus.ts';
import type { Found } from './scan.ts';

/** A version in use. */
export interface Published {
  readonly name: string;
  readonly version: string;
  readonly model: Model;
  /** Undefined for a model that was passed as an object. */
  readonly source: ModelSource | undefined;
  /** Keeps the model alive until the returned function is called. */
  hold(): () => void;
}

export interface SlotParts {
  readonly options: Pick<CheckedServeOptions, 'interval' | 'settle' | 'sameInterface' | 'load' | 'onEvent'>;
  /** Called when the models in use have changed. */
  readonly onChange: () => void;
  /** The model whose interface an additional version must match. */
  readonly peer: () => Model | undefined;
}

export class Slot implements Published {
  #updates = 0;
  #rejections = 0;
  #live: LiveModel | undefined;
  readonly #since = Date.now();

  private constructor(readonly found: Found) {}

  /** Throws what `watch` throws. */
  static async open(found: Found, { options, onChange, peer }: SlotParts): Promise<Slot> {
    const slot = new Slot(found);
    if (found.given !== undefined) return slot;
    const { name: model, version, path } = found;
    const { interval, settle, sameInterface, load, onEvent } = options;
    let isOpen = false;
    const watching: WatchOptions = {
      ...load,
      ...{ settle, sameInterface },
      interval: interval > 2 ** 31 - 1 ? Number.POSITIVE_INFINITY : interval,
      validate: (candidate, current) => {
        const other = current === undefined ? peer() : undefined;
        if (other !== undefined) checkSameInterface(candidate, other);
        return true;
      },
      onUpdate: (_, { sha256 }) => {
        slot.#updates += 1;
        onEvent?.({ kind: 'updated', model, version, sha256 });
        onChange();
      },
      onReject: (error) => {
        slot.#rejections += 1;
        if (isOpen) onEvent?.({ kind: 'rejected', model, version, error });
      },
      onError: (error) => {
        if (isOpen) onEvent?.({ kind: 'failed', model, error });
      },
    };
    slot.#live = await watch(path, watching).catch((error) => {
      // The functions are for all models of the server, and some formats have no custom steps.
      if (!isAboutFunctions(error)) throw error;
      return watch(path, { ...watching, functions: undefined });
    });
    isOpen = true;
    return slot;
  }

  get name(): string {
    return this.found.name;
  }

  get version(): string {
    return this.found.version;
  }

  get model(): Model {
    return this.#live?.model ?? (this.found.given as Model);
  }

  get source(): ModelSource | undefined {
    return this.#live && { path: this.found.path, sha256: this.#live.status.version.sha256 };
  }

  get counts(): VersionCounts {
    const { name: model, version } = this.found;
    const status = this.#live?.status;
    return {
      ...{ model, version, format: this.model.format, sha256: status?.version.sha256 },
      ...{ updates: this.#updates, rejections: this.#rejections },
      since: (status?.since.getTime() ?? this.#since) / 1e3,
    };
  }

  hold(): () => void {
    let release = () => {};
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    void this.#live?.use(() => released);
    return release;
  }

  async check(): Promise<void> {
    await this.#live?.check();
  }

  async close(): Promise<void> {
    await this.#live?.close();
  }
}

/** Whether the error says that a format has no custom steps; the functions themselves were already checked. */
function isAboutFunctions(error: unknown): boolean {
  return error instanceof ForwardpassError && error.code === 'OPTION' && error.place === 'functions';
}
