/** Scripts that are opened late, and at once: `import()` comes a moment later. */
import { createRequire } from 'node:module';

/** One of Node's, or one of the package that is beside this one in dist/. Throws what Node does where it is not there. */
export function openScript(path: string): unknown {
  return createRequire(import.meta.url)(path);
}
