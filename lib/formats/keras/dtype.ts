/** The dtype policies of Keras: the type in which a layer computes. */
import { DTYPES, type DType } from '../../graph/graph.ts';
import { quote } from '../../messages.ts';
import { type Config, isObject } from './config.ts';

/** The type of the layer's results: for mixed policies the narrow type; the arithmetic here is float32. */
export function computeDType(config: Config): DType {
  const name = policyName(config);
  if (name === undefined) return 'float32';
  const plain = name.replace(/^mixed_/, '');
  const dtype = DTYPES.find((candidate) => candidate === plain);
  if (dtype !== undefined) return dtype;
  throw config.error('UNSUPPORTED_DTYPE', `computes in ${quote(name)}, which is an unknown type`);
}

function policyName(config: Config): string | undefined {
  const dtype = config.raw('dtype');
  if (dtype === undefined || typeof dtype === 'string') return dtype;
  if (!isObject(dtype)) throw config.wrong('dtype', 'a name or a policy');
  const policy = config.object('dtype');
  if (!isObject(policy.raw('config'))) throw policy.wrong('config', 'a policy');
  const mode = policy.object('config').raw('mode');
  if (typeof mode === 'string') {
    const message = `is quantized to ${quote(mode)}, which is not supported; save the model before it is quantized`;
    throw config.error('UNSUPPORTED_OP', message);
  }
  const name = policy.object('config').raw('name');
  if (typeof name === 'string') return name;
  throw config.wrong('dtype', 'a policy with a name');
}
