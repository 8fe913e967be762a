/**
 * Every function of every framework on NaN, infinities, zeros of both signs, subnormals and ties, against the
 * framework's own results: test/fixtures/make/make_special.py made both.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { load } from '../../lib/load.ts';
import { SETTLED, type Settled } from './settled-differences.ts';

type Written = number | string;

interface Special {
  readonly inputs: Readonly<Record<string, { readonly shape: readonly number[]; readonly data: readonly Written[] }>>;
  /** In the order of the model's outputs: its name, and what the framework's ways to run the model give. */
  readonly outputs: readonly (readonly [name: string, ...ways: (readonly Written[])[]])[];
}

const ENDINGS: Readonly<Record<string, string>> = {
  'torch-export': '.pt2',
  torchscript: '.pt',
  keras: '.keras',
  tensorflow: '',
  tflite: '.tflite',
  onnx: '.onnx',
  sklearn: '.pkl',
};

/** Of a result, and of what may be lost of one near 0. */
const RELATIVE = 2e-5;
const ABSOLUTE = 2e-7;
const SMALLEST_NORMAL = 2 ** -126;

const folder = new URL('../fixtures/special/', import.meta.url);

describe('on special values', () => {
  for (const file of readdirSync(folder).filter((name) => name.endsWith('.json'))) {
    const stem = file.slice(0, -'.json'.length);
    const [framework, group] = [stem.slice(0, stem.lastIndexOf('-')), stem.slice(stem.lastIndexOf('-') + 1)];

    it(`gives what ${framework} gives for its ${group} functions`, async () => {
      const special: Special = JSON.parse(readFileSync(new URL(file, folder), 'utf8'));
      const results = await run(new URL(stem + ENDINGS[framework], folder), special, framework);
      expect(results.length).toBe(special.outputs.length);
      const wrong = special.outputs.flatMap(([name, ...ways], i) => {
        const settled = SETTLED.filter((one) => one.framework.test(framework) && one.functions.includes(name));
        return differences(`${name}`, results[i], ways.map(numbers), special.inputs, settled);
      });
      expect(wrong).toEqual([]);
    });
  }
});

async function run(file: URL, { inputs }: Special, framework: string): Promise<Float64Array[]> {
  const model = await load(file);
  try {
    const given = Object.values(inputs).map(({ data }) =>
      framework === 'sklearn' ? Float64Array.from(numbers(data)) : Float32Array.from(numbers(data)),
    );
    // torch.export knows its inputs by its own names.
    const named = Object.fromEntries(
      model.inputs.map(({ name }, i) => [name, given[Object.keys(inputs).indexOf(name)] ?? given[i]]),
    );
    const found = model.run(named);
    return model.outputs.map(({ name }) => Float64Array.from(found[name] as Float32Array));
  } finally {
    model.dispose();
  }
}

function numbers(written: readonly Written[]): number[] {
  return written.map(Number);
}

/** What is neither of the ways' results, unless it is settled to differ. */
function differences(
  name: string,
  found: Float64Array,
  ways: readonly (readonly number[])[],
  inputs: Special['inputs'],
  settled: readonly Settled[],
): string[] {
  const given = Object.values(inputs).map(({ shape, data }) => ({ width: shape[1], data: numbers(data) }));
  const rows = given[0].data.length / given[0].width;
  const width = ways[0].length / rows;
  const ofRow = (row: number) => given.flatMap((one) => one.data.slice(row * one.width, (row + 1) * one.width));
  const sign = !settled.some(({ what }) => what === 'the sign of zero');
  return [...found].flatMap((value, i) => {
    const row = ofRow(Math.floor(i / width));
    if (ways.some((way) => isClose(value, way[i], sign && !row.some(isSubnormal)))) return [];
    if (settled.some(({ what }) => typeof what === 'function' && what(row))) return [];
    const wanted = ways.map((way) => text(way[i])).join(' or ');
    return [`${name}(${row.map(text).join(', ')})[${i % width}] is ${text(value)}, should be ${wanted}`];
  });
}

function isClose(found: number, wanted: number, sign: boolean): boolean {
  if (Object.is(found, wanted)) return true;
  if (found === 0 && wanted === 0) return !sign;
  // Some frameworks take subnormal results as 0.
  if (Math.abs(found) < SMALLEST_NORMAL && Math.abs(wanted) < SMALLEST_NORMAL) return true;
  return Math.abs(found - wanted) <= Math.max(RELATIVE * Math.abs(wanted), ABSOLUTE);
}

function isSubnormal(value: number): boolean {
  return value !== 0 && Math.abs(value) < SMALLEST_NORMAL;
}

function text(value: number): string {
  return Object.is(value, -0) ? '-0' : `${value}`;
}
