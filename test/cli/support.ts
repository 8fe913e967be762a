/** A small model and an environment without a process, to run the command in. */
import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable, Writable } from 'node:stream';
import { afterAll } from 'vitest';
import type { CliModel, Environment } from '../../lib/cli/environment.ts';
import { main } from '../../lib/cli/program.ts';
import { freeze } from '../../lib/freeze.ts';
import { learn } from '../../lib/learn.ts';
import type { LoadOptions } from '../../lib/options.ts';
import { openQuantizable } from '../../lib/quantize.ts';
import { type FlatRows, RowReader } from '../../lib/rows.ts';

/** What of an environment only `serve` and `learn` need. */
export const withoutServer: Pick<Environment, 'serve' | 'onSignal' | 'learn'> = {
  learn,
  serve: async () => {
    throw new Error('no server is expected');
  },
  onSignal: () => () => {},
};

export const folder = mkdtempSync(join(tmpdir(), 'forwardpass-cli-'));
afterAll(() => rm(folder, { recursive: true, force: true }));

export function pathOf(name: string): string {
  return join(folder, name);
}

type Tensors = Record<string, Float32Array>;

interface FakeShape {
  readonly inputs: Record<string, number[]>;
  readonly classes?: readonly (string | number)[];
  readonly featureNames?: readonly string[];
  /** Row counts of every run, as they happen. */
  readonly runs?: number[];
}

/** `y` is [sum of the row's elements, the last element], all inputs in their order; several inputs have `z`, a sum, too. */
export function fakeModel({ inputs, classes, featureNames, runs = [] }: FakeShape): CliModel {
  const names = Object.keys(inputs);
  const widths = names.map((name) => inputs[name].reduce((a, b) => a * b, 1));
  const outputs: Record<string, number[]> = names.length > 1 ? { y: [2], z: [] } : { y: [2] };
  const compute = (values: Record<string, ArrayLike<number>>, results: Tensors) => {
    const rowCount = values[names[0]].length / widths[0];
    runs.push(rowCount);
    for (let row = 0; row < rowCount; row++) {
      const elements = names.flatMap((name, i) =>
        Array.from({ length: widths[i] }, (_, at) => values[name][row * widths[i] + at]),
      );
      const sum = elements.reduce((a, b) => a + b, 0);
      results.y.set([sum, elements[elements.length - 1]], row * 2);
      if (results.z) results.z[row] = sum;
    }
    return results;
  };
  const create = (rowCount: number): Tensors =>
    Object.fromEntries(
      Object.entries(outputs).map(([name, shape]) => [name, new Float32Array(rowCount * (shape[0] ?? 1))]),
    );
  const info = (tensors: Record<string, number[]>) =>
    Object.entries(tensors).map(([name, shape]) => ({ name, shape: [null, ...shape], dtype: 'float32' }));
  const runNamed = (values: Record<string, ArrayLike<number>>) =>
    compute(values, create(values[names[0]].length / widths[0]));
  return {
    format: 'fake',
    inputs: info(inputs),
    outputs: info(outputs),
    classes,
    featureNames,
    precision: 'f32',
    isa: 'scalar',
    parameterCount: 1234,
    trees: undefined,
    hasSteps: false,
    run: runNamed,
    schema: () =>
      featureNames === undefined
        ? { $schema: 'dialect', type: 'array', items: { type: 'number' } }
        : {
            $schema: 'dialect',
            type: 'object',
            properties: Object.fromEntries(featureNames.map((name) => [name, { type: 'number' }])),
            required: featureNames,
            additionalProperties: true,
          },
    bind({ batch }: { batch: number }) {
      const buffers = Object.fromEntries(names.map((name, i) => [name, new Float32Array(batch * widths[i])]));
      const results = create(batch);
      return { inputs: buffers, outputs: results, run: () => compute(buffers, results) };
    },
    rowReader: new RowReader({
      inputs: names.map((name, i) => ({ name, shape: inputs[name], width: widths[i], dtype: 'float32' as const })),
      featureNames,
      Floats: Float32Array,
    }),
    ask(question: string, { arrays }: FlatRows) {
      const { y, z } = runNamed(Object.fromEntries(names.map((name, i) => [name, arrays[i] as Float64Array])));
      if (question === 'run') return z ? [y, z] : [y];
      if (question === 'proba') return y;
      return Array.from({ length: y.length / 2 }, (_, row) => classes?.[y[row * 2] > 5 ? 1 : 0] ?? y[row * 2]);
    },
    summary: () => 'dense  [3] → [2]',
    dispose: () => {},
  } as unknown as CliModel;
}

export class TextSink extends Writable {
  readonly chunks: Buffer[] = [];

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.chunks.push(Buffer.from(chunk));
    done();
  }

  get bytes(): Buffer {
    return Buffer.concat(this.chunks);
  }
}

export interface Outcome {
  readonly status: number;
  readonly stdout: string;
  readonly stdoutBytes: Buffer;
  readonly stderr: string;
  readonly loadOptions: LoadOptions | undefined;
}

/** Runs the command on a model, with standard input. */
export async function runCommand(
  args: readonly string[],
  model: CliModel = fakeModel({ inputs: { x: [3] } }),
  stdin: string | Uint8Array | Iterable<string> = '',
): Promise<Outcome> {
  const [stdout, stderr] = [new TextSink(), new TextSink()];
  const chunks = typeof stdin === 'string' || stdin instanceof Uint8Array ? [Buffer.from(stdin)] : stdin;
  let loadOptions: LoadOptions | undefined;
  const status = await main(args, {
    stdin: Readable.from(chunks, { objectMode: false }),
    stdout,
    stderr,
    load: async (_, options) => {
      loadOptions = options;
      return model;
    },
    freeze,
    openQuantizable,
    ...withoutServer,
  });
  const text = (sink: TextSink) => sink.bytes.toString('utf8');
  return { status, stdout: text(stdout), stdoutBytes: stdout.bytes, stderr: text(stderr), loadOptions };
}
