"""A loaded model, and how to run it."""

from __future__ import annotations

import ctypes
import hashlib
import os
import threading
import weakref
from collections import OrderedDict
from ctypes import byref, c_void_p
from typing import Any

import numpy as np

from . import _library
from ._columns import Rows, _is_frame
from ._file import Description, describe, is_safetensors
from ._labels import Predictor, by_name
from ._library import Buffer, Options, error_of, library
from .errors import ForwardpassError, listed

_TYPES = {"float32": _library.F32, "float64": _library.F64, "int32": _library.I32, "int64": _library.I64}
_EXACT = 2**53


class Model:
    """A model of `forwardpass freeze`. Any number of threads may use one at the same time.

    It can be pickled: as its path where it was loaded from one, so that workers read the file themselves and refuse one
    that holds other bytes; as its bytes otherwise.
    """

    def __init__(self, data: bytes, options: dict, name: str, path: str | None = None) -> None:
        self._options = options
        self._path = path
        self._digest = hashlib.blake2b(data, digest_size=16).hexdigest()
        self._engine = _Engine(data, options, name, "fp_model_open_bytes")
        said = describe(data)
        self._said = said
        self._rows = Rows(said, self._engine.input_widths)
        self._deciding: _Engine | None = None
        self._lock = threading.Lock()
        # What decides labels is opened when labels are first asked for.
        has_decider = any("scores" in decision for decision in _decisions(said))
        self._data = data if path is None or has_decider else None
        self._has_decider = has_decider
        self._predictor = Predictor(said)

    # What it says of itself

    @property
    def inputs(self) -> tuple:
        """Name, shape and dtype of each input, and which strings and missing values it takes."""
        return self._said.inputs

    @property
    def outputs(self) -> tuple:
        return self._said.outputs

    @property
    def classes(self) -> list | None:
        """Labels of a classifier, in the order of its scores."""
        return self._said.classes

    @property
    def feature_names(self) -> list | None:
        """Names of the features of a row, in order, through all inputs."""
        return self._said.feature_names

    @property
    def precision(self) -> str:
        """What it computes in: f32 or f64."""
        return self._engine.precision

    @property
    def isa(self) -> str:
        """The instruction set it runs on, which changes no bit of a result."""
        return library().fp_model_isa(self._engine.handle).decode()

    @property
    def parameter_count(self) -> int:
        return library().fp_model_parameter_count(self._engine.handle)

    def __repr__(self) -> str:
        inputs = ", ".join(f"{port.name}{list(port.shape)}" for port in self.inputs)
        outputs = ", ".join(f"{port.name}{list(port.shape)}" for port in self.outputs)
        return f"<forwardpass.Model ({inputs}) -> ({outputs}), {self.precision}, {self.parameter_count} parameters>"

    # What it does

    def run(self, inputs: Any) -> Any:
        """Outputs of arrays of numbers: (rows, *shape) each, or (rows, elements).

        ``inputs`` is an array, or a dict of arrays by the inputs' names. Gives an array where the model has one input and
        one output or was given an array, otherwise a dict by the outputs' names. Floats are of the model's precision,
        integers int64. Elements that are strings are positions in ``inputs[i].categories``.
        """
        is_bare = not isinstance(inputs, dict)
        outputs = self._engine.run(self._arrays(inputs), self._said)
        if is_bare and len(outputs) == 1:
            return outputs[0]
        return by_name(self.outputs, outputs)

    def predict(self, rows: Any) -> Any:
        """Labels of a classifier, values of any other model.

        ``rows`` is a pandas DataFrame with a column for each feature (others are ignored), a list of dicts, a list of
        rows, or an array of numbers as ``run`` takes it. Gives an array; a dict of arrays where the model has several
        outputs and is not a classifier. Of one dict it gives what stands in such an array's one row.
        """
        arrays, is_record = self._read(rows)
        answer = self._predictor.labels(self._run(self._decider(), arrays, rows))
        return _first(answer) if is_record else answer

    def predict_proba(self, rows: Any) -> Any:
        """Probabilities of the classes, (rows, classes); of several targets, such an array by each output's name.

        Of one dict: by class.
        """
        self._predictor.check_probabilities()
        arrays, is_record = self._read(rows)
        return self._predictor.probabilities(self._run(self._engine, arrays, rows), is_record)

    def _run(self, engine: "_Engine", arrays: list, rows: Any) -> list:
        try:
            return engine.run(arrays, self._said)
        except ForwardpassError as error:
            if isinstance(rows, np.ndarray) and rows.dtype.kind in "fiub":
                raise
            raise self._rows.explained(error, arrays) from None

    def _read(self, rows: Any) -> tuple:
        if isinstance(rows, np.ndarray) and rows.dtype.kind in "fiub":
            return self._arrays(rows), False
        return self._rows.read(rows)

    def _arrays(self, inputs: Any) -> list:
        if _is_frame(inputs):
            raise ForwardpassError("INPUT", "run() takes arrays; predict() takes data frames and records", "inputs")
        if not isinstance(inputs, dict):
            if len(self.inputs) > 1:
                names = listed([port.name for port in self.inputs])
                raise ForwardpassError("INPUT", f"the model has several inputs; pass a dict of {names}", "inputs")
            inputs = {self.inputs[0].name: inputs}
        names = [port.name for port in self.inputs]
        for name in inputs:
            if name not in names:
                raise ForwardpassError("INPUT", f"is not an input of the model; expected {listed(names)}", f'input "{name}"')
        for name in names:
            if name not in inputs:
                raise ForwardpassError("INPUT", "is missing", f'input "{name}"')
        arrays = [self._engine.array(at, inputs[port.name], port) for at, port in enumerate(self.inputs)]
        for port, array in zip(self.inputs, arrays):
            if len(array) != len(arrays[0]):
                message = f"expected {len(arrays[0])} rows as in input \"{names[0]}\", found {len(array)}"
                raise ForwardpassError("INPUT", message, f'input "{port.name}"')
        return arrays

    def _decider(self) -> "_Engine":
        if not self._has_decider:
            return self._engine
        with self._lock:
            if self._deciding is None:
                assert self._data is not None
                self._deciding = _Engine(self._data, self._options, "decider", "fp_decider_open_bytes")
                if self._path is not None:
                    self._data = None
            return self._deciding

    def __reduce__(self) -> tuple:
        return _again, (self._digest, self._path, self._data if self._path is None else None, self._options)


