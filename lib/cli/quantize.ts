import { type Command, Option } from 'commander';
import { ForwardpassError } from '../errors.ts';
import { REDUCED_NAMES, type ReducedWeights } from '../graph/graph.ts';
import { listNames, quote } from '../messages.ts';
import type { Model } from '../model.ts';
import type { Quantizable, QuantizableLayer, Reduction } from '../quantize.ts';
import { writeFile } from './byte-sink.ts';
import { answersOf, compare, type Difference, readSample, rightOf, runSample, type Sample } from './compare.ts';
import { addCsvFlags, type CsvOptions } from './csv-options.ts';
import type { Environment } from './environment.ts';
import { addSourceFlags, type LoadFlags, parseSeconds, toLoadOptions } from './load-options.ts';
import { refuseOverwriting } from './overwriting.ts';
import { duration, time } from './timing.ts';

interface QuantizeFlags extends Omit<LoadFlags, 'precision'>, CsvOptions {
  readonly precision: ReducedWeights;
  readonly sample?: readonly string[];
  readonly static?: boolean;
  readonly labels?: string;
  readonly output?: string;
  readonly keep?: readonly string[];
  readonly layers?: boolean;
  readonly seconds: number;
  readonly json?: boolean;
}

/** A value in f32, then in reduced precision. */
type Both<T> = readonly [T, T];

interface LayerReport extends QuantizableLayer {
  /** The difference when only this layer is reduced. */
  readonly difference?: Difference;
}

interface Report {
  readonly precision: ReducedWeights;
  readonly layersReduced: number;
  /** Of these, with one scale for all rows. */
  readonly layersStatic?: number;
  readonly layerCount: number;
  readonly weightBytes: Both<number>;
  /** Nanoseconds per call, by number of rows. */
  readonly medians: Readonly<Record<string, Both<number>>>;
  readonly difference?: Difference;
  /** The accuracy, from 0 to 1. */
  readonly accuracy?: Both<number>;
  readonly layers?: readonly LayerReport[];
  readonly fileBytes?: number;
}

interface Measurement {
  readonly reduction: Reduction;
  readonly report: Report;
}

const BATCHES = [1, 256];

const EXAMPLES = `
Weights in int8 take a quarter of the memory and in bf16 half, which makes single rows faster; what they cost in
accuracy is what this command measures, on rows that the model should not have seen in training. Without --output
nothing is written.

Examples:
  $ forwardpass quantize churn.onnx --sample rows.npy
  $ forwardpass quantize churn.onnx --sample rows.csv --labels labels.npy --layers
  $ forwardpass quantize churn.onnx --sample rows.npy --keep fc1 -o churn.int8.safetensors
  $ forwardpass quantize churn.onnx --sample rows.npy --static -o churn.int8.safetensors
  $ forwardpass run churn.int8.safetensors --input rows.npy`;

export function addQuantizeCommand(program: Command, environment: Environment): void {
  const command = program
    .command('quantize')
    .summary("store a model's weights in fewer bits, and measure the effect")
    .description('Stores the weights of large layers in int8 or bf16, and compares the model with its f32 version.')
    .argument('<model>', 'the model file')
    .addOption(new Option('--precision <precision>', 'of the weights').choices(REDUCED_NAMES).default('int8'))
    .option('--sample <file>', 'rows to compare results on; NAME=FILE, repeated, for several inputs', collect)
    .option('--static', 'measure the scales of int8 layers on the sample, instead of one for each row')
    .option('--labels <file>', 'the correct class of each row of the sample: an index, or a label of the model')
    .option('-o, --output <file>', 'the .safetensors file to write, which `load` and `run` open')
    .option('--keep <layer>', 'a layer to leave in f32; may be repeated', collect)
    .option('--layers', 'also measure the effect of each layer when only it is reduced')
    .option('--seconds <time>', 'how long to measure each speed', parseSeconds, 0.5)
    .option('--json', 'as JSON, for programs');
  addSourceFlags(addCsvFlags(command))
    .addHelpText('after', EXAMPLES)
    .action(async (path: string, flags: QuantizeFlags) => {
      const { precision, sample = [], labels, output, ...source } = flags;
      if (output !== undefined)
        await refuseOverwriting([output], path, labels === undefined ? sample : [...sample, labels]);
      const model = await environment.openQuantizable(path, await toLoadOptions(source));
      const { reduction, report } = await measure(model, flags, environment);
      const file = output === undefined ? undefined : await writeFile(output, model.file(reduction));
      const whole = { ...report, fileBytes: file };
      environment.stdout.write(flags.json ? `${JSON.stringify(whole, null, 2)}\n` : describe(path, whole, flags));
    });
}

