"""Times what made the models of build/trees, on one thread: through its Python calls, and through its own C calls.

A server for `node trees.js`, which gives each contender its turn. It reads a line of JSON a request, and answers with one:

    {"versions": true}                               → {"versions": {"lightgbm": "4.7.0", …}, "missing": ["xgboost: …"]}
    {"open": "lightgbm-100x31", "batch": 1}          → {"ways": ["c", "python"], "difference": 0}
    {"time": "c", "calls": 1000}                     → {"nanoseconds": 1234567}

`difference` is how far the two ways' outputs are from what make_trees.py wrote, at the most; without the library there are
no ways. Rows of a call are others than
those of the call before, in the order of rows.f32, and in the type that the library takes without a copy.
"""

import ctypes
import importlib
import json
import os
import pickle
import subprocess
import time
from pathlib import Path

os.environ["OMP_NUM_THREADS"] = "1"

import numpy as np
from server import serve

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "build" / "trees"
SOURCE = Path(__file__).parent / "loops.cc"
LIBRARY = ROOT / "build" / "loops.so"
CASTS = {"lightgbm": np.float64, "xgboost": np.float32, "forest": np.float32}


def compiled():
    """loops.cc as a library, compiled on first use."""
    if not LIBRARY.exists() or LIBRARY.stat().st_mtime < SOURCE.stat().st_mtime:
        subprocess.run([os.environ.get("CXX", "c++"), "-std=c++17", "-O2", "-shared", "-fPIC", SOURCE, "-o", LIBRARY], check=True)
    library = ctypes.CDLL(str(LIBRARY))
    for name in ("lightgbm_rows", "lightgbm_batches", "xgboost_arrays"):
        getattr(library, name).restype = ctypes.c_int64
    return library


class Rotation:
    """Where the next call begins: a batch among those that the rows make."""

    def __init__(self, rows, batch):
        self.rows, self.batch, self.count, self.next = np.ascontiguousarray(rows), batch, len(rows) // batch, 0
        self.arrays = [self.rows[i * batch : (i + 1) * batch] for i in range(self.count)]

    def take(self, calls):
        first, self.next = self.next, (self.next + calls) % self.count
        return first


class Python:
    """Calls as people write them. `call` is given [batch, features] and gives the outputs."""

    def __init__(self, call, rotation):
        self.call, self.rotation = call, rotation

    def time(self, calls):
        call, arrays, count = self.call, self.rotation.arrays, self.rotation.count
        i = self.rotation.take(calls)
        start = time.perf_counter_ns()
        for _ in range(calls):
            call(arrays[i])
            i += 1
            if i == count:
                i = 0
        return time.perf_counter_ns() - start

    def outputs(self):
        return np.concatenate([self.call(array) for array in self.rotation.arrays])


class Loop:
    """One of loops.cc's: a call of `loop(…, first, inputs, calls)`. `last` gives the outputs of the last call."""

    def __init__(self, call, last, rotation):
        self.call, self.last, self.rotation = call, last, rotation

    def run(self, first, calls):
        nanoseconds = self.call(*(ctypes.c_int64(number) for number in (first, self.rotation.count, calls)))
        if nanoseconds < 0:
            raise RuntimeError("a call of the library failed")
        return nanoseconds

    def time(self, calls):
        return self.run(self.rotation.take(calls), calls)

    def outputs(self):
        parts = []
        for i in range(self.rotation.count):
            self.run(i, 1)
            parts.append(self.last().copy())
        return np.concatenate(parts)


