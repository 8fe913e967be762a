import type { Variable } from '../weights.ts';

export function trained(...names: string[]): Variable[] {
  return names.map((name) => ({ name, isTrainable: true }));
}

/** Variables that training updates, but not by gradients. */
export function counted(...names: string[]): Variable[] {
  return names.map((name) => ({ name, isTrainable: false }));
}
