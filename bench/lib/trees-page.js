/** The section on trees in docs/performance.md: tables of results/trees.json. */
import { duration, times } from './format.js';
import { picture, table } from './markdown.js';
import { treeTitle } from './tree-files.js';

/** @typedef {import('../trees.js').TreeCase} TreeCase */

/** The contenders besides the bound call. */
const PEERS = [
  { id: 'onnxruntime-node', label: 'onnxruntime' },
  { id: 'library-c', label: 'library, C' },
  { id: 'library-python', label: 'library, Python' },
];

/** @param {{ machine: ReturnType<typeof import('./machine.js').describeMachine>, versions: Record<string, string>,
 *   binary: string, features: number, rows: number, cases: TreeCase[] } | undefined} result */
export function treesText(result) {
  if (result === undefined) return '';
  const { machine, versions, binary, features, rows, cases } = result;
  const list = Object.entries(versions)
    .map((entry) => entry.join(' '))
    .join(', ');
  return [
    '### Trees',
    `The time of a row with ${features} features on one thread: the bound call, onnxruntime-node with the same trees as ONNX, and ` +
      `the library that trained the model, through its C interface and through Python. Each call has other rows than the ` +
      `previous one, out of ${rows.toLocaleString('en')}. In brackets: the time relative to forwardpass. ${list}; the binary of ` +
      `forwardpass is ${binary === 'release' ? "the release's" : 'built on the machine'}; ${machine.cpu}, ${machine.date}.`,
    againstPeers(cases),
    picture('trees', 'Time of a row in one call and in a batch of 256, by model'),
    'The same for each instruction set, and for the ONNX file, whose sums are in float32:',
    byInstructions(cases),
  ].join('\n\n');
}

/** @param {readonly TreeCase[]} cases */
function againstPeers(cases) {
  const rows = cases.map(({ batch, results, ...model }) => {
    const find = (/** @type {string} */ id) => results.find((result) => result.id === id);
    const ours = find('forwardpass-bound');
    return [
      treeTitle(model),
      String(batch),
      ours ? `**${duration(ours.nanoseconds / batch)}**` : '–',
      ...PEERS.map(({ id }) => {
        const peer = find(id);
        return peer ? `${duration(peer.nanoseconds / batch)} (${times(peer.slower)})` : '–';
      }),
    ];
  });
  return table(['model, trees × leaves', 'rows', 'forwardpass', ...PEERS.map(({ label }) => label)], rows);
}

/** @param {readonly TreeCase[]} cases */
function byInstructions(cases) {
  const ours = cases[0].results.filter(({ id }) => id.startsWith('forwardpass'));
  const rows = cases.map(({ batch, results, ...model }) => [
    treeTitle(model),
    String(batch),
    ...ours.map(({ id }) => {
      const result = results.find((result) => result.id === id);
      return result ? duration(result.nanoseconds / batch) : '–';
    }),
  ]);
  return table(['model, trees × leaves', 'rows', ...ours.map(({ label }) => label.replace('forwardpass, ', ''))], rows);
}
