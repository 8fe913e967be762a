/** Encodes plain data with arrays and maps as text and a list of arrays, which may be shared. */
import { ForwardpassError } from '../../errors.ts';
import type { Numbers } from './program.ts';

export interface Encoded {
  readonly text: string;
  readonly arrays: readonly Numbers[];
}

export function encode(value: unknown): Encoded {
  const positions = new Map<Numbers, number>();
  const text = JSON.stringify(value, (_, item: unknown) => {
    if (item instanceof Float32Array || item instanceof Float64Array) {
      const at = positions.get(item) ?? positions.size;
      positions.set(item, at);
      return { $array: at };
    }
    if (item instanceof Map) return { $map: [...item] };
    if (typeof item === 'number' && !Number.isFinite(item)) return { $number: String(item) };
    return item;
  });
  return { text, arrays: [...positions.keys()] };
}

/** @throws {ForwardpassError} MALFORMED for data that {@link encode} cannot have produced */
export function decode({ text, arrays }: Encoded): unknown {
  try {
    return JSON.parse(text, (_, item: unknown) => {
      if (typeof item !== 'object' || item === null || Array.isArray(item)) return item;
      if ('$array' in item) return arrayAt(arrays, item.$array);
      if ('$map' in item) return new Map(item.$map as [unknown, unknown][]);
      if ('$number' in item) return Number(item.$number);
      return item;
    });
  } catch (cause) {
    if (cause instanceof ForwardpassError) throw cause;
    throw new ForwardpassError('MALFORMED', 'its description is not JSON of a network', 'checkpoint', { cause });
  }
}

function arrayAt(arrays: readonly Numbers[], at: unknown): Numbers {
  const array = typeof at === 'number' ? arrays[at] : undefined;
  if (array !== undefined) return array;
  throw new ForwardpassError('DANGLING', 'its description names an array that is not in it', 'checkpoint');
}
