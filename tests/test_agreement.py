"""Agreement of labels: worked values of the papers, and independent ways to the same numbers."""

from __future__ import annotations

import math
import random
import re
from collections.abc import Sequence
from itertools import permutations, product
from statistics import fmean

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from nltk.metrics.agreement import AnnotationTask
from nltk.metrics.distance import masi_distance
from sklearn.metrics import jaccard_score

from taggers.compare import (
    Figure,
    Ranking,
    agreement,
    alpha,
    jaccard,
    masi,
    overlap,
    ranking,
    rbo,
    top,
)

LABELS = "abcdefgh"
sets = st.frozensets(st.sampled_from(LABELS))
some = st.frozensets(st.sampled_from(LABELS), min_size=1)
ratings = st.lists(st.dictionaries(st.sampled_from("xyz"), some), max_size=8)
ties = st.sampled_from("abw")
confidences = st.dictionaries(
    st.sampled_from(LABELS), st.one_of(st.none(), st.sampled_from([0.2, 0.5, 0.9]))
)
rankings = confidences.map(lambda said: ranking(said.items()))
orders = st.permutations(LABELS).flatmap(
    lambda labels: st.integers(1, len(labels)).map(lambda end: untied(labels[:end]))
)


def untied(labels: Sequence[str]) -> Ranking:
    return [{label} for label in labels]


def written(text: str) -> Ranking:
    """The ranking that "red (blue green)" describes: tied labels in brackets."""
    return [set(tied.strip("()").split()) for tied in re.findall(r"\([^)]*\)|\S+", text)]


def renamed(ranking: Ranking) -> Ranking:
    return [{f"label {label}" for label in tied} for tied in ranking]


# Rankings


def test_labels_of_the_same_confidence_are_tied_and_those_without_one_come_last() -> None:
    said = [("sky", 0.5), ("art", None), ("cat", 0.9), ("sea", 0.5), ("air", None), ("sky", 0.1)]

    assert ({"cat"}, {"sky", "sea"}, {"art", "air"}) == ranking(said)


@given(confidences, st.randoms())
def test_a_ranking_does_not_depend_on_the_order_in_which_labels_come(
    said: dict[str, float | None], chance: random.Random
) -> None:
    shuffled = sorted(said.items(), key=lambda _: chance.random())

    assert ranking(said.items()) == ranking(shuffled)


def test_labels_tied_with_the_last_of_the_first_k_are_all_in() -> None:
    assert {"a", "b"} == top(written("a b (c d)"), 2)
    assert {"a", "b", "c", "d"} == top(written("a b (c d) e"), 3)
    assert set() == top(written("a b"), 0)


# Sets


@given(sets, sets)
def test_jaccard_is_the_one_of_scikit_learn(a: frozenset[str], b: frozenset[str]) -> None:
    assume(a or b)
    rows = [[label in said for label in LABELS] for said in (a, b)]

    assert jaccard_score(*rows) == jaccard(a, b)


def test_nothing_said_is_nothing_to_agree_on() -> None:
    assert (None, None) == (jaccard(set(), set()), overlap(set(), set()))
    assert (0, None) == (jaccard(set(), {"cat"}), overlap(set(), {"cat"}))


def test_who_merely_says_more_overlaps_fully() -> None:
    assert (0.25, 1) == (jaccard({"a"}, set("abcd")), overlap({"a"}, set("abcd")))


@given(sets, sets)
def test_agreement_of_sets_is_symmetric_and_from_0_to_1(
    a: frozenset[str], b: frozenset[str]
) -> None:
    for measure in (jaccard, overlap, masi):
        value = measure(a, b)

        assert value == measure(b, a)
        assert value is None or 0 <= value <= 1
        assert measure(a, a) in {None, measure({"x"}, {"x"})}


# Rank-biased overlap


@pytest.mark.parametrize(("ties", "value"), [("a", 0.6922853), ("w", 0.7068257), ("b", 0.7207131)])
def test_rbo_gives_the_worked_values_of_corsi_and_urbano(ties: str, value: float) -> None:
    """From the description of the reference implementation by the authors of the paper."""
    x = written("red (blue green) yellow pink")
    y = written("(blue red) white (yellow black purple) green")

    assert pytest.approx(value, abs=5e-8) == rbo(x, y, 0.95, ties)


