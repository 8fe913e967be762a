/** The names of outputs: keys if the model returns a dict, fields of a named tuple, otherwise the program's names. */

/** A node in the tree of a model's results; `children` is empty for a leaf. */
interface Tree {
  readonly keys: readonly (string | undefined)[];
  readonly children: readonly Tree[];
}

const DEEPEST = 32;
/** The maximum length of a name, which may be the prefix of many. */
const LONGEST = 1000;

/** Looks up the fields of a named tuple. */
export type TupleFields = (type: string) => readonly string[] | undefined;

/**
 * Names of the leaves of a tree in torch's pytree format, in order; undefined if a leaf has no name, or if the text is
 * not such a tree: then the program's own names are used.
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

/** From untrusted JSON: throws if it is not a tree. */
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
