// Tells benign tumours from malignant ones with trees that LightGBM boosted: 30 measurements of cells in, a probability out.
// The tumours are ones that it never saw in training. Run it with `npm start`, or `node examples/tumours.js`.
import { readFile } from 'node:fs/promises';
import { load } from 'forwardpass';

const folder = new URL('./tumours/', import.meta.url);
const lightgbm = JSON.parse(await readFile(new URL('tumours.json', folder), 'utf8'));
const { rows, isBenign } = lightgbm;

// The file that `booster.save_model` wrote, as it is.
const model = await load(new URL('tumours.txt', folder));

// All tumours in one call: 30 numbers a row in, the probability that it is benign out.
const probabilities = model.run(Float64Array.from(rows.flat()));

// Or one of them as people have it, by the names that the file has.
const tumour = Object.fromEntries(model.featureNames.map((name, i) => [name, rows[0][i]]));
console.log('\n  A tumour that the trees never saw in training:\n');
for (const name of model.featureNames.slice(0, 4)) console.log(`    ${name.padEnd(16)} ${tumour[name]}`);
console.log(`    … and ${model.featureNames.length - 4} more numbers`);
const benign = model.predict(tumour);
console.log(
  `    read as ${nameOf(benign > 0.5)} (${percent(Math.max(benign, 1 - benign))}), and is ${nameOf(isBenign[0])}\n`,
);

const right = isBenign.filter((is, row) => probabilities[row] > 0.5 === (is === 1)).length;
// The sums of the trees have LightGBM's own bits. Their exponential may differ in the last one.
const agreeing = probabilities.filter((p, row) => Math.abs(p - lightgbm.probabilities[row]) <= 4e-15).length;
console.log(`  ${right} of ${rows.length} right, ${percent(right / rows.length)}`);
console.log(`  LightGBM gives the same probability for ${agreeing} of them\n`);

// One tumour at a time, a new one each call: the same one again and again would be faster than any real use.
const call = model.bind({ batch: 1 });
const inputs = rows.map((row) => Float64Array.from(row));
const { count, leaves, depth } = model.trees;
console.log(`  one prediction: ${nanoseconds()} ns by a bound call`);
console.log(`  ${count} trees, ${leaves} leaves, depth ${depth}, ${model.precision}, ${model.isa}\n`);

function nameOf(benign) {
  return benign ? 'benign' : 'malignant';
}

function percent(share) {
  return `${(100 * share).toFixed(1)} %`;
}

/** What one call costs, with the copy of its row: the median of 500 blocks of 114 calls, the first blocks to warm up. */
function nanoseconds() {
  const blocks = [];
  for (let block = 0; block < 600; block++) {
    const start = performance.now();
    for (const input of inputs) {
      call.input.set(input);
      call.run();
    }
    blocks.push(((performance.now() - start) * 1e6) / inputs.length);
  }
  return Math.round(blocks.slice(100).sort((a, b) => a - b)[250]);
}
