/** Drafts an `architecture` for a file that contains only parameters, for users to paste and correct. */
import { quote } from '../../messages.ts';
import { formatShape, type Shape } from '../shapes.ts';
import { isOfTraining } from './foreign.ts';

const MOST_LAYERS = 20;

export const DESCRIBE = 'describe how the tensors belong together with the `architecture` option, such as:';

/** Suffixes of tensor names that belong to layers. */
const ENDINGS = /^(weight|bias|kernel|gamma|beta|running_mean|moving_mean|running_var|moving_variance|embeddings)$/;

type Endings = ReadonlyMap<string, Shape>;

/** Each layer with its prefix and row widths, in the file's order. Other tensors are left out. */
export function draftArchitecture(tensors: ReadonlyMap<string, Shape>): string {
  const layers = new Map<string, Map<string, Shape>>();
  const others: string[] = [];
  for (const [name, shape] of tensors) {
    if (isOfTraining(name, shape)) continue;
    const parts = name.replace(/:0$/, '').split(/[./]/);
    const ending = parts[parts.length - 1];
    const prefix = name.slice(0, parts.slice(0, -1).join('.').length);
    if (!ENDINGS.test(ending)) others.push(name);
    else layers.set(prefix, (layers.get(prefix) ?? new Map<string, Shape>()).set(ending, shape));
  }
  const lines = [...layers].slice(0, MOST_LAYERS).map(([prefix, endings]) => `      ${layerText(prefix, endings)}`);
  if (layers.size > MOST_LAYERS) lines.push(`      // … and ${layers.size - MOST_LAYERS} more`);
  const ignore = others.slice(0, MOST_LAYERS).map((name) => quote(name));
  const more = others.length > MOST_LAYERS ? ', …' : '';
  const ignored =
    ignore.length > 0 ? `\n    ignore: [${ignore.join(', ')}${more}], // unless the forward code uses them` : '';
  return `\n  architecture: {\n    layers: [ // in the order of the forward code, with its activations\n${lines.join('\n')}\n    ],${ignored}\n  }`;
}

function layerText(prefix: string, endings: Endings): string {
  const tensor = `tensor: ${quote(prefix)}`;
  const weight = endings.get('weight') ?? endings.get('kernel') ?? endings.get('embeddings');
  const isTransposed = !endings.has('kernel');
  if (endings.has('running_mean') || endings.has('moving_mean')) {
    const [width] = (endings.get('running_mean') ?? endings.get('moving_mean')) as Shape;
    return `{ type: 'batch_norm', ${tensor} }, // of ${width}`;
  }
  if (
    endings.has('embeddings') ||
    (weight?.length === 2 && endings.size === 1 && /embed|(^|[._])emb([._]|$)/i.test(prefix))
  ) {
    return `{ type: 'embedding', ${tensor} }, // ids below ${weight?.[0]} → ${formatShape([weight?.[1] ?? 1])}`;
  }
  if (weight?.length === 2) {
    const [inputs, outputs] = isTransposed ? weight.toReversed() : weight;
    return `{ ${tensor} }, // dense ${formatShape([inputs])} → ${formatShape([outputs])}`;
  }
  const [width] = (weight ?? endings.get('gamma') ?? endings.values().next().value) as Shape;
  if (endings.size > 1) return `{ type: 'layer_norm', ${tensor} }, // of ${width ?? 1}`;
  const found = [...endings].map(([ending, shape]) => `${ending} ${formatShape(shape)}`).join(', ');
  return `// ${quote(prefix)}: ${found}`;
}
