/** Sends a handle to a process of a cluster and to a child: prints the codes of their errors. */

import { fork } from 'node:child_process';
import cluster from 'node:cluster';
import { once } from 'node:events';
import { argv, stdout } from 'node:process';
import { fileURLToPath } from 'node:url';
import { define, Model } from './forwardpass.js';

if (cluster.isPrimary && argv[2] !== 'child') {
  const model = define({ layers: [{ weight: 1 }] });
  const children = [cluster.fork(), fork(fileURLToPath(import.meta.url), ['child'])];
  const codes = children.map(async (child) => {
    await once(child, 'message');
    child.send(model.share());
    return (await once(child, 'message'))[0];
  });
  stdout.write((await Promise.all(codes)).join(' '));
} else {
  // This process has shared its own model as well.
  const own = define({ layers: [{ weight: 1 }] });
  own.share();
  process.once('message', (handle) => {
    try {
      Model.attach(/** @type {import('../../../lib/index.ts').ModelHandle} */ (handle));
      process.send?.('attached');
    } catch (error) {
      process.send?.(/** @type {{ code: string }} */ (error).code);
    }
    process.disconnect();
  });
  process.send?.('ready');
}
