/** Packages of CommonJS that are opened late. */
import { createRequire } from 'node:module';

/**
 * The exports of a package. `import()` of CommonJS makes Node compile a parser for it, in WebAssembly, which takes three
 * times as long as opening the package; but only an `import()` of the literal name is found by bundlers.
 */
export async function openPackage<T>(name: string, imported: () => Promise<T>): Promise<T> {
  try {
    return createRequire(import.meta.url)(name) as T;
  } catch {
    return imported();
  }
}
