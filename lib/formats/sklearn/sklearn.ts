/** scikit-learn: estimators from pickle, joblib and skops. Coverage: docs/formats/sklearn.md. */
import type { Graph } from '../../graph/graph.ts';
import { detectPickle } from '../containers/joblib.ts';
import { lookIntoZip } from '../containers/zip.ts';
import type { FormatReader, ReadOptions, Source } from '../format.ts';

/** The member that identifies a zip as a skops file. */
const SCHEMA = 'schema.json';

export async function isSkops(source: Source): Promise<boolean> {
  return (await lookIntoZip(source))?.has(SCHEMA) === true;
}

async function detect(head: Uint8Array, source: Source): Promise<boolean> {
  return (await detectPickle(head)) || (await isSkops(source));
}

/** Imported on first use, so that other processes do not load it. */
const reader = () => import('./read.ts');

async function read(source: Source, options: ReadOptions): Promise<Graph> {
  const { readModel } = await reader();
  return readModel(source, options, await isSkops(source));
}

export const sklearn: FormatReader = {
  name: 'sklearn',
  takesMember: true,
  takesIterations: true,
  takesFunctions: true,
  anticipate: reader,
  detect,
  read,
};
