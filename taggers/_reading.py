"""What a decoded answer says: its findings, and a warning for each that is odd."""

from __future__ import annotations

from typing import Any

from ._model import Finding
from ._provider import Provider
from ._trace import traced
from .errors import MalformedResponse

__all__ = ["read_answer"]


def read_answer(provider: Provider, body: Any) -> tuple[list[Finding], list[str]]:
    """What the provider's `read` finds in an answer, and its warnings.

    Raises `MalformedResponse` with the path to the place that is not as documented.
    """
    if body is None:
        raise MalformedResponse("the answer is empty")
    try:
        found = list(provider.read(body))
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        path, value = _place(provider, body)
        raise MalformedResponse(
            f"the answer is not of the documented shape at {path or 'its top'}: "
            f"{_reason(error, value)}",
            path=path,
        ) from error
    findings = [item for item in found if not isinstance(item, str)]
    return findings, [item for item in found if isinstance(item, str)]


def _place(provider: Provider, body: Any) -> tuple[str, Any]:
    """The place that `read` looked at last, and what is there: it reads once more, through a view
    that remembers."""
    places: list[tuple[str, Any]] = [("", body)]

    def seen(place: str, value: Any) -> None:
        places.append((place, value))

    try:
        for _ in provider.read(traced(body, seen)):
            pass
    except (LookupError, TypeError, ValueError, AttributeError):
        pass
    return places[-1]


def _reason(error: Exception, value: Any) -> str:
    if isinstance(error, KeyError):
        return f"{error.args[0]!r} is missing"
    if isinstance(error, ValueError):
        return str(error)
    kinds = {dict: "an object", list: "a list", str: "a text", type(None): "null"}
    return f"{kinds.get(type(value), 'a number')} is not what belongs there"
