"""Which pictures of its sources a command takes."""

from __future__ import annotations

import contextlib
import functools
import os
import stat
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

import click
from attrs import define, evolve, field, frozen

from ...batch import Item, Tell, Where, ensure_there, find, sampled
from ...errors import TaggersError
from .._terminal import complain

__all__ = ["Chosen", "choosing", "flows"]

SHOWN = 20
"""So many complaints are printed; a damaged manifest may have millions."""

_OPTIONS = (
    click.option("--where", metavar="CONDITION",
                 help="Only rows of a manifest like \"plan = gold and size > 9\"."),
    click.option("--limit", "first", type=click.IntRange(1), metavar="N",
                 help="Only the first N pictures."),
    click.option("--sample", type=click.IntRange(1), metavar="N",
                 help="Only N of the pictures, drawn by --seed."),
    click.option("--seed", type=int, default=1, show_default=True, metavar="N"),
)  # fmt: skip


@define
class _Complaints:
    count: int = 0
    silent: bool = False

    def tell(self, error: TaggersError) -> None:
        """Prints an error, unless there were many."""
        self.count += 1
        if self.count <= SHOWN and not self.silent:
            complain(error)

    def end(self) -> None:
        """Says how many were not printed."""
        if self.count > SHOWN and not self.silent:
            click.echo(f"taggers: and {self.count - SHOWN:,} more of the sources", err=True)


@frozen
class Chosen:
    """What the options choose. `faults` counts what could not be read of the sources."""

    where: Where | None
    first: int | None
    sample: int | None
    seed: int
    _complaints: _Complaints = field(factory=_Complaints)

    @property
    def faults(self) -> int:
        """How much of the sources could not be read, so far."""
        return self._complaints.count

    def tell(self, error: TaggersError) -> None:
        """Prints what could not be read of the sources."""
        self._complaints.tell(error)

    def quietly(self) -> Chosen:
        """The same choice, without a word of what cannot be read: it has been said."""
        return evolve(self, complaints=_Complaints(silent=True))

    def finds(self, sources: Sequence[str]) -> bool:
        """Whether there is a picture in the sources; it is told why there is none. What can be read
        but once is not looked at. Raises `InvalidInput` for a name at which there is nothing."""
        ensure_there(sources)
        if any(map(flows, sources)):
            return True
        quiet = find(sources, where=self.where, tell=lambda _: None)
        return any(True for _ in quiet) or any(True for _ in self.of(sources))

    def of(self, sources: Iterable[str], tell: Tell | None = None) -> Iterator[Item]:
        """The pictures of these sources, one after another. What cannot be read is printed, or told
        to `tell`."""
        yield from self.some(find(sources, where=self.where, tell=tell or self.tell))
        self._complaints.end()

    def some(self, items: Iterable[Item]) -> Iterable[Item]:
        """As many of these pictures as are wanted."""
        first = islice(items, self.first)
        return sampled(first, self.sample, self.seed) if self.sample else first


def flows(source: str) -> bool:
    """Whether what is read of a source is gone then."""
    with contextlib.suppress(OSError, ValueError):
        return source == "-" or stat.S_ISFIFO(os.stat(source).st_mode)  # noqa: PTH116
    return False


def choosing(command: Callable[..., Any]) -> Callable[..., Any]:
    """Gives a command the options that choose pictures, together as `chosen`."""

    @functools.wraps(command)
    def called(
        *args: Any, where: str | None, first: int | None, sample: int | None, seed: int, **more: Any
    ) -> Any:
        condition = None if where is None else Where.parse(where)
        return command(*args, chosen=Chosen(condition, first, sample, seed), **more)

    for option in reversed(_OPTIONS):
        called = option(called)
    return called