def load(source: Any, *, threads: int = 1, isa: str | None = None, max_bytes: int = 0) -> Model:
    """Opens a file that `npx forwardpass freeze MODEL -o FILE` wrote; ``source`` is its path or its bytes.

    ``threads`` is how many one call may use, where it has rows enough; ``max_bytes`` raises the limit of what a small
    file may ask for in memory. Raises ForwardpassError.
    """
    if not isinstance(threads, int) or not 1 <= threads <= 256:
        raise ForwardpassError("OPTION", f"expected an integer from 1 to 256, found {threads!r}", "threads")
    options = {"threads": threads, "isa": isa, "max_bytes": max_bytes}
    if isinstance(source, (bytes, bytearray, memoryview)):
        return Model(bytes(source), options, "bytes")
    path = os.fspath(source)
    return Model(_read_file(path), options, str(path), os.path.abspath(path))


def _read_file(path: Any) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError as error:
        raise ForwardpassError("SOURCE", error.strerror or str(error), str(path)) from error


# Workers unpickle a model with every task: the last few stay open.
_MOST_KEPT = 8
_kept: OrderedDict = OrderedDict()
_kept_lock = threading.Lock()


def _again(digest: str, path: str | None, data: bytes | None, options: dict) -> Model:
    """The model that was pickled."""
    key = (digest, path, *options.values())
    with _kept_lock:
        if key in _kept:
            _kept.move_to_end(key)
            return _kept[key]
    model = load(path if data is None else data, **options)
    if model._digest != digest:
        message = "holds other bytes than where the model was pickled; give every worker the same file"
        raise ForwardpassError("CHECKSUM", message, path)
    with _kept_lock:
        model = _kept.setdefault(key, model)
        if len(_kept) > _MOST_KEPT:
            _kept.popitem(last=False)
    return model


