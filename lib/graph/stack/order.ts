/**
 * The order of layers by their names and widths. Numbers in names order them; words do not (`classifier` is before
 * `features` only in the alphabet). If words leave the order open, the widths must allow only one.
 */
import type { Group } from './groups.ts';

/** The greatest nesting depth of modules; deeper ones count as one. */
const DEEPEST = 64;

/** A search that takes more steps than this counts as undecided. A step looks at a layer, or at a part of its name. */
const MOST_STEPS = 10_000_000;

/** The only possible order, or why there is none: `none` or `several` fit. */
export function orderGroups(groups: readonly Group[]): Group[] | 'none' | 'several' {
  const modules = new Modules();
  const sorted = groups.map((group) => new Placed(group, modules)).sort(compare);
  const isNumbered = sorted.every((placed, i) => i === 0 || precedes(sorted[i - 1], placed));
  if (isNumbered) return sorted.map(({ group }) => group);
  return new Search(sorted).run();
}

/** Numbers for modules, because the nested names together could be very long. */
class Modules {
  readonly #numbers = new Map<string, number>();

  /** The numbers of the modules that contain a layer, outermost first: `a`, `a.b` for `a.b.c`. */
  of(name: string): number[] {
    const parts = name.split(/[./]/, DEEPEST + 1).slice(0, -1);
    let number = 0;
    return parts.map((part) => {
      const key = `${number}.${part}`;
      number = this.#numbers.get(key) ?? this.#numbers.size + 1;
      this.#numbers.set(key, number);
      return number;
    });
  }
}

class Placed {
  readonly tokens: readonly (string | number)[];
  readonly #names: Modules;
  #modules: readonly number[] | undefined;

  constructor(
    readonly group: Group,
    modules: Modules,
  ) {
    this.#names = modules;
    this.tokens = (group.name.match(/\d+|\D+/g) ?? []).map((part) => (/^\d/.test(part) ? Number(part) : part));
  }

  get modules(): readonly number[] {
    this.#modules ??= this.#names.of(this.group.name);
    return this.#modules;
  }
}

function firstDifference(a: Placed, b: Placed): number {
  const at = a.tokens.findIndex((token, i) => token !== b.tokens[i]);
  return at < 0 ? a.tokens.length : at;
}

/** Whether a number in the names orders them. */
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

/**
 * Tries every order that numbers, widths and modules allow until it has found two. Layers of a module stay together.
 */
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
    // The same module has the same number, and is at the same depth.
    const isIn =
      (module: number, at: number) =>
      ({ modules }: Placed) =>
        modules[at] === module;
    const depth = last?.modules.findLastIndex((module, at) => this.some(left, isIn(module, at))) ?? -1;
    const open = last?.modules[depth];
    const fitting = left.filter(
      ({ group, modules }) =>
        (last === undefined || last.group.outputs === group.inputs) && (open === undefined || modules[depth] === open),
    );
    const firsts = fitting.filter((next) => !this.some(left, (other) => this.precedes(other, next)));
    return this.isAmbiguous ? [] : firsts;
  }

  private some(left: readonly Placed[], holds: (placed: Placed) => boolean): boolean {
    return left.some((placed) => this.step(1) || holds(placed));
  }

  private precedes(a: Placed, b: Placed): boolean {
    this.step(Math.min(a.tokens.length, b.tokens.length));
    return precedes(a, b);
  }

  /** Whether the search has taken too long. */
  private step(count: number): boolean {
    this.steps += count;
    this.isAmbiguous ||= this.steps > MOST_STEPS;
    return this.isAmbiguous;
  }
}
