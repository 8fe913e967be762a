/** One execution: a file is loaded, and what loads is run; and whether that went as it should. */
import { ForwardpassError } from '../../lib/errors.ts';
import { type Hdf5File, openHdf5 } from '../../lib/formats/containers/hdf5.ts';
import { Budget } from '../../lib/graph/budget.ts';
import { loadOpened } from '../../lib/load.ts';
import type { Model } from '../../lib/model.ts';
import { checkLoadOptions } from '../../lib/options.ts';
import { type Sample, sourceOf } from './corpus.ts';

/** What a load may take. Most take a millisecond. */
const MOST_SECONDS = 2;
/** With the place. */
const LONGEST_MESSAGE = 2500;
const ROWS = 2;
/** Of one row; wider models are loaded and not run. */
const WIDEST_RUN = 2 ** 16;

/** What a message says by accident. A file may hold NaN, and a message may say so; sizes and places are never NaN. */
const ACCIDENTS =
  /\bundefined\b|\[object |\bNaN (?:bytes|elements|values|rows|axes|tensors|steps)\b|(?:byte|length|size) NaN\b/;

/** What the file says may be anything. */
const QUOTED = /"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'/g;

/** In seconds; asking costs nothing. */
const wallClock = () => performance.now() / 1000;

/** What a busy machine does not change. */
export function processorClock(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

/** What is wrong with how a changed file is taken; undefined where it loads or is refused as it should be. */
export async function faultOf(
  sample: Sample,
  bytes: Uint8Array,
  { clock = wallClock, mostSeconds = MOST_SECONDS } = {},
): Promise<string | undefined> {
  const begin = clock();
  const failure = await execute(sample, bytes).catch((error: unknown) => error);
  const seconds = clock() - begin;
  if (seconds > mostSeconds) return `takes ${seconds.toFixed(1)} seconds`;
  if (failure === undefined) return undefined;
  if (!(failure instanceof ForwardpassError)) {
    return `throws ${failure instanceof Error ? (failure.stack ?? failure.message).slice(0, 1000) : String(failure)}`;
  }
  const { message } = failure;
  if (ACCIDENTS.test(message.replace(QUOTED, '""'))) return `says ${message.slice(0, 500)}`;
  if (message.length > LONGEST_MESSAGE) return `says ${message.length} characters: ${message.slice(0, 200)}`;
  return undefined;
}

async function execute(sample: Sample, bytes: Uint8Array): Promise<void> {
  if (sample.format === 'hdf5') return readThrough(await openHdf5(bytes, sample.name, new Budget()));
  const model = await loadOpened(sourceOf(sample, bytes), checkLoadOptions(sample.options));
  try {
    runOnce(model);
  } finally {
    model.dispose();
  }
}

function runOnce(model: Model): void {
  const width = ({ shape }: { readonly shape: readonly (number | null)[] }) =>
    shape.reduce<number>((product, size) => product * (size ?? 1), 1);
  if (![...model.inputs, ...model.outputs].every((port) => width(port) <= WIDEST_RUN)) return;
  const Floats = model.precision === 'f64' ? Float64Array : Float32Array;
  const inputs = model.inputs.map((port) => [port.name, new Floats(ROWS * width(port)).fill(1)]);
  model.run(Object.fromEntries(inputs));
}

/** Every group, array and attribute of a file. What is refused is passed by, so that the rest is read as well. */
function readThrough(file: Hdf5File): void {
  const attempt = <T>(read: () => T): T | undefined => {
    try {
      return read();
    } catch (error) {
      if (error instanceof ForwardpassError && error.code !== 'LIMIT') return undefined;
      throw error;
    }
  };
  const paths = [''];
  for (let path = paths.pop(); path !== undefined; path = paths.pop()) {
    const here = path;
    attempt(() => file.strings(here, 'weight_names'));
    if (attempt(() => file.kind(here)) === 'dataset') attempt(() => file.dataset(here).read());
    else
      for (const name of attempt(() => file.children(here)) ?? []) paths.push(here === '' ? name : `${here}/${name}`);
  }
}
