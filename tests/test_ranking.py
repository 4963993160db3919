"""Who is better, and how sure that is: intervals that hold, and no ranking where there is none."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache

import numpy as np
import pytest
from attrs import evolve, frozen
from scipy.stats import bootstrap, norm, t
from worlds import World, compared, marked, truth

from taggers.evaluate import Difference, bench
from taggers.evaluate._bootstrap import Resamples, Sampled, distinguishing, needed_pictures, widened
from taggers.evaluate._marks import Marks, f1, precision
from taggers.evaluate._quality import LEVEL, sample
from taggers.evaluate._ranking import Ranking
from taggers.evaluate._scores import METRICS

DRAWS = 1000
WORLDS = 500
PLANTED = (("a", 0.9, 0.6), ("twin", 0.9, 0.6), ("worse", 0.7, 0.5))


def _resamples(seed: int, pictures: int) -> Resamples:
    """Draws that have nothing to do with the world of the same seed."""
    return Resamples.draw(pictures, np.random.default_rng([seed, 1]), draws=DRAWS)


def _f1(precision: float, recall: float) -> float:
    return 2 * precision * recall / (precision + recall)


def _f1_of(counts: np.ndarray) -> np.ndarray:
    right, wrong, missed = np.moveaxis(counts, -1, 0)
    return 2 * right / (2 * right + wrong + missed)


def _ranked(marks: Sequence[Marks], seed: int) -> list[Difference]:
    ranking = Ranking(marks, _resamples(seed, marks[0].pictures))
    return [one for one in ranking.differences() if one.metric == "f1"]


@frozen
class Trial:
    """One world of 100 pictures: the intervals of what was planted, and who was ranked."""

    held: dict[str, bool]
    twins_ranked: bool
    worse_ranked: bool


@cache
def _trials() -> list[Trial]:
    return [_trial(seed) for seed in range(WORLDS)]


def _trial(seed: int) -> Trial:
    a, twin, worse = World(np.random.default_rng(seed), 100).providers(*PLANTED)
    resamples = _resamples(seed, 100)
    sampled = {metric: sample(a, metric, resamples) for metric in METRICS[:3]}
    apart = sampled["f1"] - sample(worse, "f1", resamples)
    planted = {"precision": 0.9, "recall": 0.6, "f1": _f1(0.9, 0.6)}
    held = {metric: _holds(sampled[metric], value) for metric, value in planted.items()}
    held["difference"] = _holds(apart, _f1(0.9, 0.6) - _f1(0.7, 0.5))
    (twins,), (others,) = _ranked([a, twin], seed), _ranked([a, worse], seed)
    return Trial(held, twins.ranked, others.ranked)


def _holds(sampled: Sampled, value: float) -> bool:
    interval = sampled.interval(LEVEL, 100)
    assert interval is not None
    return interval[0] <= value <= interval[1]


@pytest.mark.parametrize("metric", ["precision", "recall", "f1", "difference"])
def test_95_of_100_intervals_hold_what_was_planted(metric: str) -> None:
    share = sum(trial.held[metric] for trial in _trials()) / WORLDS

    assert 0.91 <= share <= 0.98


def test_twins_are_ranked_as_rarely_as_the_level_says() -> None:
    share = sum(trial.twins_ranked for trial in _trials()) / WORLDS

    assert 0.02 <= share <= 0.08


def test_who_is_clearly_worse_is_told_apart_in_nearly_every_world() -> None:
    assert sum(trial.worse_ranked for trial in _trials()) >= 0.99 * WORLDS


def test_among_five_twins_a_winner_is_rarely_found() -> None:
    """One pair in twenty each would find one among the ten pairs in about a third of all worlds."""
    twins = [(str(number), 0.9, 0.6) for number in range(5)]

    found = [
        any(one.ranked for one in _ranked(World(random, 60).providers(*twins), seed))
        for seed, random in enumerate(map(np.random.default_rng, range(200)))
    ]

    assert sum(found) <= 20


def test_the_number_of_pictures_needed_shows_a_difference_in_four_of_five_cases() -> None:
    planted = ("a", 0.9, 0.6), ("b", 0.9, 0.52)
    a, b = World(np.random.default_rng(0), 5000).providers(*planted)
    apart = sample(a, "f1", _resamples(0, 5000)) - sample(b, "f1", _resamples(0, 5000))

    needed = needed_pictures(evolve(apart, value=_f1(0.9, 0.6) - _f1(0.9, 0.52)), 5000, LEVEL)

    assert needed is not None
    ranked = [
        _ranked(World(np.random.default_rng(seed), needed).providers(*planted), seed)[0].ranked
        for seed in range(WORLDS)
    ]
    assert 0.74 <= sum(ranked) / WORLDS <= 0.86


def test_no_number_of_pictures_shows_a_difference_that_is_none() -> None:
    (a,) = World(np.random.default_rng(0), 50).providers(("a", 0.9, 0.6))

    (found,) = _ranked([a, evolve(a, name="copy")], 0)

    assert (0.0, 0.0, 0.0) == (found.difference, found.low, found.high)
    assert (False, "may be chance", None) == (found.ranked, found.why, found.more_pictures)


def test_an_interval_is_scipys() -> None:
    """SciPy's is as wide where it is asked for the level that Student's t makes of ours. Both draw
    by chance: with 20,000 draws the ends still differ by about a hundredth of the interval."""
    a, b = World(np.random.default_rng(3), 60).providers(("a", 0.9, 0.6), ("b", 0.8, 0.5))
    resamples = Resamples.draw(60, np.random.default_rng(1), draws=20_000)

    found = (sample(a, "f1", resamples) - sample(b, "f1", resamples)).interval(LEVEL, 60)

    def statistic(chosen: np.ndarray, axis: int) -> np.ndarray:
        totals = [marks.counts[chosen.astype(int)].sum(axis=-2) for marks in (a, b)]
        (left, right) = (_f1_of(counts) for counts in totals)
        return left - right

    oracle = bootstrap(
        (np.arange(60),),
        statistic,
        n_resamples=20_000,
        batch=500,
        confidence_level=2 * norm.cdf(math.sqrt(60 / 59) * t.ppf((1 + LEVEL) / 2, 59)) - 1,
        rng=np.random.default_rng(2),
    ).confidence_interval
    assert tuple(oracle) == pytest.approx(found, abs=0.02 * (oracle.high - oracle.low))


def test_the_same_seed_gives_the_same_intervals_whatever_the_size_of_the_parts() -> None:
    (a,) = World(np.random.default_rng(0), 50).providers(("a", 0.9, 0.6))

    whole, parts = (
        resamples.sample(lambda weights: f1(a, weights), width)
        for resamples, width in ((_resamples(7, 50), 0), (_resamples(7, 50), 1_000_000))
    )

    assert whole.interval(LEVEL, 50) == pytest.approx(parts.interval(LEVEL, 50))


def test_draws_without_any_case_do_not_count() -> None:
    """Half of all draws of two pictures have one of them alone, once or twice."""
    marks = marked({"1": {"cat": 0.5}, "2": {}}, {"1": {"cat": True}, "2": {"cat": False}})

    sampled = _resamples(0, 2).sample(lambda weights: precision(marks, weights))

    assert 0.2 < np.isnan(sampled.drawn).mean() < 0.3
    assert (1.0, 1.0) == sampled.interval(LEVEL, 2)
    assert None is sampled.interval(LEVEL, 1)


def test_all_right_is_no_certainty() -> None:
    """Where 83 % are right, twenty of twenty come up once in forty times: 0.8316 ** 20 = 0.025."""
    assert pytest.approx((0.8316, 1.0), abs=1e-4) == widened((1.0, 1.0), 20, LEVEL)
    assert pytest.approx((0.0, 0.1684), abs=1e-4) == widened((0.0, 0.0), 20, LEVEL)
    assert (0.9, 1.0) == widened((0.9, 1.0), 20, LEVEL)


def test_five_pictures_tell_nothing_apart() -> None:
    """Five heads in a row come up, or five tails, with a chance of 1 in 16: more than 5 %."""
    pictures = [str(number) for number in range(6)]
    known = {picture: {"cat": True, "dog": False} for picture in pictures}
    right = {picture: {"cat": 0.9} for picture in pictures}
    wrong = {picture: {"dog": 0.9} for picture in pictures}

    ranked = []
    for differing in (5, 6):
        other = {**right, **{picture: wrong[picture] for picture in pictures[:differing]}}
        a, b = (evolve(marked(said, known), name=str(id(said))) for said in (right, other))
        ranked += _ranked([a, b], 0)

    assert 6 == distinguishing(LEVEL)
    assert [(False, "they differ on too few pictures"), (True, None)] == [
        (one.ranked, one.why) for one in ranked
    ]


def test_providers_are_compared_on_pictures_that_both_answered_about() -> None:
    """`b` answered about the easy picture only."""
    said_a = {"1": {"cat": 0.9}, "2": {"dog": 0.9}}
    comparison, alignment = compared({"a": said_a, "b": {"1": {"cat": 0.9}}})
    known = truth({"1": {"cat": True}, "2": {"cat": True, "dog": False}})

    found = bench(comparison, alignment, known, random=np.random.default_rng(1))

    assert [0.5, 1.0] == [one.precision.value for one in found.qualities]
    assert [(0.0, 1)] * 3 == [(one.difference, one.n) for one in found.differences[:3]]


def test_providers_that_share_no_picture_are_not_compared() -> None:
    comparison, alignment = compared({"a": {"1": {"cat": 0.9}}, "b": {"2": {"cat": 0.9}}})
    known = truth({"1": {"cat": True}, "2": {"cat": True}})

    found = bench(comparison, alignment, known, random=np.random.default_rng(1))

    assert {(None, False, "not measured for both", 0)} == {
        (one.difference, one.ranked, one.why, one.n) for one in found.differences
    }


def test_one_picture_is_too_few_to_compare_by_and_does_not_tell_how_many_it_takes() -> None:
    comparison, alignment = compared({"a": {"1": {"cat": 0.9}}, "b": {"1": {"dog": 0.9}}})
    known = truth({"1": {"cat": True, "dog": False}})

    found = bench(comparison, alignment, known, random=np.random.default_rng(1))

    assert (1.0, None, "they differ on too few pictures", None) == next(
        (one.difference, one.low, one.why, one.more_pictures) for one in found.differences
    )


def test_a_deviation_is_that_of_the_draws() -> None:
    sampled = Sampled(0.5, np.array([0.4, 0.6, math.nan]), np.array([0.5]))

    assert pytest.approx(0.1) == sampled.deviation
