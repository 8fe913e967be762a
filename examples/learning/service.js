// A service that predicts whether a customer leaves, and learns what became of it:
//
//     POST /predict    { "months": 12, "complaints": 1 }   → { "id": "7", "leaves": 0.31 }
//     POST /feedback   { "id": "7", "left": true }         → 202
//     GET  /metrics                                        → how good the last predictions were
//
// Feedback comes late, so predictions wait for it in a window. What is learned is written down every `every` rows: a
// checkpoint from which the service goes on when it was killed, and a model for those that only predict (`watch`, `serve`).
import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { ForwardpassError, learn } from 'forwardpass/learn';

const MOST_WAITING = 100_000;
const MOST_BYTES = 10_000;
const FEATURES = ['months', 'complaints'];

/** Without what it has learned before, it begins with a model that knows nothing. */
async function open(folder) {
  const checkpoint = join(folder, 'checkpoint.safetensors');
  const metrics = { window: 200, drift: 'adwin' };
  if (existsSync(checkpoint)) return learn(checkpoint, { metrics });
  const learner = await learn(
    { estimator: 'SGDClassifier', loss: 'log_loss', eta0: 0.1, learning_rate: 'constant' },
    { metrics },
  );
  return learner.partialFit({ months: 0, complaints: 0 }, false, { classes: [false, true] });
}

export async function start({ folder, port = 0, every = 100 }) {
  const learner = await open(folder);
  const waiting = new Map();
  let learned = learner.notes?.learned ?? 0;
  let saved = learned;
  let saving = Promise.resolve();

  const routes = {
    'POST /predict': async (body) => {
      const customer = Object.fromEntries(FEATURES.map((name) => [name, scaled(body, name)]));
      const probabilities = learner.predictProba(customer);
      const id = randomUUID();
      waiting.set(id, customer);
      // The oldest is forgotten: nobody said what became of it.
      if (waiting.size > MOST_WAITING) waiting.delete(waiting.keys().next().value);
      return [200, { id, leaves: probabilities['1'] }];
    },
    'POST /feedback': async ({ id, left }) => {
      const customer = waiting.get(id);
      if (customer === undefined) return [404, { error: 'no prediction of this id waits for feedback' }];
      if (typeof left !== 'boolean') return [400, { error: 'expected left: true or false' }];
      learner.partialFit(customer, left);
      waiting.delete(id);
      learned += 1;
      if (learned - saved >= every) {
        saved = learned;
        // One after the other; what is learned meanwhile is in the next.
        saving = saving.then(() => save(learned)).catch((error) => console.error(error.message));
      }
      return [202, { learned }];
    },
    'GET /metrics': async () => [200, { learned, ...learner.metrics, drift: learner.drift }],
  };

  async function save(rows) {
    await learner.save(join(folder, 'checkpoint.safetensors'), { notes: { learned: rows } });
    await learner.publish(join(folder, 'model.safetensors'));
  }

  const server = createServer(async (request, response) => {
    const [status, answer] = await handle(request).catch((error) => {
      // What is wrong with a request is its sender's; the rest is ours, and not told.
      if (error instanceof ForwardpassError || error instanceof SyntaxError) return [400, { error: error.message }];
      console.error(error);
      return [500, { error: 'something went wrong here' }];
    });
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
  });

  async function handle(request) {
    const route = routes[`${request.method} ${request.url}`];
    if (route === undefined) return [404, { error: 'there is nothing here' }];
    return route(request.method === 'POST' ? await bodyOf(request) : undefined);
  }

  await new Promise((resolve) => server.listen(port, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await saving;
      await save(learned);
      learner.dispose();
    },
  };
}

/** Features of about the same size: a rate that suits one then suits all. */
function scaled(body, name) {
  const value = body[name];
  if (typeof value !== 'number') throw new SyntaxError(`expected a number for ${name}`);
  return name === 'months' ? value / 24 - 1 : value / 2;
}

async function bodyOf(request) {
  const chunks = [];
  let length = 0;
  for await (const chunk of request) {
    length += chunk.length;
    if (length > MOST_BYTES) throw new SyntaxError('the request is too long');
    chunks.push(chunk);
  }
  const body = JSON.parse(Buffer.concat(chunks).toString('utf8'));
  if (typeof body === 'object' && body !== null) return body;
  throw new SyntaxError('expected an object');
}
