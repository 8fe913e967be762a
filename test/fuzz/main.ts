/** `npm run fuzz -- FORMAT [--seconds N] [--seed S] [--jobs J]`, and `--repeat FINDING`. */
import { mkdirSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { check } from './check.ts';
import { FUZZED_FORMATS, type FuzzedFormat } from './corpus.ts';
import { type Finding, keep, kindOf, readFinding } from './finding.ts';
import { forkSelf, lastWords, watch } from './watch.ts';
import { type State, work } from './worker.ts';

const ROOT = process.env.FORWARDPASS_ROOT ?? './';
const FIXTURES = `${ROOT}test/fixtures/`;
const OUT = process.env.FORWARDPASS_FUZZ_OUT ?? `${ROOT}build/fuzz`;
/** What trying a finding again may take. */
const CHECK_MS = 40_000;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seconds: { type: 'string', default: '60' },
    seed: { type: 'string', default: '1' },
    jobs: { type: 'string', default: '1' },
    repeat: { type: 'string' },
  },
});
const [first, second] = positionals;
if (first === 'work') await work(JSON.parse(second));
else if (first === 'check') process.send?.({ finding: await check(readFinding(second), FIXTURES) });
else if (values.repeat !== undefined) await repeat(values.repeat);
else process.exitCode = (await fuzz(formatOf(first))) === 0 ? 0 : 1;

function formatOf(name: string | undefined): FuzzedFormat {
  const format = FUZZED_FORMATS.find((known) => known === name);
  if (format !== undefined) return format;
  console.error(
    `usage: npm run fuzz -- FORMAT [--seconds N] [--seed S] [--jobs J]; FORMAT is one of ${FUZZED_FORMATS.join(', ')}`,
  );
  process.exit(2);
}

/** Gives the number of findings. */
async function fuzz(format: FuzzedFormat): Promise<number> {
  const seconds = Number(values.seconds);
  const jobs = Number(values.jobs);
  const states: State[] = [];
  const kinds = new Set<string>();
  const checks: Promise<string | undefined>[] = [];
  const found = (finding: Finding) => {
    if (kinds.has(kindOf(finding))) return;
    kinds.add(kindOf(finding));
    checks.push(confirmed(finding, `${format}-${values.seed}-${kinds.size}`));
  };
  mkdirSync(OUT, { recursive: true });
  const begin = performance.now();
  await Promise.all(
    Array.from({ length: jobs }, (_, at) => {
      const seed = Number(values.seed) + at * 1_000_000_000;
      const record = `${OUT}/${format}-${values.seed}-${at}.tried`;
      const state = (state: State) => {
        states[at] = state;
      };
      return watch({ format, fixtures: FIXTURES, seed, record }, 1000 * seconds, { found, state });
    }),
  );
  const passed = (performance.now() - begin) / 1000;
  const findings = (await Promise.all(checks)).filter((path) => path !== undefined);
  const executions = states.reduce((sum, state) => sum + state.executions, 0);
  const inputs = states.reduce((sum, state) => sum + state.inputs, 0);
  const branches = Math.max(0, ...states.map((state) => state.branches));
  console.log(
    `${format}: ${executions} executions, ${Math.round(executions / passed)} a second, ${branches} branches, ${inputs} new inputs, ${findings.length} findings (seed ${values.seed})`,
  );
  return findings.length;
}

/** Tries a finding again in a fresh process; where it holds, keeps and shows it, and gives its path. */
async function confirmed(finding: Finding, name: string): Promise<string | undefined> {
  const path = keep(finding, `${OUT}/tried`, name);
  const smaller = await checkApart(path, finding);
  if (smaller === undefined) return undefined;
  const kept = keep(smaller, `${OUT}/findings`, name);
  console.log(`${finding.sample}: ${smaller.fault}\n  repeat: npm run fuzz -- --repeat ${kept}`);
  return kept;
}

function checkApart(path: string, finding: Finding): Promise<Finding | undefined> {
  return new Promise((resolve) => {
    const child = forkSelf(['check', path]);
    const words = lastWords(child);
    const timer = setTimeout(() => child.kill('SIGKILL'), CHECK_MS);
    child.on('message', (message: { finding?: Finding }) => {
      resolve(message.finding);
      child.kill('SIGKILL');
    });
    child.on('exit', (code, signal) => {
      clearTimeout(timer);
      resolve(
        code === 0 ? undefined : { ...finding, fault: `${finding.fault} (tried again: ${signal ?? code}, ${words()})` },
      );
    });
  });
}

async function repeat(path: string): Promise<void> {
  const finding = await checkApart(path, readFinding(path));
  console.log(finding?.fault ?? 'nothing is wrong');
  process.exitCode = finding === undefined ? 0 : 1;
}
