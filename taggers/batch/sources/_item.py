"""What a source gives: a picture's name, and what else it says about it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from ...errors import TaggersError

__all__ = ["Item", "Tell", "raised"]

Tell = Callable[[TaggersError], None]
"""Is told of what cannot be read; when it returns, the rest goes on."""


class Item(NamedTuple):
    """A picture's name, as its source has it; what else a manifest says about it; its size in
    bytes, where the source tells; and who is to be asked about it, where that is not everybody."""

    source: str
    metadata: Mapping[str, str] = {}
    size: int | None = None
    providers: tuple[str, ...] | None = None


def raised(error: TaggersError) -> None:
    """Raises what is told: nothing goes on."""
    raise error
