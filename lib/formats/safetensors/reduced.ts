/**
 * Weights of dense layers in fewer bits, made in the same way as native/pack_reduced.cc, so that a model read from them
 * gives the same bits as one that was reduced when it was loaded.
 */
import type { Tensor } from '../../graph/graph.ts';

type Layout = 'in-out' | 'out-in';

/** The upper halves of the weights as float32, rounded to nearest even. */
export function toBfloat16({ data }: Tensor): Uint16Array {
  const floats = new Float32Array(data);
  const words = new Uint32Array(floats.buffer);
  return Uint16Array.from(words, (word, at) => {
    if (Number.isNaN(floats[at])) return (word >>> 16) | 0x40;
    return (word + 0x7fff + ((word >>> 16) & 1)) >>> 16;
  });
}

/** Integers from −127 to 127, and a scale for each output of the layer. The weights are finite. */
export function toInt8({ data, shape }: Tensor, layout: Layout): { q: Int8Array; scale: Float32Array } {
  const floats = new Float32Array(data);
  const columnOf = columns(shape, layout);
  const scale = new Float32Array(outputCount(shape, layout));
  for (let at = 0; at < floats.length; at++) {
    const column = columnOf(at);
    scale[column] = Math.max(scale[column], Math.abs(floats[at]));
  }
  const bits = new Uint32Array(scale.buffer);
  for (let column = 0; column < scale.length; column++) {
    if (scale[column] < 2 ** -100) {
      scale[column] = 0;
    } else {
      scale[column] /= 127;
      bits[column] = (bits[column] + 0xff) & ~0xff; // 16 significant bits, rounded up
    }
  }
  const q = Int8Array.from(floats, (value, at) => {
    const step = scale[columnOf(at)];
    return step === 0 ? 0 : roundHalfEven(Math.fround(value / step));
  });
  return { q, scale };
}

/** The weights that the integers represent, which are exact as float32. */
export function fromInt8(q: ArrayLike<number>, scale: ArrayLike<number>, shape: Tensor['shape'], layout: Layout) {
  const columnOf = columns(shape, layout);
  const weights = new Float32Array(q.length);
  for (let at = 0; at < weights.length; at++) weights[at] = q[at] * scale[columnOf(at)];
  return weights;
}

export function outputCount([rows, columns]: Tensor['shape'], layout: Layout): number {
  return layout === 'in-out' ? columns : rows;
}

/** Maps the index of a weight to the output of the layer that it belongs to. */
function columns([, width]: Tensor['shape'], layout: Layout): (at: number) => number {
  return layout === 'in-out' ? (at) => at % width : (at) => Math.floor(at / width);
}

function roundHalfEven(value: number): number {
  const down = Math.floor(value);
  const rest = value - down;
  return rest > 0.5 || (rest === 0.5 && down % 2 !== 0) ? down + 1 : down;
}
