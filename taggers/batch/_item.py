"""What a source gives: a picture's name, and what else it says about it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from attrs import field, frozen

from ..errors import TaggersError

__all__ = ["Item", "Tell", "raised"]

Tell = Callable[[TaggersError], None]
"""Is told of what cannot be read; when it returns, the rest goes on."""


@frozen
class Item:
    """A picture's name, as its source has it; what else a manifest says about it; its size in
    bytes, where the source tells; and who is to be asked about it, where that is not everybody."""

    source: str
    metadata: Mapping[str, str] = field(factory=dict)
    size: int | None = None
    providers: tuple[str, ...] | None = None


def raised(error: TaggersError) -> None:
    """Raises what is told: nothing goes on."""
    raise error
