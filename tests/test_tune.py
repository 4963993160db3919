"""Thresholds for a precision: held on pictures that nobody has judged, or said not to exist."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Sequence

import pytest
from scipy.stats import binomtest

from taggers import ImageFacts, Provenance, Result, Tag
from taggers.compare import Comparison
from taggers.errors import Authentication, InvalidInput
from taggers.evaluate import Evidence, Judged, evidence, panel, tune

TARGET = 0.95
Draw = Callable[[random.Random], tuple[str, float, bool]]
"""Draws a tag: its label, its confidence, and whether it is right."""


def _evidence(tags: Iterable[tuple[str, float | None, bool]], provider: str = "hw") -> Evidence:
    """Evidence of one tag a picture."""
    judged = tuple(
        Judged(
            picture=str(number), provider=provider, label=label, text=label, confidence=confidence,
            right=right,
        )
        for number, (label, confidence, right) in enumerate(tags)
    )  # fmt: skip
    return Evidence(
        judged=judged,
        answered={provider: frozenset(item.picture for item in judged)},
        present={item.picture: frozenset({item.label} if item.right else ()) for item in judged},
    )


def _tags(confidence: float | None, right: int, wrong: int = 0, label: str = "cat") -> list:
    return [(label, confidence, index < right) for index in range(right + wrong)]


def test_the_lowest_threshold_whose_bound_reaches_the_target_is_chosen() -> None:
    tags = [*_tags(0.9, 60), *_tags(0.8, 60), *_tags(0.7, 60, 1), *_tags(0.6, 10, 10)]

    tuned = tune(_evidence(tags, "hw"), TARGET).providers[0]

    cut = tuned.cut
    assert cut is not None
    assert (0.7, 181, 201) == (cut.threshold, cut.kept, cut.n)
    assert cut.precision == pytest.approx(180 / 181)
    oracle = binomtest(180, 181, alternative="greater").proportion_ci(0.95)
    assert cut.low == pytest.approx(oracle.low)
    assert tuned.recall == pytest.approx(180 / 190)


@pytest.mark.parametrize(("n", "found"), [(58, False), (59, True)])
def test_59_right_tags_show_a_precision_of_95_percent_and_58_do_not(n: int, found: bool) -> None:
    tuned = tune(_evidence(_tags(0.5, n)), TARGET).providers[0]

    assert found == tuned.reached


def test_tags_of_one_confidence_are_kept_together_or_not_at_all() -> None:
    tuned = tune(_evidence([*_tags(0.9, 100), *_tags(0.5, 80, 80)]), TARGET).providers[0]

    assert tuned.cut is not None
    assert 0.9 == tuned.cut.threshold


def test_where_no_threshold_reaches_the_target_none_is_invented() -> None:
    tuning = tune(_evidence(_tags(0.9, 90, 30)), TARGET)

    (tuned,) = tuning.providers
    assert (None, {}, False) == (tuned.cut, tuned.labels, tuned.reached)
    assert (0.75, 120) == (tuned.precision, tuned.n)
    assert tuning.profile().providers["hw"].threshold is None


def test_tags_without_a_confidence_are_kept_by_every_threshold_and_count_so() -> None:
    wrong = tune(_evidence([*_tags(None, 0, 30), *_tags(0.9, 100)]), TARGET).providers[0]
    right = tune(_evidence(_tags(None, 100)), TARGET).providers[0]

    assert not wrong.reached
    assert right.cut is not None
    assert 0.0 == right.cut.threshold


def test_a_label_with_enough_evidence_has_its_own_threshold_and_others_fall_back() -> None:
    easy = [*_tags(0.9, 80), *_tags(0.3, 80)]
    hard = [(f"rare{n % 40}", 0.8, True) for n in range(120)]
    hard += [(f"rare{n % 40}", 0.4, n % 2 == 0) for n in range(80)]

    tuned = tune(_evidence([*easy, *hard]), TARGET).providers[0]

    assert tuned.cut is not None
    assert {"cat": 0.3} == {label: cut.threshold for label, cut in tuned.labels.items()}
    assert 0.8 == tuned.cut.threshold
    assert 200 == tuned.cut.n


def test_a_target_that_no_number_of_tags_proves_is_refused() -> None:
    for target in (0, 1, 95):
        with pytest.raises(InvalidInput, match="above 0 and below 1"):
            tune(_evidence(_tags(0.9, 10)), target)


def _flat(precision: float) -> Draw:
    def draw(luck: random.Random) -> tuple[str, float, bool]:
        return "cat", luck.random(), luck.random() < precision

    return draw


def _steep(luck: random.Random) -> tuple[str, float, bool]:
    """Confidences that tell right from wrong, though 0.6 does not mean 60 percent."""
    confidence = luck.betavariate(2, 1)
    return "cat", confidence, luck.random() < min(1.0, 0.4 + 0.75 * confidence)


def _mixed(luck: random.Random) -> tuple[str, float, bool]:
    """Forty labels, of which a few are said often, and some are harder than others."""
    number = min(int(luck.expovariate(0.12)), 39)
    confidence = luck.betavariate(2, 1)
    ease = 0.25 + 0.35 * (number % 4) / 3
    return f"label {number}", confidence, luck.random() < min(1.0, ease + 0.8 * confidence)


def _held_out(draw: Draw, n: int, draws: int) -> tuple[float, float, float]:
    """How often the target is held on other tags, how often it is missed by more than a hundredth,
    and how often a threshold is found."""
    held = missed = found = 0
    population = [draw(luck) for luck in [random.Random(-1)] for _ in range(20_000)]
    for seed in range(draws):
        luck = random.Random(seed)
        profile = tune(_evidence(draw(luck) for _ in range(n)), TARGET).profile()
        mine = profile.providers["hw"]
        if mine.threshold is None:
            held += 1
            continue
        found += 1
        kept = [
            right
            for label, confidence, right in population
            if confidence >= mine.labels.get(label, mine.threshold)
        ]
        precision = sum(kept) / len(kept)
        held += precision >= TARGET
        missed += precision < TARGET - 0.01
    return held / draws, missed / draws, found / draws


@pytest.mark.parametrize("draw", [_steep, _mixed])
@pytest.mark.parametrize("n", [300, 1000])
def test_the_target_is_held_on_tags_that_nobody_has_judged(draw: Draw, n: int) -> None:
    held, missed, found = _held_out(draw, n, 60)

    assert held >= 0.85  # 0.93 to 0.98 in 400 draws; a point estimate holds 0.47
    assert missed <= 0.05
    assert found >= 0.5


def test_confidences_that_tell_nothing_do_not_make_a_precision_up() -> None:
    _, missed, _ = _held_out(_flat(0.93), 600, 60)

    assert missed <= 0.1


def _said(provider: str, picture: str, *tags: Tag, emulated: bool = False) -> Result:
    return Result(
        provider=provider,
        image=ImageFacts(source=f"{picture}.jpg", sha256=picture),
        tags=tags,
        provenance=Provenance(plugin=provider, emulated=emulated),
    )


def _compared(*said: Result | tuple[str, str]) -> Comparison:
    """A comparison of results, and of failures of a provider about a picture."""
    return Comparison.of(
        (f"{one[1]}.jpg", one[0], Authentication("no")) if isinstance(one, tuple)
        else (one.image.source, one.provider, one)
        for one in said
    )  # fmt: skip


def _rows(found: Evidence) -> Sequence[tuple[str, str, float | None, bool]]:
    return [(item.provider, item.text, item.confidence, item.right) for item in found.judged]


def test_what_is_not_known_is_neither_right_nor_wrong() -> None:
    comparison = _compared(
        _said("hw", "1", Tag("cat", 0.9), Tag("dog", 0.8), Tag("sofa", 0.7)),
        _said("hw", "2", Tag("cat", 0.9)),
    )
    known = {"1": {"cat": True, "dog": False}}

    found = evidence(comparison, known, lambda _, tag: tag.name)

    assert [("hw", "cat", 0.9, True), ("hw", "dog", 0.8, False)] == _rows(found)
    assert {"hw": frozenset({"1"})} == found.answered
    assert {"1": frozenset({"cat"})} == found.present


def test_a_failed_call_is_no_answer_and_emulated_ones_are_marked() -> None:
    comparison = _compared(_said("hw", "1", Tag("cat"), emulated=True), ("tx", "1"))

    found = evidence(comparison, {"1": {"cat": True}}, lambda _, tag: tag.name)

    assert {"hw": frozenset({"1"}), "tx": frozenset()} == found.answered
    assert {"hw"} == found.emulated


def test_where_nothing_can_be_wrong_there_is_nothing_to_tune_or_to_vote_by() -> None:
    comparison = _compared(_said("hw", "1", Tag("cat", 0.9), Tag("dog", 0.5)))
    found = evidence(comparison, {"1": {"cat": True}}, _lower)

    for use in (tune, panel):
        with pytest.raises(InvalidInput, match="no tag can be wrong"):
            use(found)


def _lower(_: str, tag: Tag) -> str:
    return tag.name.lower()


def test_two_spellings_of_a_label_have_a_threshold_each_and_are_found_once() -> None:
    comparison = _compared(_said("hw", "1", Tag("cat", 0.9), Tag("Cat", 0.5), Tag("cat", 0.2)))

    found = evidence(comparison, {"1": {"cat": True, "dog": False}}, _lower)
    (tuned,) = tune(found, 0.01).providers

    assert [("hw", "cat", 0.9, True), ("hw", "Cat", 0.5, True)] == _rows(found)
    assert 1.0 == tuned.recall
