/** Models that torch wrote, and models written by hand; test/fixtures/make says how each was made. */
import { describe, it } from 'vitest';
import { expectAgreement, fixturesIn } from './expectations.ts';

for (const folder of ['onnx-torch', 'onnx-hand']) {
  const directory = new URL(`../fixtures/${folder}/`, import.meta.url);
  describe(`every model of ${folder}`, () => {
    for (const fixture of fixturesIn(directory)) {
      it(`gives ${fixture.name} the outputs that its framework gives it`, async () => {
        await expectAgreement(new URL(`${fixture.name}.onnx`, directory), fixture);
      });
    }
  });
}
