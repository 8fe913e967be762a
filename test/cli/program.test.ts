import { readFileSync, writeFileSync } from 'node:fs';
import { Readable, Writable } from 'node:stream';
import { afterEach, describe, expect, it } from 'vitest';
import type { CliModel } from '../../lib/cli/environment.ts';
import { main } from '../../lib/cli/program.ts';
import { Progress, progressLine } from '../../lib/cli/progress.ts';
import { ForwardpassError } from '../../lib/errors.ts';
import { freeze } from '../../lib/freeze.ts';
import { openQuantizable } from '../../lib/quantize.ts';
import { fakeModel, pathOf, runCommand, TextSink, withoutServer } from './support.ts';

describe('the command', () => {
  it('says its version', async () => {
    const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
    expect(await runCommand(['--version'])).toMatchObject({ status: 0, stdout: `${version}\n`, stderr: '' });
  });

  it('helps, with examples', async () => {
    const { status, stdout } = await runCommand(['--help']);
    expect(status).toBe(0);
    expect(stdout).toContain('forwardpass inspect model.onnx');
    expect((await runCommand(['run', '--help'])).stdout).toContain(
      '$ forwardpass run churn.onnx --input customers.csv',
    );
    expect((await runCommand(['help', 'inspect'])).stdout).toContain('--json');
  });

  it.each([
    ['no subcommand', [], 'Usage: forwardpass'],
    ['an unknown subcommand', ['rum'], "forwardpass: unknown command 'rum'"],
    ['an unknown option', ['run', 'm', '--ouput', 'x'], "forwardpass: unknown option '--ouput'"],
    ['no model', ['run'], "forwardpass: missing required argument 'model'"],
    ['a bad choice', ['run', 'm', '--output-format', 'xml'], 'Allowed choices are npy, csv, json, jsonl'],
    ['a bad count', ['run', 'm', '--batch', '0'], 'expected an integer of at least 1'],
    ['no number of iterations', ['inspect', 'm', '--num-iteration', '2.5'], 'expected an integer'],
    ['a broken activation', ['run', 'm', '--activation', '{'], 'is not JSON'],
  ])('ends with 2 for %s', async (_, args, message) => {
    const { status, stdout, stderr } = await runCommand(args);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toContain(message);
  });

  it('ends with 2 when rows are neither named nor piped', async () => {
    const stderr = new TextSink();
    const stdin = Object.assign(Readable.from([]), { isTTY: true });
    const load = async () => fakeModel({ inputs: { x: [3] } });
    expect(
      await main(['run', 'm'], {
        stdin,
        stdout: new TextSink(),
        stderr,
        load,
        freeze,
        openQuantizable,
        ...withoutServer,
      }),
    ).toBe(2);
    expect(stderr.bytes.toString()).toContain('expected --input FILE');
  });

  it.each<[string, unknown, ...string[]]>([
    ['one', 'model', '--member', 'model'],
    ['several with commas between', ['scaler', 'model'], '--member', 'scaler,model'],
    ['several, each with its option', ['0', 'a.b', 'c'], '--member', '0,a.b', '--member', 'c'],
  ])('hands on which member is the model: %s', async (_, member, ...flags) => {
    for (const subcommand of [['inspect'], ['bench', '--seconds', '0.001'], ['run']]) {
      expect((await runCommand([...subcommand, 'm', ...flags])).loadOptions).toEqual({ member });
    }
  });

  it.each([
    ['3', 3],
    ['0', 0],
    ['-1', -1],
  ])('hands on how many iterations are used: %s', async (text, numIteration) => {
    expect((await runCommand(['run', 'm', '--num-iteration', text])).loadOptions).toEqual({ numIteration });
  });

  it('hands the options of loading on, and no others', async () => {
    writeFileSync(pathOf('net.json'), '{"layers":[{"tensor":"fc"}]}');
    const flags = '--precision f64 --threads 2 --isa scalar --output-activation softmax'.split(' ');
    const settings = ['--activation', '{"name":"leaky_relu","alpha":0.2}', '--architecture', pathOf('net.json')];
    const { loadOptions } = await runCommand(['run', 'm', ...flags, ...settings]);
    expect(loadOptions).toEqual({
      precision: 'f64',
      threads: 2,
      isa: 'scalar',
      activation: { name: 'leaky_relu', alpha: 0.2 },
      outputActivation: 'softmax',
      architecture: { layers: [{ tensor: 'fc' }] },
    });
    expect((await runCommand(['inspect', 'm'])).loadOptions).toEqual({});
  });
});

