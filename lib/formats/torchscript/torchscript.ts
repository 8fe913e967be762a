/** TorchScript: a module tree with the code of its methods. Coverage: docs/formats/torchscript.md. */
import type { Graph } from '../../graph/graph.ts';
import { refuseArchitecture } from '../architecture.ts';
import { lookIntoZip } from '../containers/zip.ts';
import type { FormatReader, ReadOptions, Source } from '../format.ts';

/** Members that a checkpoint does not have: code, or what versions before 1.3 had in its place. */
const MEMBER = /^([^/]+\/)?(constants\.pkl|code\/.*\.py|model\.json)$/;

async function detect(_head: Uint8Array, source: Source): Promise<boolean> {
  const names = await lookIntoZip(source);
  if (names === undefined) return false;
  return (
    [...names].some((name) => MEMBER.test(name)) &&
    [...names].some((name) => /^([^/]+\/)?(\.data\/)?version$/.test(name))
  );
}

/** Imported on first use, so that other processes do not load it. */
const reader = () => import('./read.ts');

async function read(source: Source, options: ReadOptions): Promise<Graph> {
  refuseArchitecture('torchscript', options);
  const { readModule } = await reader();
  return readModule(source.main, options);
}

export const torchscript: FormatReader = { name: 'torchscript', anticipate: reader, detect, read };