def extrapolated(s: str, l: str, p: float) -> float:  # noqa: E741
    """RBO_EXT without ties as equation 32 of Webber, Moffat and Zobel (2010) writes it."""
    x = [len({*s[:d]} & {*l[:d]}) for d in range(len(l) + 1)]
    n = len(s)
    seen = sum(x[d] / d * p**d for d in range(1, len(l) + 1))
    beyond = sum(x[n] * (d - n) / (n * d) * p**d for d in range(n + 1, len(l) + 1))
    return (1 - p) / p * (seen + beyond) + ((x[-1] - x[n]) / len(l) + x[n] / n) * p ** len(l)


@given(orders, orders, ties, st.floats(0.1, 0.99))
def test_rbo_without_ties_is_the_original_one(a: Ranking, b: Ranking, ties: str, p: float) -> None:
    s, l = sorted(("".join(map("".join, each)) for each in (a, b)), key=len)  # noqa: E741

    assert pytest.approx(extrapolated(s, l, p)) == rbo(a, b, p, ties)


def broken(ranking: Ranking) -> list[str]:
    """Every order that the ties of a ranking allow."""
    return ["".join(sum(each, ())) for each in product(*map(permutations, ranking))]


@pytest.mark.parametrize(
    ("a", "b"), [("(a b) c", "b (c a)"), ("(a b c d)", "d (x a) b"), ("(a b)", "(a b)")]
)
def test_rbo_is_the_mean_over_all_orders_that_ties_allow(a: str, b: str) -> None:
    x, y = written(a), written(b)
    every = [extrapolated(s, l, 0.9) for s in broken(x) for l in broken(y)]  # noqa: E741

    assert pytest.approx(fmean(every)) == rbo(x, y, 0.9)


@given(rankings, rankings, ties)
def test_rbo_is_symmetric_from_0_to_1_and_blind_to_names(a: Ranking, b: Ranking, ties: str) -> None:
    value = rbo(a, b, 0.9, ties)

    assert value == rbo(b, a, 0.9, ties)
    assert value == rbo(renamed(a), renamed(b), 0.9, ties)
    assert (value is None) == (not a and not b)
    assert value is None or 0 <= value <= 1


@given(rankings)
def test_only_what_ties_hide_keeps_a_ranking_from_agreeing_with_itself(a: Ranking) -> None:
    assume(a)
    itself = rbo(a, a)

    assert pytest.approx(1) == rbo(a, a, ties="b") == rbo(a, a, ties="w")
    assert itself is not None
    assert math.isclose(itself, 1) == all(len(tied) == 1 for tied in a)


def test_who_stops_earlier_agrees_with_who_goes_on() -> None:
    assert pytest.approx(1) == rbo(untied("abcde"), untied("abcdefgh"))
    assert 0 == rbo([], untied("abc"))


def test_ties_past_the_end_of_the_shorter_ranking_count_by_their_chance() -> None:
    """Worked by hand: the agreement at depths 1 to 4 is 1, (1 + 1/3) / 2, (1 + 2 · 2/3) / 3, 1."""
    value = rbo(written("a"), written("a (b c d)"), 0.9)

    assert pytest.approx(0.1 * (1 + 0.9 * 2 / 3 + 0.81 * 7 / 9 + 0.729) + 0.6561) == value


def test_a_label_that_comes_twice_counts_where_it_first_stands() -> None:
    assert rbo(written("a b"), written("b a")) == rbo(written("a (a b) b"), written("b (a b)"))


def test_the_first_labels_weigh_most() -> None:
    first, last = rbo(untied("abcx"), untied("abcy")), rbo(untied("xabc"), untied("yabc"))

    assert first is not None
    assert last is not None
    assert first > last


@pytest.mark.parametrize("p", [0, 1, 1.5])
def test_a_persistence_that_is_no_fraction_is_refused(p: float) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        rbo(untied("a"), untied("a"), p)


# Krippendorff's alpha


@pytest.mark.parametrize(
    ("a", "b", "distance"),
    [("ab", "ab", 0), ("a", "ab", 1 - 1 / 2 * 2 / 3), ("ab", "bc", 1 - 1 / 9), ("a", "b", 1)],
)
def test_masi_tells_the_same_contained_crossing_and_disjoint(
    a: str, b: str, distance: float
) -> None:
    assert pytest.approx(distance) == masi(set(a), set(b))


@given(sets, sets)
def test_masi_is_the_one_of_nltk_wherever_that_has_a_value(
    a: frozenset[str], b: frozenset[str]
) -> None:
    assume(a or b)

    assert pytest.approx(masi_distance(a, b)) == masi(a, b)


