import { type FastifyInstance, fastify } from 'fastify';
import { ForwardpassError, type LiveModel, watch } from 'forwardpass';
import { fastifyPlugin } from 'forwardpass/serve';

/** From this probability on that a tumour is benign, nobody has to look at it at once. */
const CLEAR = 0.95;

export interface Triage {
  readonly benign: number;
  readonly action: 'routine' | 'review';
}

/** `model` is the path of a file, whose newest good version is used. */
export async function buildApp(model: string): Promise<FastifyInstance> {
  const app = fastify({ logger: false });
  const live = await watch(model, { interval: 2_000 });
  app.addHook('onClose', () => live.close());

  app.post('/triage', async (request, reply) => {
    try {
      return triage(live, request.body as Record<string, number>);
    } catch (error) {
      // What is wrong with a record is said to whoever sent it; all else is ours.
      if (!(error instanceof ForwardpassError) || error.code !== 'INPUT') throw error;
      return reply.code(422).send({ error: error.message, place: error.place });
    }
  });

  // Friendly routes, the Open Inference Protocol, /metrics and a page, of the same file.
  await app.register(fastifyPlugin, { source: { tumours: model }, prefix: '/ml' });
  return app;
}

function triage(live: LiveModel, tumour: Record<string, number>): Triage {
  const benign = live.predict(tumour) as number;
  return { benign, action: benign >= CLEAR ? 'routine' : 'review' };
}
