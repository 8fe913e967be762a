/** What a format reader is: bytes in, graph out, and no way to the file system or the network. */
import type { Activation, Architecture } from '../graph/architecture.ts';
import type { Graph } from '../graph/graph.ts';
import type { Limits } from '../graph/limits.ts';

/** Random access to one file of a model. */
export interface Reader {
  /** The file's name for messages; never used to choose a format. */
  readonly name: string;
  /** In bytes. */
  readonly size: number;
  /** Exactly `length` bytes; a ForwardpassError `TRUNCATED` when the file is shorter. The bytes are the caller's. */
  read(offset: number, length: number): Promise<Uint8Array>;
}

/** A model's main file, and the way to the files beside it that it names. */
export interface Source {
  readonly main: Reader;
  /**
   * A file beside the main one, by the relative path that the model gives. Throws `UNSAFE` when the path leaves
   * the model's folder or is not a plain file, `SOURCE` when there is none or the model did not come from a path.
   */
  sibling(path: string): Promise<Reader>;
}

export interface ReadOptions {
  readonly activation?: Activation;
  readonly outputActivation?: Activation;
  readonly architecture?: Architecture;
  readonly limits: Limits;
}

export interface FormatReader {
  readonly name: string;
  /** Whether the file is of this format, from its first bytes (up to 4,096) and its size. Throws nothing. */
  detect(head: Uint8Array, source: Source): boolean;
  read(source: Source, options: ReadOptions): Promise<Graph>;
  /** Opens what {@link read} will need of the reader's own code. */
  anticipate(): Promise<unknown>;
}
