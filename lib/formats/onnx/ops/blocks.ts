/** Operators that exchange channels of an image, [batch, channels, height, width], with blocks of its pixels. */
import { formatShape } from '../../../graph/shapes.ts';
import { quote } from '../../../messages.ts';
import { batchAxisOf } from '../../tensors/emitter.ts';
import type { Value } from '../../tensors/value.ts';
import type { OnnxCall, Translations } from '../call.ts';

function depthToSpace(call: OnnxCall): Value {
  const { channels, height, width, block } = imageOf(call);
  const depth = channels / block ** 2;
  return isColumnsFirst(call)
    ? rearranged(call, [depth, block, block, height, width], [0, 1, 4, 2, 5, 3], [depth, height * block, width * block])
    : rearranged(
        call,
        [block, block, depth, height, width],
        [0, 3, 4, 1, 5, 2],
        [depth, height * block, width * block],
      );
}

function spaceToDepth(call: OnnxCall): Value {
  const { channels, height, width, block } = imageOf(call);
  const [rows, columns] = [height / block, width / block];
  const permutation = isColumnsFirst(call) ? [0, 1, 3, 5, 2, 4] : [0, 3, 5, 1, 2, 4];
  return rearranged(call, [channels, rows, block, columns, block], permutation, [channels * block ** 2, rows, columns]);
}

/** With `CRD`, the position within a block varies fastest along the channels; with `DCR`, the default, slowest. */
function isColumnsFirst(call: OnnxCall): boolean {
  const mode = call.string('mode', 'DCR');
  if (mode === 'DCR' || mode === 'CRD') return mode === 'CRD';
  throw call.error('MALFORMED', `expected the mode DCR or CRD, found ${quote(mode)}`);
}

function imageOf(call: OnnxCall) {
  const x = call.input(0);
  const block = call.integer('blocksize', 0);
  if (call.build.rank(x) !== 4) throw call.error('SHAPE', `expected four axes, found ${call.build.rank(x)}`);
  if (block < 1) throw call.error('MALFORMED', `expected a blocksize of 1 or more, found ${block}`);
  if ((batchAxisOf(x) ?? 0) !== 0) throw call.build.crossing('the batch is not the first axis of the images');
  const [channels, height, width] = x.shape.slice(-3);
  return { channels, height, width, block };
}

/** Shapes exclude the batch; the permutation includes it. */
function rearranged(call: OnnxCall, split: number[], permutation: number[], joined: number[]): Value {
  const x = call.input(0);
  const before = x.shape.slice(0, -3);
  if (![...split, ...joined].every(Number.isInteger)) {
    throw call.error('SHAPE', `blocks of ${call.integer('blocksize', 0)} do not divide ${formatShape(x.shape)}`);
  }
  const blocks = call.build.transpose(call.build.reshaped(x, [...before, ...split]), permutation);
  return call.build.reshaped(blocks, [...before, ...joined]);
}

export const blocks: Translations = { DepthToSpace: depthToSpace, SpaceToDepth: spaceToDepth };
