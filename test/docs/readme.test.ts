/** What README.md shows is what was measured, and what the command prints. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { drawn, linesOf, SCENES } from '../../scripts/record-terminal.js';

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');

describe('README.md', () => {
  it('has the figures of docs/performance.md', () => {
    const measured = read('docs/performance.md');
    const table = /\| model \| forwardpass \|.*?\n\n/s.exec(read('README.md'))?.[0] ?? '';
    const figures = [...table.matchAll(/[\d.]+ (?:ns|µs|ms|MB)(?: \([\d.]+×\))?/g)].map(([figure]) => figure);
    expect(figures.length).toBeGreaterThan(12);
    // Some ratios are in their own column there.
    const parts = figures.flatMap((figure) =>
      measured.includes(figure) ? [] : figure.split(/ \(|\)/).filter(Boolean),
    );
    expect(parts.filter((part) => !measured.includes(part))).toEqual([]);
  });

  it('shows a recording of what the command prints', () => {
    const recording = read('docs/plots/terminal.svg');
    for (const scene of SCENES.filter(({ typed }) => !typed.startsWith('bench'))) {
      const printed = linesOf(scene).filter((line) => !/ on \w+, /.test(line) && line !== '');
      const texts = [...drawn([{ typed: scene.typed, printed }]).matchAll(/xml:space="preserve">(.*)<\/text>/g)];
      expect(texts.length).toBe(printed.length + 1);
      for (const [, text] of texts) expect(recording).toContain(text);
    }
  });
});
