"""Scores a partitioned data set on several worker processes with dask.distributed.

    python3 dask_score.py churn.safetensors --rows 10000000 --partitions 40 --workers 3

`--kill` kills one of the workers while they are at it: Dask runs its partitions again on the others, and the results stay
the same to the bit. `--compare` scores everything once more in this process, and compares the hashes.
"""

import argparse
import os
import signal
import sys
import time

import dask.dataframe as dd
import pandas as pd
from dask.distributed import Client, LocalCluster
from frame import digest, digest_of_all, partition, score

import forwardpass


def digest_of_partition(frame):
    return pd.Series([digest(frame["prediction"])])


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("model")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--partitions", type=int, default=40)
    parser.add_argument("--workers", type=int, default=3)
    parser.add_argument("--kill", action="store_true")
    parser.add_argument("--compare", action="store_true")
    given = parser.parse_args()
    model = forwardpass.load(given.model)
    rows = given.rows // given.partitions

    start = time.monotonic()
    with LocalCluster(
        n_workers=given.workers, threads_per_worker=1, processes=True, dashboard_address=None
    ) as cluster, Client(cluster) as client:
        # The model goes to the workers as its path: each reads the file once.
        table = dd.from_map(partition, range(given.partitions), rows=rows, model=model, meta=partition(0, 0, model))
        scored = table.map_partitions(score, model, meta=score(partition(0, 1, model), model))
        digests = scored.map_partitions(digest_of_partition, meta=pd.Series([""])).to_delayed()
        futures = client.compute(digests)
        if given.kill:
            while sum(future.done() for future in futures) < given.partitions // 3:
                time.sleep(0.01)
            victim = next(iter(cluster.workers.values()))
            os.kill(victim.process.pid, signal.SIGKILL)
            left = sum(not future.done() for future in futures)
            print(f"killed a worker with {left} of {given.partitions} partitions to go")
        found = digest_of_all(part.iloc[0] for part in client.gather(futures))
    print(f"{rows * given.partitions} rows in {time.monotonic() - start:.1f} s on {given.workers} workers: {found}")

    if given.compare:
        start = time.monotonic()
        parts = (score(partition(number, rows, model), model) for number in range(given.partitions))
        alone = digest_of_all(digest(part["prediction"]) for part in parts)
        print(f"in one process {time.monotonic() - start:.1f} s: {alone}")
        if alone != found:
            sys.exit("the results differ")


if __name__ == "__main__":
    main()
