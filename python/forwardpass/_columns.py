"""From a data frame, records, or rows of values to the arrays that a model runs."""

from __future__ import annotations

import math
import sys
import unicodedata
from typing import Any, Callable, Sequence

import numpy as np

from ._file import Description, Elements
from ._hashes import category_hash, spread_of
from .errors import ForwardpassError, listed, quoted, shown

#: What a record that lacks a name has under it.
ABSENT = object()

_MOST_REMEMBERED = 1 << 16
_EXACT = 2**53


class _Refused(Exception):
    pass


class Column:
    """An element of a row: which number stands for a value. `Column` of lib/rows/column.ts is the same in JavaScript."""

    def __init__(self, of: Elements, at: int) -> None:
        self._words: dict | None = None
        if at in of.words:
            self._words = {word: index for index, word in enumerate(of.words[at])}
        self._hashes: dict | None = None
        if at in of.hashes:
            self._hashes = {value: index for index, value in enumerate(of.hashes[at])}
        self._spread = of.spread
        self._none = self._words.get(None) if self._words else None
        self._number_of_none = of.nones.get(at)
        if self._none is None:
            self._none = self._number_of_none
        self._is_present = at in of.present
        self._may_be_missing = of.may_be_missing or at in of.missing
        self._is_optional = at in of.optional
        self.is_unused = self._words == {} and self._spread is None
        self.is_optional = self._hashes is None and (self.is_unused or self._is_optional or self._none is not None)
        #: Whether a number stands for itself.
        self.is_plain = (
            self._words is None and self._hashes is None and not self._is_present and self._number_of_none is None
        )

    @property
    def knows_words(self) -> bool:
        return bool(self._words) or self._hashes is not None

    @property
    def kind(self) -> str:
        if self._hashes is not None:
            return "a string or an integer"
        if self._is_present:
            return "a number or a string"
        if self._words is None:
            return "a number"
        example = next((word for word in self._words if word is not None), None)
        return "a string" if example is None else f"a string such as {quoted(example)}"

    def number_of(self, value: Any) -> float:
        """What a value is written as; raises _Refused."""
        if isinstance(value, np.generic):
            value = value.item()
        if self._hashes is not None:
            word = _category(value)
            if word is None:
                raise _Refused(f"expected {self.kind}, found {shown(value)}")
            return float(self._hashes.get(category_hash(word), -1))
        if self.is_unused:
            return -1.0
        kind = _missing_kind(value)
        if kind is not None:
            number = self._absent(kind)
            if number is not None:
                return number
            if kind == "undefined":
                raise _Refused("is missing, and the model has nothing to put there")
        if isinstance(value, str):
            if self._is_present:
                return 0.0
            if self._words is not None:
                index = self._words.get(value)
                if index is not None:
                    return float(index)
                return -1.0 if self._spread is None else -1.0 - spread_of(value, self._spread)
        if self._words is None and isinstance(value, bool):
            return float(value)
        if self._words is not None or not isinstance(value, (int, float)):
            raise _Refused(f"expected {self.kind}, found {shown(value)}")
        number = float(value) if isinstance(value, float) else _exact_float(value)
        if self._number_of_none is not None and _is_same(number, self._number_of_none):
            raise _Refused(f"holds {value}, where this model knows numbers and None; pass None for None")
        return number

    def _absent(self, kind: str) -> float | None:
        if self._none is None:
            return math.nan if self._may_be_missing else None
        if kind == "nan":
            return None if math.isnan(self._none) else math.nan
        return float(self._none) if kind == "none" or not self._is_optional else math.nan

    def encode(self, values: Any, place: Callable[[int], str]) -> np.ndarray:
        """Of a column of values, of NumPy, pandas or Python, as float64; ``place`` says where a row's value is."""
        if self.is_unused:
            return np.full(len(values), -1.0)
        dtype = getattr(values, "dtype", None)
        if hasattr(values, "cat"):
            return self._encode_categorical(values, place)
        if isinstance(dtype, np.dtype) and dtype.kind in "fiub" and self.is_plain:
            return _exact_array(np.asarray(values), place)
        if hasattr(values, "iloc"):
            if self.is_plain and getattr(dtype, "kind", "O") in "fiub" and not values.isna().any():
                return _exact_array(values.to_numpy(), place)
            values = values.to_numpy(dtype=object)
        if isinstance(values, np.ndarray) and values.dtype != object:
            values = values.tolist() if values.dtype.kind in "fiubU" else values.astype(object)
        return self._encode_each(values, place)

    def _encode_each(self, values: Sequence, place: Callable[[int], str]) -> np.ndarray:
        known = _Remembered(self.number_of)
        try:
            return np.fromiter(map(known.__getitem__, values), np.float64, len(values))
        except (_Refused, TypeError):
            # TypeError: a value that cannot be hashed, such as a list.
            for row, value in enumerate(values):
                try:
                    self.number_of(value)
                except _Refused as refused:
                    raise ForwardpassError("INPUT", str(refused), place(row)) from None
            raise

    def _encode_categorical(self, values: Any, place: Callable[[int], str]) -> np.ndarray:
        codes = values.cat.codes.to_numpy()
        categories = list(values.cat.categories)
        table = np.full(len(categories) + 1, math.nan)
        used, firsts = np.unique(codes, return_index=True)
        for code, first in zip(used, firsts):
            try:
                table[code] = self.number_of(ABSENT if code < 0 else categories[code])
            except _Refused as refused:
                raise ForwardpassError("INPUT", str(refused), place(int(first))) from None
        return table[codes]


