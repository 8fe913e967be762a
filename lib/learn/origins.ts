/** Which frameworks' models learn: what opens them is loaded when one comes. */
import { ForwardpassError } from '../errors.ts';
import type { PickleValue } from '../formats/containers/pickle/values.ts';
import type { Source } from '../formats/format.ts';
import { chooseFormat } from '../formats/registry.ts';
import { listNames } from '../words.ts';
import { readCheckpoint } from './checkpoint.ts';
import type { CheckedLearnOptions } from './options.ts';
import type { Origin } from './origin.ts';

interface Framework {
  open(source: Source, options: CheckedLearnOptions): Promise<Origin>;
  /** From the tree that {@link Origin.tree} gave for a checkpoint. */
  reopen(tree: PickleValue, options: CheckedLearnOptions): Promise<Origin>;
}

/** By the format of the file, which is the kind of the origin. */
const FRAMEWORKS: Readonly<Record<string, Framework>> = {
  sklearn: {
    open: async (source, options) => (await import('./sklearn-origin.ts')).openSklearn(source, readingOf(options)),
    reopen: async (tree, options) => (await import('./sklearn-origin.ts')).reopenSklearn(tree, readingOf(options)),
  },
};

function readingOf({ strict, seed, member, given }: CheckedLearnOptions) {
  return { strict, seed, member, limits: given };
}

export async function openOrigin(source: Source, options: CheckedLearnOptions): Promise<Origin> {
  const checkpoint = await readCheckpoint(source, options.limits);
  if (checkpoint !== undefined) return frameworkOf(checkpoint.kind).reopen(checkpoint.tree, options);
  const { name } = await chooseFormat(source, undefined);
  return frameworkOf(name).open(source, options);
}

/** One that has learnt nothing, by the name of its class. */
export async function newOrigin(
  name: string,
  parameters: Readonly<Record<string, unknown>>,
  options: CheckedLearnOptions,
): Promise<Origin> {
  return (await import('./sklearn-origin.ts')).newSklearn(name, parameters, readingOf(options));
}

function frameworkOf(name: string): Framework {
  if (Object.hasOwn(FRAMEWORKS, name)) return FRAMEWORKS[name];
  const known = listNames(Object.keys(FRAMEWORKS));
  throw new ForwardpassError('UNSUPPORTED_OP', `models of format ${name} do not learn; those of ${known} do`, 'source');
}
