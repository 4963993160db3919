"""Labels in the order of their confidence, and how alike two such orders are."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence, Set
from itertools import groupby
from typing import Literal

__all__ = ["Ranking", "Ties", "ranking", "rbo", "top"]

Ranking = Sequence[Set[str]]
"""Groups of tied labels, best first: the labels of one group have the same confidence."""

Ties = Literal["a", "b", "w"]
"""What a tie means: see `rbo`."""

_Ranks = tuple[int, int]  # the first and the last rank of a group, from 1


def ranking(confidences: Iterable[tuple[str, float | None]]) -> Ranking:
    """The ranking of labels by confidence, in whatever order they come.

    A label that is said twice stands where its highest confidence puts it. Labels without a
    confidence are tied, after all others: the order in which a vendor lists them is not one that
    it promises.
    """
    best: dict[str, float] = {}
    for label, confidence in confidences:
        known = -math.inf if confidence is None else confidence
        best[label] = max(known, best.get(label, known))
    falling = sorted(best, key=best.__getitem__, reverse=True)
    return tuple(frozenset(tied) for _, tied in groupby(falling, key=best.__getitem__))


def top(ranking: Ranking, k: int) -> frozenset[str]:
    """The first `k` labels, and those tied with the last of them: nothing tells these apart, so
    either all of them are in or the answer depends on chance. May hold more than `k` therefore."""
    labels: set[str] = set()
    for tied in ranking:
        if len(labels) >= k:
            break
        labels |= tied
    return frozenset(labels)


def rbo(a: Ranking, b: Ranking, p: float = 0.9, ties: Ties = "a") -> float | None:
    """Rank-biased overlap of two rankings, from 0 (no label in common) to 1: how much the first d
    labels of both have in common, averaged over all depths d, where depth d weighs p^(d-1).

    At p = 0.9 the first ten ranks carry 86 % of the weight. It says how alike two orders are, not
    which is right. None where both rankings are empty, 0 where one of them is.

    Ties, after Corsi and Urbano, "The Treatment of Ties in Rank-Biased Overlap" (SIGIR 2024):

    * "a": it is not known which of the tied labels comes first; the value is the one to expect if
      ties are broken at random. This is what the same confidence from a vendor means: its numbers
      are rounded, capped or missing. A ranking with ties stays below 1 even with itself, since
      behind each may be another order.
    * "b": as "a", corrected for what the ties hide: with itself every ranking is 1.
    * "w": tied labels do share a rank, as two winners of a race do (Webber et al. 2010).

    Without ties the three are the same.

    A ranking is taken for the beginning of a longer one. Where one ends before the other, it is
    assumed to go on agreeing as much as at its end; where both have ended, as much as there
    (RBO_EXT). Otherwise a vendor that stops at ten labels would disagree with itself stopping at
    twenty.
    """
    if not 0 < p < 1:
        raise ValueError(f"p must be between 0 and 1, not {p}")
    shorter, longer = sorted((_ranks(a), _ranks(b)), key=len)
    if not shorter:
        return 0.0 if longer else None
    agreed = _agreement_by_depth(shorter, longer, ties)
    seen = math.fsum(p**depth * value for depth, value in enumerate(agreed))
    return min(1.0, (1 - p) * seen + p ** len(agreed) * agreed[-1])


def _ranks(ranking: Ranking) -> dict[str, _Ranks]:
    """The ranks that each label's group takes up; a label counts where it first stands."""
    ranks: dict[str, _Ranks] = {}
    for tied in ranking:
        fresh = tied - ranks.keys()
        ranks |= dict.fromkeys(fresh, (len(ranks) + 1, len(ranks) + len(fresh)))
    return ranks


def _agreement_by_depth(
    shorter: Mapping[str, _Ranks], longer: Mapping[str, _Ranks], ties: Ties
) -> list[float]:
    """The agreement of the first d labels, for d from 1 to the longer one's length."""
    common = [(shorter[label], longer[label]) for label in shorter.keys() & longer.keys()]
    single = [ranks for label, ranks in longer.items() if label not in shorter]
    end = len(shorter)
    agreed: list[float] = []
    for depth in range(1, len(longer) + 1):
        overlap = math.fsum(_share(s, depth, ties) * _share(t, depth, ties) for s, t in common)
        if depth > end:
            overlap += (depth - end) * agreed[end - 1] * _mean_share(single, depth, ties)
        agreed.append(overlap / _full_overlap(shorter, longer, depth, ties))
    return agreed


def _share(ranks: _Ranks, depth: int, ties: Ties) -> float:
    """How much of a label is among the first `depth`: for "a" and "b" its chance to be there, for
    "w" all of it as soon as its group begins."""
    first, last = ranks
    if depth < first:
        return 0.0
    if depth >= last or ties == "w":
        return 1.0
    return (depth - first + 1) / (last - first + 1)


def _mean_share(ranks: Iterable[_Ranks], depth: int, ties: Ties) -> float:
    """The mean share of those labels that have one at this depth."""
    shares = [share for each in ranks if (share := _share(each, depth, ties))]
    return math.fsum(shares) / len(shares)


def _full_overlap(
    shorter: Mapping[str, _Ranks], longer: Mapping[str, _Ranks], depth: int, ties: Ties
) -> float:
    """The overlap at this depth that counts as full agreement."""
    if ties == "a":
        return depth
    s, t = (_size(ranks, depth, ties) for ranks in (shorter, longer))
    return math.sqrt(s * t) if ties == "b" else (s + t) / 2


def _size(ranks: Mapping[str, _Ranks], depth: int, ties: Ties) -> float:
    """How much a ranking overlaps itself at this depth; past its end it has no ties."""
    if depth >= len(ranks):
        return depth
    return math.fsum(_share(each, depth, ties) ** 2 for each in ranks.values())
