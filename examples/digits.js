// Reads handwritten digits with a network that torch trained: 64 pixels in, 10 scores out.
// The images are ones that it never saw in training. Run it with `npm start`, or `node examples/digits.js`.
import { readFile } from 'node:fs/promises';
import { load } from 'forwardpass';

const folder = new URL('./digits/', import.meta.url);
const images = await readNpy('test-images.npy');
const labels = await readNpy('test-labels.npy');
const torch = JSON.parse(await readFile(new URL('digits.json', folder), 'utf8'));

const model = await load(new URL('digits.onnx', folder));

// All images in one call: 64 numbers a row in, 10 numbers a row out.
const scores = model.run(Float32Array.from(images));
const answers = Array.from(labels, (_, row) => indexOfGreatest(scores.subarray(row * 10, row * 10 + 10)));

const rows = [...labels.keys()];
const right = rows.filter((row) => answers[row] === labels[row]);
const wrong = rows.filter((row) => answers[row] !== labels[row]);
const agreeing = rows.filter((row) => answers[row] === torch.predictions[row]);
const shown = [...right.slice(0, 4 - Math.min(wrong.length, 1)), ...wrong.slice(0, 1)];

console.log(`\n  Digits that the network never saw in training:\n\n${draw(shown)}\n`);
console.log(`  ${right.length} of ${labels.length} right, ${percent(right.length)}`);
console.log(`  torch: ${torch.correct} of ${torch.images}, and the same answer for ${agreeing.length} of them\n`);

// One image at a time. A bound call owns its arrays: fill its input, run, read its output.
const call = model.bind({ batch: 1 });
call.input.set(images.subarray(0, 64));
const x = Float32Array.from(images.subarray(0, 64));
const y = new Float32Array(10);
console.log(`  one prediction: ${nanoseconds(() => call.run())} ns by a bound call`);
console.log(`                  ${nanoseconds(() => model.run(x, y))} ns by model.run(x, y)`);
console.log(`  ${model.parameterCount.toLocaleString('en')} parameters, ${model.precision}, ${model.isa}\n`);

/** The values of a .npy file of unsigned bytes: magic, version, the header's length, the header, the values. */
async function readNpy(name) {
  const bytes = await readFile(new URL(name, folder));
  return new Uint8Array(bytes.subarray(10 + bytes.readUInt16LE(8)));
}

function indexOfGreatest(values) {
  return values.indexOf(Math.max(...values));
}

/** Images side by side, 8 × 8 pixels of 0 to 16, with what they are and what they were read as. */
function draw(shownRows) {
  const shades = [' ', '░', '▒', '▓', '█'];
  const lines = Array.from({ length: 8 }, (_, line) =>
    shownRows.map((row) => {
      const pixels = images.subarray(row * 64 + line * 8, row * 64 + line * 8 + 8);
      return Array.from(pixels, (pixel) => shades[Math.round(pixel / 4)].repeat(2)).join('');
    }),
  );
  const captions = shownRows.map((row) => {
    const ok = answers[row] === labels[row];
    return colour(ok ? 32 : 31, `${ok ? '✓' : '✗'} ${labels[row]} read as ${answers[row]}`.padStart(14).padEnd(16));
  });
  return [...lines, [], captions].map((parts) => `  ${parts.join('  ')}`).join('\n');
}

function colour(code, text) {
  return process.stdout.isTTY && !process.env.NO_COLOR ? `\x1b[${code}m${text}\x1b[0m` : text;
}

function percent(count) {
  return `${((100 * count) / labels.length).toFixed(1)} %`;
}

/** What one call costs: the median of 500 blocks of 200 calls, the first blocks to warm up. */
function nanoseconds(run) {
  const blocks = [];
  for (let block = 0; block < 600; block++) {
    const start = performance.now();
    for (let i = 0; i < 200; i++) run();
    blocks.push(((performance.now() - start) * 1e6) / 200);
  }
  return Math.round(blocks.slice(100).sort((a, b) => a - b)[250]);
}
