/** A file that was not taken as it should be, in words that tell it from others, and as it is kept. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { extname } from 'node:path';
import type { FuzzedFormat } from './corpus.ts';

export interface Finding {
  readonly format: FuzzedFormat;
  /** For the model, one file of which was changed: its name below test/fixtures. */
  readonly sample: string;
  readonly fault: string;
  /** Of the random numbers that made the last change. */
  readonly seed: number;
  /** The changed file. */
  readonly base64: string;
}

/**
 * Findings with the same are one: what is thrown and by whom, what is said; numbers and quoted parts of the file aside; or which
 * file takes too much. */
export function kindOf({ fault, sample }: Pick<Finding, 'fault' | 'sample'>): string {
  if (fault.startsWith('takes')) return `${sample} takes`;
  const [first, ...stack] = fault.split('\n');
  const from = stack.slice(0, 2).map((line) => /at (\S+)/.exec(line)?.[1]);
  return [
    first
      .replace(/"[^"]*"?/g, '""')
      .replace(/\d+/g, 'N')
      .slice(0, 200),
    ...from,
  ].join(' ');
}

/** Writes `FOLDER/NAME.finding`, which `--repeat` takes, and the bare file beside it. */
export function keep(finding: Finding, folder: string, name: string): string {
  mkdirSync(folder, { recursive: true });
  writeFileSync(`${folder}/${name}.finding`, JSON.stringify(finding, undefined, 1));
  writeFileSync(`${folder}/${name}${extname(finding.sample)}`, Buffer.from(finding.base64, 'base64'));
  return `${folder}/${name}.finding`;
}

export function readFinding(path: string): Finding {
  return JSON.parse(readFileSync(path, 'utf8'));
}
