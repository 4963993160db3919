"""A summary as plain JSON values: what `taggers compare -f json` prints and the viewer reads."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from attrs import asdict, define, field

from .. import __version__
from .._model import Region, Result, Tag
from .._money import Money
from .._secret import without_query
from ..errors import InvalidInput
from ._agreement import PairAgreement
from ._boxes import PairBoxes
from ._comparison import Failure, Picture, in_fractions
from ._figures import ProviderFigures
from ._labels import Alignment, Label, Spelling

if TYPE_CHECKING:
    from ._summary import Summary

__all__ = ["record", "recorded_labels"]

FORMAT = "taggers-report/1"


def record(summary: Summary) -> dict[str, Any]:
    """The whole summary."""
    vocabulary = _Vocabulary(summary.alignment)
    pictures = list(_pictures(summary, vocabulary))
    return {
        "format": FORMAT,
        "made": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "version": __version__,
        "k": summary.k,
        "notes": list(summary.notes),
        "providers": [_provider(one) for one in summary.figures],
        "labels": vocabulary.records(),
        "ambiguous": dict(summary.alignment.ambiguous),
        "pictures": pictures,
        "agreement": _agreement(summary),
    }


def recorded_labels(record: Any) -> list[Label]:
    """The labels of a summary that `record` made.

    Raises `InvalidInput` where it is of another shape.
    """
    try:
        return [
            Label(one["id"], one["names"], tuple(Spelling(**said) for said in one["spellings"]))
            for one in record["labels"]
        ]
    except (LookupError, TypeError) as error:
        raise InvalidInput(
            f"that is no comparison: {error!r}",
            hint="write one with `taggers compare -f json`",
            scope="call",
        ) from error


@define
class _Vocabulary:
    """The labels in the order in which they first come up, by their number."""

    alignment: Alignment
    labels: dict[str, Label] = field(factory=dict)
    numbers: dict[str, int] = field(factory=dict)

    def number(self, tag: Tag) -> int:
        label = self.alignment.label(tag)
        self.labels.setdefault(label.id, label)
        return self.numbers.setdefault(label.id, len(self.numbers))

    def records(self) -> list[dict[str, Any]]:
        return [
            asdict(label) | {"links": [asdict(link) for link in self.alignment.links(label)]}
            for label in self.labels.values()
        ]


def _provider(figures: ProviderFigures) -> dict[str, Any]:
    cost = None if figures.cost is None else [_money(one) for one in figures.cost]
    return asdict(figures) | {"plugin": ", ".join(figures.plugins), "cost": cost}


def _money(money: Money) -> dict[str, str]:
    amount, currency = str(money).split()
    return {"currency": currency, "amount": amount}


def _agreement(summary: Summary) -> dict[str, Any]:
    boxes = {frozenset((pair.a, pair.b)): pair for pair in summary.boxes}
    names = summary.comparison.providers
    return {
        "pairs": [
            _pair(pair, boxes.get(frozenset((pair.a, pair.b))), names)
            for pair in summary.agreement.pairs
        ],
        "alpha": asdict(summary.agreement.alpha),
        "labels": summary.agreement.labels,
    }


def _pair(pair: PairAgreement, boxes: PairBoxes | None, names: Sequence[str]) -> dict[str, Any]:
    return {
        **asdict(pair),
        "a": names.index(pair.a),
        "b": names.index(pair.b),
        "boxes": None if boxes is None else _box_agreement(boxes),
    }


def _box_agreement(boxes: PairBoxes) -> dict[str, Any]:
    found = boxes.same_label
    return {**asdict(found.iou), "only_a": found.only_a, "only_b": found.only_b}


def _pictures(summary: Summary, vocabulary: _Vocabulary) -> Iterator[dict[str, Any]]:
    comparison = summary.comparison
    for picture in comparison.pictures:
        yield {
            "id": picture.id,
            "source": without_query(picture.source),
            "width": picture.width,
            "height": picture.height,
            "disagreement": summary.disagreement[picture.id],
            "said": [
                _said(comparison.said.get((picture.id, name)), picture, vocabulary)
                for name in comparison.providers
            ],
        }


def _said(
    said: Result | Failure | None, picture: Picture, vocabulary: _Vocabulary
) -> dict[str, Any] | None:
    if said is None:
        return None
    if isinstance(said, Failure):
        return {"error": {"kind": said.kind, "message": said.message}}
    return {
        "by": said.provider,
        "tags": [
            {
                "label": vocabulary.number(tag),
                "text": tag.name,
                "confidence": tag.confidence,
                "kind": tag.kind,
                "boxes": list(_boxes(tag.regions, picture)),
            }
            for tag in said.tags
        ],
        "regions": list(_boxes(said.regions, picture)),
        "verdicts": [
            {"name": one.name, "answer": one.answer, "confidence": one.confidence}
            for one in said.verdicts
        ],
        "duration_s": said.provenance.duration_s,
        "units": said.provenance.billable_units,
        "cached": said.provenance.cached,
        "warnings": list(said.warnings),
    }


def _boxes(regions: Iterable[Region], picture: Picture) -> Iterator[dict[str, Any]]:
    """The boxes as fractions of the picture; none where its size is not known."""
    for region in regions:
        if (box := in_fractions(region.box, picture)) is not None:
            sides = ("x", "y", "width", "height")
            rounded = {side: round(getattr(box, side), 5) for side in sides}
            yield rounded | {"confidence": region.confidence}
