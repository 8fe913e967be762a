/** Files cut short at every byte, and with every byte changed: they load, or are refused in words. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ForwardpassError } from '../../../lib/errors.ts';
import { load } from '../../../lib/load.ts';

/** One of each form and of each way of reading an estimator, and small. */
const FILES = [
  ...['linear-single.pkl', 'linear.pkl', 'logistic-booleans.pkl', 'ridge-classifier.pkl', 'mlp-of-two.pkl'],
  ...['ridge-cv.joblib', 'elastic-net.joblib', 'lars.joblib', 'logistic-negative-classes.joblib', 'linear-svr.joblib'],
  ...['sparse-coefficients-protocol-0.pkl', 'sparse-coefficients-skops.skops', 'dummy-regressor.skops'],
  ...['gaussian-nb.pkl', 'k-means.pkl', 'pls.pkl', 'one-versus-rest-constant.joblib', 'threshold-fixed.joblib'],
] as const;

const FLIPS = [0x01, 0x80, 0xff];

/** What loading came to: an error of forwardpass, whose message holds no accident of its code. */
async function expectLoadedOrRefused(bytes: Uint8Array, what: string): Promise<void> {
  try {
    (await load(bytes, { format: 'sklearn' })).dispose();
  } catch (error) {
    expect(error, what).toBeInstanceOf(ForwardpassError);
    expect((error as ForwardpassError).message, what).not.toMatch(/undefined|\[object/);
  }
}

describe('damaged files', () => {
  for (const file of FILES) {
    const bytes = new Uint8Array(readFileSync(new URL(`../../fixtures/sklearn/${file}`, import.meta.url)));
    // Larger ones at every few bytes: some 600 places in all.
    const step = Math.ceil(bytes.length / 600);

    it(`loads or refuses ${file} cut at every ${step === 1 ? 'byte' : `${step} bytes`}`, async () => {
      for (let end = 0; end < bytes.length; end += step) {
        await expectLoadedOrRefused(bytes.slice(0, end), `${file} cut at ${end}`);
      }
    });

    it(`loads or refuses ${file} with a byte changed`, async () => {
      for (let at = 0; at < bytes.length; at += step) {
        const changed = bytes.slice();
        changed[at] ^= FLIPS[at % FLIPS.length];
        await expectLoadedOrRefused(changed, `${file} changed at ${at}`);
      }
    });
  }
});
