/** Labels as NumPy stores them. */
import { PickleArray } from '../../formats/containers/pickle/values.ts';
import type { Label } from '../../labels.ts';

/** An array of labels, such as `classes_`. */
export function classArray(classes: readonly Label[]): PickleArray {
  if (classes.every((label) => typeof label === 'number')) {
    return new PickleArray([classes.length], classes.every(Number.isInteger) ? 'i8' : 'f8', Float64Array.from(classes));
  }
  return new PickleArray([classes.length], 'O', [...classes]);
}
