// Serves a batch of requests from a pool of threads that share one model: the main thread loads it once, and each thread
// of the pool attaches to the same weights. The library must be built; then, in this folder:
//
//     npm install && npm start
import { readFile } from 'node:fs/promises';
import { ForwardpassError, load } from 'forwardpass';
import { Piscina } from 'piscina';

const digits = new URL('../digits/', import.meta.url);
const model = await load(new URL('digits.onnx', digits));

// The handle goes to every thread. The model here keeps the weights while threads come and go.
const pool = new Piscina({
  filename: new URL('predict.js', import.meta.url).href,
  workerData: model.share(),
  minThreads: 2,
  maxThreads: 4,
});

// Requests of a few images each, as many as there are.
const images = Float32Array.from(await readNpy('test-images.npy'));
const requests = [];
for (let at = 0; at < images.length; at += 8 * 64) requests.push(images.slice(at, at + 8 * 64));
const answers = await Promise.all(requests.map((request) => pool.run(request)));

// What is wrong with a request is told as it would be here.
const problem = await pool.run(new Float32Array(63)).catch((error) => ForwardpassError.from(error) ?? error);
if (problem.code !== 'INPUT') throw problem;

const scores = answers.flatMap((answer) => [...answer.scores]);
const expected = model.run(images);
const threads = new Set(answers.map((answer) => answer.thread));
const same = scores.length === expected.length && scores.every((score, i) => Object.is(score, expected[i]));
console.log(`${requests.length} requests, ${images.length / 64} images, ${threads.size} threads`);
console.log(same ? 'the same bits as from the model that they share' : 'results differ');

await pool.close();
model.dispose();
process.exitCode = same ? 0 : 1;

/** The values of a .npy file of unsigned bytes: magic, version, the header's length, the header, the values. */
async function readNpy(name) {
  const bytes = await readFile(new URL(name, digits));
  return new Uint8Array(bytes.subarray(10 + bytes.readUInt16LE(8)));
}
