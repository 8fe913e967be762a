/** Lists of tensors: creating, indexing, and returning them. */

import { packed, withoutOne } from '../../tensors/axes.ts';
import type { GraphBuilder } from '../../tensors/builder.ts';
import { parted } from '../../tensors/moves.ts';
import { literal, type Value } from '../../tensors/value.ts';
import { OnnxCall } from '../call.ts';
import type { Known, Sequence } from '../known.ts';
import type { AttributeProto } from '../proto.ts';

/** A call whose first input may be a list, which `inputs` then omits. */
class SequenceCall extends OnnxCall {
  readonly first: Known | undefined;

  constructor(
    build: GraphBuilder,
    opset: number,
    inputs: readonly (Known | undefined)[],
    outputCount: number,
    attributes: ReadonlyMap<string, AttributeProto>,
  ) {
    const isValue = (input: Known | undefined) => input?.kind === 'row' || input?.kind === 'constant';
    const values = inputs.map((input) => (isValue(input) ? (input as Value) : undefined));
    super(build, opset, values, outputCount, attributes);
    [this.first] = inputs;
  }

  get items(): readonly Value[] {
    if (this.first?.kind === 'sequence') return this.first.items;
    throw this.error('MALFORMED', 'input 0 is not a sequence');
  }

  /** A position in the list, from its end if negative; `extra` is 1 if it may be after the last item. */
  position(index: number, extra: 0 | 1): number {
    const given = this.number(index) ?? this.items.length;
    const { length } = this.items;
    const position = given < 0 ? given + length : given;
    if (Number.isInteger(position) && position >= 0 && position < length + extra) return position;
    throw this.error('SHAPE', `position ${given} is outside a sequence of ${length}`);
  }
}

type Translation = (call: SequenceCall) => Known;

function sequence(call: OnnxCall, items: readonly Value[]): Sequence {
  call.build.checkResults(items.length);
  return { kind: 'sequence', items };
}

function concatenate(call: SequenceCall): Value {
  const { build, items } = call;
  if (items.length === 0) throw call.error('SHAPE', 'cannot join an empty sequence');
  const axis = call.integer('axis', 0);
  if (!call.flag('new_axis', false)) return build.concat(items, axis);
  return packed(build, items, axis);
}

/** Without sizes, into parts of size 1, whose axis is removed unless `keepdims` is set. */
function split(call: SequenceCall): Sequence {
  const { build } = call;
  const x = call.input(0);
  const axis = call.integer('axis', 0);
  const length = x.shape[build.ownAxis(x, axis)];
  const sizes = call.numbers(1);
  const given = sizes ?? new Array<number>(length).fill(1);
  const [size] = given;
  const isOne = sizes !== undefined && call.constant(1).shape.length === 0;
  if (isOne && !(size >= 1)) throw call.error('SHAPE', `cannot split an axis of ${length} into parts of ${size}`);
  const all = isOne
    ? Array.from({ length: Math.ceil(length / size) }, (_, i) => Math.min(size, length - i * size))
    : given;
  const items = parted(build, x, axis, all);
  return sequence(
    call,
    sizes !== undefined || call.flag('keepdims', true) ? items : items.map((item) => withoutOne(build, item, axis)),
  );
}

const TRANSLATIONS: ReadonlyMap<string, Translation> = new Map<string, Translation>([
  ['SequenceConstruct', (call) => sequence(call, call.all())],
  ['SequenceEmpty', (call) => sequence(call, [])],
  ['SequenceAt', (call) => call.items[call.position(1, 0)]],
  ['SequenceInsert', (call) => sequence(call, call.items.toSpliced(call.position(2, 1), 0, call.input(1)))],
  ['SequenceErase', (call) => sequence(call, call.items.toSpliced(call.has(1) ? call.position(1, 0) : -1, 1))],
  ['SequenceLength', (call) => literal('int64', [call.items.length])],
  ['ConcatFromSequence', concatenate],
  ['SplitToSequence', split],
]);

/** The translation of an operator that takes or returns a list; undefined for any other. */
export function sequenceTranslation(
  domain: string,
  opType: string,
): ((...call: ConstructorParameters<typeof SequenceCall>) => Known) | undefined {
  const translation = domain === '' ? TRANSLATIONS.get(opType) : undefined;
  return (
    translation &&
    ((build, opset, inputs, outputCount, attributes) =>
      translation(new SequenceCall(build, opset, inputs, outputCount, attributes)))
  );
}
