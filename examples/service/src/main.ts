import { fileURLToPath } from 'node:url';
import { buildApp } from './app.js';

const tumours = fileURLToPath(new URL('../../tumours/tumours.txt', import.meta.url));
const app = await buildApp(process.env.MODEL ?? tumours);
console.log(await app.listen({ host: process.env.HOST ?? '127.0.0.1', port: Number(process.env.PORT ?? 8080) }));

for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void app.close());
