"""What a frozen file says of its model beside the plan that the C library runs: docs/safetensors.md, "Frozen models"."""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass, field
from typing import Any

from .errors import ForwardpassError

_MOST_HEADER = 100_000_000
_NUMBERS = {"Infinity": float("inf"), "-Infinity": float("-inf"), "NaN": float("nan"), "-0": -0.0}


@dataclass(frozen=True)
class Tensor:
    """An input or output. ``shape`` begins with None, the rows; ``dtype`` is as the original model declares it."""

    name: str
    shape: tuple
    dtype: str
    #: Of an input, by position in the row: the strings that the element may be; arrays for run() hold their positions,
    #: -1 for any other string. None among them is Python's None, which the model tells apart from NaN.
    categories: dict = field(default_factory=dict)
    #: Of an input: positions of the elements that may be missing, which is NaN in arrays for run().
    missing: frozenset = frozenset()
    #: Of an output: the name of the list that run() gives it in.
    list: str | None = None


@dataclass(frozen=True)
class Elements:
    """What the elements of an input's row may be, by position: graph.ts, "GraphInput"."""

    words: dict
    hashes: dict
    spread: list | None
    nones: dict
    present: frozenset
    may_be_missing: bool  # any of them
    missing: frozenset
    optional: frozenset


@dataclass(frozen=True)
class Description:
    inputs: tuple
    outputs: tuple
    elements: tuple  # of each input
    exact: tuple  # of each output
    classes: list | None
    feature_names: list | None
    decision: dict | None
    targets: list | None


def is_safetensors(data: bytes) -> bool:
    """By its first bytes."""
    return len(data) > 8 and struct.unpack("<Q", data[:8])[0] <= _MOST_HEADER and data[8:9] == b"{"


def describe(data: bytes) -> Description:
    """Of bytes that the C library has opened, which therefore are a safetensors file with a plan."""
    try:
        (length,) = struct.unpack("<Q", data[:8])
        metadata = _parsed(str(data[8 : 8 + length], "utf-8"))["__metadata__"]
        return _read(_parsed(metadata["forwardpass"]), _parsed(metadata["forwardpass.plan"]))
    except (KeyError, TypeError, ValueError, AttributeError, IndexError, RecursionError, OverflowError) as error:
        if isinstance(error, ForwardpassError):
            raise
        raise ForwardpassError(
            "MALFORMED", f"does not describe its model as `forwardpass freeze` does ({error!r})", "forwardpass"
        ) from error


def _parsed(text: str) -> dict:
    return json.loads(text, object_pairs_hook=_once)


def _once(pairs: list) -> dict:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a key occurs twice in one object")
    return members


def _read(graph: dict, plan: dict) -> Description:
    if graph["version"] != 1:
        raise ForwardpassError("UNSUPPORTED_VERSION", f"expected 1, found {graph['version']!r}", "forwardpass.version")
    elements, inputs, outputs = [], [], []
    for said, port in _side_by_side(graph["inputs"], plan["inputs"]):
        of = _elements(said, port)
        elements.append(of)
        categories = {at: tuple(words) for at, words in of.words.items() if words}
        inputs.append(Tensor(said["name"], (None, *said["shape"]), said["dtype"], categories, of.missing))
    for said, port in _side_by_side(graph["outputs"], plan["outputs"]):
        outputs.append(Tensor(said["name"], (None, *port["shape"]), said["dtype"], list=said.get("list")))
    return Description(
        inputs=tuple(inputs),
        outputs=tuple(outputs),
        elements=tuple(elements),
        exact=tuple(port.get("exact") is True for port in plan["outputs"]),
        classes=_labels(graph.get("classes")),
        feature_names=graph.get("featureNames"),
        decision=graph.get("decision"),
        targets=[{**target, "classes": _labels(target["classes"])} for target in graph["targets"]]
        if graph.get("targets")
        else None,
    )


def _side_by_side(said: list, ports: list):
    if [entry["name"] for entry in said] != [port["name"] for port in ports]:
        raise ValueError("the graph and the plan have other inputs or outputs")
    return zip(said, ports)


def _elements(said: dict, port: dict) -> Elements:
    width = 1
    for size in port["shape"]:
        width *= size
    element_of = _position(width)
    words = {element_of(at): [_word(word) for word in words] for at, words in said.get("words", [])}
    return Elements(
        words=words,
        hashes={element_of(at): [int(value) for value in values] for at, values in said.get("hashes", [])},
        spread=said.get("spread"),
        nones={element_of(at): _number(value) for at, value in said.get("nones", [])},
        present=frozenset(map(element_of, said.get("present", []))),
        may_be_missing=said.get("missing") is True,
        missing=frozenset(map(element_of, port.get("missing", []))),
        optional=frozenset(map(element_of, port.get("optional", []))),
    )


def _position(width: int):
    def checked(at: Any) -> int:
        if type(at) is not int or not 0 <= at < width:
            raise ValueError(f"element {at!r} not found in a row of {width}")
        return at

    return checked


def _word(word: Any) -> str | None:
    if word is not None and not isinstance(word, str):
        raise ValueError(f"{word!r} is not a word")
    return word


def _number(value: Any) -> float:
    return _NUMBERS[value["number"]] if isinstance(value, dict) else float(value)


def _labels(labels: list | None) -> list | None:
    if labels is None:
        return None
    for label in labels:
        if isinstance(label, bool) or not isinstance(label, (str, int, float)):
            raise ValueError(f"{label!r} is not a class")
    return list(labels)
