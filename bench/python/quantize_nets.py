"""Makes the quantised files of a net of dense layers, from the ONNX file that `node peers.js` wrote.

onnxruntime's tools quantise weights only (dynamic: rows are quantised as they arrive) and throughout (static, as QuantizeLinear and
DequantizeLinear around each layer); TensorFlow Lite's converter writes float32 and int8 throughout. What is static is calibrated
on rows like those that are measured: uniform from -1 to 1. A file that is there and not older than the ONNX file stays.
"""

import contextlib
import logging
import os
import sys

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import numpy as np
import onnx
from onnx import numpy_helper

SAMPLE = 200


def layers_of(path):
    """Weights of [outputs, inputs] and biases, in order."""
    arrays = {tensor.name: numpy_helper.to_array(tensor) for tensor in onnx.load(path).graph.initializer}
    return [(arrays[f"weight_{i}"], arrays[f"bias_{i}"]) for i in range(len(arrays) // 2)]


def sample_rows(width):
    return np.random.default_rng(3).uniform(-1, 1, (SAMPLE, width)).astype("float32")


def quantize(path):
    """Paths of the quantised files by their kind."""
    made = {}
    for kind, ending, make in (
        ("dynamic", ".dynamic.onnx", make_dynamic),
        ("static", ".static.onnx", make_static),
        ("float", ".tflite", make_float),
        ("int8", ".int8.tflite", make_int8),
    ):
        made[kind] = path.with_suffix("").as_posix() + ending
        if not os.path.exists(made[kind]) or os.path.getmtime(made[kind]) < path.stat().st_mtime:
            with contextlib.redirect_stdout(sys.stderr):
                make(path, made[kind])
    return made


def make_dynamic(path, to):
    from onnxruntime.quantization import quantize_dynamic

    logging.disable(logging.WARNING)
    quantize_dynamic(path, to, per_channel=True)


def make_static(path, to):
    """Unsigned activations and signed weights by output, which its documentation says are fastest on x64 with VNNI."""
    from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static

    class Rows(CalibrationDataReader):
        def __init__(self, rows):
            self.rows = iter(rows)

        def get_next(self):
            row = next(self.rows, None)
            return None if row is None else {"features": row[None]}

    width = layers_of(path)[0][0].shape[1]
    types = {"activation_type": QuantType.QUInt8, "weight_type": QuantType.QInt8}
    quantize_static(path, to, Rows(sample_rows(width)), quant_format=QuantFormat.QDQ, per_channel=True, **types)


def converter(path):
    import tensorflow as tf

    layers = layers_of(path)
    dense = [tf.keras.layers.Dense(len(bias), activation="relu") for _, bias in layers[:-1]] + [tf.keras.layers.Dense(len(layers[-1][1]))]
    model = tf.keras.Sequential([tf.keras.Input((layers[0][0].shape[1],)), *dense])
    for layer, (weight, bias) in zip(dense, layers):
        layer.set_weights([weight.T, bias])
    return tf.lite.TFLiteConverter.from_keras_model(model), tf


def make_float(path, to):
    made, _ = converter(path)
    write(to, made.convert())


def make_int8(path, to):
    made, tf = converter(path)
    rows = sample_rows(layers_of(path)[0][0].shape[1])
    made.optimizations = [tf.lite.Optimize.DEFAULT]
    made.representative_dataset = lambda: ([row[None]] for row in rows)
    made.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    made.inference_input_type = made.inference_output_type = tf.int8
    write(to, made.convert())


def write(to, content):
    with open(to, "wb") as file:
        file.write(content)
