/** What users call the outputs: keys where the model gives a dict, fields of a named tuple, the program's names else. */

/** A node of the tree of what a model gives; `children` are empty for a leaf. */
interface Tree {
  readonly keys: readonly (string | undefined)[];
  readonly children: readonly Tree[];
}

const DEEPEST = 32;
/** Characters of a name, which may be the beginning of many. */
const LONGEST = 1000;

/** Of the named tuples that a program knows. */
export type TupleFields = (type: string) => readonly string[] | undefined;

/**
 * Names of the leaves of a tree as torch's pytree writes it, in their order; undefined where a leaf has none, or where
 * the text is not such a tree: then the program's own names do.
 */
export function leafNames(spec: unknown, fieldsOf: TupleFields): readonly (string | undefined)[] | undefined {
  if (typeof spec !== 'string') return undefined;
  try {
    const [, root] = JSON.parse(spec);
    return namesBelow(treeOf(root, fieldsOf, 0), '');
  } catch {
    return undefined;
  }
}

/** Of JSON that may be anything: throws where it is not a tree. */
function treeOf(
  { type, context, children_spec }: { type: unknown; context: unknown; children_spec: unknown[] },
  fieldsOf: TupleFields,
  depth: number,
): Tree {
  if (depth > DEEPEST) throw new RangeError('too deep');
  const children = children_spec.map((child) => treeOf(child as Parameters<typeof treeOf>[0], fieldsOf, depth + 1));
  const isDict = /\bdict$|OrderedDict$/.test(String(type));
  const names: unknown = isDict ? JSON.parse(String(context)) : fieldsOf(String(context));
  const keys = children.map((_, i) => (Array.isArray(names) && typeof names[i] === 'string' ? names[i] : undefined));
  return { keys, children };
}

function namesBelow({ keys, children }: Tree, prefix: string): (string | undefined)[] {
  if (prefix.length > LONGEST) throw new RangeError('too long');
  if (children.length === 0) return [prefix === '' ? undefined : prefix];
  return children.flatMap((child, i) => {
    const key = keys[i] ?? (prefix === '' ? undefined : String(i));
    return namesBelow(child, key === undefined ? '' : prefix === '' ? key : `${prefix}.${key}`);
  });
}
