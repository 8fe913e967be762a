/**
 * Records docs/plots/terminal.svg from a real run of the command: `node scripts/record-terminal.js`, after a build. The
 * lines appear one after another, with only CSS, so that a page can show the recording as an image.
 */
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { argv, execPath } from 'node:process';
import { fileURLToPath } from 'node:url';

const root = new URL('..', import.meta.url);
const command = fileURLToPath(new URL('dist/cli/main.js', root));
const [LINE, COLUMN, MARGIN] = [20, 8.43, 20];
const SECONDS = { command: 1.2, line: 0.06 };

/** What is typed, in which folder of examples/, and the number of output lines that are shown. */
export const SCENES = [
  { folder: 'churn', typed: 'run churn.joblib --input customers.csv --predict --proba --keep age,plan', lines: 4 },
  { folder: 'digits', typed: 'inspect digits.onnx', lines: 20 },
  { folder: 'digits', typed: 'bench digits.onnx', lines: 10 },
];

/** @param {{ folder: string, typed: string, lines: number }} scene @returns {string[]} */
export function linesOf({ folder, typed, lines }) {
  const cwd = new URL(`examples/${folder}/`, root);
  const { status, stdout, stderr } = spawnSync(execPath, [command, ...typed.split(' ')], { cwd, encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
  const printed = stdout.trimEnd().split('\n');
  return printed.length > lines ? [...printed.slice(0, lines), '…'] : printed;
}

/** @param {string} text */
const escaped = (text) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');

/** @param {readonly { typed: string, printed: readonly string[] }[]} scenes @returns {string} */
export function drawn(scenes) {
  const rows = scenes.flatMap(({ typed, printed }) => [
    { prompt: true, text: `npx forwardpass ${typed}` },
    ...printed.map((text) => ({ prompt: false, text })),
    { prompt: false, text: '' },
  ]);
  let seconds = 0;
  const shown = rows.map(({ prompt, text }, i) => {
    seconds += prompt ? SECONDS.command : SECONDS.line;
    const at = `x="${MARGIN}" y="${(i + 2.4) * LINE}" style="animation-delay:${seconds.toFixed(2)}s"`;
    const content = prompt ? `<tspan class="p">$ </tspan>${escaped(text)}` : escaped(text);
    return text === '' ? '' : `<text ${at} class="${prompt ? 'c' : 'o'}" xml:space="preserve">${content}</text>\n`;
  });
  const width = Math.ceil(2 * MARGIN + COLUMN * Math.max(...rows.map(({ text }) => text.length + 2)));
  const height = (rows.length + 2.5) * LINE;
  const label = 'A recording: forwardpass scores a CSV by a pipeline of scikit-learn, lists a network, and measures it';
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${label}">
<style>
text { font: 14px ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace; animation: show 0.01s both }
.c { fill: #f0f6fc } .o { fill: #b1bac4 } .p { fill: #3fb950 }
@keyframes show { from { opacity: 0 } to { opacity: 1 } }
@media (prefers-reduced-motion: reduce) { text { animation: none } }
</style>
<rect width="${width}" height="${height}" rx="10" fill="#0d1117"/>
<circle cx="20" cy="18" r="5" fill="#ff5f57"/><circle cx="38" cy="18" r="5" fill="#febc2e"/><circle cx="56" cy="18" r="5" fill="#28c840"/>
${shown.join('')}</svg>
`;
}

if (argv[1] === fileURLToPath(import.meta.url)) {
  const scenes = SCENES.map((scene) => ({ typed: scene.typed, printed: linesOf(scene) }));
  writeFileSync(new URL('docs/plots/terminal.svg', root), drawn(scenes));
}
