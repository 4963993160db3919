"""Thresholds that hold a precision: from which confidence on a provider's tags are to be believed.

A threshold is good if the tags above it reach the target on pictures that nobody has judged yet.
The lowest threshold at which the judged tags just reach it does not: it is chosen for its luck, and
on other pictures it misses the target as often as not (47 % of 400 draws reached it, at any number
of judged tags). So not the share of right tags has to reach the target but its lower confidence
bound, by Clopper and Pearson ("The use of confidence or fiducial limits illustrated in the case of
the binomial", Biometrika 26, 1934), one-sided at 95 %: exact for any number of tags, where the
normal approximation and Wilson's are too bold near 1. With it, 93 to 98 % of the draws held the
target, and fewer than 2 % missed it by more than a hundredth; where confidences told nothing at
all, 91 % and 3 %, since many thresholds are looked at. The price is that few tags prove little:
without a single wrong one it takes 59 to show a precision of 0.95.

The bound takes tags for independent. Those of one picture are not quite; with errors that came in
groups of eight the same draws held as often.
"""

from __future__ import annotations

import datetime
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from attrs import asdict, field, frozen

from .._extras import from_extra
from .._profile import Profile, Thresholds
from ..errors import InvalidInput
from ._evidence import Evidence, Judged

__all__ = ["Cut", "Tuned", "Tuning", "tune"]

CONFIDENCE = 0.95
Bound = Callable[[int, int], float]
"""The lower bound of a precision, of so many right among so many."""


@frozen(kw_only=True)
class Cut:
    """A threshold and what it did to the judged tags: the `kept` ones of `n`, the share of right
    ones among them (`precision`), and the lower bound of that (`low`).

    `precision` belongs to the tags that the threshold was chosen by, and flatters it; `low` does
    not.
    """

    threshold: float
    precision: float
    low: float
    kept: int
    n: int


@frozen(kw_only=True)
class Tuned:
    """What was found for one provider.

    * `cut`: its threshold, for all labels without one of their own; None where none reaches the
      target, or where there is no tag left that it would be for;
    * `labels`: the labels with a threshold of their own, by the provider's spelling;
    * `precision`: the share of right ones among all judged tags that are kept; None without any;
    * `recall`: the share of what is known to be in its pictures that is found by tags kept; None
      where nothing is;
    * `n`: how many of its tags are judged, `kept` how many of these are kept.
    """

    provider: str
    cut: Cut | None
    labels: Mapping[str, Cut] = field(factory=dict)
    precision: float | None
    recall: float | None
    kept: int
    n: int
    emulated: bool = False

    @property
    def reached(self) -> bool:
        """Whether the target is reached for any of its tags."""
        return self.cut is not None or bool(self.labels)

    def thresholds(self) -> Thresholds:
        """As a profile has them."""
        return Thresholds(
            threshold=None if self.cut is None else self.cut.threshold,
            labels={label: cut.threshold for label, cut in self.labels.items()},
            n=self.n,
        )


@frozen(kw_only=True)
class Tuning:
    """The thresholds of all providers for one precision."""

    target_precision: float
    providers: tuple[Tuned, ...]

    def profile(self, made: datetime.date | None = None) -> Profile:
        """The profile that configuration applies."""
        return Profile(
            providers={tuned.provider: tuned.thresholds() for tuned in self.providers},
            target_precision=self.target_precision,
            made=made,
        )

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON values."""
        return asdict(self)


def tune(evidence: Evidence, target_precision: float = 0.95) -> Tuning:
    """The lowest thresholds with which each provider's tags hold the target precision.

    A label gets one of its own where its judged tags suffice for that, and the provider's is then
    for the others, and chosen by them, or by all where there are no others. Where that would find
    less than one threshold for all labels does, or the others do not reach the target, there is
    just the one. A tag without a confidence is kept by every threshold, and counts so.

    Raises `InvalidInput` for a target that is not above 0 and below 1, which no number of tags
    proves, and for evidence in which nothing can be wrong, and `LocalResourceError` where scipy is
    not installed.
    """
    if not 0 < target_precision < 1:
        raise InvalidInput(
            f"target_precision must be above 0 and below 1, not {target_precision!r}", scope="call"
        )
    evidence.require_refuting()
    bound = _bound()
    return Tuning(
        target_precision=target_precision,
        providers=tuple(
            _tuned(provider, evidence, target_precision, bound) for provider in evidence.answered
        ),
    )


def _bound() -> Bound:
    with from_extra("eval", "finding thresholds"):
        from scipy.special import betaincinv

    def clopper_pearson(right: int, n: int) -> float:
        return float(betaincinv(right, n - right + 1, 1 - CONFIDENCE)) if right else 0.0

    return clopper_pearson


def _tuned(provider: str, evidence: Evidence, target: float, bound: Bound) -> Tuned:
    judged = [item for item in evidence.judged if item.provider == provider]
    cut, labels = _best(judged, target, bound)
    kept = [item for item in judged if _is_kept(item, cut, labels)]
    right = {(item.picture, item.label) for item in kept if item.right}
    present = sum(len(evidence.present[picture]) for picture in evidence.answered[provider])
    return Tuned(
        provider=provider,
        cut=cut,
        labels=labels,
        precision=sum(item.right for item in kept) / len(kept) if kept else None,
        recall=len(right) / present if present else None,
        kept=len(kept),
        n=len(judged),
        emulated=provider in evidence.emulated,
    )


def _best(
    judged: Sequence[Judged], target: float, bound: Bound
) -> tuple[Cut | None, Mapping[str, Cut]]:
    """The provider's cut and those of labels: of the ways that reach the target, the one that keeps
    the most right tags."""
    whole = _cut(judged, target, bound)
    labels = {
        text: cut
        for text, items in _by_text(judged).items()
        if (cut := _cut(items, target, bound)) is not None
    }
    others = [item for item in judged if item.text not in labels]
    rest = _cut(others, target, bound) if others else whole
    if whole is None:
        return rest, labels
    if others and rest is None:
        return whole, {}
    return max([(rest, labels), (whole, {})], key=lambda way: _found(judged, *way))


def _found(judged: Iterable[Judged], cut: Cut | None, labels: Mapping[str, Cut]) -> int:
    return sum(item.right and _is_kept(item, cut, labels) for item in judged)


def _is_kept(item: Judged, cut: Cut | None, labels: Mapping[str, Cut]) -> bool:
    least = labels.get(item.text, cut)
    return least is None or item.confidence is None or item.confidence >= least.threshold


def _by_text(judged: Iterable[Judged]) -> dict[str, list[Judged]]:
    groups: dict[str, list[Judged]] = {}
    for item in judged:
        groups.setdefault(item.text, []).append(item)
    return groups


def _cut(judged: Sequence[Judged], target: float, bound: Bound) -> Cut | None:
    """The lowest threshold at which the bound of the tags above reaches the target; None where none
    does."""
    ranked = sorted(judged, key=_height, reverse=True)
    best, right = None, 0
    for kept, item in enumerate(ranked, 1):
        right += item.right
        if kept < len(ranked) and _height(ranked[kept]) == _height(item):
            continue  # a threshold keeps all tags of one confidence, or none
        low = bound(right, kept) if right >= target * kept else 0.0
        if low >= target:
            threshold = 0.0 if item.confidence is None else item.confidence
            best = Cut(
                threshold=threshold, precision=right / kept, low=low, kept=kept, n=len(ranked)
            )
    return best


def _height(item: Judged) -> float:
    return math.inf if item.confidence is None else item.confidence
