/** One dense layer as the file of each framework, laid out as the framework lays it out. */
import { crc32 } from 'node:zlib';
import { writeOnnx } from './onnx-writer.js';
import {
  build,
  call,
  dict,
  integer,
  items,
  named,
  no,
  none,
  object,
  persistent,
  pickle,
  string,
  tuple,
  yes,
} from './pickle-writer.js';

/** @typedef {import('./nets.js').Net} Net */

const ALIGNMENT = 64;

/**
 * By the ending of the file's name: what writes a net of one layer.
 *
 * @type {Readonly<Record<string, (net: Net) => Uint8Array>>}
 */
export const WRITERS = { safetensors, onnx: writeOnnx, pt, joblib };

/** @param {Net} net */
function safetensors({ layers: [{ weight, bias, inputs, outputs }] }) {
  const split = weight.byteLength;
  const header = JSON.stringify({
    weight: { dtype: 'F32', shape: [outputs, inputs], data_offsets: [0, split] },
    bias: { dtype: 'F32', shape: [outputs], data_offsets: [split, split + bias.byteLength] },
  });
  const head = Buffer.alloc(8 + Math.ceil(header.length / 8) * 8, ' ');
  head.writeBigUInt64LE(BigInt(head.length - 8));
  head.write(header, 8);
  return Buffer.concat([head, bytesOf(weight), bytesOf(bias)]);
}

/** torch.save of a Linear's state_dict. @param {Net} net */
function pt({ layers: [{ weight, bias, inputs, outputs }] }) {
  const ordered = call(named('collections', 'OrderedDict'));
  const tensor = (/** @type {string} */ key, /** @type {number[]} */ shape, /** @type {number[]} */ strides) => {
    const count = integer(shape.reduce((product, size) => product * size, 1));
    const id = tuple(string('storage'), named('torch', 'FloatStorage'), string(key), string('cpu'), count);
    const dims = (/** @type {number[]} */ list) => tuple(...list.map(integer));
    const parts = [persistent(id), integer(0), dims(shape), dims(strides), no, ordered];
    return call(named('torch._utils', '_rebuild_tensor_v2'), ...parts);
  };
  const entries = items({ weight: tensor('0', [outputs, inputs], [inputs, 1]), bias: tensor('1', [outputs], [1]) });
  return storedZip({
    'archive/data.pkl': pickle(ordered, entries),
    'archive/byteorder': Buffer.from('little'),
    'archive/data/0': bytesOf(weight),
    'archive/data/1': bytesOf(bias),
    'archive/version': Buffer.from('3\n'),
  });
}

/** joblib.dump of a LinearRegression of float64 with many targets. @param {Net} net */
function joblib({ layers: [{ weight, bias, inputs, outputs }] }) {
  const dtype = build(
    call(named('numpy', 'dtype'), string('f8'), no, yes),
    tuple(integer(3), string('<'), none, none, none, integer(-1), integer(-1), integer(0)),
  );
  const wrapper = (/** @type {number[]} */ shape) =>
    build(
      object(named('joblib.numpy_pickle', 'NumpyArrayWrapper')),
      dict({
        subclass: named('numpy', 'ndarray'),
        shape: tuple(...shape.map(integer)),
        order: string('C'),
        dtype,
        allow_mmap: yes,
        numpy_array_alignment_bytes: integer(16),
      }),
    );
  const estimator = object(named('sklearn.linear_model._base', 'LinearRegression'));
  const beginning = [Buffer.of(0x80, 2), estimator, Buffer.from('}(')];
  const settings = [string('fit_intercept'), yes, string('n_features_in_'), integer(inputs)];
  const file = [...beginning, ...settings, string('coef_'), wrapper([outputs, inputs])];
  file.push(aligned(file, Float64Array.from(weight)), string('intercept_'), wrapper([outputs]));
  file.push(aligned(file, Float64Array.from(bias)), string('_sklearn_version'), string('1.9.1'), Buffer.from('ub.'));
  return Buffer.concat(file);
}

/** The array as it stands after its wrapper: a length, as many bytes of padding, the elements. */
function aligned(/** @type {readonly Buffer[]} */ before, /** @type {Float64Array} */ values) {
  const position = before.reduce((sum, { length }) => sum + length, 0) + 1;
  const padding = 16 - (position % 16);
  return Buffer.concat([Buffer.of(padding), Buffer.alloc(padding, 0xff), bytesOf(values)]);
}

/** @param {Readonly<Record<string, Buffer>>} members */
function storedZip(members) {
  const [parts, directory] = [/** @type {Buffer[]} */ ([]), /** @type {Buffer[]} */ ([])];
  let offset = 0;
  for (const [name, data] of Object.entries(members)) {
    const local = Buffer.alloc(30);
    local.write('PK\x03\x04');
    const extra = Buffer.alloc((ALIGNMENT - ((offset + 30 + name.length) % ALIGNMENT)) % ALIGNMENT);
    local.writeUInt32LE(crc32(data), 14);
    local.writeUInt32LE(data.length, 18);
    local.writeUInt32LE(data.length, 22);
    local.writeUInt16LE(name.length, 26);
    local.writeUInt16LE(extra.length, 28);
    const central = Buffer.alloc(46);
    central.write('PK\x01\x02');
    local.copy(central, 6, 4, 28);
    central.writeUInt32LE(offset, 42);
    parts.push(local, Buffer.from(name), extra, data);
    directory.push(central, Buffer.from(name));
    offset += 30 + name.length + extra.length + data.length;
  }
  const names = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06');
  end.writeUInt16LE(parts.length / 4, 8);
  end.writeUInt16LE(parts.length / 4, 10);
  end.writeUInt32LE(names.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...parts, names, end]);
}

/** @param {Float32Array | Float64Array} values */
function bytesOf(values) {
  return Buffer.from(values.buffer, values.byteOffset, values.byteLength);
}
