"""A job for many machines, and what its coordinator and its workers say to each other."""

from __future__ import annotations

import os
import platform
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from attrs import field, frozen

from ..._config import Config
from ...errors import LocalResourceError, TaggersError
from ..engine._tally import Tally
from ..sources._item import Item, Tell
from ..store._errand import Retry
from ..store._tariff import Tariff
from ._shares import NOTHING, Seats

__all__ = ["BEAT_S", "LEASE_S", "Chunk", "Job", "LeaseOver", "NotYet", "Progress", "Pulse", "Word"]

BEAT_S = 1.0
LEASE_S = 5.0
"""How long a worker that reaches nobody goes on sending, by its own clock."""


class LeaseOver(Exception):
    """The worker was not heard of for so long that others do its work: it begins anew."""


class NotYet(Exception):
    """A coordinator has begun again, and waits to hear of its workers: ask once more."""


@frozen(kw_only=True)
class Job:
    """What is to be done, as every node has to know it. It holds no credentials: each node has its
    own. Names of files are understood in `folder`, which each node has; `pictures` reads
    the sources from their beginning, and tells of faults; `name` is one of this job alone."""

    folder: Path
    store: Path
    run: int
    name: str
    config: Config
    pictures: Callable[[Tell], Iterable[Item]]
    providers: Mapping[str, int]
    retry: tuple[Retry, ...] = ("failed",)
    tariffs: Mapping[str, Tariff] = field(factory=dict)
    options: Mapping[str, Any] = field(factory=dict)

    def enter(self) -> None:
        """Goes into its folder. Raises `LocalResourceError` where this node has none."""
        try:
            os.chdir(self.folder)
        except OSError as error:
            raise LocalResourceError(
                f"{self.folder} cannot be entered on {platform.node()}: {error.strerror}",
                hint="run in a folder that each node has, with the pictures under the same names",
            ) from error


@frozen
class Chunk:
    """Pictures that a worker has, until it says that it has finished them."""

    id: int
    items: Sequence[Item]


@frozen(kw_only=True)
class Pulse:
    """What a worker says of itself: the calls that it has under way, the most that it holds of the
    limits, how often it did not have to ask, and whom it does not ask any more."""

    calls: frozenset[int] = frozenset()
    held: Seats = NOTHING
    known: int = 0
    ended: Mapping[str, TaggersError] = field(factory=dict)


@frozen
class Word:
    """What a worker is told when it was heard: its share, whether that stays, and whether it is to
    begin nothing any more."""

    seats: Seats
    settled: bool
    stop: bool


@frozen
class Progress:
    """How far a job is. `faults` are the first of what could not be read of the sources,
    and why workers had to end."""

    tally: Tally
    workers: int
    faults: Sequence[TaggersError]
