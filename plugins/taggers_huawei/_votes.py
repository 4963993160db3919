"""What a picture's neighbours in a library suggest about it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from taggers.plugin import Match, Tag

__all__ = ["votes"]


def votes(
    matches: Sequence[Match], words: Sequence[Iterable[tuple[str, str]]] | None = None
) -> Iterator[Tag]:
    """One tag for each label of a neighbour, the strongest first.

    `words` are the neighbours' votes by key, where those are not simply their labels.

    Nobody looked at this picture and saw these things: a tag's confidence is the mean similarity
    of all neighbours, where one without the label counts as 0. Where the vendor says no similarity,
    that neighbour does not count.
    """
    voters: dict[tuple[str, str], list[Match]] = {}
    cast = [match.labels.items() for match in matches] if words is None else words
    for match, said in zip(matches, cast, strict=True):
        for key, value in dict.fromkeys(said):
            voters.setdefault((key, value), []).append(match)
    count = sum(match.similarity is not None for match in matches)
    votes = [
        Tag(
            name=value,
            confidence=_mean(carrying, count),
            category=(key,),
            source="neighbours",
            evidence=tuple(match.path for match in carrying),
        )
        for (key, value), carrying in voters.items()
    ]
    yield from sorted(votes, key=lambda tag: -(tag.confidence or 0))


def _mean(carrying: Iterable[Match], count: int) -> float | None:
    """The sum of some neighbours' similarities, divided by the number of all; None where there is
    nothing to sum."""
    known = [match.similarity for match in carrying if match.similarity is not None]
    return round(sum(known) / count, 12) if known else None
