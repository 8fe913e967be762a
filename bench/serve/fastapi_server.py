"""The usual way: FastAPI, pandas and scikit-learn, one process. `fastapi_server.py FOLDER`; prints its address."""

import socket
import sys
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
import uvicorn
from fastapi import FastAPI, Request

folder = Path(sys.argv[1])
models = {path.stem: joblib.load(path) for path in folder.glob("*.joblib")}
app = FastAPI()


@app.post("/models/{name}/predict")
async def predict(name: str, request: Request):
    row = await request.json()
    model = models[name]
    rows = pd.DataFrame([row]) if isinstance(row, dict) else np.array(row)
    probabilities = model.predict_proba(rows)[0]
    label = model.classes_[probabilities.argmax()]
    named = {str(each): float(value) for each, value in zip(model.classes_, probabilities)}
    return {"label": label.item(), "probabilities": named}


listening = socket.socket()
listening.bind(("127.0.0.1", 0))
print(f"http://127.0.0.1:{listening.getsockname()[1]}", flush=True)
uvicorn.run(app, fd=listening.fileno(), log_level="error", access_log=False)
