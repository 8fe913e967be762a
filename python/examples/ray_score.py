"""Scores a data set with Ray: an actor per process holds the model, `map_batches` gives it batches.

    python3 ray_score.py churn.safetensors --rows 1000000
"""

import argparse

import numpy as np
import ray
from frame import digest, partition, score

import forwardpass


class Scorer:
    """Made once in each actor."""

    def __init__(self, path):
        self.model = forwardpass.load(path)

    def __call__(self, frame):
        return score(frame, self.model)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("model")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--actors", type=int, default=2)
    given = parser.parse_args()
    ray.init(num_cpus=given.actors, include_dashboard=False, log_to_driver=False)
    model = forwardpass.load(given.model)
    frame = partition(0, given.rows, model)
    frame["row"] = np.arange(len(frame))
    parts = [frame.iloc[part] for part in np.array_split(np.arange(len(frame)), 8)]
    scored = ray.data.from_pandas(parts).map_batches(
        Scorer, fn_constructor_args=(given.model,), batch_format="pandas", concurrency=given.actors
    )
    # Blocks come back in any order.
    found = digest(scored.to_pandas().sort_values("row")["prediction"])
    alone = digest(score(frame, model)["prediction"])
    print(f"{given.rows} rows on {given.actors} actors: {found}")
    if found != alone:
        raise SystemExit(f"in one process: {alone}")


if __name__ == "__main__":
    main()
