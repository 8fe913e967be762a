"""Reads handwritten digits from Python by ctypes alone: 64 pixels in, 10 scores out.

    python3 examples/python/digits.py digits.safetensors examples/digits [path of the shared library]

Without a path the library is found where the system looks for libraries.
"""

import ctypes
import ctypes.util
import sys
from ctypes import POINTER, byref, c_char_p, c_int, c_size_t, c_uint32, c_void_p

ABI_VERSION = 1
FP_F32 = 1


class Buffer(ctypes.Structure):
    """fp_input, and fp_output, which looks the same."""

    _fields_ = [("data", c_void_p), ("type", c_int), ("elements", c_size_t)]


def load_library(path):
    lib = ctypes.CDLL(path)
    # Without these, ctypes would cut pointers and sizes to 32 bits.
    signatures = {
        "fp_abi_version": (c_uint32, []),
        "fp_last_error": (c_char_p, []),
        "fp_status_name": (c_char_p, [c_int]),
        "fp_model_open": (c_int, [c_char_p, c_void_p, POINTER(c_void_p)]),
        "fp_model_close": (None, [c_void_p]),
        "fp_input_width": (c_size_t, [c_void_p, c_size_t]),
        "fp_output_width": (c_size_t, [c_void_p, c_size_t]),
        "fp_run": (c_int, [c_void_p, POINTER(Buffer), c_size_t, POINTER(Buffer), c_size_t, c_size_t]),
    }
    for name, (result, arguments) in signatures.items():
        function = getattr(lib, name)
        function.restype, function.argtypes = result, arguments
    if lib.fp_abi_version() != ABI_VERSION:
        sys.exit(f"{path}: expected version {ABI_VERSION} of its interface, found {lib.fp_abi_version()}")
    return lib


class Model:
    """A model of one input and one output. ctypes lets other threads of Python run during a call."""

    def __init__(self, lib, path):
        self._lib = lib
        self._handle = c_void_p()
        self._check(lib.fp_model_open(path.encode(), None, byref(self._handle)))
        self.input_width = lib.fp_input_width(self._handle, 0)
        self.output_width = lib.fp_output_width(self._handle, 0)

    def run(self, x):
        """Takes and returns a ctypes array of floats, one row after another."""
        rows = len(x) // self.input_width
        y = (ctypes.c_float * (rows * self.output_width))()
        inputs = Buffer(ctypes.addressof(x), FP_F32, len(x))
        outputs = Buffer(ctypes.addressof(y), FP_F32, len(y))
        self._check(self._lib.fp_run(self._handle, byref(inputs), 1, byref(outputs), 1, rows))
        return y

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._lib.fp_model_close(self._handle)
        self._handle = None

    def _check(self, status):
        if status != 0:
            name, text = self._lib.fp_status_name(status), self._lib.fp_last_error()
            raise RuntimeError(f"{name.decode()}: {text.decode(errors='replace')}")


def read_npy(path):
    """The values of a .npy file of unsigned bytes."""
    with open(path, "rb") as file:
        data = file.read()
    return data[10 + int.from_bytes(data[8:10], "little") :]


def hash_of(values):
    """FNV-1a, so that results can be compared with those of other hosts."""
    digest = 14695981039346656037
    for byte in bytes(values):
        digest = (digest ^ byte) * 1099511628211 & 0xFFFFFFFFFFFFFFFF
    return f"{digest:016x}"


def main():
    if len(sys.argv) not in (3, 4):
        sys.exit(__doc__)
    path = sys.argv[3] if len(sys.argv) == 4 else ctypes.util.find_library("forwardpass")
    if path is None:
        sys.exit("the library forwardpass is not installed where the system looks for it; give its path")
    images = read_npy(f"{sys.argv[2]}/test-images.npy")
    labels = read_npy(f"{sys.argv[2]}/test-labels.npy")
    with Model(load_library(path), sys.argv[1]) as model:
        scores = model.run((ctypes.c_float * len(images))(*images))
        width = model.output_width
    rows = (list(scores[row * width : (row + 1) * width]) for row in range(len(labels)))
    right = sum(row.index(max(row)) == label for row, label in zip(rows, labels))
    print(f"{right} of {len(labels)} right, hash {hash_of(scores)}")


if __name__ == "__main__":
    main()
