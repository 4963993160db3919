"""How far providers say the same about the same pictures. That is agreement, never accuracy: two
providers can agree on what is wrong, and the one that nobody agrees with can be right."""

from __future__ import annotations

import math
import sys
from array import array
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence, Set
from itertools import chain, combinations

from attrs import frozen

from ._ranking import Ranking, rbo, top

__all__ = [
    "Agreement",
    "Figure",
    "PairAgreement",
    "agreement",
    "alpha",
    "jaccard",
    "masi",
    "overlap",
]


@frozen
class Figure:
    """A measured number, and from how many it was: None where there was nothing to measure."""

    value: float | None
    n: int

    @classmethod
    def mean(cls, values: Iterable[float | None]) -> Figure:
        """The mean of those that are not None, and how many these are."""
        known = [value for value in values if value is not None]
        return cls(math.fsum(known) / len(known) if known else None, len(known))


@frozen(kw_only=True)
class PairAgreement:
    """How far two providers agree, as means over the pictures that both answered; each figure's n
    is how many of these had something to agree on.

    * `jaccard`: of the labels that either says first, the part that both do;
    * `overlap`: of the labels that the terser one says first, the part that the other says too:
      high where one merely says more;
    * `rbo`: the agreement in order, the first labels weighing most, of all that they say.
    """

    a: str
    b: str
    jaccard: Figure
    overlap: Figure
    rbo: Figure


@frozen(kw_only=True)
class Agreement:
    """How far providers agree: each two of them, and all of them together.

    `alpha` is Krippendorff's over `labels`, the number of labels that at least two providers use,
    among the `raters` that use any of them; its n is the number of pictures.
    """

    pairs: tuple[PairAgreement, ...]
    alpha: Figure
    labels: int
    raters: tuple[str, ...]


def agreement(
    rankings: Mapping[str, Mapping[str, Ranking]], k: int = 10, p: float = 0.9
) -> Agreement:
    """The agreement of the rankings that providers gave for pictures: picture → provider → ranking.

    A provider that failed on a picture is left out there; one that answered and said nothing has
    an empty ranking. `k` is how many labels of each answer count for jaccard, overlap and alpha,
    and those tied with the last of them; `p` is how far down `rbo` looks.

    Labels are the same only where their texts are: align them first.
    """
    tops = {
        picture: {provider: top(each, k) for provider, each in said.items()}
        for picture, said in rankings.items()
    }
    shared = _shared_labels(tops.values())
    raters = _providers(tops.values(), shared)
    common = [
        {provider: said[provider] & shared for provider in raters if provider in said}
        for said in tops.values()
    ]
    return Agreement(
        pairs=tuple(
            _pair(a, b, rankings, tops, p) for a, b in combinations(_providers(tops.values()), 2)
        ),
        alpha=alpha(common),
        labels=len(shared),
        raters=raters,
    )


def _pair(
    a: str,
    b: str,
    rankings: Mapping[str, Mapping[str, Ranking]],
    tops: Mapping[str, Mapping[str, Set[str]]],
    p: float,
) -> PairAgreement:
    both = [picture for picture, said in rankings.items() if a in said and b in said]
    return PairAgreement(
        a=a,
        b=b,
        jaccard=Figure.mean(jaccard(tops[picture][a], tops[picture][b]) for picture in both),
        overlap=Figure.mean(overlap(tops[picture][a], tops[picture][b]) for picture in both),
        rbo=Figure.mean(rbo(rankings[picture][a], rankings[picture][b], p) for picture in both),
    )


def _shared_labels(answers: Iterable[Mapping[str, Set[str]]]) -> frozenset[str]:
    """The labels that at least two providers used, for whichever pictures."""
    users: defaultdict[str, set[str]] = defaultdict(set)
    for said in answers:
        for provider, labels in said.items():
            for label in labels:
                users[label].add(provider)
    return frozenset(label for label, providers in users.items() if len(providers) > 1)


def _providers(
    answers: Iterable[Mapping[str, Set[str]]], labels: Set[str] | None = None
) -> tuple[str, ...]:
    """The providers that answered, in the order in which they come; of `labels`, those that used
    any of them."""
    return tuple(
        dict.fromkeys(
            provider
            for said in answers
            for provider, own in said.items()
            if labels is None or own & labels
        )
    )