class _Remembered(dict):
    """What values became, kept for the many rows that share one."""

    def __init__(self, number_of: Callable[[Any], float]) -> None:
        super().__init__()
        self._number_of = number_of

    def __missing__(self, value: Any) -> float:
        number = self._number_of(value)
        # Only strings: 1, 1.0 and True are the same key, and not the same value.
        if isinstance(value, str) and len(self) < _MOST_REMEMBERED:
            self[value] = number
        return number


class Rows:
    """Reads rows for one model."""

    def __init__(self, said: Description, widths: Sequence[int]) -> None:
        self._inputs = said.inputs
        self._widths = widths
        self._names = said.feature_names
        self._columns = [_columns_of(of, width) for of, width in zip(said.elements, widths)]
        #: A name, and the input, the first element and the number of elements that it is about.
        self._fields: list = []
        if self._names is None:
            self._fields = [(port.name, at, 0, width) for at, (port, width) in enumerate(zip(said.inputs, widths))]
        else:
            places = [(at, element) for at, width in enumerate(widths) for element in range(width)]
            self._fields = [(name, at, element, 1) for name, (at, element) in zip(self._names, places)]

    def read(self, rows: Any) -> tuple:
        """An array for each input, and whether it was one record."""
        if _is_frame(rows):
            return self._read_table(rows, len(rows)), False
        if isinstance(rows, dict):
            return self._read_table(_Records([rows], "record"), 1), True
        if isinstance(rows, np.ndarray):
            if rows.ndim != 2:
                raise self._no_rows(f"found an array of {rows.ndim} axes")
            return self._read_positions(list(rows.T), len(rows), rows.shape[1]), False
        if not isinstance(rows, (list, tuple)):
            raise self._no_rows(f"found {shown(rows)}")
        if all(isinstance(row, dict) for row in rows):
            return self._read_table(_Records(rows, "rows"), len(rows)), False
        for at, row in enumerate(rows):
            if not isinstance(row, (list, tuple, np.ndarray)):
                raise ForwardpassError("INPUT", f"expected a list of values or a record, found {shown(row)}", f"rows[{at}]")
            if len(self._widths) == 1 and len(row) != self._widths[0]:
                raise ForwardpassError("INPUT", f"expected {self._widths[0]} values, found {len(row)}", f"rows[{at}]")
        width = len(rows[0]) if rows else self._widths[0]
        return self._read_positions([[row[i] for row in rows] for i in range(width)], len(rows), width), False

    def explained(self, error: ForwardpassError, arrays: list) -> ForwardpassError:
        """An error of a run says which row it could not take; this says which of its columns may be why."""
        if error.place is None or not error.place.startswith("row "):
            return error
        row = int(error.place[4:])
        values = {name: arrays[port][row, first : first + width] for name, port, first, width in self._fields}
        if error.code == "ID":
            encodes = {name: self._columns[port][first].knows_words for name, port, first, _ in self._fields}
            names = [name for name, value in values.items() if encodes[name] and value[0] == -1]
            message = "a word that the model does not know"
        else:
            names = [name for name, value in values.items() if not np.isfinite(value).all()]
            message = "a value that is missing or infinite, which the model does not take"
        if not names:
            return ForwardpassError(error.code, error.message, f"rows[{row}]")
        if len(names) == 1:
            return ForwardpassError(error.code, f"holds {message}", f"rows[{row}].{names[0]}")
        return ForwardpassError(error.code, f"one of {listed(names)} holds {message}", f"rows[{row}]")

    def _no_rows(self, found: str) -> ForwardpassError:
        return ForwardpassError(
            "INPUT", f"expected a data frame, records, an array or a list of rows, {found}", "rows"
        )

    def _read_positions(self, columns: list, count: int, width: int) -> list:
        if len(self._widths) > 1:
            names = listed([port.name for port in self._inputs])
            raise ForwardpassError("INPUT", f"the model has several inputs; expected records of {names}", "rows")
        if width != self._widths[0]:
            raise ForwardpassError("INPUT", f"expected {self._widths[0]} values in a row, found {width}", "rows")
        array = np.empty((count, width))
        for i, values in enumerate(columns):
            array[:, i] = self._columns[0][i].encode(values, lambda row, i=i: f"rows[{row}][{i}]")
        return [array]

    def _read_table(self, table: Any, count: int) -> list:
        arrays = [np.empty((count, width)) for width in self._widths]
        names = {name for name in table.columns if isinstance(name, str)}
        absent = []
        prefix = getattr(table, "place", "rows")
        for name, port, first, width in self._fields:
            columns = self._columns[port][first : first + width]
            where = lambda row, name=name: f"{prefix}[{row}].{name}" if prefix == "rows" else f"{prefix}.{name}"
            if name not in names:
                absent.append((name, columns))
                if not all(column.is_optional for column in columns):
                    continue
                parts = [[ABSENT] * count] * width
            elif width == 1:
                values = table[name]
                if getattr(values, "ndim", 1) != 1:
                    raise ForwardpassError("INPUT", f"several columns are called {quoted(name)}", "rows")
                parts = [_unwrapped(values) if self._names is None and self._inputs[port].shape != (None,) else values]
            else:
                parts = _split(table[name], width, where)
            for i, (column, values) in enumerate(zip(columns, parts)):
                arrays[port][:, first + i] = self._encode(column, values, where, table)
        if absent:
            self._check_absent(absent, names)
        return arrays

    @staticmethod
    def _encode(column: Column, values: Any, where: Callable[[int], str], table: Any) -> np.ndarray:
        if isinstance(table, _Records) and not column.is_optional:
            for row, value in enumerate(values):
                if value is ABSENT:
                    place, name = where(row).rsplit(".", 1)[0], where(row).split(".", 1)[1]
                    raise ForwardpassError("INPUT", f"lacks {quoted(name)}", place)
        return column.encode(values, where)

    def _check_absent(self, absent: list, names: set) -> None:
        required = [name for name, columns in absent if not all(column.is_optional for column in columns)]
        strangers = [name for name in names if name not in {field[0] for field in self._fields}]
        spellings = {_spelling(name): name for name in strangers}
        if required:
            meant = next((name for name in required if _spelling(name) in spellings), None)
            hint = "" if meant is None else f", and has {quoted(spellings[_spelling(meant)])}; did you mean {quoted(meant)}?"
            if self._names is None and len(self._widths) == 1:
                hint = f"; the model knows no feature names: pass an array of {self._widths[0]} columns in its order"
            raise ForwardpassError("INPUT", f"lacks {listed(required)}{hint}", "rows")
        used = [name for name, columns in absent if not all(column.is_unused for column in columns)]
        for name in used:
            if _spelling(name) in spellings:
                found = quoted(spellings[_spelling(name)])
                message = f"has {found}, which the model does not know; did you mean {quoted(name)}?"
                raise ForwardpassError("INPUT", message, "rows")
        if len(absent) == len(self._fields):
            names = listed([field[0] for field in self._fields])
            raise ForwardpassError("INPUT", f"has none of the model's features; expected {names}", "rows")


