/** A LabelEncoder after a classifier: it maps the classifier's numeric classes back to the original words. */
import { quote } from '../../../messages.ts';
import type { Estimator } from '../estimator.ts';
import type { Label, Outcome } from '../outcome.ts';
import { isOfScikitLearn } from '../table.ts';

export function isLabelEncoder({ object: { callable } }: Estimator): boolean {
  return isOfScikitLearn(callable) && callable.name === 'LabelEncoder';
}

/** The result of `encoder.inverse_transform` on the classifier's predictions. */
export function decoded(encoder: Estimator, outcome: Outcome): Outcome {
  if (outcome.kind !== 'labels') {
    throw encoder.error(
      'UNSUPPORTED_OP',
      'decodes the classes of a classifier of one target, but no such classifier comes before it',
    );
  }
  const words = encoder.labels('classes_');
  const decode = (label: Label) => {
    if (typeof label === 'number' && Number.isInteger(label) && label >= 0 && label < words.length) return words[label];
    const found = typeof label === 'string' ? quote(label) : label;
    throw encoder.error('MALFORMED', `knows the classes 0 to ${words.length - 1}, but the model predicts ${found}`);
  };
  return { ...outcome, classes: outcome.classes.map(decode) };
}
