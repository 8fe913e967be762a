/** What examples/c/digits.c and its kin print, computed through Node: `node hash.js FROZEN`. */
import { readFileSync } from 'node:fs';
import { argv } from 'node:process';

/** @type {typeof import('../../lib/load.ts')} By URL, since the types are checked before anything is built. */
const { load } = await import(new URL('../../dist/index.js', import.meta.url).href);

const folder = new URL('../../examples/digits/', import.meta.url);
/** @param {string} name */
const readNpy = (name) => {
  const bytes = readFileSync(new URL(name, folder));
  return new Uint8Array(bytes.subarray(10 + bytes.readUInt16LE(8)));
};

const labels = readNpy('test-labels.npy');
const model = await load(argv[2]);
const scores = model.run(Float32Array.from(readNpy('test-images.npy')));
const right = labels.filter((label, row) => {
  const ofRow = [...scores.subarray(row * 10, row * 10 + 10)];
  return ofRow.indexOf(Math.max(...ofRow)) === label;
});
let hash = 14695981039346656037n;
for (const byte of new Uint8Array(scores.buffer, scores.byteOffset, scores.byteLength)) {
  hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 1099511628211n);
}
console.log(`${right.length} of ${labels.length} right, hash ${hash.toString(16).padStart(16, '0')}`);
