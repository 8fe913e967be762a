/**
 * Folders in which MLflow saves models: the file MLmodel says which framework saved the model, and in which file. It is
 * YAML, of which only a few lines are read, in the form that MLflow writes.
 */
import { readdir, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { ForwardpassError } from '../errors.ts';
import { listNames, quote } from '../messages.ts';
import { attempt, openPlain, unsafe } from './plain.ts';
import { siblingSegments } from './sibling-path.ts';

const FILE = 'MLmodel';
const MOST_BYTES = 2 ** 20;

/** MLflow's names of frameworks, and the keys with the path of the model, likelier ones first. */
const FLAVORS: readonly (readonly [flavor: string, ...keys: readonly string[]])[] = [
  ['sklearn', 'pickled_model'],
  ['onnx', 'data'],
  ['pytorch', 'model_data'],
  ['keras', 'data'],
  ['tensorflow', 'saved_model_dir', 'data'],
  ['lightgbm', 'data'],
  ['xgboost', 'data'],
  ['catboost', 'data'],
  ['statsmodels', 'data'],
];

/** The path of the model in a folder named by the key, likelier ones first. */
const INSIDE = ['model.keras', 'model.h5', 'saved_model.pb', 'model.pth', 'model.pt2', 'model.onnx', 'model'];

/** The path of the model within the folder, as segments. @throws {ForwardpassError} SOURCE, MALFORMED, UNSAFE, LIMIT */
export async function mlflowMain(folder: string): Promise<readonly string[]> {
  const root = await attempt(folder, () => realpath(folder));
  const flavors = flavorsOf(await readDescription(root));
  for (const [flavor, ...keys] of FLAVORS) {
    const described = flavors.get(flavor);
    const path = keys.map((key) => described?.get(key)).find((value) => value !== undefined);
    if (path !== undefined) return inside(root, siblingSegments(path));
  }
  throw notRead(folder, flavors);
}

async function readDescription(root: string): Promise<string> {
  const handle = await openPlain(root, [FILE], FILE);
  try {
    const { size } = await handle.stat();
    if (size > MOST_BYTES) throw new ForwardpassError('LIMIT', `has ${size} bytes, more than ${MOST_BYTES}`, FILE);
    return (await attempt(FILE, () => handle.readFile())).toString('utf8');
  } finally {
    await handle.close();
  }
}

/** The model file within a folder. */
async function inside(root: string, segments: readonly string[]): Promise<readonly string[]> {
  const path = join(root, segments.join('/'));
  const entries = await attempt(segments.join('/'), () =>
    readdir(path).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOTDIR') return undefined;
      throw error;
    }),
  );
  if (entries === undefined) return segments;
  if ((await attempt(path, () => realpath(path))) !== path) throw unsafe(segments.join('/'), 'it leads through a link');
  const name = INSIDE.find((candidate) => entries.includes(candidate));
  if (name === undefined) {
    const message = `expected one of ${INSIDE.join(', ')} in this folder, found ${listNames(entries)}`;
    throw new ForwardpassError('SOURCE', message, segments.join('/'));
  }
  return name === 'model' && segments.at(-1) !== 'model' ? inside(root, [...segments, name]) : [...segments, name];
}

function notRead(folder: string, flavors: ReadonlyMap<string, unknown>): ForwardpassError {
  const names = [...flavors.keys()].filter((name) => name !== 'python_function');
  const found =
    names.length > 0
      ? `MLflow's ${names.length > 1 ? 'flavors' : 'flavor'} ${listNames(names)}`
      : flavors.size > 0
        ? 'a custom class (python_function), which only Python can run'
        : 'an unknown flavor, since its MLmodel has none';
  const read = 'sklearn, onnx, pytorch, keras and tensorflow are read';
  return new ForwardpassError('SOURCE', `is an MLflow folder of ${found}; ${read}`, folder);
}

/**
 * The values under `flavors:`, by flavor and key. Only lines of the form `key: value` are read, with plain or quoted
 * values on one line; tabs, anchors, aliases and duplicate keys are errors.
 */
function flavorsOf(text: string): Map<string, Map<string, string>> {
  const flavors = new Map<string, Map<string, string>>();
  let outer: number | undefined;
  let current: { readonly values: Map<string, string>; inner?: number } | undefined;
  let isInside = false;
  for (const line of text.split(/\r?\n/)) {
    if (/^\s*(?:#|$)/.test(line)) continue;
    const indent = line.search(/\S/);
    if (indent === 0) isInside = /^flavors:\s*$/.test(line);
    if (!isInside || indent === 0) continue;
    if (line.slice(0, indent).includes('\t')) throw malformed('is indented by a tab', line);
    const colon = line.indexOf(':');
    const key = line.slice(indent, colon < 0 ? undefined : colon);
    if (outer === undefined) outer = indent;
    if (indent === outer) {
      if (colon < 0 || !/^\w+$/.test(key) || line.slice(colon + 1).trim() !== '')
        throw malformed('is not a flavor', line);
      if (flavors.has(key)) throw malformed('is given twice', line);
      current = { values: new Map() };
      flavors.set(key, current.values);
      continue;
    }
    if (current === undefined || indent < outer) throw malformed('is indented less than the flavors', line);
    current.inner ??= indent;
    if (indent !== current.inner || colon < 0) continue;
    const value = scalarOf(line.slice(colon + 1).trim());
    if (value === undefined) continue;
    if (current.values.has(key)) throw malformed('is given twice', line);
    current.values.set(key, value);
  }
  return flavors;
}

/** A path as MLflow writes it; undefined for an empty value, null, and anything other than a single plain scalar. */
function scalarOf(text: string): string | undefined {
  const quoted = /^'([^']*)'$|^"([^"\\]*)"$/.exec(text);
  if (quoted !== null) return quoted[1] ?? quoted[2];
  return /^[\w./][\w./ -]*$/.test(text) && text !== 'null' ? text : undefined;
}

function malformed(what: string, line: string): ForwardpassError {
  return new ForwardpassError('MALFORMED', `the line ${quote(line)} ${what}`, FILE);
}
