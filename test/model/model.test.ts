import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { engine } from '#engine';
import { define } from '../../lib/load.ts';
import { Model, type ModelParts } from '../../lib/model.ts';
import { failureOf } from '../failure.ts';
import { line, network, towers } from './models.ts';

describe('a model', () => {
  it('says what goes in and out', () => {
    const model = towers();
    expect(model.inputs).toEqual([
      { name: 'user', shape: [null], dtype: 'int64' },
      { name: 'grid', shape: [null, 2, 2], dtype: 'float64' },
    ]);
    expect(model.outputs).toEqual([
      { name: 'score', shape: [null, 1], dtype: 'float64' },
      { name: 'rows', shape: [null, 2], dtype: 'float64' },
    ]);
  });

  it('counts what was trained', () => {
    expect(towers().parameterCount).toBe(3 + 3);
    expect(network([10, 24, 3]).parameterCount).toBe(10 * 24 + 24 + 24 * 3 + 3);
  });

  it('has the precision asked for, and the best instruction set', () => {
    expect([line('f32').precision, line('f64').precision]).toEqual(['f32', 'f64']);
    expect(line().isa).toBe(engine.instructionSets()[0]);
  });

  it.each(engine.instructionSets())('runs on %s when asked to', (isa) => {
    const model = define({ layers: [{ weight: 2, bias: 1 }] }, { isa });
    expect(model.isa).toBe(isa);
    expect(model.run(Float64Array.of(4))).toEqual(Float64Array.of(9));
  });

  it('is not made by hand', async () => {
    const Constructor = Model as unknown as new (key: unknown, parts: ModelParts) => Model;
    const error = await failureOf(() => new Constructor(Symbol('create'), {} as ModelParts));
    expect([error.code, error.message]).toEqual(['OPTION', 'Model: models come from load(), define() or attach()']);
  });
});

describe('dispose', () => {
  it('may be called again', () => {
    const model = line();
    model.dispose();
    expect(model.dispose()).toBe(undefined);
  });

  it('leaves what the model knows of itself', () => {
    const model = line();
    const before = model.summary();
    model.dispose();
    expect(model.summary()).toBe(before);
  });

  it('comes at the end of a block for a model that is declared with using', async () => {
    expect(Model.prototype[Symbol.dispose]).toBeTypeOf('function');
    let outlived: Model;
    {
      using model = line();
      outlived = model;
      expect(model.run(Float32Array.of(1))).toEqual(Float32Array.of(3));
    }
    expect((await failureOf(() => outlived.run(Float32Array.of(1)))).code).toBe('DISPOSED');
  });
});

describe('summary', () => {
  const classifier = (precision: 'f32' | 'f64') =>
    define(
      {
        inputs: [{ name: 'features', shape: 14 }],
        layers: [
          { name: 'hidden', weight: { shape: [128, 14], data: new Float32Array(128 * 14) }, activation: 'relu' },
          { name: 'probability', weight: { shape: [1, 128], data: new Float32Array(128) }, activation: 'sigmoid' },
        ],
        classes: ['stays', 'leaves'],
      },
      { precision, isa: 'scalar' },
    );

  it.each(['f32', 'f64'] as const)('is a table of inputs, layers and outputs, in %s', (precision) => {
    expect(classifier(precision).summary().split('\n')).toEqual([
      'layer        kind            row shape  parameters',
      '───────────  ──────────────  ─────────  ──────────',
      'features     input float32   [14]',
      'hidden       dense + relu    [128]           1,792',
      'probability  dense           [1]               128',
      'probability  sigmoid         [1]',
      'probability  output float32  [1]',
      '',
      `define, ${precision} on scalar, 1,920 parameters, 2 classes`,
    ]);
  });

  it('keeps its columns in line', () => {
    const [header, rule, ...rows] = classifier('f32').summary().split('\n\n')[0].split('\n');
    const starts = [...header.matchAll(/(?<=^| {2})\S/g)].map(({ index }) => index);
    expect(starts).toHaveLength(4);
    expect(rule).toMatch(/^(─+ {2}){3}─+$/);
    for (const row of rows) {
      for (const start of starts.slice(1, 3)) expect(row.slice(start - 2, start + 1)).toMatch(/^ {2}\S$/);
      expect(row.length).toBeLessThanOrEqual(rule.length);
    }
  });

  it('shows names as text, whatever is in them', () => {
    const model = define({ inputs: [{ name: '\u001b[2J\n', shape: 1 }], layers: [{ weight: 1, name: 'a\tb' }] });
    expect(model.summary()).toContain('\\u001b[2J\\n');
    expect(model.summary()).toContain('a\\tb');
  });

  it('counts no parameters as 0', () => {
    const model = define({ inputs: [{ name: 'x', shape: 2 }], layers: [{ type: 'softmax' }] });
    expect(model.summary()).toContain(', 0 parameters');
  });
});

describe('the environment variable FORWARDPASS_ISA', () => {
  const script = fileURLToPath(new URL('workers/isa.js', import.meta.url));
  async function isaIn(value: string, ...option: string[]): Promise<string> {
    const env = { ...process.env, FORWARDPASS_ISA: value };
    return (await promisify(execFile)(process.execPath, [script, ...option], { env })).stdout;
  }

  it.each(engine.instructionSets())('forces %s', async (isa) => {
    expect(await isaIn(isa)).toBe(isa);
  });

  it('gives way to the option', async () => {
    expect(await isaIn('nonsense', 'scalar')).toBe('scalar');
  });

  it('asks for nothing when it is empty', async () => {
    expect(await isaIn('')).toBe(engine.instructionSets()[0]);
  });

  it('is refused where it names no instruction set', async () => {
    expect(await isaIn('avx3')).toMatch(
      /^ISA: environment variable FORWARDPASS_ISA: 'avx3' is not an instruction set; did you mean 'avx2'\?; expected one of '/,
    );
  });

  it('is refused where this processor does not have what it names', async () => {
    const missing = (['neon', 'avx2'] as const).find((isa) => !engine.instructionSets().includes(isa)) as string;
    expect(await isaIn(missing)).toContain(`FORWARDPASS_ISA: '${missing}' is not available on this processor`);
  });
});
