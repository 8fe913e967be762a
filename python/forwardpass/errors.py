"""The one error of the package."""

from __future__ import annotations


class ForwardpassError(ValueError):
    """Says what was expected and what was found.

    ``code`` is for programs, one of those that forwardpass has in JavaScript (``INPUT``, ``ID``, ``MALFORMED`` ...);
    ``place`` says where, such as ``rows[3].age`` or ``input "x"``, when there is a where. The text begins with it.
    """

    def __init__(self, code: str, message: str, place: str | None = None) -> None:
        super().__init__(message if place is None else f"{place}: {message}")
        self.code = code
        self.message = message
        self.place = place

    def __reduce__(self):
        # Errors of workers reach the caller by pickle.
        return ForwardpassError, (self.code, self.message, self.place)


def shown(value: object) -> str:
    """A value as messages show it: short, and quoted where it is a string."""
    if isinstance(value, str):
        return quoted(value)
    if isinstance(value, (bool, int, float)) or value is None:
        return str(value)
    return f"a value of type {type(value).__name__}"


def quoted(text: str) -> str:
    return '"' + (text if len(text) <= 60 else text[:57] + "...") + '"'


def listed(names: list[str], most: int = 8) -> str:
    """Names, of which so many are shown."""
    if len(names) <= most:
        return ", ".join(map(quoted, names))
    return ", ".join(map(quoted, names[:most])) + f" and {len(names) - most} more"
