/** A LabelEncoder behind a classifier: the classes are numbers there, and words before they were encoded. */
import { quote } from '../../../messages.ts';
import type { Estimator } from '../estimator.ts';
import type { Label, Outcome } from '../outcome.ts';
import { isOfScikitLearn } from '../table.ts';

export function isLabelEncoder({ object: { callable } }: Estimator): boolean {
  return isOfScikitLearn(callable) && callable.name === 'LabelEncoder';
}

/** What `encoder.inverse_transform` makes of what the classifier predicts. */
export function decoded(encoder: Estimator, outcome: Outcome): Outcome {
  if (outcome.kind !== 'labels') {
    throw encoder.error('UNSUPPORTED_OP', 'decodes the classes of a classifier of one target, which is not before it');
  }
  const words = encoder.labels('classes_');
  const decode = (label: Label) => {
    if (typeof label === 'number' && Number.isInteger(label) && label >= 0 && label < words.length) return words[label];
    const found = typeof label === 'string' ? quote(label) : label;
    throw encoder.error('MALFORMED', `knows the classes 0 to ${words.length - 1}, and the model predicts ${found}`);
  };
  return { ...outcome, classes: outcome.classes.map(decode) };
}
