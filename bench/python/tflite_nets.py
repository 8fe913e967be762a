"""Makes stacks of dense layers as TensorFlow Lite's files, of float32 and of int8 throughout, and times its interpreter.

A server for `node tflite.js`. It reads a line of JSON a request, and answers with one:

    {"make": "64-64-32-1"}      → {"version": "2.21.0", "float": ".../64-64-32-1.tflite", "int8": ".../64-64-32-1-int8.tflite"}
    {"open": PATH, "batch": 1}  → {"outputs": [...]}: of the rows that row i of bytes (i·37 + j·101) mod 256 − 128 are
    {"time": 1000}              → {"nanoseconds": 1234567}: the processor time of so many calls, on one thread
"""

import contextlib
import json
import os
import sys
import time
from pathlib import Path

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import numpy as np
import tensorflow as tf

FOLDER = Path(__file__).parent.parent / "build" / "tflite"
SAMPLE = 100


def make(name):
    widths = [int(width) for width in name.split("-")]
    random = np.random.default_rng(1)
    layers = [tf.keras.layers.Dense(n, activation="relu") for n in widths[1:-1]] + [tf.keras.layers.Dense(widths[-1])]
    model = tf.keras.Sequential([tf.keras.Input((widths[0],)), *layers])
    for layer, inputs, outputs in zip(layers, widths, widths[1:]):
        weight = random.normal(0, (2 / inputs) ** 0.5, (inputs, outputs))
        layer.set_weights([weight.astype("float32"), random.normal(0, 0.1, outputs).astype("float32")])
    rows = random.normal(size=(SAMPLE, widths[0])).astype("float32")

    def converter():
        return tf.lite.TFLiteConverter.from_keras_model(model)

    whole = converter()
    whole.optimizations = [tf.lite.Optimize.DEFAULT]
    whole.representative_dataset = lambda: ([row[None]] for row in rows)
    whole.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    whole.inference_input_type = whole.inference_output_type = tf.int8
    FOLDER.mkdir(parents=True, exist_ok=True)
    paths = {"float": FOLDER / f"{name}.tflite", "int8": FOLDER / f"{name}-int8.tflite"}
    for kind, made in (("float", converter()), ("int8", whole)):
        with contextlib.redirect_stdout(sys.stderr):
            paths[kind].write_bytes(made.convert())
    return {"version": tf.__version__, **{kind: str(path) for kind, path in paths.items()}}


class Opened:
    def __init__(self, path, batch):
        self.interpreter = tf.lite.Interpreter(model_path=path, num_threads=1)
        [given], [result] = self.interpreter.get_input_details(), self.interpreter.get_output_details()
        width = int(given["shape"][-1])
        self.interpreter.resize_tensor_input(given["index"], [batch, width])
        self.interpreter.allocate_tensors()
        bytes_of = (np.arange(batch)[:, None] * 37 + np.arange(width)[None] * 101) % 256 - 128
        self.interpreter.set_tensor(given["index"], bytes_of.astype(given["dtype"]))
        self.interpreter.invoke()
        self.outputs = self.interpreter.get_tensor(result["index"]).ravel().tolist()

    def time(self, calls):
        start = time.process_time_ns()
        for _ in range(calls):
            self.interpreter.invoke()
        return time.process_time_ns() - start


def main():
    opened = None
    for line in sys.stdin:
        request = json.loads(line)
        try:
            if "make" in request:
                answer = make(request["make"])
            elif "open" in request:
                opened = Opened(request["open"], request["batch"])
                answer = {"outputs": opened.outputs}
            else:
                answer = {"nanoseconds": opened.time(request["time"])}
        except Exception as error:
            answer = {"error": str(error)}
        print(json.dumps(answer), flush=True)


main()
