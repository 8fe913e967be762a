/** PyTorch: files of torch.save, parameters or whole modules. Coverage: docs/formats/pytorch.md. */
import { lookIntoZip } from '../containers/zip.ts';
import type { FormatReader, Source } from '../format.ts';
import { isShardIndex } from '../shard-index.ts';
import { isLegacy, isPickled, isTar, SHARD } from './signatures.ts';

/** TorchScript has code and constants besides its data, and torch.export a program; both are separate formats. */
function isSaved(names: ReadonlySet<string>): boolean {
  const all = [...names];
  return (
    all.some((name) => /^[^/]+\/data\.pkl$/.test(name)) && !all.some((name) => /^[^/]+\/constants\.pkl$/.test(name))
  );
}

async function detect(head: Uint8Array, source: Source): Promise<boolean> {
  if (isLegacy(head) || isTar(head) || isPickled(head) || isShardIndex(head, SHARD)) return true;
  const names = await lookIntoZip(source);
  return names !== undefined && isSaved(names);
}

/** Imported on first use, so that other processes do not load it. */
const reader = () => import('./read.ts');

export const pytorch: FormatReader = {
  name: 'pytorch',
  takesArchitecture: true,
  takesMember: true,
  takesFunctions: true,
  anticipate: reader,
  detect,

  async read(source, options) {
    return (await reader()).readSaved(source, options);
  },
};
