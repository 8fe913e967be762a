/** Operators that reach outside of the model: a graph that holds one is refused, whether or not it would run. */
import { ForwardpassError } from '../../errors.ts';
import type { GraphDef, NodeDef } from './proto.ts';
import { placeOf } from './scope.ts';

const UNSAFE: readonly (readonly [RegExp, string])[] = [
  [/^(Eager)?PyFunc(Stateless)?$/, 'runs Python code'],
  [/^XlaHostCompute|^_XlaHostCompute|^XlaCustomCall|^_?TPU|^LoadLibrary/, 'runs code that is not in the file'],
  [
    /^(Read|Write)File$|^MatchingFiles$|^ImmutableConst$|Reader(V2)?$|^(Save|Load)Dataset|^Snapshot\w*Dataset/,
    'uses files',
  ],
  [/^(TextLine|TFRecord|FixedLengthRecord|LMDB|Sql|CSV)Dataset|^CacheDataset|^Summary|SummaryWriter/, 'uses files'],
  [/^Debug(Identity|NanCount|NumericSummary)/, 'writes to files or addresses'],
  [/^_?(Host)?(Send|Recv)$|^Rpc/, 'talks to other machines'],
];

/** No operator has a longer one. */
const LONGEST_NAME = 1000;

export function refuseUnsafe({ nodes, functions }: GraphDef): void {
  for (const node of nodes) check(node);
  for (const fn of functions) for (const node of fn.nodes) check(node);
}

function check(node: NodeDef): void {
  const op = node.op.slice(0, LONGEST_NAME);
  const found = UNSAFE.find(([pattern]) => pattern.test(op));
  if (found === undefined) return;
  throw new ForwardpassError('UNSAFE', `${op} ${found[1]}; a model must not ask for that`, placeOf(node));
}
