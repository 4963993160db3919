"""The templates beside this module, filled in."""

from __future__ import annotations

import importlib.resources
import string
from collections.abc import Mapping

__all__ = ["filled"]


def filled(template: str, words: Mapping[str, str]) -> str:
    """A template with these words for its `$names`. Raises `KeyError` for one that is missing."""
    place = importlib.resources.files(__package__) / "templates" / f"{template}.tmpl"
    return string.Template(place.read_text("utf-8")).substitute(words)
