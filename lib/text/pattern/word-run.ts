/** Recognises patterns for runs of letters and numbers, such as scikit-learn's default. */
import type { CharacterSet, Expression } from './ast.ts';

/**
 * The least number of characters of a run, if the pattern matches every whole run of `\w`, such as `(?u)\b\w\w+\b`;
 * otherwise undefined.
 */
export function leastOfWordRun(expression: Expression): number | undefined {
  const items = expression.kind === 'sequence' ? expression.items : [expression];
  // A boundary before or after the run always matches.
  const inner = items.filter((item, i) => !(isBoundary(item) && (i === 0 || i === items.length - 1)));
  let least = 0;
  for (const [i, item] of inner.entries()) {
    if (item.kind === 'set' && isOfWords(item.set) && i < inner.length - 1) {
      least++;
      continue;
    }
    const isRest = item.kind === 'repeat' && item.of.kind === 'set' && isOfWords(item.of.set);
    if (!isRest || item.lazy || item.most !== Infinity || i < inner.length - 1) return undefined;
    return least + item.least > 0 ? least + item.least : undefined;
  }
  return undefined;
}

function isBoundary(expression: Expression): boolean {
  return expression.kind === 'place' && expression.place === 'boundary';
}

function isOfWords({ negative, ranges, classes, ascii }: CharacterSet): boolean {
  const [only] = classes;
  return !negative && !ascii && ranges.length === 0 && classes.length === 1 && only.name === 'word' && !only.negative;
}
