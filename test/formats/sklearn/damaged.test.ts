/** Files cut short, and with bytes changed: they load, or are refused in words. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ForwardpassError } from '../../../lib/errors.ts';
import { load } from '../../../lib/load.ts';
import { damagedPlaces } from '../../damage.ts';

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

    it(`loads or refuses ${file} wherever it is cut`, async () => {
      for (const end of damagedPlaces(bytes.length, 150)) {
        await expectLoadedOrRefused(bytes.slice(0, end), `${file} cut at ${end}`);
      }
    });

    it(`loads or refuses ${file} with a byte changed`, async () => {
      for (const at of damagedPlaces(bytes.length, 150)) {
        const changed = bytes.slice();
        changed[at] ^= FLIPS[at % FLIPS.length];
        await expectLoadedOrRefused(changed, `${file} changed at ${at}`);
      }
    });
  }
});
