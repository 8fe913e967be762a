"""From outputs to what predict and predict_proba say: lib/labels.ts and lib/predictions.ts do the same in JavaScript."""

from __future__ import annotations

from typing import Any

import numpy as np

from ._file import Description
from .errors import ForwardpassError


class Predictor:
    def __init__(self, said: Description) -> None:
        self._outputs = said.outputs
        self._classes = said.classes
        self._decision = said.decision
        self._targets = said.targets
        names = [port.name for port in said.outputs]
        output = (said.decision or {}).get("output")
        self._decided = 0 if output is None else names.index(output)
        self._is_about_one = len(names) == 1 or output is not None
        self._probable = [names.index(name) for name in (said.decision or {}).get("probable", [])]

    def labels(self, values: list) -> Any:
        """Of what decides: arrays of all outputs."""
        if self._targets is not None:
            columns = [_labels(value, of["classes"], of["decision"]) for value, of in zip(values, self._targets)]
            return np.stack(columns, axis=1)
        if not self._is_about_one:
            return by_name(self._outputs, [_flat(value) for value in values])
        value = values[self._decided]
        decision = self._decision
        if decision is None:
            return _flat(value)
        if decision["rule"] == "each_above":
            above = _wide(value) > _threshold(decision)
            return _flat(above.astype(value.dtype))
        if self._classes is None or (decision["rule"] == "value" and value[:1].size > 1):
            return _flat(value)
        return _labels(value, self._classes, decision)

    def check_probabilities(self) -> None:
        decisions = [of["decision"] for of in self._targets] if self._targets is not None else [self._decision]
        if all(decision is not None and decision["probabilities"] for decision in decisions):
            return
        what = "values" if decisions == [None] else "scores"
        message = f"the model's output is {what}, not class probabilities; use run() or predict()"
        raise ForwardpassError("NOT_A_CLASSIFIER", message)

    def probabilities(self, values: list, is_record: bool) -> Any:
        if self._targets is not None:
            parts = [_both(value, of["decision"]) for value, of in zip(values, self._targets)]
            if is_record:
                parts = [_by_class(part, of["classes"]) for part, of in zip(parts, self._targets)]
            return by_name(self._outputs, parts)
        decision = self._decision
        parts = [values[at] for at in self._probable]
        if decision.get("apart"):
            if is_record:
                parts = [_by_class(part, None) for part in parts]
            return {self._outputs[at].name: part for at, part in zip(self._probable, parts)}
        if parts:
            flat = [part.reshape(len(part), -1) for part in parts]
            together = parts[0] if len(parts) == 1 else np.concatenate(flat, axis=1)
        else:
            together = _both(values[self._decided], decision)
        return _by_class(together, self._classes) if is_record else together


def by_name(ports: tuple, values: list) -> dict:
    """Of outputs by name; those of a list together in one."""
    named: dict = {}
    for port, value in zip(ports, values):
        if port.list is None:
            named[port.name] = value
        else:
            named.setdefault(port.list, []).append(value)
    return named


def _labels(values: np.ndarray, classes: list, decision: dict) -> np.ndarray:
    rule = decision["rule"]
    if rule == "value":
        return _flat(values)
    table = _table(classes)
    if rule == "above":
        return table[(_wide(values) > _threshold(decision)).reshape(-1).astype(np.intp)]
    if rule == "index":
        return table[values.reshape(-1).astype(np.intp)]
    return table[_arg_max(values.reshape(-1, len(classes)))]


def _arg_max(values: np.ndarray) -> np.ndarray:
    """The first that is greater than all before it; NaN is greater than nothing, and nothing than it."""
    is_nan = np.isnan(values)
    if not is_nan.any():
        return values.argmax(axis=1)
    best = np.where(is_nan, -np.inf, values).argmax(axis=1)
    return np.where(is_nan[:, 0], 0, best)


def _table(classes: list) -> np.ndarray:
    if all(isinstance(label, str) for label in classes):
        return np.array(classes, dtype=str)
    if any(isinstance(label, str) for label in classes):
        return np.array(classes, dtype=object)
    return np.array(classes)


def _threshold(decision: dict) -> float:
    return decision.get("threshold", 0.5 if decision["probabilities"] else 0.0)


def _wide(values: np.ndarray) -> np.ndarray:
    """Compared in double, as the threshold is one."""
    return values.astype(np.float64, copy=False)


def _both(second: np.ndarray, decision: dict) -> np.ndarray:
    """Probabilities of all classes, where a model may give that of the second of two."""
    if decision["rule"] != "above":
        return second
    flat = second.reshape(-1)
    return np.stack([(1 - _wide(flat)).astype(flat.dtype), flat], axis=1)


def _flat(values: np.ndarray) -> np.ndarray:
    """A row's one value by itself."""
    return values.reshape(-1) if all(size == 1 for size in values.shape[1:]) else values


def _by_class(values: np.ndarray, classes: list | None) -> dict:
    row = values.reshape(-1).tolist()
    return dict(zip(classes if classes is not None else range(len(row)), row))
