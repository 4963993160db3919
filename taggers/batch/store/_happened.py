"""What becomes of pictures, as it happens."""

from __future__ import annotations

from typing import Literal, NamedTuple

from ..._model import Result
from ...errors import TaggersError

__all__ = ["Happened"]


class Happened(NamedTuple):
    """What became of a picture at a provider: a result, an error, or "known", where the store has
    what it said, or knows why it must not be asked now. `provider` is None where the picture could
    not be read, and so nobody was asked."""

    source: str
    provider: str | None
    said: Result | TaggersError | Literal["known"]
