"""What is known to be right and wrong of what providers said."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from attrs import frozen

from .._model import Result, Tag
from ..compare import Comparison
from ..errors import InvalidInput

__all__ = ["Evidence", "Judged", "evidence"]

Known = Mapping[str, Mapping[str, bool]]
"""By the ids of picture and label, whether it is there; what is not listed is unknown."""
LabelOf = Callable[[str, Tag], str]
"""Tells the id of the label that a provider's tag is."""


@frozen(kw_only=True)
class Judged:
    """One tag of which it is known whether it is right: what a provider said of a picture, by the
    picture's id; the label's id, and the provider's own word for it; the confidence, 0 to 1, None
    where it gave none."""

    picture: str
    provider: str
    label: str
    text: str
    confidence: float | None
    right: bool


@frozen(kw_only=True)
class Evidence:
    """What is known of what providers said.

    * `judged`: the tags of which it is known whether they are right;
    * `answered`: by provider, the pictures that it answered about and of which anything is known;
    * `present`: by picture, the labels that are known to be in it, said by anybody or not;
    * `refutes`: whether any label is known not to be in a picture. Where none is, no tag can be
      wrong, and that all are right tells nothing;
    * `emulated`: the providers some of whose answers no vendor gave.
    """

    judged: tuple[Judged, ...]
    answered: Mapping[str, frozenset[str]]
    present: Mapping[str, frozenset[str]]
    refutes: bool = True
    emulated: frozenset[str] = frozenset()

    def require_refuting(self) -> None:
        """Raises `InvalidInput` where no tag can be wrong."""
        if not self.refutes:
            raise InvalidInput(
                "the truth says of no label that it is not there, so that no tag can be wrong",
                hint="let it be exhaustive if it lists all that is there, or add judgements",
                scope="call",
            )


def evidence(comparison: Comparison, known: Known, label: LabelOf) -> Evidence:
    """The evidence in a comparison. What is not known of a picture is left out, neither right nor
    wrong; of a tag that is said twice of a picture, the more confident one counts."""
    asked = {picture.id for picture in comparison.pictures}
    truth = {picture: labels for picture, labels in known.items() if labels and picture in asked}
    answered, judged, emulated = {}, list[Judged](), set[str]()
    for provider in comparison.providers:
        of = {picture.id: said for picture, said in comparison.results(provider)}
        of = {picture: said for picture, said in of.items() if picture in truth}
        answered[provider] = frozenset(of)
        emulated |= {provider for said in of.values() if said.provenance.emulated}
        for picture, said in of.items():
            judged += _judged(picture, provider, said, truth[picture], label)
    present = {
        picture: frozenset(label for label, there in labels.items() if there)
        for picture, labels in truth.items()
    }
    return Evidence(
        judged=tuple(judged),
        answered=answered,
        present=present,
        refutes=any(not there for labels in truth.values() for there in labels.values()),
        emulated=frozenset(emulated),
    )


def _judged(
    picture: str, provider: str, said: Result, known: Mapping[str, bool], label: LabelOf
) -> Iterator[Judged]:
    strongest: dict[str, Tag] = {}
    for tag in said.tags:
        before = strongest.get(tag.name)
        if before is None or (tag.confidence or 0.0) > (before.confidence or 0.0):
            strongest[tag.name] = tag
    for text, tag in strongest.items():
        if (known_as := label(provider, tag)) in known:
            yield Judged(
                picture=picture,
                provider=provider,
                label=known_as,
                text=text,
                confidence=tag.confidence,
                right=known[known_as],
            )