class _Records:
    """Records as a table."""

    def __init__(self, records: Sequence[dict], place: str) -> None:
        self._records = records
        self.place = place
        self.columns: dict = {}
        for record in records:
            self.columns.update(dict.fromkeys(record))

    def __getitem__(self, name: str) -> list:
        return [record.get(name, ABSENT) for record in self._records]


def _columns_of(of: Elements, width: int) -> Sequence[Column]:
    special = {*of.words, *of.hashes, *of.nones, *of.present, *of.missing, *of.optional}
    plain = Column(of, -1)
    return [Column(of, at) if at in special else plain for at in range(width)]


def _is_frame(rows: Any) -> bool:
    pandas = sys.modules.get("pandas")
    return pandas is not None and isinstance(rows, pandas.DataFrame)


def _unwrapped(values: Any) -> Any:
    """An input of one element takes both a value and a list of it."""
    return [
        value[0] if isinstance(value, (list, tuple, np.ndarray)) and len(value) == 1 else value for value in values
    ]


def _split(values: Any, width: int, where: Callable[[int], str]) -> list:
    """Lists of `width` values, by position."""
    values = list(values)
    for row, value in enumerate(values):
        if not isinstance(value, (list, tuple, np.ndarray)):
            found = "lacks it" if value is ABSENT else f"found {shown(value)}"
            raise ForwardpassError("INPUT", f"expected a list of {width} values, {found}", where(row))
        if len(value) != width:
            raise ForwardpassError("INPUT", f"expected a list of {width} values, found {len(value)}", where(row))
    return [[value[i] for value in values] for i in range(width)]