function collect(value: string, previous: readonly string[] = []): string[] {
  return [...previous, value];
}

async function measure(model: Quantizable, flags: QuantizeFlags, environment: Environment): Promise<Measurement> {
  const keep = keptLayers(model, flags.keep ?? []);
  if (flags.static && flags.precision !== 'int8') {
    throw new ForwardpassError('OPTION', `is for int8, found the precision ${flags.precision}`, '--static');
  }
  const whole = model.model({ weights: 'none' });
  try {
    const sample = await sampleFor(whole, flags, environment);
    const ranges = flags.static && sample !== undefined ? model.ranges(sample.blocks) : undefined;
    const reduction = { weights: flags.precision, keep, ranges };
    const reduced = model.model(reduction);
    try {
      return { reduction, report: measureBoth(model, [whole, reduced], reduction, flags, sample) };
    } finally {
      reduced.dispose();
    }
  } finally {
    whole.dispose();
  }
}

async function sampleFor(whole: Model, flags: QuantizeFlags, environment: Environment): Promise<Sample | undefined> {
  const { header, delimiter, decimal } = flags;
  if (flags.sample !== undefined) {
    return readSample(whole, flags.sample, flags.labels, { header, delimiter, decimal }, environment.stdin);
  }
  if (flags.static)
    throw new ForwardpassError('OPTION', 'needs rows to measure scales on: pass --sample FILE', '--static');
  const needing = flags.labels !== undefined ? '--labels' : flags.layers ? '--layers' : undefined;
  if (needing === undefined) return undefined;
  throw new ForwardpassError('OPTION', 'needs rows to compare results on: pass --sample FILE', needing);
}

function measureBoth(
  model: Quantizable,
  models: Both<Model>,
  reduction: Reduction,
  flags: QuantizeFlags,
  sample: Sample | undefined,
): Report {
  const { precision } = flags;
  const [whole, reduced] = models;
  const layers = model.layers(reduction);
  const medians: Record<string, Both<number>> = {};
  for (const batch of BATCHES) {
    const [before, after] = models.map((timed) => time(timed, batch, flags.seconds * 1e9).median);
    medians[batch] = [before, after];
  }
  const report = {
    precision,
    layersReduced: layers.filter(({ weights }) => weights !== 'none').length,
    ...(flags.static && { layersStatic: layers.filter(({ inputScale }) => inputScale !== undefined).length }),
    layerCount: layers.length,
    weightBytes: [weightBytes(model.layers({ weights: 'none' })), weightBytes(layers)] as const,
    medians,
  };
  if (sample === undefined) return report;
  const results = runSample(whole, sample);
  const difference = (other: Model) => compare(results, runSample(other, sample));
  return {
    ...report,
    difference: difference(reduced),
    accuracy: accuracyOf(models, sample),
    layers: flags.layers ? layers.map((layer) => layerReport(model, layers, layer, reduction, difference)) : undefined,
  };
}

