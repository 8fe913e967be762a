import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { load } from '../../../lib/load.ts';
import type { Probability } from '../../../lib/model.ts';
import { failureOf } from '../../failure.ts';

const FOLDER = new URL('../../fixtures/onnx-sklearn/', import.meta.url);

/** A model, and the rows of its fixture. */
async function opened(name: string) {
  const { predictions } = JSON.parse(readFileSync(new URL(`${name}.json`, FOLDER), 'utf8'));
  const [{ rows, labels, probabilities }] = predictions;
  return { model: await load(new URL(`${name}.onnx`, FOLDER)), rows, labels, probabilities };
}

describe('a classifier that skl2onnx exported', () => {
  it.each([
    'logistic-zipmap-words',
    'logistic-arrays-numbers',
    'logistic-columns-words',
    'logistic-double-words',
    'mlp-two',
  ])('gives one record a label, and probabilities by class: %s', async (name) => {
    const { model, rows, labels, probabilities } = await opened(name);
    using _ = model;
    const record = { X: rows[0] };
    expect(model.predict(record)).toBe(labels[0]);
    const given = model.predictProba<Probability>(record);
    const classes = model.classes as readonly (string | number)[];
    const wanted = classes.map((_, i) => expect.closeTo(probabilities.data[i], 4));
    expect(classes.map((label) => given[String(label)])).toEqual(wanted);
  });

  it('takes the one input without its name', async () => {
    const { model, rows } = await opened('logistic-arrays-numbers');
    using _ = model;
    const x = Float32Array.from(rows.flat() as number[]);
    const outputs = model.run<Record<string, Float32Array>>(x);
    expect(Object.keys(outputs)).toEqual(['label', 'probabilities']);
    expect(outputs).toEqual(model.run({ X: x }));
  });

  it.each([
    'logistic-raw',
    'logistic-raw-columns',
    'linear-svc-two',
    'linear-svc-numbers',
    'ridge-two',
    'perceptron-words',
    // Scores whose shares sum to 1, and may be negative.
    'rest-linear-svc',
    'k-means',
    'one-class-svm',
  ])('gives no probabilities where it has scores: %s', async (name) => {
    const { model, rows } = await opened(name);
    using _ = model;
    const error = await failureOf(() => model.predictProba(rows));
    expect([error.code, error.message]).toEqual(['NOT_A_CLASSIFIER', expect.stringContaining('output is scores')]);
  });
});
