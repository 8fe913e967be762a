/** The outcomes in two files: the list that the test holds on to, and the counts that people read. */
import { ERROR_CODES, type ErrorCode } from '../../../lib/errors.ts';
import type { BackendTests, Outcome } from './cases.ts';

/** Names of cases that agree, and of those refused by their code. */
export function verdicts(outcomes: ReadonlyMap<string, Outcome>): string {
  const agrees: string[] = [];
  const refused: Partial<Record<ErrorCode, string[]>> = {};
  for (const [name, outcome] of outcomes) {
    if (outcome === 'agrees') agrees.push(name);
    else refused[outcome.refused] = [...(refused[outcome.refused] ?? []), name];
  }
  return `${JSON.stringify({ agrees, refused }, null, 1)}\n`;
}

interface Count {
  agrees: number;
  readonly refused: Map<ErrorCode, number>;
}

/** docs/conformance.md */
export function report(tests: BackendTests, outcomes: ReadonlyMap<string, Outcome>): string {
  const groups = countGroups(tests, outcomes);
  const running = groups.filter(([, { agrees }]) => agrees > 0);
  const total = [...outcomes.values()];
  const agreeing = total.filter((outcome) => outcome === 'agrees').length;
  const skippedCount = Object.values(tests.skipped).reduce((sum, names) => sum + names.length, 0);
  return `# Conformance with the ONNX backend tests

<!-- Written by test/formats/onnx-backend.test.ts; do not edit. -->

The ONNX project tests its backends with small models, most of them one operator with inputs and expected outputs. These are
the tests of onnx ${tests.onnx}, run at every \`npm test\`: of **${total.length}** cases **${agreeing} agree** and **${total.length - agreeing} are refused** with an error
that names the operator. None is wrong. A case agrees if its outputs do, also with its rows in reverse order; floats must be
within 1e-5 of the output's greatest value if they were computed in float32, within a step of the element type for half
precision.

Most refusals are correct: a row model has no convolution, no sum over the batch, no loop. Many tests pass an operator's
parameters as inputs (the weights of Gemm, the shape of Reshape); in models they are constants, so they are made constants
here. Another ${skippedCount} cases are skipped before they are run.

## Operators that run

| operator | agrees | refused | why |
|---|---:|---:|---|
${running.map(([group, count]) => row(group, count)).join('\n')}

## Operators refused in every case

${listRefused(groups)}

## Meaning of the codes

${explainCodes(groups)}

## Skipped cases

| cases | why |
|---:|---|
${Object.entries(tests.skipped)
  .sort(([a], [b]) => (a < b ? -1 : 1))
  .map(([reason, names]) => `| ${names.length} | ${reason} |`)
  .join('\n')}
`;
}

function countGroups(tests: BackendTests, outcomes: ReadonlyMap<string, Outcome>): [string, Count][] {
  const groups = new Map<string, Count>();
  for (const { name, group } of tests.cases) {
    const outcome = outcomes.get(name);
    if (outcome === undefined) continue;
    const count = groups.get(group) ?? { agrees: 0, refused: new Map() };
    groups.set(group, count);
    if (outcome === 'agrees') count.agrees++;
    else count.refused.set(outcome.refused, (count.refused.get(outcome.refused) ?? 0) + 1);
  }
  return [...groups].sort(([a], [b]) => (a < b ? -1 : 1));
}

function row(group: string, { agrees, refused }: Count): string {
  const reasons = [...refused].map(([code, count]) => `${count} ${code}`).join(', ');
  const sum = [...refused.values()].reduce((total, count) => total + count, 0);
  return `| ${group} | ${agrees} | ${sum} | ${reasons} |`;
}

/** A line a code; an operator stands at each of the codes that refused it. */
function listRefused(groups: readonly [string, Count][]): string {
  const refused = groups.filter(([, { agrees }]) => agrees === 0);
  return codesOf(refused)
    .map((code) => {
      const names = refused.filter(([, count]) => count.refused.has(code)).map(([group]) => group);
      return `- ${code}: ${names.join(', ')}.`;
    })
    .join('\n');
}

function explainCodes(groups: readonly [string, Count][]): string {
  return codesOf(groups)
    .map((code) => `- ${code}: ${ERROR_CODES[code]}.`)
    .join('\n');
}

function codesOf(groups: readonly [string, Count][]): ErrorCode[] {
  return [...new Set(groups.flatMap(([, { refused }]) => [...refused.keys()]))].sort();
}
