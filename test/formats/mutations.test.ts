/**
 * Damaged files of every format: cut at every byte, and with bytes changed. Each loads, or is refused in words, soon
 * and without taking memory out of proportion. Mutations are seeded: a fault is named by its file and number.
 */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { ForwardpassError } from '../../lib/errors.ts';
import { isZip, openZip } from '../../lib/formats/containers/zip.ts';
import type { Reader, ReadOptions, Source } from '../../lib/formats/format.ts';
import { chooseFormat, FORMATS, type Format } from '../../lib/formats/registry.ts';
import { Budget } from '../../lib/graph/budget.ts';
import { modelFromGraph } from '../../lib/load.ts';
import { bytesReader } from '../../lib/source/bytes.ts';
import { Random } from '../random-graph.ts';
import { zipOf } from './containers/zip-file.ts';

const FIXTURES = fileURLToPath(new URL('../fixtures/', import.meta.url));
/** Files up to this size are taken; of formats whose files are larger, the smallest. */
const LARGEST = 8 * 1024;
const FEWEST_FILES = 3;
/** Of one file; a larger one is cut at so many places in equal distance. */
const MOST_CUTS = LARGEST;
/** Of each format; the environment asks for more or fewer. */
const FLIPS = Number(process.env.FORWARDPASS_MUTATIONS ?? 10_000);
/** Of one load. Most take milliseconds; a damaged size may be as large as the limits allow, on a busy machine. */
const MOST_SECONDS = 10;
const MOST_RESIDENT_BYTES = 2 ** 31;

interface Files {
  /** Of fixtures. */
  readonly folders: readonly string[];
  readonly main: RegExp;
  /** Files beside the main one, or below its folder, that belong to it. */
  readonly beside?: RegExp;
}

const FILES: { readonly [F in Format]: Files } = {
  safetensors: { folders: ['safetensors'], main: /\.safetensors$/ },
  onnx: { folders: ['onnx-torch', 'onnx-hand', 'onnx-quantized', 'onnx-ml'], main: /\.onnx$/ },
  pytorch: { folders: ['pytorch'], main: /\.(pt|pth|bin)$/ },
  torchscript: { folders: ['torchscript'], main: /\.pt$/ },
  'torch-export': { folders: ['torch-export'], main: /\.pt2$/ },
  sklearn: {
    folders: ['sklearn', 'sklearn-older', 'sklearn-steps', 'sklearn-bundles'],
    main: /\.(pkl|pickle|joblib|skops|gz|z|bz2|xz|lzma|lz4)$/,
  },
  keras: { folders: ['keras'], main: /\.(keras|h5)$/ },
  tensorflow: { folders: ['tensorflow'], main: /\.pb$/, beside: /variables\.(index|data-[0-9-a-z]+)$/ },
  tflite: { folders: ['tflite'], main: /\.tflite$/ },
  tfjs: { folders: ['tfjs', 'tfjs-graph'], main: /model\.json$/, beside: /\.bin$/ },
};

/** A model, and the file of it that is damaged: the main one, or one beside it. */
interface Sample {
  /** Of the damaged file, from the folder of fixtures. */
  readonly name: string;
  readonly main: string;
  readonly damaged: string;
  readonly bytes: Uint8Array;
  /** That the fixture says are needed, beside the limits. */
  readonly options: Pick<ReadOptions, 'activation' | 'outputActivation' | 'architecture' | 'signature'>;
  /** Of an archive, what is in it. */
  readonly members?: readonly { readonly name: string; readonly data: Uint8Array }[];
}

async function samplesOf(format: Format): Promise<Sample[]> {
  const { folders, main, beside } = FILES[format];
  const all = folders.flatMap((folder) => filesBelow(`${FIXTURES}${folder}`));
  const models = all
    .filter((path) => main.test(path))
    .map((path) => ({ path, size: statSync(path).size }))
    .sort((a, b) => a.size - b.size)
    .filter(({ size }, at) => size <= LARGEST || at < FEWEST_FILES);
  const samples = models.flatMap(({ path }) => {
    const others = all.filter((other) => beside?.test(other) && other.startsWith(folderOf(path)));
    return [path, ...others].map((damaged) => ({ main: path, damaged }));
  });
  return Promise.all(
    samples.map(async ({ main, damaged }) => {
      // Not a Buffer, of which slice() gives a view.
      const bytes = new Uint8Array(readFileSync(damaged));
      const members = await membersOf(bytes);
      return { name: relative(FIXTURES, damaged), main, damaged, bytes, options: optionsOf(main), members };
    }),
  );
}

function optionsOf(main: string): Sample['options'] {
  const description = main.replace(/\.[^./]+$/, '.json');
  if (description === main || !statSync(description, { throwIfNoEntry: false })?.isFile()) return {};
  return JSON.parse(readFileSync(description, 'utf8')).options ?? {};
}

