"""Numbers and texts as vendors write them, read strictly."""

from __future__ import annotations

import math
import re
import reprlib
from collections.abc import Mapping
from typing import Any

__all__ = ["fraction", "number", "sides", "texts"]

_DECIMAL = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?", re.ASCII)
_NUMBERS = (int, float)
_INF = math.inf


def number(value: str | int | float | None) -> float | None:
    """The number that a vendor wrote as a number, as text, or left out (None or "").

    Raises `ValueError` for anything that is not a finite plain decimal.
    """
    if value is None or value == "":
        return None
    if isinstance(value, str):
        plain = _DECIMAL.fullmatch(value.strip()) is not None
    else:
        plain = type(value) is float or (
            isinstance(value, _NUMBERS) and not isinstance(value, bool)
        )
    try:
        if plain and -_INF < (found := float(value)) < _INF:
            return found
    except OverflowError:  # an integer of 400 digits
        pass
    raise ValueError(f"{reprlib.repr(value)} is not a number")


def texts(place: Mapping[str, Any], name: str) -> dict[str, str]:
    """The texts by language under a name, without spaces around them; none where it is missing.

    Raises `TypeError` where there is something else.
    """
    found = place.get(name)
    if found is None:
        return {}
    if not isinstance(found, dict):
        raise TypeError(f"{name} is no object")
    return {language: text.strip() for language, text in found.items() if text}


def sides(
    box: Mapping[str, Any], first: str, second: str, third: str, fourth: str
) -> tuple[float, float, float, float]:
    """The four numbers of a box under these names. Raises `LookupError` or `ValueError` where one
    is missing, empty or no number."""
    found = number(box[first]), number(box[second]), number(box[third]), number(box[fourth])
    if None in found:
        raise ValueError(f"{(first, second, third, fourth)[found.index(None)]} is empty")
    return found  # type: ignore[return-value]


def fraction(value: str | int | float | None, scale: float = 1) -> float | None:
    """A vendor's confidence as a fraction, or None where there is none.

    `scale` is the vendor's number for certainty: 1 or 100. It is stated, never guessed. A value
    beyond it passes; the core brings it back into range and says so in the result. Raises
    `ValueError` for anything that is not a finite plain decimal.
    """
    found = number(value)
    return None if found is None else round(found / scale, 12)
