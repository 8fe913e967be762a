/** Computes the probabilities of classes from those of pairs. */
import { REDUCE } from './operations/rowwise.ts';

const sum = REDUCE.sum.evaluate;

/** Wu, Lin and Weng's second method, as in libsvm: see native/couple.h. */
export function coupled(pairs: Float64Array): Float64Array {
  const count = (1 + Math.sqrt(1 + 8 * pairs.length)) / 2;
  const classes = Array.from({ length: count }, (_, i) => i);
  const pair = (i: number, j: number) => pairs[(i * (2 * count - i - 1)) / 2 + (j - i - 1)];
  const within = (i: number, j: number) => (i < j ? pair(i, j) : 1 - pair(j, i));
  const diagonal = classes.map((t) =>
    sum(Float64Array.from(classes, (j) => (j === t ? 0 : within(j, t) * within(j, t)))),
  );
  const entry = (t: number, j: number) => (j === t ? diagonal[t] : -within(j, t) * within(t, j));
  const p = new Float64Array(count).fill(1 / count);
  for (let round = 0; round < Math.max(100, count); round++) {
    const q = Float64Array.from(classes, (t) => sum(Float64Array.from(classes, (j) => entry(t, j) * p[j])));
    let total = sum(Float64Array.from(classes, (t) => p[t] * q[t]));
    if (q.every((each) => Math.abs(each - total) < 0.005 / count)) break;
    for (const t of classes) {
      const difference = (-q[t] + total) / diagonal[t];
      p[t] += difference;
      total = (total + difference * (difference * diagonal[t] + 2 * q[t])) / (1 + difference) / (1 + difference);
      for (const j of classes) {
        q[j] = (q[j] + difference * entry(t, j)) / (1 + difference);
        p[j] /= 1 + difference;
      }
    }
  }
  return p;
}
