"""The pictures of a run, a group at a time, and where each was found."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterable, Iterable, Iterator, Sequence
from typing import Self

from attrs import frozen

from ._errand import Place
from ._item import Item

__all__ = ["Group", "found", "handed_out"]

CHUNK = 8192
MOMENT_S = 0.2
"""So many pictures are looked up in the store at once, or those that are found within so long."""


@frozen
class Group:
    """Pictures, and the place of each."""

    items: Sequence[Item]
    places: Sequence[Place]

    @classmethod
    def of(cls, items: Sequence[Item]) -> Self:
        """Looks where these pictures are."""
        return cls(items, [Place.of(item.source) for item in items])


async def found(sources: Iterable[str | Item]) -> AsyncGenerator[Group]:
    """The pictures of these sources; while a group is used, the next one is found."""
    every = iter(sources)
    coming = asyncio.create_task(asyncio.to_thread(_next, every))
    try:
        while (group := await coming).items:
            coming = asyncio.create_task(asyncio.to_thread(_next, every))
            yield group
    finally:
        await asyncio.gather(coming, return_exceptions=True)


async def handed_out(groups: AsyncIterable[Sequence[Item]]) -> AsyncGenerator[Group]:
    """Groups as somebody makes them, who is asked for the next one when one is used."""
    async for items in groups:
        yield await asyncio.to_thread(Group.of, items)


def _next(sources: Iterator[str | Item]) -> Group:
    """The next of the sources: many, or as many as there are in a moment."""
    items, ends = list[Item](), time.monotonic() + MOMENT_S
    for one in sources:
        items.append(Item(one) if isinstance(one, str) else one)
        if len(items) == CHUNK or time.monotonic() >= ends:
            break
    return Group.of(items)
