/** What constants are made of: stored arrays become a few others for free, and what was made is found again. */
import { describe, expect, it } from 'vitest';
import { GraphBuilder } from '../../../lib/formats/tensors/builder.ts';
import { type Constant, constant, literal } from '../../../lib/formats/tensors/value.ts';
import { Budget } from '../../../lib/graph/budget.ts';

const LIMIT = expect.objectContaining({ code: 'LIMIT' });
/** As doubles, more than the 32 MiB that any file may build. */
const COUNT = 5_000_000;

function builderOf(fileBytes: number): GraphBuilder {
  const budget = new Budget();
  budget.opened(fileBytes);
  return new GraphBuilder({ batchAxis: 0, declaredBatch: undefined, budget, fold: undefined, casts: 'wrap' });
}

/** A constant of bytes, as one part of a file has them. */
function bytesOf(build: GraphBuilder, count = COUNT): Constant {
  return build.once({}, () => constant('int8', [count], new Float32Array(count)));
}

describe('a stored array', () => {
  it('is cast, shifted, scaled and laid out anew for free', () => {
    const build = builderOf(COUNT);
    const before = build.budget.left;
    const cast = build.cast(build.reshaped(bytesOf(build), [5, COUNT / 5]), 'float32');
    const centred = build.binary('sub', cast, literal('float32', [1]));
    const scaled = build.binary('mul', centred, constant('float32', [5, 1], Float32Array.of(1, 2, 3, 4, 5)));
    build.transpose(scaled, [1, 0]);
    expect(before - build.budget.left).toBeLessThan(10_000);
  });

  it('is charged for once it was made into many', () => {
    const build = builderOf(COUNT);
    const stored = bytesOf(build);
    const repeat = () => {
      for (let i = 1; i <= 8; i++) build.binary('add', stored, literal('int8', [i]));
    };
    expect(repeat).toThrow(LIMIT);
  });

  it('shares what is free with all that is made of it', () => {
    const build = builderOf(COUNT);
    let value = build.cast(bytesOf(build), 'float32');
    const chain = () => {
      for (let i = 1; i <= 8; i++) value = build.binary('add', value, literal('float32', [i]));
    };
    expect(chain).toThrow(LIMIT);
  });

  it('pays for no more than it holds where it is spread', () => {
    const build = builderOf(1000);
    expect(() => build.expanded(bytesOf(build, 1000), [COUNT / 1000, 1000])).toThrow(LIMIT);
  });
});

describe('arrays that are not the files’ own', () => {
  it('are charged when they become others: what was computed', () => {
    const build = builderOf(1000);
    const filled = constant('int8', [COUNT], new Float32Array(COUNT));
    expect(() => build.binary('add', filled, literal('int8', [1]))).toThrow(LIMIT);
  });

  it('are charged when they become others: parts that share bytes', () => {
    const build = builderOf(COUNT);
    bytesOf(build);
    const again = bytesOf(build);
    expect(() => build.binary('add', again, literal('int8', [1]))).not.toThrow();
    expect(() => build.binary('add', again, literal('int8', [2]))).toThrow(LIMIT);
  });
});

describe('the same operation', () => {
  const build = builderOf(COUNT);
  const stored = bytesOf(build, 4096);
  const data = (value: ReturnType<GraphBuilder['binary']>) => (value as Constant).data;

  it('on the same constants gives the same array', () => {
    const twice = () => build.transpose(build.reshaped(stored, [64, 64]), [1, 0]);
    expect(data(twice())).toBe(data(twice()));
    const shifted = () => build.binary('add', stored, literal('int8', [3]));
    expect(data(shifted())).toBe(data(shifted()));
  });

  it('on others does not, nor another operation', () => {
    const added = (value: number) => data(build.binary('add', stored, literal('int8', [value])));
    expect(added(0)).not.toBe(added(-0));
    expect(added(0)).not.toBe(added(1));
    const [wide, high] = [build.reshaped(stored, [32, 128]), build.reshaped(stored, [128, 32])];
    expect(data(build.transpose(wide, [1, 0]))).not.toBe(data(build.transpose(high, [1, 0])));
    expect(data(build.unary(stored, 'clip', 0, 1))).not.toBe(data(build.unary(stored, 'clip', 0, 2)));
  });
});
