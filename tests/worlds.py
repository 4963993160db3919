"""Small worlds in which it is known what is in each picture, and how good each provider is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
from attrs import frozen

from taggers import BoundingBox, ImageFacts, Provenance, Result, Tag
from taggers.compare import Alignment, Comparison, align
from taggers.evaluate import Truth
from taggers.evaluate._known import known
from taggers.evaluate._marks import Marks, mark
from taggers.plugin import Region

Said = Mapping[str, Mapping[str, float | None]]
"""By picture and label, the confidence."""


def result(
    provider: str, picture: str, tags: Iterable[Tag], *, emulated: bool = False, units: int = 1
) -> Result:
    """What a provider said about a picture of 100 × 100 pixels."""
    return Result(
        provider=provider,
        image=ImageFacts(source=picture, width=100, height=100),
        tags=tuple(tags),
        provenance=Provenance(plugin=provider, emulated=emulated, billable_units=units),
    )


def boxed(name: str, *boxes: tuple[float, float, float, float], sure: float | None = 0.9) -> Tag:
    """A tag with boxes in pixels, of which each is as sure as the tag."""
    return Tag(name, sure, regions=tuple(Region(BoundingBox(*box), sure) for box in boxes))


def compared(
    by_provider: Mapping[str, Said], *, emulated: Iterable[str] = ()
) -> tuple[Comparison, Alignment]:
    """Providers and what they said, compared."""
    results = [
        result(
            name,
            picture,
            [Tag(label, sure) for label, sure in tags.items()],
            emulated=name in emulated,
        )
        for name, said in by_provider.items()
        for picture, tags in said.items()
    ]
    return aligned(results)


def aligned(results: Iterable[Result]) -> tuple[Comparison, Alignment]:
    """Results compared, and their alignment."""
    listed = list(results)
    comparison = Comparison.of((one.image.source, one.provider, one) for one in listed)
    return comparison, align(listed)


def truth(labels: Mapping[str, Mapping[str, bool]], *, exhaustive: bool = False) -> Truth:
    """A truth that says this."""
    words = frozenset(label for of in labels.values() for label in of)
    return Truth(name="truth", labels=labels, vocabulary=words, exhaustive=exhaustive)


def marked(said: Said, labels: Mapping[str, Mapping[str, bool]]) -> Marks:
    """The marks of one provider against a truth."""
    comparison, alignment = compared({"a": said})
    return mark("a", comparison, alignment, known(comparison, alignment, truth(labels)))


@frozen
class World:
    """Pictures that hold about four labels each, some harder than others for every provider."""

    random: np.random.Generator
    pictures: int

    def providers(self, *planted: tuple[str, float, float]) -> list[Marks]:
        """The marks of providers that have this precision and recall in the long run."""
        there = self.random.poisson(3.0, self.pictures) + 1
        easy = self.random.beta(16, 4, self.pictures) / 0.8
        return [
            self._marks(name, there, easy, precision, recall) for name, precision, recall in planted
        ]

    def _marks(
        self, name: str, there: np.ndarray, easy: np.ndarray, precision: float, recall: float
    ) -> Marks:
        right = self.random.binomial(there, recall * easy)
        wrong = self.random.poisson(4.0 * recall * (1 - precision) / precision, self.pictures)
        places = np.arange(self.pictures)
        picture = np.concatenate([np.repeat(places, right), np.repeat(places, wrong)])
        return Marks(
            name=name,
            emulated=False,
            labels=["thing"],
            answered=np.ones(self.pictures, bool),
            failed=0,
            picture=picture,
            label=np.zeros_like(picture),
            confidence=np.full(len(picture), np.nan),
            right=np.arange(len(picture)) < right.sum(),
            there=np.column_stack([np.repeat(places, there), np.zeros(there.sum(), int)]),
            refutable=True,
            said=len(picture),
            unknown=0,
        )