describe('a failure', () => {
  const load = async () => {
    throw new ForwardpassError('TRUNCATED', 'ends after 3 bytes', 'm.onnx');
  };
  const fail = async () => {
    const [stdout, stderr] = [new TextSink(), new TextSink()];
    const status = await main(['inspect', 'm.onnx'], {
      stdin: Readable.from([]),
      stdout,
      stderr,
      load,
      freeze,
      openQuantizable,
      ...withoutServer,
    });
    return { status, stderr: stderr.bytes.toString() };
  };
  afterEach(() => {
    delete process.env.FORWARDPASS_DEBUG;
  });

  it('ends with 1 and one line', async () => {
    expect(await fail()).toEqual({ status: 1, stderr: 'forwardpass: m.onnx: ends after 3 bytes\n' });
  });

  it('has its stack where FORWARDPASS_DEBUG asks for it', async () => {
    process.env.FORWARDPASS_DEBUG = '1';
    expect((await fail()).stderr).toMatch(/\n {4}at /);
  });

  it('is none when whoever reads the output has seen enough', async () => {
    const stdout = new Writable({
      highWaterMark: 1,
      write: (_chunk, _encoding, done) => done(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' })),
    });
    const stdin = Readable.from(
      (function* () {
        for (;;) yield '1,2,3\n';
      })(),
      { objectMode: false },
    );
    const stderr = new TextSink();
    const model = async () => fakeModel({ inputs: { x: [3] } });
    expect(
      await main(['run', 'm', '--batch', '2'], {
        stdin,
        stdout,
        stderr,
        load: model,
        freeze,
        openQuantizable,
        ...withoutServer,
      }),
    ).toBe(0);
    expect(stderr.bytes.toString()).toBe('');
    expect(stdin.destroyed).toBe(true);
  });
});

describe('rows', () => {
  it('that the model refuses are detected by how many came before', async () => {
    const model = fakeModel({ inputs: { x: [1] } });
    const refuse: CliModel['ask'] = (question, rows) => {
      if ((rows.arrays[0] as Float32Array).length === 2) return model.ask(question, rows);
      throw new ForwardpassError('ID', 'row 1 holds the id 9', 'emb');
    };
    const { stderr } = await runCommand(['run', 'm', '--batch', '2'], { ...model, ask: refuse } as never, '1\n2\n3\n');
    expect(stderr).toBe('forwardpass: after 2 rows: emb: row 1 holds the id 9\n');
  });

  it('are run in blocks, of which only what is read ahead is held', async () => {
    const runs: number[] = [];
    let written = 0;
    let read = 0;
    let mostHeld = 0;
    function* lines() {
      for (let row = 0; row < 100_000; row++) {
        mostHeld = Math.max(mostHeld, ++read - written);
        yield `[${row}]\n`;
      }
    }
    const stdout = new Writable({
      highWaterMark: 1,
      write(chunk: Buffer, _encoding, done) {
        written += chunk.toString().split('\n').length - 1;
        setImmediate(done);
      },
    });
    const status = await main(['run', 'm', '--batch', '64'], {
      stdin: Readable.from(lines(), { objectMode: false, highWaterMark: 64 }),
      stdout,
      stderr: new TextSink(),
      freeze,
      openQuantizable,
      ...withoutServer,
      load: async () => fakeModel({ inputs: { x: [1] }, runs }),
    });
    expect({ status, read, written }).toEqual({ status: 0, read: 100_000, written: 100_000 });
    expect(new Set(runs.slice(0, -1))).toEqual(new Set([64]));
    expect(runs.at(-1)).toBe(100_000 % 64);
    expect(mostHeld).toBeLessThan(20_000);
  });
});

describe('inspect', () => {
  const model = fakeModel({ inputs: { x: [3] }, classes: ['no', 'yes'], featureNames: ['a', 'b', 'c'] });

  it('says what a model holds', async () => {
    const { stdout, status } = await runCommand(['inspect', 'churn.onnx'], model);
    expect(status).toBe(0);
    const [head, rule, ...columns] = stdout.split('\n').slice(5);
    expect(stdout).toContain('churn.onnx\n\ndense  [3] → [2]\nclasses: no, yes\n\ncolumn ');
    expect(head.split(/ {2,}/)).toEqual(['column', 'type', 'categories', 'may be missing']);
    expect(rule).toMatch(/^[─ ]+$/);
    expect(columns).toEqual(['a       number', 'b       number', 'c       number', '']);
  });

  it('says the schema of a row', async () => {
    const { stdout } = await runCommand(['inspect', 'churn.onnx', '--schema'], model);
    expect(JSON.parse(stdout)).toEqual(model.schema());
    expect((await runCommand(['inspect', 'churn.onnx', '--schema', '--json'], model)).status).not.toBe(0);
  });

  it('names the first of many classes', async () => {
    const classes = Array.from({ length: 25 }, (_, i) => i);
    const { stdout } = await runCommand(['inspect', 'm'], fakeModel({ inputs: { x: [3] }, classes }));
    expect(stdout).toContain('classes: 0, 1, 2');
    expect(stdout).toContain('19 and 5 more\n');
  });

  it('says it as JSON', async () => {
    const { stdout } = await runCommand(['inspect', 'churn.onnx', '--json'], model);
    expect(JSON.parse(stdout)).toEqual({
      format: 'fake',
      precision: 'f32',
      isa: 'scalar',
      parameterCount: 1234,
      inputs: [{ name: 'x', shape: [null, 3], dtype: 'float32' }],
      outputs: [{ name: 'y', shape: [null, 2], dtype: 'float32' }],
      classes: ['no', 'yes'],
      featureNames: ['a', 'b', 'c'],
    });
  });

  it('says of trees how many there are', async () => {
    const trees = { count: 3, leaves: 12, depth: 3, features: 2 };
    const { stdout } = await runCommand(['inspect', 'm', '--json'], { ...model, trees });
    expect(JSON.parse(stdout).trees).toEqual(trees);
  });
});

describe('progress', () => {
  const terminal = () => Object.assign(new TextSink(), { isTTY: true, columns: 80 });

  it('appears on a terminal when a run is long, and goes away', () => {
    let now = 0;
    const stream = terminal();
    const progress = new Progress(stream, true, () => now);
    progress.update(10, 0.1);
    expect(stream.bytes.length).toBe(0);
    now = 600;
    progress.update(60, 0.25);
    now = 620;
    progress.update(62, 0.26);
    progress.clear();
    expect(stream.bytes.toString()).toBe(`\r\x1b[K${progressLine(60, 0.25, 0.6)}\r\x1b[K`);
  });

  it('stays away from anything else', () => {
    let now = 0;
    const streams = [new TextSink(), terminal()];
    for (const [i, stream] of streams.entries()) {
      const progress = new Progress(stream, i === 0, () => now);
      now += 10_000;
      progress.update(60, 0.5);
      progress.clear();
      expect(stream.bytes.length).toBe(0);
    }
  });

  it('says percent and time left where the end is known, and rows alone where it is not', () => {
    expect(progressLine(30_000, 0.25, 30)).toBe(
      `${'█'.repeat(5)}${'░'.repeat(15)} 25 %  30,000 rows  1,000 rows/s  1 min 30 s left`,
    );
    expect(progressLine(5, undefined, 2)).toBe('5 rows  2.5 rows/s');
  });
});
