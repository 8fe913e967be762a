/**
 * The order of layers by their names and widths. Numbers in names order them; words do not (`classifier` stands
 * before `features` in the alphabet only). Where words leave the order open, the widths must leave only one.
 */
import type { Group } from './groups.ts';

/** Modules in modules; what is further in counts as one. */
const DEEPEST = 64;

/** A search that takes longer than this is as good as undecided. */
const MOST_STEPS = 2_000_000;

/** The only order, or why there is not one: `none` fits, or `several` do. */
export function orderGroups(groups: readonly Group[]): Group[] | 'none' | 'several' {
  const sorted = groups.map((group) => new Placed(group)).sort(compare);
  const isNumbered = sorted.every((placed, i) => i === 0 || precedes(sorted[i - 1], placed));
  if (isNumbered) return sorted.map(({ group }) => group);
  return new Search(sorted).run();
}

class Placed {
  readonly tokens: readonly (string | number)[];
  #modules: readonly string[] | undefined;

  constructor(readonly group: Group) {
    this.tokens = (group.name.match(/\d+|\D+/g) ?? []).map((part) => (/^\d/.test(part) ? Number(part) : part));
  }

  /** Modules that the layer is in, outermost first: `a`, `a.b` for `a.b.c`. */
  get modules(): readonly string[] {
    if (this.#modules === undefined) {
      const parts = this.group.name.split(/[./]/, DEEPEST + 1).slice(0, -1);
      this.#modules = parts.map((_, i) => parts.slice(0, i + 1).join('.'));
    }
    return this.#modules;
  }
}

function firstDifference(a: Placed, b: Placed): number {
  const at = a.tokens.findIndex((token, i) => token !== b.tokens[i]);
  return at < 0 ? a.tokens.length : at;
}

/** A number puts them in order. */
function precedes(a: Placed, b: Placed): boolean {
  const at = firstDifference(a, b);
  const [x, y] = [a.tokens[at], b.tokens[at]];
  return typeof x === 'number' && typeof y === 'number' && x < y;
}

function compare(a: Placed, b: Placed): number {
  const at = firstDifference(a, b);
  const [x, y] = [a.tokens[at] ?? '', b.tokens[at] ?? ''];
  return (typeof x === 'number' && typeof y === 'number' ? x < y : String(x) < String(y)) ? -1 : 1;
}

/** Tries every order that numbers, widths and modules allow until it has two; layers of a module stay together. */
class Search {
  private readonly placed: Placed[] = [];
  private found: Group[] | undefined;
  private isAmbiguous = false;
  private steps = 0;

  constructor(private readonly groups: readonly Placed[]) {}

  run(): Group[] | 'none' | 'several' {
    this.extend(this.groups);
    if (this.isAmbiguous) return 'several';
    return this.found ?? 'none';
  }

  private extend(left: readonly Placed[]): void {
    if (left.length === 0) {
      this.isAmbiguous = this.found !== undefined;
      this.found = this.placed.map(({ group }) => group);
    }
    for (const next of this.candidates(left)) {
      if (this.isAmbiguous) return;
      this.placed.push(next);
      this.extend(left.filter((other) => other !== next));
      this.placed.pop();
    }
  }

  private candidates(left: readonly Placed[]): Placed[] {
    const last = this.placed.at(-1);
    const open = last?.modules.findLast((module) => left.some(({ modules }) => modules.includes(module)));
    const fitting = left.filter(
      ({ group, modules }) =>
        (last === undefined || last.group.outputs === group.inputs) && (open === undefined || modules.includes(open)),
    );
    this.steps += left.length * (fitting.length + 1);
    if (this.steps > MOST_STEPS) this.isAmbiguous = true;
    return this.isAmbiguous ? [] : fitting.filter((next) => !left.some((other) => precedes(other, next)));
  }
}
