/** scikit-learn: estimators by pickle, joblib and skops. What is read of them: docs/formats/sklearn.md. */
import type { Graph } from '../../graph/graph.ts';
import { detectPickle } from '../containers/joblib.ts';
import { lookIntoZip } from '../containers/zip.ts';
import type { FormatReader, ReadOptions, Source } from '../format.ts';

/** The member by which a zip is a skops file. */
const SCHEMA = 'schema.json';

export async function isSkops(source: Source): Promise<boolean> {
  return (await lookIntoZip(source))?.has(SCHEMA) === true;
}

async function detect(head: Uint8Array, source: Source): Promise<boolean> {
  return (await detectPickle(head)) || (await isSkops(source));
}

/** On demand: a process that opens no such file loads none of it. */
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
