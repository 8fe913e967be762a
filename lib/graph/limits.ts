/** What an untrusted file may ask for at the most. Every one can be raised by the `limits` option. */
export interface Limits {
  /** Of all files of the model together. */
  readonly bytes: number;
  /** Elements of all constants together, as stored and as used. */
  readonly parameters: number;
  /** Operations of the graph. */
  readonly nodes: number;
  /** Nested messages, subgraphs or objects. */
  readonly depth: number;
  /** Elements of one row tensor. */
  readonly rowElements: number;
}

export const DEFAULT_LIMITS: Limits = {
  bytes: 4 * 2 ** 30,
  parameters: 2 ** 30,
  nodes: 100_000,
  depth: 64,
  rowElements: 2 ** 24,
};
