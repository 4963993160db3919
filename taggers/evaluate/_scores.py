"""What a measurement found. Every number comes with how many cases it stands on."""

from __future__ import annotations

from typing import Any, Literal

from attrs import asdict, frozen

__all__ = [
    "CHANCE", "EMULATED", "FEW", "METRICS", "UNMEASURED", "Bin", "Calibration", "Detection",
    "Difference", "Estimate", "LabelQuality", "Macro", "Metric", "Quality",
]  # fmt: skip

Metric = Literal["precision", "recall", "f1", "average_precision"]
CHANCE, FEW, EMULATED, UNMEASURED = (
    "may be chance", "they differ on too few pictures", "emulated", "not measured for both"
)  # fmt: skip
"""Why two providers are not ranked."""
METRICS: tuple[Metric, ...] = ("precision", "recall", "f1", "average_precision")


@frozen
class Estimate:
    """A measured value, 0 to 1, with its 95 % confidence interval; `n` cases are behind it. None
    where there is nothing to measure."""

    value: float | None
    low: float | None = None
    high: float | None = None
    n: int = 0


@frozen(kw_only=True)
class LabelQuality:
    """How well one label is said, over the pictures of which it is known whether it is there.

    `present`: in how many it is; `said`: in how many of those known it was said. The values are
    None where they would divide by none.
    """

    label: str
    precision: float | None
    recall: float | None
    f1: float | None
    average_precision: float | None
    present: int
    said: int


@frozen(kw_only=True)
class Macro:
    """The mean over labels, each of which counts the same however frequent it is: over those of
    which the value is known, `labels` at most."""

    precision: float | None
    recall: float | None
    f1: float | None
    average_precision: float | None
    labels: int


@frozen(kw_only=True)
class Quality:
    """How right a provider is, over the pictures that it answered about and the truth knows.

    * `precision`: the share of right ones among the tags that are known to be right or wrong;
    * `recall`: how much of what is known to be there it said;
    * `f1`: the harmonic mean of the two; `n` are the labels that one or the other counts;
    * `average_precision`: the mean of the precision over all recalls, as the provider ranks its
      tags by confidence (without interpolation); None where it gives no confidence;
    * `said`, `unknown`: how many labels it said, and of how many of them nothing is known;
    * `pictures`: how many; `failed`: about how many of the truth's it gave no answer.

    These are micro averages: each label of each picture counts the same. `macro` and `labels` are
    by label.
    """

    name: str
    emulated: bool
    pictures: int
    failed: int
    said: int
    unknown: int
    precision: Estimate
    recall: Estimate
    f1: Estimate
    average_precision: Estimate
    macro: Macro
    labels: tuple[LabelQuality, ...]

    @property
    def unknown_share(self) -> float | None:
        """Of how much of what it said nothing is known."""
        return self.unknown / self.said if self.said else None


@frozen(kw_only=True)
class Difference:
    """How much better `a` is than `b` by one metric, over `n` pictures that both answered about.

    `ranked`: whether that is more than chance; if not, `why` says so, and so many `more_pictures`
    like these would show a difference as large as this one in four of five cases; None: no number.
    """

    a: str
    b: str
    metric: Metric
    difference: float | None
    low: float | None
    high: float | None
    n: int
    ranked: bool
    why: str | None = None
    more_pictures: int | None = None

    @property
    def compared(self) -> bool:
        """Whether the two were to be ranked: both measured, and none of them emulated."""
        return self.ranked or self.why in (CHANCE, FEW)


@frozen(kw_only=True)
class Detection:
    """How well a provider places boxes, by COCO's rules: IoU from 0.5 to 0.95, and the mean over
    labels.

    * `average_precision`: the mean average precision (AP@[.5:.95]); None where a box has no
      confidence to rank it by; `average_precision_50`: that at IoU 0.5;
    * `recall`: how much of the boxes the best 1, 10 and 100 of a label in a picture find (AR@k);
    * `boxes`, `drawn`, `unknown`: the truth's boxes, the provider's, and those of the latter that
      were left out since it is not known where their label is; `pictures`: those with known boxes.
    """

    name: str
    average_precision: float | None
    average_precision_50: float | None
    recall: dict[int, float | None]
    pictures: int
    boxes: int
    drawn: int
    unknown: int


@frozen
class Bin:
    """Tags of similar confidence, from `low` on: its mean, the share of right ones, and how many
    they are."""

    low: float
    confidence: float
    precision: float
    n: int


@frozen(kw_only=True)
class Calibration:
    """Whether a provider's confidence is the share of right ones among its tags.

    `error` is the expected calibration error (ECE): the mean distance of the two over the `bins`,
    weighted by their tags. It is above 0 by chance alone, the more so the fewer tags there are.
    None where no judged tag has a confidence.
    """

    name: str
    error: float | None
    n: int
    bins: tuple[Bin, ...]


def plain(value: Any) -> dict[str, Any]:
    """A score as plain JSON values."""
    return asdict(value)
