/** Tables and pictures of docs/performance.md. */

/** @param {readonly string[]} head @param {readonly (readonly string[])[]} rows the first column to the left */
export function table(head, rows) {
  const lines = [head, head.map((_, i) => (i === 0 ? '---' : '--:')), ...rows];
  return lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

/** @param {string} name @param {string} words */
export function picture(name, words) {
  return [
    '<picture>',
    `  <source media="(prefers-color-scheme: dark)" srcset="plots/${name}-dark.svg">`,
    `  <img alt="${words}" src="plots/${name}-light.svg">`,
    '</picture>',
  ].join('\n');
}
