// The service, and customers whose habits change while it runs. The library must be built; then, in this folder:
//
//     npm install && npm start
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { load } from 'forwardpass';
import { start } from './service.js';

const folder = await mkdtemp(join(tmpdir(), 'forwardpass-learning-'));
let service = await start({ folder });

/** The same customers each time. */
let state = 1;
function random() {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return state / 2 ** 32;
}

async function ask(path, body) {
  const response = await fetch(`${service.url}${path}`, body && { method: 'POST', body: JSON.stringify(body) });
  return response.json();
}

async function customers(count, leaves) {
  for (let i = 0; i < count; i++) {
    const customer = { months: Math.floor(random() * 48), complaints: Math.floor(random() * 5) };
    const { id } = await ask('/predict', customer);
    await ask('/feedback', { id, left: leaves(customer) });
  }
  const { learned, accuracy, drift } = await ask('/metrics');
  const times = drift.count === 1 ? 'once' : `${drift.count} times`;
  console.log(
    `  ${learned} customers: ${(100 * accuracy).toFixed(1)} % of the last 200 foreseen, habits changed ${times}`,
  );
  return accuracy;
}

const complain = ({ complaints, months }) => complaints > 2 - months / 48;
const first = await customers(500, complain);
// From now on those leave who have been there for long.
await customers(200, ({ months }) => months > 24);
const last = await customers(800, ({ months }) => months > 24);

// It goes on where it was. What it publishes is a model as any.
await service.close();
service = await start({ folder });
const { learned } = await ask('/metrics');
await service.close();
const model = await load(join(folder, 'model.safetensors'));
const newcomer = model.predict({ months: -1, complaints: 0 });
console.log(
  `  after a restart it has learned from ${learned}; the model that it published lets a newcomer ${newcomer === 1 ? 'leave' : 'stay'}`,
);
await rm(folder, { recursive: true });
process.exitCode = first > 0.9 && last > 0.9 && learned === 1500 && newcomer === 0 ? 0 : 1;
