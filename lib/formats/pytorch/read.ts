/** From a file of torch.save to a graph. */
import { ForwardpassError } from '../../errors.ts';
import type { Graph } from '../../graph/graph.ts';
import { refuseArchitecture } from '../architecture.ts';
import { describeTorchTensor } from '../containers/torch-tensors.ts';
import { isZip } from '../containers/zip.ts';
import type { ReadOptions, Source } from '../format.ts';
import { graphFromParameters, type StoredParameter } from '../parameters.ts';
import { findModel, placeOf } from './checkpoint.ts';
import { openArchive, readTensor, type SavedFile } from './file.ts';
import { openLegacy } from './legacy.ts';
import { readModule } from './modules/read.ts';
import { openPickled } from './pickled.ts';
import { isLegacy, isTar } from './signatures.ts';

const FORMAT = 'pytorch';
const HEAD_BYTES = 512;

export async function readSaved(source: Source, options: ReadOptions): Promise<Graph> {
  const { limits } = options;
  const file = await open(source, options);
  const found = findModel(file.root, limits.depth);
  if (found.kind === 'module') {
    refuseArchitecture(FORMAT, options);
    return readModule(found.module, file, limits);
  }
  if (found.tensors.size > limits.nodes) {
    const message = `the file has ${found.tensors.size} tensors; \`limits.nodes\` allows ${limits.nodes}`;
    throw new ForwardpassError('LIMIT', message);
  }
  const stored = new Map<string, StoredParameter>();
  let elements = 0;
  for (const [name, value] of found.tensors) {
    const { shape } = describeTorchTensor(value, limits, placeOf(name));
    elements += shape.reduce((product, size) => product * size, 1);
    stored.set(name, { shape, read: () => readTensor(file, value, limits, placeOf(name)) });
  }
  if (elements > limits.parameters) {
    const message = `the tensors have ${elements} elements; \`limits.parameters\` allows ${limits.parameters}`;
    throw new ForwardpassError('LIMIT', message);
  }
  return graphFromParameters(FORMAT, stored, options);
}

async function open({ main }: Source, { limits }: ReadOptions): Promise<SavedFile> {
  const head = await main.read(0, Math.min(main.size, HEAD_BYTES));
  if (isTar(head)) {
    const message = 'is a tar archive, as torch before 0.1.10 saved; load it there and save it again with a later one';
    throw new ForwardpassError('UNSUPPORTED_VERSION', message, main.name);
  }
  if (isLegacy(head)) return openLegacy(main, limits);
  return isZip(head) ? openArchive(main, limits) : openPickled(main, limits);
}
