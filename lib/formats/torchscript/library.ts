/** The code of a file, by the qualified names of its classes and functions. */
import type { Budget } from '../../graph/budget.ts';
import type { TorchArchive } from '../aten/torch-archive.ts';
import { parseFile } from './parser.ts';
import type { ClassCode, FileCode, FunctionCode } from './syntax.ts';

export class Library {
  /** By module, such as `__torch__.torch.nn.modules.linear`. */
  readonly #texts: ReadonlyMap<string, { readonly member: string; readonly text: string }>;
  readonly #files = new Map<string, FileCode>();
  readonly #budget: Budget;

  private constructor(texts: ReadonlyMap<string, { readonly member: string; readonly text: string }>, budget: Budget) {
    this.#texts = texts;
    this.#budget = budget;
  }

  static async open(archive: TorchArchive, budget: Budget): Promise<Library> {
    const texts = new Map<string, { member: string; text: string }>();
    for (const member of archive.names) {
      const module = /^code\/(.+)\.py$/.exec(member)?.[1].replaceAll('/', '.');
      if (module !== undefined) texts.set(module, { member, text: await archive.text(member) });
    }
    return new Library(texts, budget);
  }

  classNamed(qualified: string): ClassCode | undefined {
    const [module, name] = splitName(qualified);
    return this.#file(module)?.classes.get(name);
  }

  functionNamed(qualified: string): FunctionCode | undefined {
    const [module, name] = splitName(qualified);
    return this.#file(module)?.functions.get(name);
  }

  /** A file is parsed on first use. */
  #file(module: string): FileCode | undefined {
    const stored = this.#texts.get(module);
    if (stored === undefined) return undefined;
    const known = this.#files.get(module) ?? parseFile(stored.text, stored.member, this.#budget);
    this.#files.set(module, known);
    return known;
  }
}

function splitName(qualified: string): [module: string, name: string] {
  const dot = qualified.lastIndexOf('.');
  return [qualified.slice(0, Math.max(dot, 0)), qualified.slice(dot + 1)];
}
