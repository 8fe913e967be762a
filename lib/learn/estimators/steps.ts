/** The steps of a pipeline. */
import type { Estimator } from '../../formats/sklearn/estimator.ts';
import { itemsOf } from '../../formats/sklearn/values.ts';

export interface Named<Step> {
  readonly name: string;
  readonly step: Step;
}

/** Without those that do nothing. */
export function stepsOf(estimator: Estimator): Named<Estimator>[] {
  return estimator.list('steps').flatMap((item, i) => {
    const [name, value] = itemsOf(item) ?? [];
    if (value === null || value === 'passthrough') return [];
    return [{ name: typeof name === 'string' ? name : `${i}`, step: estimator.inside(value, `steps[${i}]`) }];
  });
}
