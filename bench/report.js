/**
 * Writes what results/*.json say into docs: the plots of docs/plots, and the part of docs/performance.md between its
 * two marks. `node report.js`, or `node report.js --from quick`; without a full run it is from the quick one anyway.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { pageTables } from './lib/page.js';
import { readResult } from './lib/results.js';
import { ceilingPlot } from './plots/ceiling.js';
import { latencyPlot } from './plots/latency.js';
import { THEMES } from './plots/theme.js';
import { throughputPlot } from './plots/throughput.js';
import { treesPlot } from './plots/trees.js';

const docs = join(import.meta.dirname, '..', 'docs');
const page = join(docs, 'performance.md');
const BEGIN = '<!-- Written by bench/report.js from bench/results: do not edit between these marks. -->';
const END = '<!-- End of what bench/report.js wrote. -->';

const { values: flags } = parseArgs({ options: { from: { type: 'string' } } });
const from = flags.from ?? (readResult('full') ? 'full' : 'quick');
const session = readResult(from);
if (session === undefined) throw new Error(`no results/${from}.json: run node bench.js first`);

const trees = readResult('trees');
const peak = Math.max(...Object.values(session.ceilings.fma).map(Number));
mkdirSync(join(docs, 'plots'), { recursive: true });
for (const [name, theme] of Object.entries(THEMES)) {
  writeFileSync(join(docs, 'plots', `latency-${name}.svg`), latencyPlot(session.cases, theme));
  writeFileSync(join(docs, 'plots', `throughput-${name}.svg`), throughputPlot(session.cases, peak, theme));
  writeFileSync(join(docs, 'plots', `ceiling-${name}.svg`), ceilingPlot(session.cases, theme));
  if (trees) writeFileSync(join(docs, 'plots', `trees-${name}.svg`), treesPlot(trees.cases, theme));
}

const text = readFileSync(page, 'utf8');
const [begin, end] = [text.indexOf(BEGIN), text.indexOf(END)];
if (begin < 0 || end < begin) throw new Error(`${page}: expected the marks\n${BEGIN}\n${END}`);
const written = `${BEGIN}\n\n${pageTables(session)}\n\n`;
writeFileSync(page, text.slice(0, begin) + written + text.slice(end));
console.log(`Written: docs/performance.md and docs/plots, from results/${from}.json`);
