/** Files of every kind whose names are a million characters long, or hold what a terminal obeys: messages stay short and plain. */
import { PbfWriter } from 'pbf';
import { expect, it } from 'vitest';
import { ForwardpassError } from '../../lib/errors.ts';
import { load } from '../../lib/load.ts';
import { failureOf } from '../failure.ts';
import { zipOf } from './containers/zip-file.ts';
import { modelBytes, node, value } from './onnx/write-onnx.ts';
import { fileOf } from './safetensors-file.ts';

const NAMES = { long: 'n'.repeat(1e6), odd: `a\x1b[31m\u202e\n\ud83d${'undefine'.repeat(10)}` };

const text = (from: string) => Uint8Array.from(Buffer.from(from, 'utf8'));
/** Of protocol 2, in which a name is a line. */
const pickle = (opcodes: string) => Uint8Array.from([0x80, 2, ...text(opcodes)]);
const line = (name: string) => name.replaceAll('\n', '').slice(0, 900);
const zip = (files: Record<string, string>) =>
  zipOf(Object.entries(files).map(([name, from]) => ({ name, data: text(from) })));

/** A GraphDef of one node. */
function graphDef(name: string): Uint8Array {
  const written = new PbfWriter();
  const fields = (_: unknown, writer: PbfWriter) => {
    writer.writeStringField(1, name);
    writer.writeStringField(2, name);
    writer.writeStringField(3, name);
  };
  written.writeMessage(1, fields, undefined);
  return written.finish();
}

const keras = (name: string) => ({
  module: 'keras',
  class_name: 'Sequential',
  config: { name, layers: [{ module: 'keras.layers', class_name: name, config: { name } }] },
});

const FILES: Readonly<Record<string, (name: string) => Uint8Array>> = {
  'safetensors: a tensor': (name) =>
    fileOf({ [name]: { dtype: 'F99', shape: [1], data_offsets: [0, 4] } }, [0, 0, 0, 0]),
  'safetensors: an element type': (name) =>
    fileOf({ a: { dtype: name, shape: [1], data_offsets: [0, 4] } }, [0, 0, 0, 0]),
  'ONNX: an operator': (name) =>
    modelBytes({
      inputs: [value('x', ['n', 2])],
      outputs: [value('y', ['n', 2])],
      nodes: [node(name, ['x'], ['y'])],
    }),
  'ONNX: a value': (name) =>
    modelBytes({
      inputs: [value('x', ['n', 2])],
      outputs: [value('y', ['n', 2])],
      nodes: [node('Relu', [name], ['y'])],
    }),
  'pickle: a class': (name) => pickle(`c${line(name)}\n${line(name)}\n)R.`),
  'pickle: a class of scikit-learn': (name) => pickle(`csklearn.${line(name)}\nX\n)R.`),
  'PyTorch: a class': (name) =>
    zip({ 'm/data.pkl': `c${line(name)}\nX\n)R.`, 'm/version': '3', 'm/byteorder': 'little' }),
  'TorchScript: its code': (name) =>
    zip({
      'm/data.pkl': 'c__torch__\nM\n)R}b.',
      'm/constants.pkl': ').',
      'm/version': '3',
      'm/code/__torch__.py': `class M(Module):\n  def forward(self: __torch__.M, x: Tensor) -> Tensor:\n    return ${name}(x)\n`,
    }),
  'torch.export: an operator': (name) =>
    zip({ 'm/models/model.json': JSON.stringify({ schema_version: { major: name } }), 'm/archive_format': 'pt2' }),
  'Keras: a layer': (name) =>
    zip({ 'metadata.json': '{"keras_version":"3.4.1"}', 'config.json': JSON.stringify(keras(name)) }),
  'TensorFlow: a node': graphDef,
  'TensorFlow.js: a layer': (name) =>
    text(JSON.stringify({ format: 'layers-model', modelTopology: { model_config: keras(name) }, weightsManifest: [] })),
};

it.each(Object.entries(FILES).flatMap(([what, make]) => Object.keys(NAMES).map((kind) => [what, kind, make] as const)))(
  '%s, %s',
  async (what, kind, make) => {
    const error = await failureOf(() =>
      load(make(NAMES[kind as keyof typeof NAMES]), what.startsWith('TensorFlow:') ? { format: 'tensorflow' } : {}),
    );
    expect(error).toBeInstanceOf(ForwardpassError);
    expect(error.message.length).toBeLessThan(2400);
    expect(error.message).not.toMatch(/\bundefined\b|\[object |\bNaN\b/);
    expect(error.message.replaceAll('\n  ', '')).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}]/u);
  },
);
