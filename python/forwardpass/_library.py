"""The C library by ctypes: forwardpass.h says of each function what it takes, gives and promises."""

from __future__ import annotations

import ctypes
import ctypes.util
import functools
import os
import sys
from ctypes import POINTER, c_char_p, c_int, c_size_t, c_uint32, c_uint64, c_void_p
from pathlib import Path

from .errors import ForwardpassError

ABI_VERSION = 1

F32, F64, I32, I64 = 1, 2, 3, 4


class Options(ctypes.Structure):
    """fp_options."""

    _fields_ = [("size", c_size_t), ("isa", c_char_p), ("threads", c_uint32), ("max_bytes", c_uint64)]


class Buffer(ctypes.Structure):
    """fp_input, and fp_output, which looks the same."""

    _fields_ = [("data", c_void_p), ("type", c_int), ("elements", c_size_t)]


# Without these, ctypes would cut pointers and sizes to 32 bits.
_PORT = (c_size_t, [c_void_p, c_size_t])
_OPEN = (c_int, [c_char_p, c_size_t, POINTER(Options), POINTER(c_void_p)])
_SIGNATURES = {
    "fp_abi_version": (c_uint32, []),
    "fp_version": (c_char_p, []),
    "fp_last_error": (c_char_p, []),
    "fp_status_name": (c_char_p, [c_int]),
    "fp_model_open_bytes": _OPEN,
    "fp_decider_open_bytes": _OPEN,
    "fp_model_close": (None, [c_void_p]),
    "fp_run": (c_int, [c_void_p, POINTER(Buffer), c_size_t, POINTER(Buffer), c_size_t, c_size_t]),
    "fp_model_precision": (c_int, [c_void_p]),
    "fp_model_isa": (c_char_p, [c_void_p]),
    "fp_model_parameter_count": (c_uint64, [c_void_p]),
    "fp_input_count": (c_size_t, [c_void_p]),
    "fp_input_is_integer": (c_int, [c_void_p, c_size_t]),
    "fp_output_count": (c_size_t, [c_void_p]),
    "fp_output_is_integer": (c_int, [c_void_p, c_size_t]),
    "fp_input_width": _PORT,
    "fp_output_width": _PORT,
}

# Codes as forwardpass has them in JavaScript.
_CODES = {
    1: "OPTION",
    2: "SOURCE",
    3: "TRUNCATED",
    4: "MALFORMED",
    5: "UNKNOWN_FORMAT",
    6: "UNSUPPORTED_VERSION",
    7: "UNSUPPORTED_DTYPE",
    8: "ISA",
    9: "MEMORY",
    10: "INPUT",
    11: "ID",
    12: "INPUT",
    13: "LIMIT",
    14: "INPUT",
}

# What the place of a message begins with.
_PLACES = ("input ", "output ", "row ", "options", "plan", "metadata", "tensor ", "header", "forwardpass.")


def _candidates():
    """Where the library may be: what the environment says, the package's own, and the system's."""
    named = os.environ.get("FORWARDPASS_LIBRARY")
    if named:
        yield named
        return
    name = {"win32": "forwardpass.dll", "darwin": "libforwardpass.dylib"}.get(sys.platform, "libforwardpass.so")
    own = Path(__file__).parent / name
    if own.exists():
        yield str(own)
    found = ctypes.util.find_library("forwardpass")
    if found:
        yield found


@functools.cache
def library() -> ctypes.CDLL:
    """Opened when it is first needed, then kept."""
    reasons = []
    for path in _candidates():
        try:
            lib = ctypes.CDLL(path)
            for name, (result, arguments) in _SIGNATURES.items():
                function = getattr(lib, name)
                function.restype, function.argtypes = result, arguments
        except (OSError, AttributeError) as error:
            reasons.append(f"{path}: {error}")
            continue
        if lib.fp_abi_version() == ABI_VERSION:
            return lib
        reasons.append(f"{path}: expected version {ABI_VERSION} of its interface, found {lib.fp_abi_version()}")
    why = "; ".join(reasons) or "the package holds none for this platform, and the system has none"
    raise ForwardpassError(
        "NATIVE", f"the forwardpass library could not be loaded ({why}); FORWARDPASS_LIBRARY may name its file"
    )


def error_of(status: int) -> ForwardpassError:
    """Of a call that failed on this thread just now."""
    text = library().fp_last_error().decode("utf-8", "replace")
    place, separator, message = text.partition(": ")
    if separator and place.startswith(_PLACES):
        return ForwardpassError(_CODES.get(status, "NATIVE"), message, place)
    return ForwardpassError(_CODES.get(status, "NATIVE"), text)
