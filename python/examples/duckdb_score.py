"""Scores a table in DuckDB: a function in SQL that takes the features as a struct, by their names, column by column.

    python3 duckdb_score.py churn.safetensors
"""

import sys

import duckdb
import pyarrow as pa
from frame import digest, partition, score

import forwardpass


def main(path):
    model = forwardpass.load(path)
    words = model.inputs[0].categories
    kinds = {name: "VARCHAR" if words.get(at) else "DOUBLE" for at, name in enumerate(model.feature_names)}
    is_words = any(isinstance(label, str) for label in model.classes or [])

    def predict(rows):
        frame = pa.Table.from_struct_array(rows).to_pandas()
        return pa.array(model.predict(frame).tolist(), pa.string() if is_words else pa.float64())

    connection = duckdb.connect()
    given = "STRUCT({})".format(", ".join(f'"{name}" {kind}' for name, kind in kinds.items()))
    connection.create_function("predict", predict, [given], "VARCHAR" if is_words else "DOUBLE", type="arrow")

    customers = partition(0, 100_000, model)
    fields = ", ".join(f'"{name}" := "{name}"::{kind}' for name, kind in kinds.items())
    found = connection.sql(f"SELECT predict(struct_pack({fields})) AS prediction FROM customers").df()["prediction"]
    wanted = score(customers, model)["prediction"]
    print(f"{len(found)} rows: {digest(wanted)}")
    if digest(found.astype(wanted.dtype)) != digest(wanted):
        raise SystemExit("the results differ")


if __name__ == "__main__":
    main(sys.argv[1])
