import { describe, expect, it } from 'vitest';
import { leafNames } from '../../../lib/formats/torch-export/names.ts';

const leaf = { type: null, context: null, children_spec: [] };
const spec = (type: string, context: unknown, ...children: unknown[]) => ({
  type,
  context: typeof context === 'string' ? context : JSON.stringify(context),
  children_spec: children,
});
const named = (root: unknown) =>
  leafNames(JSON.stringify([1, root]), (type) => (type === 'm.Pair' ? ['a', 'b'] : undefined));

describe('the names of outputs', () => {
  it('are the keys of a dict, and of dicts inside it', () => {
    const inner = spec('collections.OrderedDict', ['x', 'y'], leaf, leaf);
    expect(named(spec('builtins.dict', ['p', 'q'], leaf, inner))).toEqual(['p', 'q.x', 'q.y']);
  });

  it('are the fields of a named tuple', () => {
    expect(named(spec('collections.namedtuple', 'm.Pair', leaf, leaf))).toEqual(['a', 'b']);
  });

  it('are places within what has a name, and else not given', () => {
    const pair = spec('builtins.tuple', 'null', leaf, leaf);
    expect(named(spec('builtins.dict', ['p'], pair))).toEqual(['p.0', 'p.1']);
    expect(named(pair)).toEqual([undefined, undefined]);
  });

  it.each(['', '[', '[1]', '[1, 2]', 'null', '[1, {"type": "builtins.dict", "context": "{", "children_spec": [3]}]'])(
    'are not given by %j, which is not a tree',
    (text) => {
      expect(leafNames(text, () => undefined)).toBeUndefined();
    },
  );

  it('are not given by a tree without end', () => {
    let tree: unknown = leaf;
    for (let i = 0; i < 1000; i++) tree = spec('builtins.tuple', 'null', tree);
    expect(named(tree)).toBeUndefined();
  });
});
