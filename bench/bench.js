/** Measures forwardpass side by side with its peers, in one process and in turns: `node bench.js --help`. */
import { parseArgs } from 'node:util';
import { Ceilings } from './lib/ceilings.js';
import { BASELINE, CONTENDERS, importContenders, QUICK } from './lib/contenders.js';
import { times } from './lib/format.js';
import { describeMachine, packageVersion } from './lib/machine.js';
import { BATCHES, NETS } from './lib/nets.js';
import { TOLERANCE } from './lib/reference.js';
import { saveResult } from './lib/results.js';
import { disagreements, runSession } from './lib/session.js';
import { geometricMean } from './lib/stats.js';
import { caseTable, legend, netHeading } from './lib/table.js';

const ALL = CONTENDERS.flatMap(({ variants }) => variants.map(({ id }) => id));
const QUICK_BATCHES = [1, 64, 256];
const QUICK_EFFORT = { rounds: 9, trialMilliseconds: 20, warmUpMilliseconds: 150 };
const FULL_EFFORT = { rounds: 15, trialMilliseconds: 30, warmUpMilliseconds: 500 };

const HELP = `Measures forwardpass side by side with its peers, in one process and in turns.

  node bench.js              under a minute: batches ${QUICK_BATCHES.join(', ')}, against ${BASELINE} on one thread
  node bench.js --full       everything: some fifteen minutes

  --net NAME      only this net; may be repeated, and may be widths of your own: --net 20-64-64-2
  --batch ROWS    only this batch; may be repeated
  --peer NAME     only these, beside ${BASELINE}; may be repeated:
                  ${ALL.slice(0, 4).join(', ')},
                  ${ALL.slice(4).join(', ')}
  --json FILE     where results go (default: results/quick.json or results/full.json; with filters results/last.json)
`;

const { values: flags } = parseArgs({
  options: {
    quick: { type: 'boolean' },
    full: { type: 'boolean' },
    net: { type: 'string', multiple: true },
    batch: { type: 'string', multiple: true },
    peer: { type: 'string', multiple: true },
    json: { type: 'string' },
    help: { type: 'boolean', short: 'h' },
  },
});

if (flags.help) console.log(HELP);
else await main();

async function main() {
  const nets = flags.net ?? NETS;
  const batches = flags.batch?.map(Number) ?? (flags.full ? BATCHES : QUICK_BATCHES);
  const peers = flags.peer ?? (flags.full ? ALL : QUICK);
  const unknown = peers.find((peer) => !ALL.some((id) => id.startsWith(peer)));
  if (unknown !== undefined) fail(`unknown peer ${unknown}: expected one of ${ALL.join(', ')}`);
  const badNet = nets.find((name) => !/^[1-9]\d*(-[1-9]\d*)+$/.test(name));
  if (badNet !== undefined) fail(`--net ${badNet}: expected widths such as 784-512-256-10`);
  if (batches.some((batch) => !Number.isSafeInteger(batch) || batch < 1)) fail('--batch: expected integers from 1');

  const machine = describeMachine();
  const { contenders, missing } = await importContenders(
    (id) => id === BASELINE || peers.some((peer) => (flags.peer ? id.startsWith(peer) : id === peer)),
  );
  const versions = Object.fromEntries(
    contenders.flatMap(({ package: name }) => (name ? [[name, packageVersion(name)]] : [])),
  );
  const ceilings = new Ceilings(machine.caches);
  ceilings.measure([]);

  const peerNames = Object.entries(versions).map((entry) => entry.join(' '));
  console.log(`${machine.cpu}, Node ${machine.node}, ${peerNames.join(', ')}\n`);
  console.log(legend(ceilings));
  for (const reason of missing) console.log(`Left out: ${reason}`);

  const cases = [];
  const effort = flags.full ? FULL_EFFORT : QUICK_EFFORT;
  for await (const result of runSession({ nets, batches, effort, contenders, ceilings })) {
    if (result.net !== cases[cases.length - 1]?.net) console.log(netHeading(result));
    console.log(caseTable(result));
    cases.push(result);
  }

  console.log(`\n${summary(cases)}`);
  const isWhole = !flags.net && !flags.batch && !flags.peer;
  const { fma, read } = ceilings;
  const name = isWhole ? (flags.full ? 'full' : 'quick') : 'last';
  saveResult(name, { machine, versions, effort, ceilings: { fma, read }, cases }, flags.json);
}

/** @param {import('./lib/session.js').Case[]} cases */
function summary(cases) {
  const lines = [];
  for (const id of ['forwardpass-bound', 'forwardpass-run']) {
    const speedups = cases.flatMap(({ results }) => results.find((result) => result.id === id)?.speedup ?? []);
    if (speedups.length === 0) continue;
    const faster = speedups.filter((speedup) => speedup > 1).length;
    lines.push(
      `${id}: faster than ${BASELINE} in ${faster} of ${speedups.length} cases, ` +
        `${times(Math.min(...speedups))} to ${times(Math.max(...speedups))}, ${times(geometricMean(speedups))} in the geometric mean.`,
    );
  }
  const largest = Math.max(...cases.flatMap(({ results }) => results.map(({ difference }) => difference)));
  lines.push(
    `Outputs differ from a float64 forward pass by ${largest.toExponential(1)} at most, of the largest output.`,
  );
  for (const { net, batch, label, difference } of disagreements(cases)) {
    process.exitCode = 1;
    lines.push(
      `WRONG: ${label} differs by ${difference.toExponential(1)} (allowed ${TOLERANCE}) on ${net}, batch ${batch}`,
    );
  }
  return lines.join('\n');
}

/** @param {string} message @returns {never} */
function fail(message) {
  console.error(`bench: ${message}`);
  process.exit(2);
}
