"""Steps of learning by torch on one thread: one line of JSON is one request, one line the answer. See ../learn-nets.js."""

import json
import sys
import time

import torch
from torch import nn

torch.set_num_threads(1)
OPTIMIZERS = {
    "adam": lambda p: torch.optim.Adam(p),
    "adam, fused": lambda p: torch.optim.Adam(p, fused=True),
    "sgd, momentum": lambda p: torch.optim.SGD(p, lr=1e-3, momentum=0.9),
    "sgd, momentum, fused": lambda p: torch.optim.SGD(p, lr=1e-3, momentum=0.9, fused=True),
}


def make(width, rows, optimizer):
    model = nn.Sequential(
        nn.Linear(width, width), nn.ReLU(), nn.Linear(width, width), nn.ReLU(), nn.Linear(width, 10)
    )
    learner = OPTIMIZERS[optimizer](model.parameters())
    x, y, loss = torch.randn(rows, width), torch.arange(rows) % 10, nn.CrossEntropyLoss()

    def step():
        learner.zero_grad()
        loss(model(x), y).backward()
        learner.step()

    return step


for line in sys.stdin:
    asked = json.loads(line)
    step = make(asked["width"], asked["rows"], asked["optimizer"])
    best = float("inf")
    for _ in range(asked["rounds"]):
        started = time.perf_counter()
        for _ in range(asked["steps"]):
            step()
        best = min(best, (time.perf_counter() - started) / asked["steps"])
    print(json.dumps({"microseconds": best * 1e6}), flush=True)
