/** What a format reader is: it takes bytes and returns a graph, without access to the file system or the network. */
import type { Activation, Architecture } from '../graph/architecture.ts';
import type { Budget } from '../graph/budget.ts';
import type { Fold } from '../graph/fold.ts';
import type { Graph } from '../graph/graph.ts';
import type { TextFunction } from '../graph/terms.ts';

/** Random access to one file of a model. */
export interface Reader {
  /** The file's name for messages; never used to detect the format. */
  readonly name: string;
  /** In bytes. */
  readonly size: number;
  /** Exactly `length` bytes, which the caller owns. Throws `TRUNCATED` if the file is shorter. */
  read(offset: number, length: number): Promise<Uint8Array>;
}

/** A model's main file, and access to the files beside it that it names. */
export interface Source {
  readonly main: Reader;
  /**
   * A file beside the main one, by the relative path in the model. Throws `UNSAFE` if the path leaves the model's
   * folder or is not a plain file, `SOURCE` if it does not exist or the model was not loaded from a path.
   */
  sibling(path: string): Promise<Reader>;
}

/** Which of the things in a file is meant: its key, position or path; several run one after another. */
export type Member = string | number | readonly (string | number)[];

/** What a reader knows of the functions in the option `functions`: their outputs, if the caller declares them. */
export type GivenFunctions = ReadonlyMap<
  string,
  {
    readonly columns?: number | readonly string[];
    readonly classes?: readonly (string | number)[];
    readonly text?: TextFunction;
  }
>;

export interface ReadOptions {
  readonly activation?: Activation;
  readonly outputActivation?: Activation;
  readonly architecture?: Architecture;
  /** For files with several models: which one. */
  readonly signature?: string;
  /** For files with several models, or a model among other things: which one. */
  readonly member?: Member;
  /** How many iterations of a boosted model are used: see iterations.ts. */
  readonly numIteration?: number;
  /** What the caller computes, by Python name: user-defined steps. */
  readonly functions?: GivenFunctions;
  /** Whether the graph should include the optimizer state that the source stores. */
  readonly optimizer?: boolean;
  readonly budget: Budget;
  /** Computes operations on constants; by default JavaScript does, with results close to the engine's. */
  readonly fold?: Fold;
}

/** How many bytes of a file's beginning are used to detect its format. */
export const HEAD_BYTES = 4096;

export interface FormatReader {
  readonly name: string;
  /**
   * Whether files of this format may contain only parameters, so that users may describe the network. The reader itself
   * refuses `activation`, `outputActivation` and `architecture` for other files: `refuseArchitecture`.
   */
  readonly takesArchitecture?: boolean;
  /** Whether files of this format may have signatures; the reader refuses `signature` for files that have none. */
  readonly takesSignature?: boolean;
  /** Whether files of this format may hold several things; the reader refuses `member` for files that do not. */
  readonly takesMember?: boolean;
  /** Whether files of this format may contain user-defined steps. */
  readonly takesFunctions?: boolean;
  /** Whether files of this format may contain boosted models; the reader refuses `numIteration` for other files. */
  readonly takesIterations?: boolean;
  /**
   * Whether the file has this format, judged by its first bytes (up to {@link HEAD_BYTES}), its size, and if those are
   * not enough, a look inside. Never throws.
   */
  detect(head: Uint8Array, source: Source): boolean | Promise<boolean>;
  read(source: Source, options: ReadOptions): Promise<Graph>;
  /** Imports the code that {@link read} will need. */
  anticipate(): Promise<unknown>;
}
