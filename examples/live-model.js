// A service whose model is exchanged while it answers. A small server stands in for the place where models are
// published: it has one version after the other, one of which is no good. Run it with `node examples/live-model.js`.
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { setTimeout } from 'node:timers/promises';
import { watch } from 'forwardpass';

// Version n gives the probability that a customer leaves, from two features: months and complaints.
const versions = [
  model([-0.05, 0.9]),
  model([-0.04, 1.2]),
  model([-0.04, 1.2, 0.3]), // takes a feature more: the service does not have it
  model([-0.06, 1.1]),
];
let published = versions[0];
const server = createServer((request, response) => {
  const etag = `"${createHash('sha256').update(published).digest('hex').slice(0, 8)}"`;
  response.setHeader('etag', etag);
  if (request.headers['if-none-match'] === etag) response.writeHead(304).end();
  else response.end(published);
});
server.listen(0, '127.0.0.1');
await once(server, 'listening');

const live = await watch(`http://127.0.0.1:${server.address().port}/churn.safetensors`, {
  interval: 100, // milliseconds; 60,000 unless given
  outputActivation: 'sigmoid',
  // A version has to put the two in this order, or it is refused.
  validate: (candidate) => {
    const [happy, unhappy] = candidate.run(Float32Array.of(48, 0, 2, 3));
    return happy < unhappy;
  },
  onUpdate: (_, { etag }) => console.log(`  ${etag} is in use`),
  onReject: (error, { etag }) => console.log(`  ${etag} was refused: ${error.message}`),
});

const customer = Float32Array.of(12, 1);
let answers = 0;
for (const [i, version] of versions.entries()) {
  console.log(`\n  version ${i + 1} is published`);
  published = version;
  // The service goes on answering meanwhile: with the model in use, whichever that is.
  for (const end = performance.now() + 400; performance.now() < end; await setTimeout(1)) {
    live.run(customer);
    answers += 1;
  }
  console.log(`  the customer leaves with probability ${live.run(customer)[0].toFixed(3)}`);
}
console.log(`\n  ${answers} answers, none of which failed\n`);

await live.close();
server.close();
server.closeAllConnections();

/** A safetensors file of one layer: the header's length, the header, the weights. */
function model(weights) {
  const data = Buffer.from(Float32Array.from(weights).buffer);
  const weight = { dtype: 'F32', shape: [1, weights.length], data_offsets: [0, data.length] };
  const header = Buffer.from(JSON.stringify({ weight }));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  return Buffer.concat([length, header, data]);
}
