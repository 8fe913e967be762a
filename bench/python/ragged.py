"""Products of a sparse matrix and a table, timed in this process: one line of JSON is one request, one line the answer."""
import json
import sys
import time

import numpy as np
import scipy.sparse

held = {}


def make(request):
    rng = np.random.default_rng(request["seed"])
    rows, pairs, ids, width = (request[name] for name in ("rows", "pairs", "ids", "width"))
    dtype = np.dtype(request["dtype"])
    indices = rng.integers(0, ids, rows * pairs, dtype=np.int32)
    data = rng.standard_normal(rows * pairs).astype(dtype)
    offsets = np.arange(0, rows * pairs + 1, pairs, dtype=np.int32)
    table = rng.standard_normal((ids, width)).astype(dtype)
    bias = rng.standard_normal(width).astype(dtype)
    held["x"] = scipy.sparse.csr_matrix((data, indices, offsets), shape=(rows, ids))
    held["table"], held["bias"] = table, bias
    folder = request["folder"]
    for name, array in (("ids", indices), ("weights", data), ("offsets", offsets), ("table", table), ("bias", bias)):
        array.tofile(f"{folder}/{name}.bin")
    (held["x"] @ table + bias).tofile(f"{folder}/wanted.bin")
    return {"version": scipy.__version__}


def run(request):
    x, table, bias = held["x"], held["table"], held["bias"]
    start = time.perf_counter_ns()
    for _ in range(request["calls"]):
        x @ table + bias
    return {"nanoseconds": time.perf_counter_ns() - start}


for line in sys.stdin:
    request = json.loads(line)
    try:
        answer = make(request) if "make" in request else run(request)
    except Exception as error:  # noqa: BLE001
        answer = {"error": str(error)}
    print(json.dumps(answer), flush=True)
