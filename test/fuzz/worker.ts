/**
 * Changes files and loads them, in its own process, which a file may hang or end. Before each execution the file is
 * written down where the process that watches finds it.
 */
import { openSync, writeSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import { Random } from '../random-graph.ts';
import { type FuzzedFormat, type Sample, samplesOf } from './corpus.ts';
import { Coverage } from './coverage.ts';
import { faultOf } from './execute.ts';
import type { Finding } from './finding.ts';
import { PeakMemory } from './memory.ts';
import { mutateContent } from './mutators/content.ts';
import { recordOf } from './record.ts';

export interface Job {
  readonly format: FuzzedFormat;
  readonly fixtures: string;
  readonly seed: number;
  /** Where the file that is being tried is written down. */
  readonly record: string;
}

/** What the worker tells: how far it is, what it has found, or that a mutator is at fault. */
export type Message = { readonly state: State } | { readonly finding: Finding } | { readonly broken: string };

export interface State {
  readonly executions: number;
  /** Files kept because they reached something new. */
  readonly inputs: number;
  readonly branches: number;
}

interface Input {
  readonly sample: Sample;
  readonly bytes: Uint8Array;
}

/** Changes on top of each other. */
const MOST_CHANGES = 4;
const LARGEST_INPUT = 2 ** 14;
/** Slower ones are not changed further. */
const SLOW_MS = 100;
const EXECUTIONS_PER_BREATH = 200;
/** Asking for the memory taken is slow. */
const EXECUTIONS_PER_LOOK = 16;

export async function work({ format, fixtures, seed, record }: Job): Promise<never> {
  // Of most errors the stack is never read. Enough to tell one from another.
  Error.stackTraceLimit = 3;
  const samples = samplesOf(format, fixtures);
  const file = openSync(record, 'w+');
  const coverage = new Coverage();
  const memory = new PeakMemory();
  const inputs: Input[] = [];
  let executions = 0;

  /** Since memory was last looked at. */
  let unwatched: Input[] = [];
  const lookAtMemory = async (seed: number) => {
    const tried = unwatched;
    unwatched = [];
    const size = Math.max(...tried.map(({ bytes }) => bytes.length));
    if (memory.fault(size) === undefined) return;
    for (const { sample, bytes } of tried) {
      memory.reset();
      await faultOf(sample, bytes);
      const fault = memory.fault(bytes.length);
      if (fault !== undefined) report({ sample, bytes }, fault, seed);
    }
    memory.reset();
  };
  const report = ({ sample, bytes }: Input, fault: string, seed: number) => {
    const base64 = Buffer.from(bytes).toString('base64');
    send({ finding: { format, sample: sample.name, fault, seed, base64 } });
  };

  const tryOut = async ({ sample, bytes }: Input, seed: number, isKept: boolean) => {
    executions++;
    writeSync(file, recordOf({ executions, sample: samples.indexOf(sample), seed, bytes }), 0, undefined, 0);
    coverage.reset();
    const begin = performance.now();
    const fault = await faultOf(sample, bytes);
    const isSlow = performance.now() - begin > SLOW_MS;
    if (fault !== undefined) report({ sample, bytes }, fault, seed);
    if ((coverage.isNew() && !isSlow) || isKept) inputs.push({ sample, bytes });
    unwatched.push({ sample, bytes });
    if (unwatched.length >= EXECUTIONS_PER_LOOK) await lookAtMemory(seed);
    if (executions % EXECUTIONS_PER_BREATH !== 0) return;
    memory.reset();
    send({ state: { executions, inputs: Math.max(0, inputs.length - samples.length), branches: coverage.branches } });
    await setImmediate();
  };

  for (const sample of samples) await tryOut({ sample, bytes: sample.bytes }, 0, true);
  for (let n = seed; ; n++) {
    const random = new Random(n);
    const input = choose(inputs, random);
    await tryOut({ ...input, bytes: await changedOrEnd(input, random, inputs) }, n, false);
  }
}

/** Those found last are as likely as all others together. */
function choose(inputs: readonly Input[], random: Random): Input {
  const recent = Math.min(inputs.length, 50);
  return random.below(2) === 0 ? random.pick(inputs) : inputs[inputs.length - 1 - random.below(recent)];
}

/** An error in a mutator is none of the library's, and ends it all. */
async function changedOrEnd(input: Input, random: Random, inputs: readonly Input[]): Promise<Uint8Array> {
  try {
    return changed(input, random, inputs);
  } catch (error) {
    send({ broken: String((error as Error).stack) });
    return new Promise(() => {});
  }
}

function changed({ sample, bytes }: Input, random: Random, inputs: readonly Input[]): Uint8Array {
  const mutate = mutateContent(sample.name);
  const largest = Math.max(LARGEST_INPUT, 2 * sample.bytes.length);
  let changed = bytes;
  for (let left = 1 + random.below(MOST_CHANGES); left > 0; left--) {
    const next = mutate(changed, random, random.pick(inputs).bytes) ?? changed;
    if (next.length <= largest) changed = next;
  }
  return changed;
}

function send(message: Message): void {
  process.send?.(message);
}
