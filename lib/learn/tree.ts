/** Changes the objects of a pickle. Attributes are set in place, so that shared objects stay shared. */
import {
  PickleArray,
  PickleDict,
  type PickleObject,
  PickleTuple,
  type PickleValue,
} from '../formats/containers/pickle/values.ts';

/** The attributes of an object; created if it has none. */
export function attributesOf(object: PickleObject): PickleDict {
  const { state } = object;
  if (state instanceof PickleDict) return state;
  if (state instanceof PickleTuple && state.items[0] instanceof PickleDict) return state.items[0];
  const made = new PickleDict();
  object.state = made;
  return made;
}

export function setAttribute(object: PickleObject, name: string, value: PickleValue): void {
  setItem(attributesOf(object), name, value);
}

export function setItem({ entries }: PickleDict, name: string, value: PickleValue): void {
  const entry = entries.findLast(([key]) => key === name);
  if (entry === undefined) entries.push([name, value]);
  else entry[1] = value;
}

/** A new array. */
export function arrayOf(shape: readonly number[], data: Float64Array | Float32Array): PickleArray {
  return new PickleArray(shape, data instanceof Float32Array ? 'f4' : 'f8', data);
}

/** A new array of integers. */
export function integers(data: Float64Array): PickleArray {
  return new PickleArray([data.length], 'i8', data);
}
