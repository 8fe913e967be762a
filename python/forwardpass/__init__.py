"""Runs models that `npx forwardpass freeze` wrote: NumPy in and out, the same bits as in Node.

    import forwardpass

    model = forwardpass.load("churn.safetensors")
    model.predict(frame)            # labels or values of a pandas DataFrame
    model.predict_proba(frame)      # (rows, classes)
    model.run(array)                # an array in, an array out
"""

from ._file import Tensor
from ._model import Model, load
from .errors import ForwardpassError

__all__ = ["ForwardpassError", "Model", "Tensor", "load"]


def __getattr__(name: str) -> str:
    if name != "__version__":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from ._library import library

    return library().fp_version().decode()