def _missing_kind(value: Any) -> str | None:
    if value is None:
        return "none"
    if value is ABSENT:
        return "undefined"
    if isinstance(value, float) and math.isnan(value):
        return "nan"
    pandas = sys.modules.get("pandas")
    return "undefined" if pandas is not None and (value is pandas.NA or value is pandas.NaT) else None


def _category(value: Any) -> str | None:
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, (int, float)) and abs(value) < _EXACT and value == int(value):
        return str(int(value))
    return None


def _is_same(a: float, b: float) -> bool:
    if math.isnan(a) or math.isnan(b):
        return math.isnan(a) and math.isnan(b)
    return a == b and math.copysign(1, a) == math.copysign(1, b)


def _exact_float(value: int) -> float:
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if number != value:
        raise _Refused(f"holds {value}, which no float64 holds exactly")
    return number


def _exact_array(values: np.ndarray, place: Callable[[int], str]) -> np.ndarray:
    floats = values.astype(np.float64)
    if values.dtype.kind in "iu" and values.dtype.itemsize == 8 and values.size > 0:
        for row in np.flatnonzero(np.abs(floats) >= _EXACT):
            if int(floats[row]) != int(values[row]):
                message = f"holds {values[row]}, which no float64 holds exactly"
                raise ForwardpassError("INPUT", message, place(int(row)))
    return floats


def _spelling(name: str) -> str:
    """Case, spaces, accents and punctuation do not tell names apart."""
    letters = unicodedata.normalize("NFKD", name.casefold())
    return "".join(letter for letter in letters if letter.isalnum()) or name
