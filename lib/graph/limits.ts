/** Limits on what an untrusted file may require. The `limits` option can raise each of them. */
export interface Limits {
  /** The total size of all files of the model. */
  readonly bytes: number;
  /** The total number of elements of all constants, as stored and as used. */
  readonly parameters: number;
  /** The number of operations in the graph. */
  readonly nodes: number;
  /** The nesting depth of messages, subgraphs or objects. */
  readonly depth: number;
  /** The number of elements of one row tensor. */
  readonly rowElements: number;
}

export const DEFAULT_LIMITS: Limits = {
  bytes: 4 * 2 ** 30,
  parameters: 2 ** 30,
  nodes: 100_000,
  depth: 64,
  rowElements: 2 ** 24,
};