@given(ratings)
def test_alpha_is_the_one_of_nltk_wherever_there_is_variation(
    units: list[dict[str, frozenset[str]]],
) -> None:
    rated = [unit for unit in units if len(unit) > 1]
    assume(len({said for unit in rated for said in unit.values()}) > 1)
    task = AnnotationTask(
        [(rater, str(n), said) for n, unit in enumerate(units) for rater, said in unit.items()],
        distance=masi_distance,
    )

    assert alpha(units) == Figure(pytest.approx(task.alpha()), len(rated))


def test_alpha_gives_krippendorffs_worked_value() -> None:
    """Sets of one are nominal: "Computing Krippendorff's Alpha-Reliability" (2011), part C."""
    raters = {
        "A": "1 2 3 3 2 1 4 1 2 . . .",
        "B": "1 2 3 3 2 2 4 1 2 5 . 3",
        "C": ". 3 3 3 2 3 4 2 2 5 1 .",
        "D": "1 2 3 3 2 4 4 1 2 5 1 .",
    }
    columns = zip(*(said.split() for said in raters.values()), strict=True)
    units = [
        {rater: {value} for rater, value in zip(raters, column, strict=True) if value != "."}
        for column in columns
    ]

    assert alpha(units) == Figure(pytest.approx(0.743, abs=5e-4), 11)


@given(ratings, st.randoms())
def test_alpha_depends_on_no_order_and_no_names(
    units: list[dict[str, frozenset[str]]], chance: random.Random
) -> None:
    other = [
        {f"rater {rater}": {f"label {label}" for label in said} for rater, said in unit.items()}
        for unit in sorted(units, key=lambda _: chance.random())
    ]

    assert alpha(units) == alpha(other)


def test_without_variation_alpha_is_undefined() -> None:
    assert Figure(None, 0) == alpha([])
    assert Figure(None, 2) == alpha([{"x": {"a"}, "y": {"a"}}] * 2)
    assert Figure(None, 1) == alpha([{"x": set(), "y": set()}])


def test_the_same_sets_are_full_agreement_also_where_they_are_empty() -> None:
    assert Figure(1, 2) == alpha([{"x": {"a"}, "y": {"a"}}, {"x": set(), "y": set()}])


def test_labels_dealt_at_random_have_an_alpha_of_about_0() -> None:
    chance = random.Random(7)
    units = [{rater: set(chance.sample(LABELS, 3)) for rater in "xyz"} for _ in range(1000)]

    value = alpha(units).value

    assert pytest.approx(0, abs=0.02) == value


# Providers


def test_a_picture_counts_for_two_providers_where_both_answered() -> None:
    said = {
        "1.jpg": {"x": untied("ab"), "y": untied("ab"), "z": untied("a")},
        "2.jpg": {"x": untied("ab"), "y": untied("ac")},
        "3.jpg": {"x": (), "y": (), "z": ()},
    }

    found = agreement(said, k=2)

    assert [("x", "y"), ("x", "z"), ("y", "z")] == [(pair.a, pair.b) for pair in found.pairs]
    assert Figure(fmean([1, 1 / 3]), 2) == found.pairs[0].jaccard
    assert Figure(0.75, 2) == found.pairs[0].overlap
    assert 2 == found.pairs[0].rbo.n
    assert Figure(0.5, 1) == found.pairs[1].jaccard
    assert 3 == found.alpha.n


def test_only_the_first_k_labels_count_and_what_is_tied_with_them() -> None:
    said = {"1.jpg": {"x": written("a b c"), "y": written("a (b d) e")}}

    assert Figure(1, 1) == agreement(said, k=1).pairs[0].jaccard
    assert Figure(pytest.approx(2 / 3), 1) == agreement(said, k=2).pairs[0].jaccard


def test_alpha_is_over_the_labels_and_the_raters_that_share_some() -> None:
    said = {
        "1.jpg": {"x": untied("abq"), "y": untied("ab"), "z": untied("r")},
        "2.jpg": {"x": untied("c"), "y": untied("c"), "z": untied("r")},
    }

    found = agreement(said)

    assert (3, ("x", "y"), Figure(1, 2)) == (found.labels, found.raters, found.alpha)


def test_providers_that_say_the_same_of_everything_agree_by_chance_only() -> None:
    said = {f"{n}.jpg": {"x": untied("a"), "y": untied("a")} for n in range(5)}

    found = agreement(said)

    assert (Figure(1, 5), Figure(None, 5)) == (found.pairs[0].jaccard, found.alpha)


def test_nothing_asked_is_no_pair_and_no_alpha() -> None:
    found = agreement({})

    assert ((), Figure(None, 0), 0) == (found.pairs, found.alpha, found.labels)