def open_lightgbm(path, rotation):
    import lightgbm
    from lightgbm.basic import _LIB, _safe_call

    booster = lightgbm.Booster(model_file=path)
    batch, width = rotation.batch, rotation.rows.shape[1]
    out = np.zeros(batch)
    rows, to = (ctypes.c_void_p(array.ctypes.data) for array in (rotation.rows, out))
    loops = compiled()
    if batch == 1:
        config = ctypes.c_void_p()
        normal, all_trees, float64 = 0, -1, 1
        _safe_call(
            _LIB.LGBM_BoosterPredictForMatSingleRowFastInit(
                booster._handle, normal, 0, all_trees, float64, ctypes.c_int32(width), b"num_threads=1", ctypes.byref(config)
            )
        )
        predict = ctypes.cast(_LIB.LGBM_BoosterPredictForMatSingleRowFast, ctypes.c_void_p)
        call = lambda *where: loops.lightgbm_rows(predict, config, rows, ctypes.c_int64(width), to, *where)
    else:
        predict = ctypes.cast(_LIB.LGBM_BoosterPredictForMat, ctypes.c_void_p)
        sizes = ctypes.c_int64(batch), ctypes.c_int64(width)
        call = lambda *where: loops.lightgbm_batches(predict, booster._handle, rows, *sizes, to, *where)
    return {"c": Loop(call, lambda: out, rotation), "python": Python(lambda x: booster.predict(x, num_threads=1), rotation)}


def open_xgboost(path, rotation):
    import xgboost
    from xgboost.core import _LIB

    booster = xgboost.Booster({"nthread": 1})
    booster.load_model(path)
    booster.set_param({"nthread": 1})
    array = lambda x: json.dumps({"data": [x.ctypes.data, True], "shape": list(x.shape), "typestr": "<f4", "version": 3}).encode()
    arrays = (ctypes.c_char_p * rotation.count)(*map(array, rotation.arrays))
    settings = {"type": 0, "training": False, "iteration_begin": 0, "iteration_end": 0, "missing": float("nan"), "strict_shape": False, "cache_id": 0}
    config = json.dumps(settings).encode()
    out = ctypes.POINTER(ctypes.c_float)()
    predict = ctypes.cast(_LIB.XGBoosterPredictFromDense, ctypes.c_void_p)
    loops = compiled()
    call = lambda *where: loops.xgboost_arrays(predict, booster.handle, arrays, config, ctypes.byref(out), *where)
    last = lambda: np.ctypeslib.as_array(out, (rotation.batch,))
    return {"c": Loop(call, last, rotation), "python": Python(booster.inplace_predict, rotation)}


def open_forest(path, rotation):
    """scikit-learn has no calls but Python's."""
    with open(path, "rb") as file:
        model = pickle.load(file).set_params(n_jobs=1)
    return {"python": Python(getattr(model, "predict_proba", model.predict), rotation)}


OPEN = {"lightgbm": open_lightgbm, "xgboost": open_xgboost, "forest": open_forest}


class Server:
    ways = {}

    def versions(self, _):
        versions, missing = {}, []
        for name, module in (("lightgbm", "lightgbm"), ("xgboost", "xgboost"), ("scikit-learn", "sklearn")):
            try:
                versions[name] = importlib.import_module(module).__version__
            except Exception as error:
                missing.append(f"{name}: {str(error).strip().splitlines()[0]}")
        return {"versions": versions, "missing": missing}

    def open(self, name, batch):
        index = json.loads((FOLDER / "index.json").read_text())
        file = next(model["file"] for model in index["models"] if model["name"] == name)
        family = name.split("-")[0]
        rows = np.fromfile(FOLDER / "rows.f32", np.float32).reshape(-1, index["features"])
        try:
            self.ways = OPEN[family](str(FOLDER / file), Rotation(rows.astype(CASTS[family]), batch))
        except ImportError:
            return {"ways": [], "difference": 0}
        expected = np.fromfile(FOLDER / f"{name}.f64")
        distance = lambda way: float(np.abs(way.outputs().reshape(-1) - expected).max())
        return {"ways": list(self.ways), "difference": max(map(distance, self.ways.values()))}

    def time(self, way, calls):
        return {"nanoseconds": self.ways[way].time(calls)}


if __name__ == "__main__":
    serve(Server())
