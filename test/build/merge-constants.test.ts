import { expect, test } from 'vitest';
import { mergeConstants } from '../../scripts/merge-constants.js';

const rdata = '\t.section\t.rdata,"dr"\n';

test('equal constants have one name and are written once', () => {
  const one = `${rdata}\t.p2align\t2, 0x0\n.LCPI0_0:\n\t.long\t0x3f800000                      # float 1\n`;
  const same = `${rdata}\t.p2align\t2, 0x0\n.LCPI1_3:\n\t.long\t0x3f800000\n`;
  const code = 'f:\n\tmulss\t.LCPI0_0(%rip), %xmm0\n\taddss\t.LCPI1_3(%rip), %xmm0\n';
  const merged = mergeConstants(one + same + code);
  const names = [...merged.matchAll(/ss\t(constant\.\w+)\(%rip\)/g)].map(([, name]) => name);
  expect(names).toHaveLength(2);
  expect(names[0]).toBe(names[1]);
  expect(merged.split(`\n${names[0]}:\n`)).toHaveLength(2);
  expect(merged).toContain(`\t.section\t.rdata,"dr",discard,${names[0]}\n\t.globl\t${names[0]}\n\t.p2align\t2, 0x0\n`);
  expect(merged).not.toContain('LCPI');
});

test('a vector is aligned to its size, and what differs stays apart', () => {
  const vector = (name: string, last: number) => `${name}:\n${[1, 2, 3, last].map((n) => `\t.quad\t${n}\n`).join('')}`;
  const merged = mergeConstants(
    `${rdata}${vector('.LCPI0_0', 4)}${vector('.LCPI0_1', 5)}\tlea\t.LCPI0_0(%rip), %rax\n`,
  );
  expect(merged.match(/^constant\.\w+:$/gm)).toHaveLength(2);
  expect(merged.match(/\.p2align\t5, 0x0/g)).toHaveLength(2);
});

test('a negative number, and a constant that is mostly zeros', () => {
  const merged = mergeConstants('.LCPI0_0:\n\t.quad\t-9223372034707292160\n\t.zero\t8\n');
  expect(merged).toMatch(/\.p2align\t4, 0x0\nconstant\.\w+:\n\t\.quad\t-9223372034707292160\n\t\.zero\t8\n/);
});

test('a constant without data, or whose data are not understood, is refused', () => {
  expect(() => mergeConstants('.LCPI0_0:\n\t.octa\t1\n\tlea\t.LCPI0_0(%rip), %rax\n')).toThrow('.LCPI0_0');
});
