/** What a format reader is: bytes in, graph out, and no way to the file system or the network. */
import type { Activation, Architecture } from '../graph/architecture.ts';
import type { Budget } from '../graph/budget.ts';
import type { Fold } from '../graph/fold.ts';
import type { Graph } from '../graph/graph.ts';
import type { TextFunction } from '../graph/terms.ts';

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

/** Which of the things that a file holds is meant: its key, position or path; of several, one runs after the other. */
export type Member = string | number | readonly (string | number)[];

/** What a reader knows of the functions of the option `functions`: of each, what it gives, where the caller says so. */
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
  /** For files that hold several models: which of them. */
  readonly signature?: string;
  /** For files that hold several models, or a model among other things. */
  readonly member?: Member;
  /** How many iterations of a boosted model are used: see iterations.ts. */
  readonly numIteration?: number;
  /** What the caller computes, by names of Python: steps of the author's own. */
  readonly functions?: GivenFunctions;
  /** Whether the graph is to say what the source keeps of the optimizer that trained it. */
  readonly optimizer?: boolean;
  readonly budget: Budget;
  /** What computes with only constants; JavaScript does unless given, which is near what the engine gives. */
  readonly fold?: Fold;
}

/** How much of a file's beginning formats are detected by. */
export const HEAD_BYTES = 4096;

export interface FormatReader {
  readonly name: string;
  /**
   * Whether files of this format may contain only parameters, so that users may describe the network. The reader itself
   * then refuses `activation`, `outputActivation` and `architecture` for files that do not: `refuseArchitecture`.
   */
  readonly takesArchitecture?: boolean;
  /** Whether files of this format may have signatures; the reader refuses `signature` for files that have none. */
  readonly takesSignature?: boolean;
  /** Whether files of this format may hold several things; the reader refuses `member` for files that do not. */
  readonly takesMember?: boolean;
  /** Whether files of this format may hold steps of the author's own. */
  readonly takesFunctions?: boolean;
  /** Whether files of this format may hold boosted models; the reader refuses `numIteration` for files that do not. */
  readonly takesIterations?: boolean;
  /**
   * Whether the file is of this format, from its first bytes (up to {@link HEAD_BYTES}), its size, and where those do not tell, from
   * a look inside. Throws nothing.
   */
  detect(head: Uint8Array, source: Source): boolean | Promise<boolean>;
  read(source: Source, options: ReadOptions): Promise<Graph>;
  /** Opens what {@link read} will need of the reader's own code. */
  anticipate(): Promise<unknown>;
}
