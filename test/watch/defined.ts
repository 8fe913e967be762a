/** Models of an architecture as files: what `forwardpass freeze` would write of them. */
import { writeFrozen } from '../../lib/formats/safetensors/write-frozen.ts';
import type { Architecture } from '../../lib/graph/architecture.ts';
import { buildGraph } from '../../lib/graph/define/build.ts';
import { prepare, withWeights } from '../../lib/load.ts';
import { checkModelOptions, type ModelOptions } from '../../lib/options.ts';

export async function freeze(architecture: unknown, options: ModelOptions): Promise<Uint8Array> {
  const checked = checkModelOptions(options);
  const graph = buildGraph(architecture as Architecture, { format: 'define' });
  const prepared = prepare(graph, checked);
  const { classes, featureNames, decision, targets } = graph;
  const simplest = withWeights(prepared, checked.precision);
  return Buffer.concat(writeFrozen({ ...simplest, classes, featureNames, decision, targets }, prepared.arithmetic));
}
