import type { Model } from '../model.ts';
import type { ModelVersion } from './options.ts';

/** A model while it is in use. It is disposed of when its time has ended and the last who held it has let go. */
export class Tenure {
  readonly since = new Date();
  #holders = 0;
  #ended = false;

  constructor(
    readonly model: Model,
    readonly version: ModelVersion,
    readonly key: string,
  ) {}

  /** The function that lets go; calling it again does nothing. */
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