class _Engine:
    """A model of the C library, closed with this object."""

    def __init__(self, data: bytes, options: dict, name: str, opener: str) -> None:
        lib = library()
        if not is_safetensors(data):
            raise _not_frozen(name)
        isa = options["isa"]
        given = Options(
            ctypes.sizeof(Options), None if isa is None else isa.encode(), options["threads"], options["max_bytes"]
        )
        handle = c_void_p()
        status = getattr(lib, opener)(data, len(data), byref(given), byref(handle))
        if status != 0:
            error = error_of(status)
            raise _not_frozen(name) if error.code == "UNKNOWN_FORMAT" else error
        if not handle:
            message = "holds no plan of what decides its labels; freeze the model again with this version"
            raise ForwardpassError("UNSUPPORTED_VERSION", message, "forwardpass.decider")
        self.handle = handle
        weakref.finalize(self, lib.fp_model_close, handle)
        self.precision = "f64" if lib.fp_model_precision(handle) == _library.F64 else "f32"
        self.input_widths = [lib.fp_input_width(handle, at) for at in range(lib.fp_input_count(handle))]
        self._takes_integers = [bool(lib.fp_input_is_integer(handle, at)) for at in range(len(self.input_widths))]
        outputs = range(lib.fp_output_count(handle))
        self._output_widths = [lib.fp_output_width(handle, at) for at in outputs]
        self._gives_integers = [bool(lib.fp_output_is_integer(handle, at)) for at in outputs]

    def run(self, arrays: list, said: Description) -> list:
        """New arrays of the outputs. ``arrays`` are as ``array`` makes them."""
        rows = len(arrays[0])
        outputs = []
        for at, width in enumerate(self._output_widths):
            whole = self._gives_integers[at] and said.outputs[at].dtype != "uint64"
            floats = np.float64 if self.precision == "f64" or said.exact[at] else np.float32
            outputs.append(np.empty((rows, width), np.int64 if whole else floats))
        ins = (Buffer * len(arrays))(*map(_buffer, arrays))
        outs = (Buffer * len(outputs))(*map(_buffer, outputs))
        status = library().fp_run(self.handle, ins, len(arrays), outs, len(outputs), rows)
        if status != 0:
            raise error_of(status)
        shapes = [(rows, *port.shape[1:]) for port in said.outputs]
        fits = zip(outputs, shapes, self._output_widths)
        return [array.reshape(shape) if _product(shape[1:]) == width else array for array, shape, width in fits]

    def array(self, at: int, value: Any, port: Any) -> np.ndarray:
        """An input's rows, in one of the types that the library takes."""
        place = f'input "{port.name}"'
        array = np.asarray(value)
        if array.dtype.kind not in "fiub":
            message = f"expected an array of numbers, found one of {array.dtype}; predict() takes records"
            raise ForwardpassError("INPUT", message, place)
        width = self.input_widths[at]
        shape = tuple(port.shape[1:])
        if array.shape[1:] not in {shape, (width,)} or array.ndim == 0:
            wanted = " or ".join(f"(rows, {', '.join(map(str, one))})" if one else "(rows,)" for one in {shape: 0, (width,): 0})
            raise ForwardpassError("INPUT", f"expected an array of {wanted}, found {array.shape}", place)
        array = _converted(array, self._takes_integers[at], place)
        return np.require(array, requirements=["C", "A"]).reshape(len(array), width)


def _converted(array: np.ndarray, takes_integers: bool, place: str) -> np.ndarray:
    kind, size = array.dtype.kind, array.dtype.itemsize
    if kind == "f":
        return array.astype(np.float32 if size <= 4 else np.float64, copy=False)
    if kind == "b" or size < 4:
        return array.astype(np.int32 if takes_integers else np.float32)
    if takes_integers and array.dtype != np.uint64:
        return array.astype(np.int32 if kind == "i" and size == 4 else np.int64, copy=False)
    floats = array.astype(np.float64)
    if size == 8 and array.size > 0:
        for at in np.flatnonzero(np.abs(floats) >= _EXACT):
            if int(floats.flat[at]) != int(array.flat[at]):
                message = f"holds {array.flat[at]}, which no float64 holds exactly"
                raise ForwardpassError("INPUT", message, place)
    return floats


def _buffer(array: np.ndarray) -> Buffer:
    return Buffer(array.ctypes.data, _TYPES[array.dtype.name], array.size)


def _not_frozen(name: str) -> ForwardpassError:
    what = name if name != "bytes" else "MODEL"
    message = f"is not a frozen model; run `npx forwardpass freeze {what} -o model.safetensors` and load what it writes"
    return ForwardpassError("UNKNOWN_FORMAT", message, name)


def _decisions(said: Description) -> list:
    if said.targets is not None:
        return [target["decision"] for target in said.targets]
    return [] if said.decision is None else [said.decision]


def _product(sizes: tuple) -> int:
    product = 1
    for size in sizes:
        product *= size
    return product


def _first(answer: Any) -> Any:
    """Of the one row."""
    if isinstance(answer, dict):
        return {name: _first(value) for name, value in answer.items()}
    if isinstance(answer, list):
        return [_first(value) for value in answer]
    row = answer[0]
    return row.item() if isinstance(row, np.generic) else row
