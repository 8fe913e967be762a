/**
 * The ONNX project's own backend tests, packed by test/fixtures/make/make_onnx_backend.py. A case either agrees or
 * is refused by name; which of the two is committed, so that a change in either direction is seen. After such a
 * change, `npx vitest run test/formats/onnx-backend.test.ts --update` rewrites the list and docs/conformance.md.
 */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import type { BackendTests, Outcome } from './onnx-backend/cases.ts';
import { judge } from './onnx-backend/judge.ts';
import { report, verdicts } from './onnx-backend/report.ts';

const packed = readFileSync(new URL('../fixtures/onnx-backend/cases.json.gz', import.meta.url));
const tests: BackendTests = JSON.parse(gunzipSync(packed).toString());
const outcomes = new Map<string, Outcome>();

describe('the ONNX backend tests', () => {
  for (const test of tests.cases) {
    it(`agrees with ${test.name}, or refuses it by name`, async () => {
      outcomes.set(test.name, await judge(test));
    });
  }

  it('agree and are refused as listed', async () => {
    await expect(verdicts(outcomes)).toMatchFileSnapshot('../fixtures/onnx-backend/verdicts.json');
  });

  it('are counted in docs/conformance.md', async () => {
    await expect(report(tests, outcomes)).toMatchFileSnapshot('../../docs/conformance.md');
  });
});
