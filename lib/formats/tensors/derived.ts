/**
 * What constants are made from. A stored array may become a few others of its size without charge on its way to a
 * layer: widened, centred, scaled, transposed. Anything further is charged, and a result that was already computed is
 * reused.
 */
import type { Budget } from '../../graph/budget.ts';
import type { Constant, Numbers } from './value.ts';

/** Results of its own size that each stored array may become without charge. */
const FREE_RESULTS = 4;
/** Smaller results are not cached: computing them is faster than finding them. */
const REMEMBERED_FROM = 1024;
/** Operands with at most this many elements are identified by their values, others by their array. */
const FEW = 4;

/** Shared by a stored array and everything made from it. */
interface Allowance {
  /** Elements that are still free of charge. */
  left: number;
}

export class Derived {
  readonly #budget: Budget;
  readonly #allowances = new WeakMap<Numbers, Allowance>();
  /** By the array that something is made from. */
  readonly #made = new WeakMap<Numbers, Map<string, Constant>>();
  readonly #numbers = new WeakMap<Numbers, number>();
  #count = 0;

  constructor(budget: Budget) {
    this.#budget = budget;
  }

  /** How many of the elements about to be made from the constants are to be charged. */
  charged(elements: number, from: readonly Constant[]): number {
    let rest = elements;
    for (const { data } of from) {
      const allowance = this.#allowanceOf(data);
      if (allowance === undefined) continue;
      const free = Math.min(rest, allowance.left);
      allowance.left -= free;
      rest -= free;
    }
    return rest;
  }

  /** Records that the array was made from the constants, so that results made from it count as made from them. */
  madeOf(data: Numbers, from: readonly Constant[]): void {
    if (this.#allowanceOf(data) !== undefined) return;
    let most: Allowance | undefined;
    for (const operand of from) {
      const allowance = this.#allowanceOf(operand.data);
      if (allowance !== undefined && !(allowance.left <= (most?.left ?? -1))) most = allowance;
    }
    if (most !== undefined) this.#allowances.set(data, most);
  }

  /** The cached result of `make` for the same operation, identified by `key`, and the same constants. */
  once<V extends Constant | undefined>(key: string, from: readonly Constant[], elements: number, make: () => V): V {
    const [source] = from.filter(({ data }) => this.#allowanceOf(data) !== undefined);
    if (source === undefined) return make();
    const isRemembered = elements >= REMEMBERED_FROM && from.every(({ batch }) => batch === undefined);
    const known = isRemembered ? this.#madeOf(source.data) : undefined;
    const whole = known === undefined ? '' : [key, ...from.map((operand) => this.#nameOf(operand))].join(';');
    const result = (known?.get(whole) as V | undefined) ?? make();
    if (result === undefined) return result;
    this.madeOf(result.data, from);
    known?.set(whole, result);
    return result;
  }

  #allowanceOf(data: Numbers): Allowance | undefined {
    const known = this.#allowances.get(data);
    if (known !== undefined || !this.#budget.isStored(data)) return known;
    const allowance = { left: FREE_RESULTS * data.length };
    this.#allowances.set(data, allowance);
    return allowance;
  }

  #madeOf(data: Numbers): Map<string, Constant> {
    const known = this.#made.get(data) ?? new Map<string, Constant>();
    this.#made.set(data, known);
    return known;
  }

  #nameOf({ type, shape, data }: Constant): string {
    if (data.length <= FEW) return `${type} [${shape}] ${Array.from(data, textOf)}`;
    const number = this.#numbers.get(data) ?? this.#count++;
    this.#numbers.set(data, number);
    return `${type} [${shape}] #${number}`;
  }
}

/** Converting −0 to text directly would give 0. */
export function textOf(value: number | undefined): string {
  return Object.is(value, -0) ? '-0' : String(value);
}
