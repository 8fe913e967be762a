import type { Variable } from '../weights.ts';

export function trained(...names: string[]): Variable[] {
  return names.map((name) => ({ name, isTrainable: true }));
}

/** Kept by training, but not by its gradients. */
export function counted(...names: string[]): Variable[] {
  return names.map((name) => ({ name, isTrainable: false }));
}
