/** Which mutator knows a file, or a member of an archive: told by its name and its first bytes. */
import type { Mutator } from '../mutator.ts';
import { mutateBytes } from './bytes.ts';

/** A mutator, and which bytes it is for. */
interface Kind {
  readonly mutate: Mutator;
  is(bytes: Uint8Array, name: string): boolean;
}

const KINDS: readonly Kind[] = [];

/** Changes a file by what it is; one time in eight, and where nothing is known of it, by its bytes alone. */
export function mutateContent(name: string): Mutator {
  return (bytes, random, other) => {
    const kind = random.below(8) === 0 ? undefined : KINDS.find((kind) => kind.is(bytes, name));
    return kind?.mutate(bytes, random, other) ?? mutateBytes(bytes, random, other);
  };
}
