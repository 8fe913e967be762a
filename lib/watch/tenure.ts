import type { Model } from '../model.ts';
import type { ModelVersion } from './options.ts';

/** A model while it is in use. It is disposed of when it is no longer current and its last user has released it. */
export class Tenure {
  readonly since = new Date();
  #holders = 0;
  #ended = false;

  constructor(
    readonly model: Model,
    readonly version: ModelVersion,
    readonly key: string,
  ) {}

  /** Holds the model; returns the function that releases it, which does nothing when called again. */
  hold(): () => void {
    this.#holders += 1;
    let holds = true;
    return () => {
      if (!holds) return;
      holds = false;
      this.#holders -= 1;
      this.#disposeIfOver();
    };
  }

  end(): void {
    this.#ended = true;
    this.#disposeIfOver();
  }

  /** Asynchronous runs are not counted here: the model's own dispose waits for them. */
  #disposeIfOver(): void {
    if (this.#ended && this.#holders === 0) this.model.dispose();
  }
}
