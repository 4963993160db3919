"""Where the pictures of a run come from: its sources, or what has no result in its store."""

from __future__ import annotations

import contextlib
import functools
import threading
from collections.abc import Callable, Collection, Iterable, Sequence

from attrs import frozen

from ... import errors
from ..._registry import nearest
from ...batch import Item, Retry, Store, Tell, to_retry, unfinished
from ._choosing import Chosen, flows

__all__ = ["Pictures", "of_sources", "of_store"]


@frozen
class Pictures:
    """The pictures for these `providers`, of whom `each` picture is for so many. `items` gives
    them, and `again` once more, without a word of what cannot be read, unless they can be read but
    `once`. `told` gives them, too, and tells of what cannot be read. `errands` is how many there
    are; None: not known yet."""

    providers: tuple[str, ...]
    each: int
    items: Callable[[], Iterable[Item]]
    again: Callable[[], Iterable[Item]]
    told: Callable[[Tell], Iterable[Item]]
    once: bool = False
    errands: int | None = None

    @property
    def from_store(self) -> bool:
        """Whether there is no source that they come from."""
        return self.errands is not None

    def count(self, told: Callable[[int], None]) -> None:
        """Counts the errands beside what else happens, and tells how many there are in the end."""

        def count() -> None:
            with contextlib.suppress(Exception):  # the run meets it, too, and says so
                told(sum(1 for _ in self.again()) * self.each)

        if self.errands is not None:
            told(self.errands)
        elif not self.once:
            threading.Thread(target=count, daemon=True).start()


def of_sources(chosen: Chosen, sources: Sequence[str], providers: tuple[str, ...]) -> Pictures:
    """All that is chosen of the sources."""
    return Pictures(
        providers,
        len(providers),
        lambda: chosen.of(sources),
        lambda: chosen.quietly().of(sources),
        functools.partial(chosen.of, sources),
        once=any(map(flows, sources)),
    )


def of_store(
    chosen: Chosen,
    store: Store,
    states: Collection[Retry],
    kinds: Collection[str],
    providers: Collection[str],
) -> Pictures:
    """What is chosen of the errands in these states: of these kinds of errors and these providers,
    where any are named. Who is asked is who was. Raises `InvalidInput` for a kind that there is
    not."""
    found = unfinished(store)
    _check_kinds(kinds, {*errors.__all__, *(one.kind for one in found)})

    def items() -> Iterable[Item]:
        return chosen.some(to_retry(store, states, kinds=kinds, providers=providers))

    wanted = [
        one
        for one in found
        if one.state in states
        and (not kinds or one.kind in kinds)
        and (not providers or one.provider in providers)
    ]
    most = [number for number in (chosen.first, chosen.sample) if number is not None]
    names = tuple(sorted({one.provider for one in wanted}))
    errands = min([sum(one.count for one in wanted), *most])
    return Pictures(names, 1, items, items, lambda _: items(), errands=errands)


def _check_kinds(kinds: Iterable[str], known: Collection[str]) -> None:
    for kind in kinds:
        if kind not in known:
            raise errors.InvalidInput(
                f"there is no kind of error {kind!r}{nearest(kind, known)}",
                hint="`taggers runs STORE` lists those of a store",
                scope="call",
            )
