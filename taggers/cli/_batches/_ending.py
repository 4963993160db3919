"""What a person has to know when a run has ended, and what to do next."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from pathlib import Path
from textwrap import shorten

from ..._money import Money
from ...batch import Journal, Run, Store, Tally, Unfinished, Unread, runs, unfinished
from .._terminal import many
from ._again import again
from ._bill import amounts

__all__ = ["ending", "exit_code", "listed", "not_read"]

LONGEST = 120
"""The most characters that are shown of an error's message."""


def ending(tally: Tally, journal: Journal, *, stopped: bool, alone: bool) -> Iterator[str]:
    """The lines. `alone` says that pictures came from the store, so that there is no source to go
    on with."""
    (run,) = runs(journal.store, journal.run)
    yield _counted(run, tally)
    for kind, count in tally.unread.counts.most_common():
        yield f"{count:,} could not be read: {kind}, such as {tally.unread.examples[kind]}"
    of_run = unfinished(journal.store, journal.run)
    yield from listed(journal.store.path, of_run)
    for name, error in tally.ended.items():
        yield f"{name} was not asked any more: {str(error).removeprefix(f'{name}: ')}"
    if tally.ended and not stopped:
        yield "what is left was not asked about; the same command goes on with it"
    if earlier := _unknown(unfinished(journal.store)) - _unknown(of_run):
        yield (
            f"{earlier:,} of earlier runs may have been billed, and are not asked again: "
            f"see `taggers runs {journal.store.path}`"
        )
    if stopped:
        yield "stopped; the same command goes on from here"
    elif not alone and (tally.unread.counts or any(one.state == "failed" for one in of_run)):
        yield "the same command asks again about all that failed"


def listed(store: Path, found: list[Unfinished]) -> Iterator[str]:
    """What has no result, each kind with an example and the command that asks for those again."""
    for one in found:
        yield f"{one.count:,} {one.state} at {one.provider}: {one.kind}{_example(one)}"
        warning = " (may be billed twice)" if one.state == "unknown" else ""
        yield f"  again{warning}: {again(store, one)}"


def not_read(found: list[Unread]) -> Iterator[str]:
    """What could not be read, each kind with an example."""
    for one in found:
        yield f"{one.count:,} could not be read: {one.kind}{_example(one)}"
    if found:
        yield "  again: the same command; what can be read then is listed no more"


def _example(one: Unfinished | Unread) -> str:
    message = shorten(one.message, LONGEST, placeholder=" …")
    if one.source is None:
        return f": {message}"
    begins_so = message.startswith(one.source)
    return f", such as {message}" if begins_so else f", such as {one.source}: {message}"


def exit_code(tally: Tally, store: Store, providers: Collection[str]) -> int:
    """0: all is in the store; 1: some failed, or the store has unknown ones of these providers,
    also of earlier runs; where all failed, 3 where it is the credentials, else 4."""
    if not tally.failed:
        return min(_unknown(one for one in unfinished(store) if one.provider in providers), 1)
    if tally.done or tally.known:
        return 1
    return 3 if any(error.scope == "credential" for error in tally.ended.values()) else 4


def _counted(run: Run, tally: Tally) -> str:
    """What `taggers runs` says of a run, and what only the run itself knows."""
    parts = [
        f"{run.results:,} done",
        many(tally.known, "was in the store", "were in the store"),
        f"{run.failed:,} failed",
        *([f"{run.unknown:,} unknown"] if run.unknown else []),
        *([f"{tally.unreadable:,} could not be read"] if tally.unreadable else []),
    ]
    cost = _cost(run.cost, run.unpriced)
    maybe = _cost(run.open_cost, run.open_unpriced)
    return (
        f"run {run.id}: {', '.join(parts)}; {many(run.units, 'unit')} billed"
        + cost
        + (f", {run.open_units:,} maybe{maybe}" if run.open_units else "")
    )


def _cost(paid: Sequence[Money], unpriced: int) -> str:
    cost = amounts(paid, unpriced) if paid else "of unknown price" if unpriced else ""
    return f" ({cost})" if cost else ""


def _unknown(found: Iterable[Unfinished]) -> int:
    return sum(one.count for one in found if one.state == "unknown")
