/** With this, readers of every format build a graph: nodes in order, within the budget. */
import { type ErrorCode, ForwardpassError } from '../errors.ts';
import type { Budget } from '../graph/budget.ts';
import type { Node, Op, OpAttributes, Operand } from '../graph/graph.ts';

export abstract class NodeEmitter {
  readonly nodes: Node[] = [];

  constructor(readonly budget: Budget) {}

  /** The place of what is being translated, for messages. */
  abstract get place(): string;

  error(code: ErrorCode, message: string): ForwardpassError {
    return new ForwardpassError(code, message, this.place);
  }

  /**
   * Refuses a row of more elements than `limits.rowElements`. Validation checks it again; this check comes before
   * memory is allocated.
   */
  protected checkElements(count: number, row: string): void {
    if (count <= this.budget.limits.rowElements) return;
    throw this.error('LIMIT', `${row} exceeds \`limits.rowElements\``);
  }

  /** Adds a node. */
  protected add<O extends Op>(
    op: O,
    name: string,
    inputs: readonly Operand[],
    output: string,
    attributes: OpAttributes[O],
  ): void {
    this.budget.node(this.nodes.length + 1, this.place);
    this.nodes.push({ op, name, inputs, output, attributes } as Node);
  }
}