async function membersOf(bytes: Uint8Array): Promise<Sample['members']> {
  if (!isZip(bytes)) return undefined;
  const archive = await openZip(bytesReader('archive', bytes), new Budget());
  const names = [...archive.entries.keys()];
  return Promise.all(names.map(async (name) => ({ name, data: await archive.read(name) })));
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    return entry.isDirectory() ? filesBelow(path) : [path];
  });
}

function folderOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/') + 1);
}

/** The model with one file damaged, the others whole. */
function sourceOf({ main, damaged }: Sample, bytes: Uint8Array): Source {
  const read = (path: string): Reader => bytesReader(path, path === damaged ? bytes : readFileSync(path));
  return {
    main: read(main),
    async sibling(name) {
      const path = folderOf(main) + name;
      if (/^[\w./-]+$/.test(name) && !name.includes('..') && statSync(path, { throwIfNoEntry: false })?.isFile()) {
        return read(path);
      }
      throw new ForwardpassError('SOURCE', 'there is no such file', name);
    },
  };
}

/** What a message says by accident. A file may hold NaN, and a message may say so; sizes and places are never NaN. */
const ACCIDENTS = /\bundefined\b|(?<!\b(?:found|number|hold|holds) )\bNaN\b|\[object /;

/** What is wrong with how a damaged file is taken; undefined where it loads or is refused as it should be. */
async function faultOf(sample: Sample, bytes: Uint8Array, change: string): Promise<string | undefined> {
  const begin = performance.now();
  const failure = await readAs(sample, bytes).catch((error: unknown) => error);
  const seconds = (performance.now() - begin) / 1000;
  const where = `${sample.name}, ${change}`;
  if (seconds > MOST_SECONDS) return `${where}: takes ${seconds.toFixed(1)} seconds`;
  if (failure === undefined) return undefined;
  if (!(failure instanceof ForwardpassError)) {
    return `${where}: ${failure instanceof Error ? (failure.stack ?? failure.message).slice(0, 600) : String(failure)}`;
  }
  return ACCIDENTS.test(failure.message) ? `${where}: says ${failure.message}` : undefined;
}

async function readAs(sample: Sample, bytes: Uint8Array): Promise<void> {
  const source = sourceOf(sample, bytes);
  const format = await chooseFormat(source, undefined);
  modelFromGraph(await format.read(source, { ...sample.options, budget: new Budget() })).dispose();
}

/** Bytes of the file, or of a member of an archive that is then packed anew, so that its checksum holds. */
function changed(sample: Sample, seed: number): [bytes: Uint8Array, change: string] {
  const random = new Random(seed);
  const { members } = sample;
  if (members === undefined || random.below(4) === 0) return withBytesChanged(sample.bytes, random, `seed ${seed}`);
  const at = random.below(members.length);
  if (members[at].data.length === 0) return [sample.bytes, `seed ${seed}`];
  const [data, change] = withBytesChanged(members[at].data, random, `seed ${seed}, ${members[at].name}`);
  return [zipOf(members.with(at, { ...members[at], data })), change];
}

/** One to four bytes, each changed in one bit or altogether. */
function withBytesChanged(bytes: Uint8Array, random: Random, place: string): [bytes: Uint8Array, change: string] {
  const damaged = bytes.slice();
  const places = Array.from({ length: random.pick([1, 1, 1, 2, 3, 4]) }, () => {
    const at = random.below(bytes.length);
    damaged[at] = random.below(2) === 0 ? damaged[at] ^ (1 << random.below(8)) : random.below(256);
    return `byte ${at} is ${damaged[at]}`;
  });
  return [damaged, `${place}: ${places.join(', ')}`];
}

describe.each(FORMATS)('a damaged file of %s', async (format) => {
  const samples = await samplesOf(format);

  it('has whole ones to be made of', () => {
    expect(samples.length).toBeGreaterThanOrEqual(FEWEST_FILES);
  });

  it('is refused in words wherever it is cut', { timeout: 120_000 }, async () => {
    const faults: string[] = [];
    for (const sample of samples.slice(0, FEWEST_FILES)) {
      const step = Math.max(1, sample.bytes.length / MOST_CUTS);
      for (let at = 0; at < sample.bytes.length; at += step) {
        const length = Math.floor(at);
        const fault = await faultOf(sample, sample.bytes.subarray(0, length), `cut to ${length} bytes`);
        if (fault !== undefined) faults.push(fault);
      }
    }
    expect(faults.slice(0, 5)).toEqual([]);
  });

  it('loads or is refused in words whichever bytes are changed', { timeout: 600_000 }, async () => {
    const faults: string[] = [];
    for (let seed = 0; seed < FLIPS; seed++) {
      const sample = samples[seed % samples.length];
      const [bytes, change] = changed(sample, seed);
      const fault = await faultOf(sample, bytes, change);
      if (fault !== undefined) faults.push(fault);
    }
    expect(faults.slice(0, 5)).toEqual([]);
    expect(process.resourceUsage().maxRSS * 1024).toBeLessThan(MOST_RESIDENT_BYTES);
  });
});
