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


def number(value: str | int | float | None) -> float | None:
    """The number that a vendor wrote as a number, as text, or left out (None or "").

    Raises `ValueError` for anything that is not a finite plain decimal.
    """
    if isinstance(value, str):
        if not value:
            return None
        plain = _DECIMAL.fullmatch(value.strip()) is not None
    elif value is None:
        return None
    else:
        plain = isinstance(value, _NUMBERS) and not isinstance(value, bool)
    try:
        if plain and math.isfinite(found := float(value)):
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
    return _side(box, first), _side(box, second), _side(box, third), _side(box, fourth)


def _side(box: Mapping[str, Any], name: str) -> float:
    if (found := number(box[name])) is None:
        raise ValueError(f"{name} is empty")
    return found


def fraction(value: str | int | float | None, scale: float = 1) -> float | None:
    """A vendor's confidence as a fraction, or None where there is none.

    `scale` is the vendor's number for certainty: 1 or 100. It is stated, never guessed. A value
    beyond it passes; the core brings it back into range and says so in the result. Raises
    `ValueError` for anything that is not a finite plain decimal.
    """
    found = number(value)
    return None if found is None else round(found / scale, 12)
