"""A pipeline of texts for `node text.js`, in build/text, and what scikit-learn takes for it.

    python make_text.py          makes spam.joblib (TF-IDF of 20,000 words, logistic regression) and texts.json
    python make_text.py --time   prints milliseconds of the processor that scikit-learn takes as JSON: of one text, of all of them
"""

import json
import sys
import time
from pathlib import Path

import joblib
import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

FOLDER = Path(__file__).parent.parent / "build" / "text"
WORDS, TEXTS, LENGTH = 20_000, 10_000, 100


def main():
    rng = np.random.default_rng(0)
    letters = np.array(list("etaoinshrdlucmfwypvbgkjqxz"))
    weights = 1 / (1 + np.arange(26.0))
    words = set()
    while len(words) < WORDS:
        words.add("".join(rng.choice(letters, rng.integers(3, 10), p=weights / weights.sum())))
    words = sorted(words)
    often = 1 / (10 + np.arange(WORDS))
    drawn = rng.choice(WORDS, (TEXTS, LENGTH), p=often / often.sum())
    texts = [" ".join(words[i].capitalize() if at % 12 == 0 else words[i] for at, i in enumerate(row)) + "." for row in drawn]
    every = [" ".join(words[i:i + 100]) for i in range(0, WORDS, 100)]
    model = make_pipeline(TfidfVectorizer(), LogisticRegression())
    model.fit(texts[:2000] + every, np.arange(2000 + len(every)) % 2)
    FOLDER.mkdir(parents=True, exist_ok=True)
    joblib.dump(model, FOLDER / "spam.joblib")
    (FOLDER / "texts.json").write_text(json.dumps({"texts": texts, "proba": model.predict_proba(texts[:100])[:, 1].tolist()}))


def clock(run, rounds):
    best = []
    for _ in range(rounds):
        start = time.process_time()
        run()
        best.append(1000 * (time.process_time() - start))
    return float(np.median(best))


def measure():
    model = joblib.load(FOLDER / "spam.joblib")
    texts = json.loads((FOLDER / "texts.json").read_text())["texts"]
    model.predict_proba(texts[:10])
    print(json.dumps({"one": clock(lambda: model.predict_proba(texts[:1]), 200), "all": clock(lambda: model.predict_proba(texts), 3)}))


measure() if "--time" in sys.argv else main()
