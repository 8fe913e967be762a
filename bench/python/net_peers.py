"""Times Python's libraries on nets of dense layers, on one thread: TensorFlow Lite's interpreter, torch and NumPy.

A server for `node peers.js`, which gives each contender its turn. It reads a line of JSON a request, and answers with one:

    {"versions": true}                          → {"versions": {"torch": "2.13.0", …}}
    {"quantize": "build/nets/64-64-1.onnx"}     → {"dynamic": PATH, "static": PATH, "float": PATH, "int8": PATH}
    {"open": "…/64-64-1.onnx", "batch": 16, "rows": "…/rows.f32"}
                                                → {"ways": {"torch": {"outputs": PATH}, …}}
    {"time": "torch", "calls": 1000}            → {"nanoseconds": 1234567}: the processor time of so many calls

Outputs are files of float32. Those of `tflite-int8` are its bytes, with their scale and zero point, and `given` is what it was given.
"""

import importlib
import os
import time
from pathlib import Path

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import numpy as np
from quantize_nets import layers_of, quantize
from server import serve


FOLDER = Path(__file__).parent.parent / "build" / "nets"


def save(name, array):
    """As float32, for Node to read."""
    path = FOLDER / f"{name}.f32"
    np.ascontiguousarray(array, np.float32).tofile(path)
    return str(path)


def open_tflite(path, rows):
    import tensorflow as tf

    interpreter = tf.lite.Interpreter(model_path=path, num_threads=1)
    [given], [result] = interpreter.get_input_details(), interpreter.get_output_details()
    interpreter.resize_tensor_input(given["index"], rows.shape)
    interpreter.allocate_tensors()
    scale, zero = given["quantization"]
    if scale:
        rows = np.clip(np.rint(rows / np.float32(scale)) + zero, -128, 127).astype(given["dtype"])
    interpreter.set_tensor(given["index"], rows)

    def call():
        interpreter.invoke()

    more = dict(zip(("scale", "zero"), result["quantization"]), given=save("given", rows))
    return call, lambda: interpreter.get_tensor(result["index"]), more


def tflite(net, rows):
    return open_tflite(net.files["float"], rows)


def tflite_int8(net, rows):
    return open_tflite(net.files["int8"], rows)


def torch_model(net, rows, prepare):
    import torch

    torch.set_num_threads(1)
    parts = []
    for weight, bias in net.layers:
        linear = torch.nn.utils.skip_init(torch.nn.Linear, weight.shape[1], weight.shape[0])
        linear.load_state_dict({"weight": torch.from_numpy(weight.copy()), "bias": torch.from_numpy(bias.copy())})
        parts += [linear, torch.nn.ReLU()]
    x = torch.from_numpy(rows)
    guard = torch.inference_mode()
    with guard:
        model = prepare(torch, torch.nn.Sequential(*parts[:-1]).eval(), x)

    def many(calls):
        with torch.inference_mode():
            for _ in range(calls):
                model(x)

    def outputs():
        with torch.inference_mode():
            return model(x).numpy()

    return Many(many), outputs, {}


def torch_eager(net, rows):
    return torch_model(net, rows, lambda _torch, model, _x: model)


def torch_script(net, rows):
    """Frozen, and then optimised for inference: layers may become oneDNN's."""
    return torch_model(net, rows, lambda torch, model, _x: torch.jit.optimize_for_inference(torch.jit.freeze(torch.jit.script(model))))


def numpy(net, rows):
    """Into arrays that are there already, as somebody who wants speed writes it."""
    layers = [(np.ascontiguousarray(weight.T), bias, np.empty((len(rows), len(bias)), np.float32)) for weight, bias in net.layers]
    last = layers[-1][2]

    def call():
        x = rows
        for weight, bias, y in layers:
            np.matmul(x, weight, out=y)
            np.add(y, bias, out=y)
            if y is not last:
                np.maximum(y, 0, out=y)
            x = y

    return call, lambda: last, {}


class Many:
    """Does so many calls by itself."""

    def __init__(self, many):
        self.many = many

    def __call__(self):
        self.many(1)


WAYS = {"tflite": tflite, "tflite-int8": tflite_int8, "torch-eager": torch_eager, "torch-script": torch_script, "numpy": numpy}


class Net:
    def __init__(self, path):
        self.path = Path(path)
        self.layers = layers_of(self.path)
        self.files = quantize(self.path)


class Server:
    net, ways = None, {}

    def versions(self, _):
        versions = {name: importlib.import_module(name).__version__ for name in ("tensorflow", "torch", "numpy", "onnxruntime")}
        return {"versions": versions}

    def quantize(self, path):
        self.net = Net(path)
        return self.net.files

    def open(self, path, batch, rows):
        if self.net is None or self.net.path != Path(path):
            self.net = Net(path)
        rows = np.fromfile(rows, np.float32).reshape(batch, -1)
        self.ways, answer = {}, {}
        for way, make in WAYS.items():
            call, outputs, more = make(self.net, rows)
            call()
            self.ways[way] = call
            answer[way] = {"outputs": save(way, outputs()), **more}
        return {"ways": answer}

    def time(self, way, calls):
        call = self.ways[way]
        start = time.process_time_ns()
        if isinstance(call, Many):
            call.many(calls)
        else:
            for _ in range(calls):
                call()
        return {"nanoseconds": time.process_time_ns() - start}


if __name__ == "__main__":
    serve(Server())
