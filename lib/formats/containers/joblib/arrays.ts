/**
 * joblib's arrays: the pickle has a wrapper that describes the array, and the array's bytes follow the wrapper's last
 * opcode, in the middle of the pickle. https://github.com/joblib/joblib/blob/main/joblib/numpy_pickle.py
 */
import { ForwardpassError } from '../../../errors.ts';
import type { Budget } from '../../../graph/budget.ts';
import type { PickleHooks } from '../pickle/machine.ts';
import { arrayFromBytes, countOf, readArrayType, readShape, recordBytes } from '../pickle/numpy.ts';
import { readPickle } from '../pickle/pickle.ts';
import { readRecordType, recordsFromBytes } from '../pickle/records.ts';
import type { PickleStream } from '../pickle/stream.ts';
import { PickleArray, type PickleObject, type PickleValue, pickleKind } from '../pickle/values.ts';

const WRAPPER = /(^|\.)numpy_pickle\.NumpyArrayWrapper$/;
/** Up to joblib 0.9, each array had its own file beside the pickle. */
const OLD_WRAPPER = /(^|\.)numpy_pickle(_compat)?\.(NDArrayWrapper|ZNDArrayWrapper)$/;

export class ArrayWrappers implements PickleHooks {
  /** The number of wrappers found. */
  found = 0;

  constructor(
    private readonly budget: Budget,
    private readonly place: string,
  ) {}

  built(object: PickleObject, stream: PickleStream): PickleValue | undefined {
    const name = String(object.callable);
    if (OLD_WRAPPER.test(name)) {
      const message = 'keeps its arrays in files beside it, as joblib before 0.10 did; load it there and save it again';
      throw new ForwardpassError('UNSUPPORTED_VERSION', message, this.place);
    }
    if (!WRAPPER.test(name)) return undefined;
    this.found++;
    return this.read(object, stream);
  }

  private read(wrapper: PickleObject, stream: PickleStream): PickleValue | undefined {
    const { place } = stream;
    const shape = readShape(wrapper.attribute('shape'), this.budget, place);
    const dtype = wrapper.attribute('dtype');
    const type = readArrayType(dtype);
    if (type?.name === 'O') return this.readObjects(stream);
    this.skipPadding(wrapper, stream);
    const records = readRecordType(dtype);
    if (records !== undefined) {
      return recordsFromBytes(records, shape, stream.take(countOf(shape) * records.bytes), place);
    }
    if (type === undefined) {
      // Dates and similar types stay a named wrapper until something needs them.
      stream.take(countOf(shape) * recordBytes(dtype, place));
      return undefined;
    }
    const bytes = stream.takeElements(countOf(shape) * type.bytes);
    return arrayFromBytes(type, shape, wrapper.attribute('order') === 'F', bytes, this.budget, place);
  }

  /** An array of objects is a separate pickle, without wrappers. */
  private readObjects(stream: PickleStream): PickleValue {
    const { budget, place } = this;
    const { value, end } = readPickle(stream.bytes, { budget, place, start: stream.at });
    stream.take(end - stream.at);
    if (value instanceof PickleArray) return value;
    throw stream.malformed(`expected an array of objects, found ${pickleKind(value)}`);
  }

  /**
   * A byte says how many padding bytes follow, up to a multiple of 16: since joblib 1.2, if the position in the file
   * was known.
   */
  private skipPadding(wrapper: PickleObject, stream: PickleStream): void {
    const alignment = wrapper.attribute('numpy_array_alignment_bytes') ?? null;
    if (alignment !== null) stream.take(stream.u8());
  }
}
