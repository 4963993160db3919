"""Labels that are written alike: proposed, and joined only where a person says so."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from attrs import frozen

from .._extras import from_extra
from ._labels import Label, normal

__all__ = ["Suggestion", "suggestions"]


@frozen(kw_only=True)
class Suggestion:
    """Two labels, the text of each that looks most like one of the other, and how much: up to 100.
    Whether they mean the same a person has to say."""

    left: Label
    right: Label
    texts: tuple[str, str]
    likeness: float


def suggestions(
    labels: Iterable[Label], *, least: float = 85.0, most: int = 50
) -> list[Suggestion]:
    """Labels of different providers that look alike and are not joined, the likeliest first.

    What looks alike is told by RapidFuzz: the share of signs in common, whatever the order of the
    words. Raises `LocalResourceError` where it is missing.
    """
    said = {label.id: label for label in labels if label.spellings}
    best: dict[tuple[str, str], Suggestion] = {}
    for one in _alike(said.values(), least):
        pair = (one.left.id, one.right.id)
        if pair not in best or _rank(one) < _rank(best[pair]):
            best[pair] = one
    return sorted(best.values(), key=_rank)[:most]


def _rank(one: Suggestion) -> tuple[float, tuple[str, str]]:
    return -one.likeness, one.texts


def _alike(labels: Iterable[Label], least: float) -> Iterator[Suggestion]:
    """Each two texts of different labels and providers that look alike."""
    with from_extra("eval", "suggesting aliases"):
        from rapidfuzz import fuzz, process
    texts = sorted((text, label.id, label) for label in labels for text in _texts(label))
    sorted_words = [" ".join(sorted(text.split())) for text, _, _ in texts]
    for index, (text, _, label) in enumerate(texts):
        for _, likeness, place in process.extract_iter(
            sorted_words[index], sorted_words[index + 1 :], scorer=fuzz.ratio, score_cutoff=least
        ):
            other, _, of = texts[index + 1 + place]
            if label is not of and _by_different(label, of):
                left, right = sorted(((label.id, text, label), (of.id, other, of)))
                yield Suggestion(
                    left=left[2], right=right[2], texts=(left[1], right[1]), likeness=likeness
                )


def _texts(label: Label) -> set[str]:
    said = (spelling.text for spelling in label.spellings)
    return {normal(text) for text in (*said, *label.names.values())}


def _by_different(one: Label, other: Label) -> bool:
    """Whether two providers say them. What one provider tells apart is apart."""
    return len({spelling.provider for spelling in (*one.spellings, *other.spellings)}) > 1
