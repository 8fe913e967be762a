import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { FORMATS, type Format } from '../../lib/formats/registry.ts';

const PAGE = new URL('../../docs/formats.md', import.meta.url);
const FIXTURES = new URL('../fixtures/', import.meta.url);

/** The folders of models with their frameworks' outputs. */
const FOLDERS: { readonly [F in Format]: readonly string[] } = {
  safetensors: ['safetensors'],
  onnx: ['onnx-torch', 'onnx-hand', 'onnx-quantized', 'onnx-ml', 'onnx-converted', 'onnx-trees'],
  sklearn: [
    'sklearn',
    'sklearn-older',
    'sklearn-steps',
    'sklearn-bundles',
    'sklearn-trees',
    'sklearn-variants',
    'sklearn-kernels',
    'sklearn-curves',
    'sklearn-missing',
    'sklearn-functions',
    'sklearn-records',
    'sklearn-neighbours',
    'sklearn-texts',
    'statsmodels',
  ],
  xgboost: ['xgboost'],
  catboost: ['catboost'],
  pytorch: ['pytorch'],
  torchscript: ['torchscript'],
  'torch-export': ['torch-export'],
  keras: ['keras'],
  tensorflow: ['tensorflow'],
  lightgbm: ['lightgbm'],
  tflite: ['tflite'],
  tfjs: ['tfjs', 'tfjs-graph'],
};

const text = readFileSync(PAGE, 'utf8');
const rows = [...text.matchAll(/^\| `([\w-]+)` \|(.*)\|(.*)\|(.*)\|(.*)\|$/gm)].map(([, format, , more, tried]) => ({
  format: format as Format,
  pages: [...more.matchAll(/\]\(([^)]+)\)/g)].map(([, page]) => page),
  versions: tried.split(',').map((version) => version.trim()),
}));

function sourcesOf(format: Format): string[] {
  return FOLDERS[format].flatMap((folder) => {
    const directory = new URL(`${folder}/`, FIXTURES);
    const descriptions = readdirSync(directory).filter((file) => file.endsWith('.json'));
    const found = descriptions.map((file) => JSON.parse(readFileSync(new URL(file, directory), 'utf8')));
    return found.filter(({ cases }) => cases !== undefined).map(({ source }) => source);
  });
}

describe('docs/formats.md', () => {
  it('has every format once', () => {
    expect(rows.map(({ format }) => format).sort()).toEqual(FORMATS.toSorted());
  });

  it.each(rows)('leads from $format to pages that there are', ({ pages }) => {
    expect(pages.filter((page) => !existsSync(new URL(page, PAGE)))).toEqual([]);
  });

  it.each(rows)('names versions for $format that its models were made with', ({ format, versions }) => {
    const sources = sourcesOf(format).join('\n').toLowerCase();
    expect(versions.filter((version) => !sources.includes(version.toLowerCase()))).toEqual([]);
  });

  it('counts the models tested', async () => {
    const counted = text.replace(/^(\| `([\w-]+)` \|.*\| )\d+( \|)$/gm, (_, before, format, after) => {
      return before + sourcesOf(format).length + after;
    });
    await expect(counted).toMatchFileSnapshot(PAGE.pathname);
  });
});