function layerReport(
  model: Quantizable,
  layers: readonly QuantizableLayer[],
  layer: QuantizableLayer,
  reduction: Reduction,
  difference: (model: Model) => Difference,
): LayerReport {
  if (layer.weights === 'none') return layer;
  const others = new Set(layers.filter(({ name }) => name !== layer.name).map(({ name }) => name));
  const alone = model.model({ ...reduction, keep: others });
  try {
    return { ...layer, difference: difference(alone) };
  } finally {
    alone.dispose();
  }
}

function accuracyOf(models: Both<Model>, sample: Sample): Both<number> | undefined {
  if (sample.labels === undefined) return undefined;
  const [before, after] = models.map((model) =>
    rightOf(answersOf(model, runSample(model, sample), sample), model, sample),
  );
  return [before / sample.rowCount, after / sample.rowCount];
}

function keptLayers(model: Quantizable, names: readonly string[]): Set<string> {
  const known = model.layers({ weights: 'none' }).map(({ name }) => name);
  const unknown = names.find((name) => !known.includes(name));
  if (unknown === undefined) return new Set(names);
  throw new ForwardpassError('OPTION', `expected one of ${listNames(known)}, found ${quote(unknown)}`, '--keep');
}

function weightBytes(layers: readonly QuantizableLayer[]): number {
  return layers.reduce((total, { bytes }) => total + bytes, 0);
}

function describe(path: string, report: Report, { output }: QuantizeFlags): string {
  const { precision, layersReduced, layersStatic, layerCount, weightBytes, medians, difference, accuracy, layers } =
    report;
  const times = (before: number, after: number, words: string) => `${(before / after).toFixed(2)}× ${words}`;
  const [small, large] = [weightBytes[1], weightBytes[0]];
  const lines = [
    `${path}: ${layersReduced} of ${layerCount} dense layers in ${precision}, the others in f32`,
    ...(layersStatic === undefined
      ? []
      : [`${layersStatic} of the ${layersReduced} with the scale of the sample for all rows`]),
    '',
    row('', 'f32', precision),
    row('weights', size(large), size(small), times(large, small, 'smaller')),
    ...Object.entries(medians).map(([rows, [before, after]]) =>
      row(`${rows} row${rows === '1' ? '' : 's'}`, duration(before), duration(after), times(before, after, 'as fast')),
    ),
  ];
  if (accuracy !== undefined) {
    const [before, after] = accuracy;
    const points = (after - before) * 100;
    lines.push(row('accuracy', percent(before), percent(after), `${points < 0 ? '' : '+'}${points.toFixed(2)} points`));
  }
  if (difference !== undefined) lines.push('', `results on ${difference.rows} rows: ${differenceText(difference)}`);
  if (layers !== undefined) {
    lines.push('', 'each layer by itself:');
    for (const layer of layers) lines.push(`  ${layerText(layer)}`);
  }
  if (report.fileBytes !== undefined) lines.push('', `${output}: ${size(report.fileBytes)}`);
  return `${lines.join('\n')}\n`;
}

function row(name: string, before: string, after: string, note = ''): string {
  return `${name.padEnd(10)}${before.padStart(12)}${after.padStart(12)}${note && `   ${note}`}`;
}

function differenceText({ greatest, mean, magnitude, rows, agreeing }: Difference): string {
  const same = agreeing === undefined ? '' : `; the top class of ${agreeing} of ${rows} is the same`;
  const figure = (value: number) => value.toPrecision(3);
  return `error ${figure(mean)} on average, ${figure(greatest)} at most, of values up to ${figure(magnitude)}${same}`;
}

function layerText({ name, inputs, outputs, weights, difference }: LayerReport): string {
  const what = `${name} [${inputs}, ${outputs}]`;
  return difference === undefined ? `${what} stays in f32` : `${what} ${weights}: ${differenceText(difference)}`;
}

function percent(share: number): string {
  return `${(share * 100).toFixed(2)} %`;
}

function size(bytes: number): string {
  const [unit, name] = bytes < 1e6 ? [1e3, 'KB'] : [1e6, 'MB'];
  return `${(bytes / unit).toFixed(1)} ${name}`;
}
