"""Trains the models of the serving benchmark: mixed columns, and thirty floats. `make_models.py FOLDER`"""

import json
import sys
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

folder = Path(sys.argv[1])
random = np.random.default_rng(7)
ROWS = 2000

numbers = {f"n{i}": random.normal(size=ROWS).round(3) for i in range(9)}
words = {f"c{i}": random.choice(["low", "middle", "high", "other"], ROWS) for i in range(6)}
frame = pd.DataFrame({**numbers, **words})
target = np.where(frame.n0 + (frame.c0 == "high") + random.normal(size=ROWS) > 0.5, "yes", "no")
columns = ColumnTransformer([("n", StandardScaler(), list(numbers)), ("c", OneHotEncoder(), list(words))])
mixed = make_pipeline(columns, LogisticRegression(max_iter=1000)).fit(frame, target)
joblib.dump(mixed, folder / "mixed.joblib")

floats = random.normal(size=(ROWS, 30)).round(3)
label = (floats[:, 0] + floats[:, 1] ** 2 > 1).astype(int)
joblib.dump(MLPClassifier((64, 32), max_iter=50).fit(floats, label), folder / "floats.joblib")
joblib.dump(RandomForestClassifier(300, random_state=7).fit(floats, label), folder / "forest.joblib")

bodies = {"mixed": json.loads(frame.iloc[0].to_json()), "floats": [floats[0].tolist()], "forest": [floats[0].tolist()]}
(folder.parent / "bodies.json").write_text(json.dumps(bodies))
