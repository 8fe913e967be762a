/**
 * Reads a file of only parameters, without an architecture, as a plain stack: layers in the order of their names, an
 * activation between one dense layer and the next, another one after the last.
 */
import { ForwardpassError } from '../../errors.ts';
import { quote } from '../../messages.ts';
import type { Activation, Architecture, Layer } from '../architecture.ts';
import type { Shape } from '../shapes.ts';
import { DESCRIBE, draftArchitecture } from './draft.ts';
import { type Group, groupTensors } from './groups.ts';
import { orderGroups } from './order.ts';

export interface StackOptions {
  readonly activation?: Activation;
  readonly outputActivation?: Activation;
}

/** Throws `ARCHITECTURE` if there is more than one way to read the file. */
export function stackArchitecture(tensors: ReadonlyMap<string, Shape>, options: StackOptions): Architecture {
  const ordered = orderGroups(groupTensors(tensors));
  if (ordered === 'none') {
    throw unclear('there is no order of these layers in which the widths fit', tensors);
  }
  if (ordered === 'several') throw unclear('the names do not determine the order of these layers', tensors);
  checkChain(ordered, tensors);
  const denseCount = ordered.filter(({ isDense }) => isDense).length;
  if (denseCount > 1 && options.activation === undefined) {
    const message = 'the file contains only parameters and does not say which activation is between these layers';
    const hint = "pass `activation` (such as 'relu', or 'linear' for none) and perhaps `outputActivation`";
    const draft = draftArchitecture(tensors);
    throw new ForwardpassError('ARCHITECTURE', `${message}; ${hint}, or \`architecture\`, such as:${draft}`);
  }
  if (denseCount < 2 && options.activation !== undefined) {
    const message =
      '`activation` is for between layers, but the file contains only one; use `outputActivation` for after it';
    throw new ForwardpassError('ARCHITECTURE', message);
  }
  const layers = withActivations(ordered, options.activation, tensors);
  if (options.outputActivation !== undefined) {
    layers.push({ type: 'activation', activation: options.outputActivation });
  }
  return { layers };
}

function checkChain(groups: readonly Group[], tensors: ReadonlyMap<string, Shape>): void {
  if (groups.length === 0) throw new ForwardpassError('ARCHITECTURE', 'the file contains no tensors');
  for (const [i, group] of groups.entries()) {
    const before = groups[i - 1];
    if (before === undefined || before.outputs === group.inputs) continue;
    const gives = `${quote(before.name)} gives ${before.outputs} columns, but ${quote(group.name)} takes ${group.inputs}`;
    throw unclear(`these layers are not a plain stack: ${gives}`, tensors);
  }
}

/** Adds the activation between each dense layer and the next, at its place. */
function withActivations(
  groups: readonly Group[],
  activation: Activation | undefined,
  tensors: ReadonlyMap<string, Shape>,
): Layer[] {
  const dense = groups.flatMap(({ isDense }, i) => (isDense ? [i] : []));
  checkGaps(groups, dense, tensors);
  const places = new Set(dense.slice(1).map((end, i) => activationPlace(groups, dense[i], end, tensors)));
  return groups.map(({ layer }, i) => (places.has(i) ? ({ ...layer, activation } as Layer) : layer));
}

/**
 * Numbers of a Sequential count its activations too: `0`, `2`, `4` leave a gap for one between each, and `0`, `1`, `2`
 * leave none, so the forward code applies it. Gaps only in some places are not a plain stack.
 */
function checkGaps(groups: readonly Group[], dense: readonly number[], tensors: ReadonlyMap<string, Shape>): void {
  const neighbours = dense.slice(1).filter((end, i) => end === dense[i] + 1);
  const gaps = new Set(neighbours.map((end) => hasGap(groups[end - 1], groups[end])));
  const head = groups.slice(0, (dense[0] ?? 0) + 1);
  const tail = groups.slice(dense.at(-1) ?? 0);
  const isOpen = [head, tail].some((run) => run.some((group, i) => i > 0 && hasGap(run[i - 1], group)));
  if (gaps.size > 1 || isOpen) {
    throw unclear('the numbers show that something is missing between some of these layers, but not what', tensors);
  }
}

/** The layer after which the activation comes: the only one followed by a gap, if there are norms in between. */
function activationPlace(
  groups: readonly Group[],
  start: number,
  end: number,
  tensors: ReadonlyMap<string, Shape>,
): number {
  if (end === start + 1) return start;
  const gaps = groups
    .slice(start, end)
    .flatMap((group, i) => (hasGap(group, groups[start + i + 1]) ? [start + i] : []));
  if (gaps.length === 1) return gaps[0];
  throw unclear('the names do not determine whether the activation comes before or after a normalisation', tensors);
}

/** Whether the names differ in one separate number, as Sequential counts, and by more than one. */
function hasGap(a: Group, b: Group): boolean {
  const [x, y] = [a, b].map(({ name }) => name.split(/[./]/));
  const [at, ...others] = x.flatMap((part, i) => (part === y[i] ? [] : [i]));
  if (x.length !== y.length || at === undefined || others.length > 0) return false;
  return /^\d+$/.test(x[at]) && /^\d+$/.test(y[at]) && Number(y[at]) - Number(x[at]) > 1;
}

/** An error that ends with a draft of an architecture. */
function unclear(reason: string, tensors: ReadonlyMap<string, Shape>): ForwardpassError {
  return new ForwardpassError('ARCHITECTURE', `${reason}; ${DESCRIBE}${draftArchitecture(tensors)}`);
}
