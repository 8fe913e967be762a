/** Where fuzzing begins: the small models of test/fixtures, and of each the file that is changed. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { relative } from 'node:path';
import { ForwardpassError } from '../../lib/errors.ts';
import type { Reader } from '../../lib/formats/format.ts';
import type { Format } from '../../lib/formats/registry.ts';
import type { LoadOptions } from '../../lib/load.ts';
import { bytesReader } from '../../lib/source/bytes.ts';
import type { OpenSource } from '../../lib/source/open-source.ts';

/** Files up to this size are taken; of formats whose files are larger, the smallest. */
const LARGEST = 8 * 1024;
const FEWEST_FILES = 3;

interface Files {
  /** Of fixtures. */
  readonly folders: readonly string[];
  readonly main: RegExp;
  /** Files beside the main one, or below its folder, that belong to it. */
  readonly beside?: RegExp;
}

/** `frozen` is what `freeze` writes: safetensors that hold a plan. `hdf5` is the container of any HDF5 file, read through. */
export type FuzzedFormat = Format | 'frozen' | 'hdf5';

const SKLEARN = [
  'sklearn',
  'lightgbm',
  'xgboost',
  'catboost',
  'sklearn-older',
  'sklearn-steps',
  'sklearn-bundles',
  'sklearn-bundles-refused',
  'joblib',
  'sklearn-trees',
  'sklearn-texts',
  'own-steps',
  'own-texts',
];
const FILES: { readonly [F in FuzzedFormat]: Files } = {
  safetensors: { folders: ['safetensors', 'shards'], main: /\.safetensors$/ },
  frozen: { folders: ['platforms'], main: /\.safetensors$/ },
  onnx: {
    folders: [
      'onnx-torch',
      'onnx-hand',
      'onnx-quantized',
      'onnx-ml',
      'onnx-sklearn',
      'onnx-trees',
      'onnx-refused',
      'integers',
      'special',
    ],
    main: /\.onnx$/,
  },
  pytorch: { folders: ['pytorch', 'pytorch-refused'], main: /\.(pt|pth|bin)$/ },
  torchscript: { folders: ['torchscript', 'torchscript-refused', 'integers', 'special'], main: /\.pt$/ },
  'torch-export': { folders: ['torch-export', 'torch-export-refused', 'integers', 'special'], main: /\.pt2$/ },
  sklearn: {
    folders: SKLEARN.concat('sklearn-refused', 'sklearn-steps-refused'),
    main: /\.(pkl|pickle|joblib|skops|gz|z|bz2|xz|lzma|lz4)$/,
  },
  hdf5: { folders: ['hdf5'], main: /\.h5$/ },
  keras: { folders: ['keras', 'keras-refused', 'integers', 'special'], main: /\.(keras|h5)$/ },
  tensorflow: {
    folders: ['tensorflow', 'tensorflow-refused', 'integers', 'special'],
    main: /\.pb$/,
    beside: /variables\.(index|data-[0-9-a-z]+)$/,
  },
  lightgbm: { folders: ['lightgbm'], main: /\.txt$/ },
  tflite: { folders: ['tflite', 'tflite-refused', 'integers', 'special'], main: /\.tflite$/ },
  xgboost: { folders: ['xgboost'], main: /\.(xgb|ubj|bin)$/ },
  catboost: { folders: ['catboost'], main: /\.(cbm|cbj)$/ },
  tfjs: { folders: ['tfjs', 'tfjs-graph'], main: /model\.json$/, beside: /\.bin$/ },
};
export const FUZZED_FORMATS = Object.keys(FILES) as readonly FuzzedFormat[];

/** A model, and the file of it that is changed: the main one, or one beside it. */
export interface Sample {
  readonly format?: FuzzedFormat;
  /** Of the changed file, from the folder of fixtures. */
  readonly name: string;
  readonly main: string;
  readonly changed: string;
  readonly bytes: Uint8Array;
  /** That the fixture says are needed. */
  readonly options: LoadOptions;
}

/** In the order of their sizes. `fixtures` is the path of test/fixtures, and ends in a slash. */
export function samplesOf(format: FuzzedFormat, fixtures: string): Sample[] {
  const { folders, main, beside } = FILES[format];
  const all = folders.flatMap((folder) => filesBelow(`${fixtures}${folder}`));
  const models = all
    .filter((path) => main.test(path))
    .map((path) => ({ path, size: statSync(path).size }))
    .sort((a, b) => a.size - b.size)
    .filter(({ size }, at) => size <= LARGEST || at < FEWEST_FILES);
  return models.flatMap(({ path }) => {
    const others = all.filter((other) => beside?.test(other) && other.startsWith(folderOf(path)));
    return [path, ...others].map((changed) => ({
      format,
      name: relative(fixtures, changed),
      main: path,
      changed,
      // Not a Buffer, of which slice() gives a view.
      bytes: new Uint8Array(readFileSync(changed)),
      options: optionsOf(path),
    }));
  });
}

function optionsOf(main: string): LoadOptions {
  const description = main.replace(/\.[^./]+$/, '.json');
  if (description === main || !statSync(description, { throwIfNoEntry: false })?.isFile()) return {};
  return JSON.parse(readFileSync(description, 'utf8')).options ?? {};
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

/** The model with `bytes` as its changed file, the others as they are. */
export function sourceOf({ main, changed }: Sample, bytes: Uint8Array): OpenSource {
  const read = (path: string): Reader => bytesReader(path, path === changed ? bytes : readFileSync(path));
  return {
    main: read(main),
    async sibling(name) {
      const path = folderOf(main) + name;
      if (
        /^[\w./-]{1,200}$/.test(name) &&
        !name.includes('..') &&
        statSync(path, { throwIfNoEntry: false })?.isFile()
      ) {
        return read(path);
      }
      throw new ForwardpassError('SOURCE', 'file not found', name);
    },
    async checkUnchanged() {},
    async close() {},
  };
}
