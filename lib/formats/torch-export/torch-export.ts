/** torch.export's .pt2: a program of ATen operators with its weights. Coverage: docs/formats/torch-export.md. */
import type { Graph } from '../../graph/graph.ts';
import { refuseArchitecture } from '../architecture.ts';
import { lookIntoZip } from '../containers/zip.ts';
import type { FormatReader, ReadOptions, Source } from '../format.ts';

/** The member with the program, in the layouts of torch 2.7 and later and of earlier versions. */
const PROGRAM = /^([^/]+\/)?(models\/[^/]+\.json|serialized_exported_program\.json)$/;

async function detect(_head: Uint8Array, source: Source): Promise<boolean> {
  const names = await lookIntoZip(source);
  return names !== undefined && [...names].some((name) => PROGRAM.test(name));
}

/** Imported on first use, so that other processes do not load it. */
const reader = () => import('./read.ts');

async function read(source: Source, options: ReadOptions): Promise<Graph> {
  refuseArchitecture('torch-export', options);
  const { readProgram } = await reader();
  return readProgram(source.main, options);
}

export const torchExport: FormatReader = { name: 'torch-export', anticipate: reader, detect, read };