def jaccard(a: Set[str], b: Set[str]) -> float | None:
    """The part of all labels that both sets have: 1 for the same set, 0 for nothing in common, and
    None where both are empty, since there is nothing to agree on."""
    return len(a & b) / len(a | b) if a or b else None


def overlap(a: Set[str], b: Set[str]) -> float | None:
    """The part of the smaller set that the larger one has too: 1 where it contains it, and None
    where either is empty. This is the overlap coefficient, of Szymkiewicz and Simpson."""
    return len(a & b) / min(len(a), len(b)) if a and b else None


def masi(a: Set[str], b: Set[str]) -> float:
    """The distance of two sets, from 0 (the same) to 1 (disjoint): 1 - J × M.

    J is their Jaccard index, and M is 1 for the same set, 2/3 where one contains the other, 1/3
    where they cross and 0 where they are disjoint (Passonneau, "Measuring Agreement on Set-valued
    Items (MASI) for Semantic and Pragmatic Annotation", LREC 2006). Two empty sets are the same,
    which the paper leaves open. (nltk's `masi_distance` divides by zero there, and takes 0.67 and
    0.33 for the thirds before nltk 3.10.1.)
    """
    return _masi(len(a & b), len(a), len(b))


def _masi(common: int, a: int, b: int) -> float:
    """The distance of sets of sizes `a` and `b` with so many elements in common."""
    if common == a == b:
        return 0.0
    monotonicity = 2 / 3 if common == min(a, b) else 1 / 3
    return 1 - common / (a + b - common) * monotonicity


def alpha(ratings: Sequence[Mapping[str, Set[str]]]) -> Figure:
    """Krippendorff's alpha of the sets of labels that raters gave to units, by MASI distance: 1 -
    observed / expected disagreement, with in n the units that at least two raters rated.

    1 is full agreement, 0 is what these sets would give if they were dealt to the pictures at
    random, and below 0 is disagreement by system. Unlike the other figures it counts agreement by
    chance: two providers that say "outdoor" of everything agree on nothing. Each unit is a mapping
    of rater to set; who is missing is left out, and an empty set is a rating like any other.

    None where every rating is the same set, also where there are none: without variation it is
    undefined. (nltk's `AnnotationTask.alpha` says 1 there.) Takes time by the square of the number
    of ratings: some five seconds for 10,000.
    """
    units = [list(map(frozenset, unit.values())) for unit in ratings if len(unit) > 1]
    values = Counter(chain.from_iterable(units))
    total = values.total()
    if len(values) < 2:
        return Figure(None, len(units))
    observed = math.fsum(
        2 * masi(a, b) / (len(unit) - 1) for unit in units for a, b in combinations(unit, 2)
    )
    expected = _total_distance(values) / (total - 1)
    return Figure(1 - observed / expected, len(units))


def _total_distance(values: Counter[frozenset[str]]) -> float:
    """The sum of the distances over all ordered pairs of values, of which each is there so often.

    Thousands of answers make millions of pairs. So pairs that have the same sizes and as much in
    common, and are therefore as far apart, are counted rather than measured.
    """
    every = sorted(values.elements(), key=len)
    ends = {len(value): place for place, value in enumerate(every, 1)}
    columns = _columns(every)
    pairs: Counter[tuple[int, int, int]] = Counter()
    for value, times in values.items():
        total = sum(columns[label] for label in value)
        common = array("H", total.to_bytes(2 * len(every), sys.byteorder))
        for (size, end), start in zip(ends.items(), [0, *ends.values()], strict=False):
            for shared, count in Counter(common[start:end]).items():
                pairs[shared, len(value), size] += times * count
    return math.fsum(_masi(*sizes) * count for sizes, count in pairs.items())


def _columns(values: Sequence[Set[str]]) -> dict[str, int]:
    """For each label a long number of 16 bits for each value: 1 where the value has the label. The
    sum of several such numbers says of every value at once how many of these labels it has."""
    columns: dict[str, array[int]] = {}
    for place, value in enumerate(values):
        for label in value:
            columns.setdefault(label, array("H", bytes(2 * len(values))))[place] = 1
    return {
        label: int.from_bytes(column.tobytes(), sys.byteorder) for label, column in columns.items()
    }
