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
    of all neighbours, where one without the label counts as 0.
    """
    voters: dict[tuple[str, str], list[Match]] = {}
    cast = [match.labels.items() for match in matches] if words is None else words
    for match, said in zip(matches, cast, strict=True):
        for key, value in dict.fromkeys(said):
            voters.setdefault((key, value), []).append(match)
    votes = [
        Tag(
            name=value,
            confidence=round(sum(match.similarity or 0 for match in carrying) / len(matches), 12),
            category=(key,),
            source="neighbours",
            evidence=tuple(match.path for match in carrying),
        )
        for (key, value), carrying in voters.items()
    ]
    yield from sorted(votes, key=lambda tag: -(tag.confidence or 0))
