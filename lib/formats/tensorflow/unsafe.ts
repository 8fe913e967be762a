/** Operators that access something outside of the model: a graph with one is refused, even if it would not run. */
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
  [/^_?(Host)?(Send|Recv)$|^Rpc/, 'connects to other machines'],
];

/** No operator has a longer name. */
const LONGEST_NAME = 1000;

export function refuseUnsafe({ nodes, functions }: GraphDef): void {
  for (const node of nodes) check(node);
  for (const fn of functions) for (const node of fn.nodes) check(node);
}

function check(node: NodeDef): void {
  const op = node.op.slice(0, LONGEST_NAME);
  const found = UNSAFE.find(([pattern]) => pattern.test(op));
  if (found === undefined) return;
  throw new ForwardpassError('UNSAFE', `${op} ${found[1]}, which a model must not do`, placeOf(node));
}
