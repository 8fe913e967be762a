"""Fits scikit-learn's neighbours and times them, on as many threads as it takes by itself: a server for `node neighbours.js`.

Writes build/neighbours/NAME.pkl and rows.f64, then reads a line of JSON a request, and answers with one:

    {"versions": true}                               → {"versions": {"scikit-learn": "1.9.1"}, "models": [{"name", "features"}]}
    {"time": "brute", "batch": 1, "calls": 10}       → {"nanoseconds": 1234567}
"""

import json
import pickle
import sys
import time
from pathlib import Path

import numpy as np
import sklearn
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor, NearestNeighbors

FOLDER = Path(__file__).parent.parent / "build" / "neighbours"
POINTS, FEATURES, ROWS = 10_000, 30, 4096

MODELS = {
    "brute": (KNeighborsClassifier(5), FEATURES),
    "by distance": (KNeighborsRegressor(5, weights="distance"), FEATURES),
    "search": (NearestNeighbors(n_neighbors=20), FEATURES),
    "manhattan": (KNeighborsClassifier(5, metric="manhattan"), FEATURES),
    "tree, 30 features": (KNeighborsClassifier(5, algorithm="kd_tree"), FEATURES),
    "tree, 4 features": (KNeighborsClassifier(5), 4),
}


def main():
    FOLDER.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(0)
    points, rows = random.normal(size=(POINTS, FEATURES)), random.normal(size=(ROWS, FEATURES))
    y = random.integers(0, 3, POINTS)
    rows.astype("<f8").tofile(FOLDER / "rows.f64")
    for name, (model, features) in MODELS.items():
        model.fit(np.ascontiguousarray(points[:, :features]), y)
        (FOLDER / f"{name}.pkl").write_bytes(pickle.dumps(model, protocol=5))
    at = 0
    for line in sys.stdin:
        request = json.loads(line)
        if "versions" in request:
            models = [{"name": name, "features": features} for name, (_, features) in MODELS.items()]
            answer = {"versions": {"scikit-learn": sklearn.__version__}, "models": models}
        else:
            model, features = MODELS[request["time"]]
            call = model.predict if hasattr(model, "predict") else model.kneighbors
            given, batch = np.ascontiguousarray(rows[:, :features]), request["batch"]
            nanoseconds = 0
            for _ in range(request["calls"]):
                at = (at + batch) % (ROWS - batch + 1)
                part = given[at : at + batch]
                start = time.perf_counter_ns()
                call(part)
                nanoseconds += time.perf_counter_ns() - start
            answer = {"nanoseconds": nanoseconds}
        print(json.dumps(answer), flush=True)


main()
