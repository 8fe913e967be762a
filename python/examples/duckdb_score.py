"""Scores a table in DuckDB: a function in SQL over whole columns, which takes the features in the model's order.

    python3 duckdb_score.py churn.safetensors
"""

import sys

import duckdb
import pandas as pd
import pyarrow as pa
from duckdb.typing import DOUBLE, VARCHAR
from frame import digest, partition, score

import forwardpass


def main(path):
    model = forwardpass.load(path)
    names = model.feature_names
    is_words = any(isinstance(label, str) for label in model.classes or [])

    def predict(*columns):
        frame = pd.DataFrame({name: column.to_pandas() for name, column in zip(names, columns)})
        return pa.array(model.predict(frame).tolist(), pa.string() if is_words else pa.float64())

    words = model.inputs[0].categories
    kinds = [VARCHAR if words.get(at) else DOUBLE for at in range(len(names))]
    customers = partition(0, 100_000, model)
    connection = duckdb.connect()
    connection.create_function("predict", predict, kinds, VARCHAR if is_words else DOUBLE, type="arrow", null_handling="special")
    columns = ", ".join(f'"{name}"' for name in names)
    found = connection.sql(f"SELECT predict({columns}) AS prediction FROM customers").df()["prediction"]
    wanted = score(customers, model)["prediction"]
    print(connection.sql(f"SELECT predict({columns}) AS prediction, count(*) AS rows FROM customers GROUP BY 1 ORDER BY 2 DESC LIMIT 5"))
    if digest(found.astype(wanted.dtype)) != digest(wanted):
        raise SystemExit("the results differ")


if __name__ == "__main__":
    main(sys.argv[1])
