"""A data set for the examples: partitions of a table, each the same wherever it is made."""

import hashlib

import numpy as np
import pandas as pd


def partition(number, rows, model):
    """So many rows with the columns that the model knows: words of its categories, numbers for the rest."""
    random = np.random.default_rng(number)
    columns = {}
    categories = model.inputs[0].categories
    for at, name in enumerate(model.feature_names):
        words = [word for word in categories.get(at, ()) if word is not None]
        if words:
            columns[name] = pd.Categorical.from_codes(random.integers(len(words), size=rows), words)
        else:
            columns[name] = random.normal(size=rows)
    return pd.DataFrame(columns)


def score(frame, model):
    """The frame's predictions, as a column beside it."""
    return frame.assign(prediction=model.predict(frame))


def digest(values):
    """Of a column of numbers or words."""
    array = np.asarray(values)
    return hashlib.sha256(array.tobytes() if array.dtype != object else "\n".join(map(str, array)).encode()).hexdigest()


def digest_of_all(digests):
    return hashlib.sha256("".join(digests).encode()).hexdigest()
