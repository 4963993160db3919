"""What providers say together: votes weighed by what they are worth, and every vote kept."""

from __future__ import annotations

import math
import random
from collections.abc import Mapping, Sequence
from statistics import mean, stdev

import pytest

from taggers import BoundingBox, ImageFacts, Provenance, Region, Result, Tag
from taggers.compare import Comparison, Failure
from taggers.errors import InvalidInput, RateLimited
from taggers.evaluate import Evidence, Judged, Panel, Reliability, ensemble, panel

WORDS = tuple(f"label {number}" for number in range(60))
Seen = Sequence[set[str]]
"""The labels of each picture."""


def _result(provider: str, *tags: Tag, **provenance: object) -> Result:
    return Result(
        provider=provider,
        image=ImageFacts(source="cat.jpg", sha256="1"),
        tags=tags,
        provenance=Provenance(plugin=provider, **provenance),
    )


def _known(precision: float, recall: float = 0.5, *labels: str) -> Reliability:
    return Reliability(precision=precision, recall=recall, labels=frozenset(labels), n=100)


def _panel(prior: float = 0.5, **providers: Reliability) -> Panel:
    return Panel(prior=prior, average=_known(0.5), providers=providers)


def test_a_vote_weighs_the_log_odds_of_its_precision() -> None:
    trusted = _panel(a=_known(0.9), b=_known(0.8))

    (one,) = ensemble({"a": _result("a", Tag("cat")), "b": _result("b")}, trusted).decisions
    (two,) = ensemble({n: _result(n, Tag("cat")) for n in "ab"}, trusted).decisions

    assert 0.9 == pytest.approx(one.probability)
    assert 9 * 4 / (9 * 4 + 1) == pytest.approx(two.probability)
    assert [math.log(9), math.log(4)] == pytest.approx([vote.weight for vote in two.votes])


def test_the_silence_of_one_who_knows_the_word_counts_against_it() -> None:
    # Of two labels one is right; b says 80 percent of those, and of the others one in five.
    trusted = _panel(a=_known(0.9), b=_known(0.8, 0.8, "cat"))

    decisions = ensemble({"a": _result("a", Tag("cat"), Tag("dog")), "b": _result("b")}, trusted)

    by_label = {one.label: one.probability for one in decisions.decisions}
    assert 9 / 4 == pytest.approx(by_label["cat"] / (1 - by_label["cat"]))
    assert 9 == pytest.approx(by_label["dog"] / (1 - by_label["dog"]))


def test_who_only_repeats_another_adds_nothing() -> None:
    twins = Panel(
        prior=0.5,
        average=_known(0.5),
        providers={"a": _known(0.9), "b": _known(0.9)},
        correlation={frozenset("ab"): 1.0},
    )

    together = ensemble({n: _result(n, Tag("cat")) for n in "ab"}, twins).decisions[0]
    alone = ensemble({"a": _result("a", Tag("cat"))}, twins).decisions[0]

    assert 0.9 == pytest.approx(together.probability)
    assert 0.9 == pytest.approx(alone.probability)


def test_every_vote_is_kept_and_who_failed_is_not_taken_for_silent() -> None:
    outcomes = {
        "a": _result("a", Tag("Katze", 0.7), Tag("Kater", 0.4)),
        "b": _result("b"),
        "c": RateLimited("too many"),
    }
    trusted = _panel(a=_known(0.9), b=_known(0.6, 0.5, "cat"), c=_known(0.9, 0.9, "cat"))

    found = ensemble(outcomes, trusted, label=lambda _, tag: "cat")

    said, silent, failed = found.decisions[0].votes
    assert ("a", "said", "Katze", 0.7) == (said.provider, said.answer, said.text, said.confidence)
    assert ("b", "silent") == (silent.provider, silent.answer)
    assert silent.weight < 0
    assert ("c", "failed", 0.0) == (failed.provider, failed.answer, failed.weight)


@pytest.mark.parametrize(
    ("precision", "answer"), [(0.9, "yes"), (0.7, "yes"), (0.6, "unsure"), (0.3, "no")]
)
def test_what_is_not_probable_enough_either_way_is_left_open(precision: float, answer: str) -> None:
    trusted = _panel(a=_known(precision))

    decision = ensemble({"a": _result("a", Tag("cat"))}, trusted).decisions[0]

    assert answer == decision.answer


def test_boxes_are_fused_and_those_who_draw_none_count_against_them() -> None:
    box = BoundingBox(0, 0, 10, 10)
    outcomes = {
        "a": _result("a", Tag("cat", 0.9, regions=(Region(box, 0.8),))),
        "b": _result("b", Tag("cat", 0.6, regions=(Region(box),))),
        "c": _result("c", Tag("cat", 0.9)),
    }
    trusted = _panel(a=_known(0.9), b=_known(0.9), c=_known(0.9))

    everybody = ensemble(outcomes, trusted).decisions[0].regions
    those_who_draw = ensemble(outcomes, trusted, boxing=("a", "b")).decisions[0].regions

    assert [box] == [region.box for region in everybody]
    assert 0.7 * 2 / 3 == pytest.approx(everybody[0].confidence)
    assert 0.7 == pytest.approx(those_who_draw[0].confidence)


def test_an_ensemble_is_a_result_that_is_compared_like_any_other() -> None:
    outcomes = {
        "a": _result("a", Tag("cat"), Tag("dog"), duration_s=1.0, billable_units=1, emulated=True),
        "b": _result("b", Tag("cat"), duration_s=2.0, billable_units=2),
        "c": Failure(kind="RateLimited", message="too many"),
    }
    trusted = _panel(prior=0.2, a=_known(0.6), b=_known(0.9, 0.9, "dog"))

    found = ensemble(outcomes, trusted)
    result = found.result()

    assert ["cat"] == [tag.name for tag in result]
    assert ["cat", "dog"] == [tag.name for tag in found.result(least=0)]
    assert (2.0, 3, True) == (
        result.provenance.duration_s,
        result.provenance.billable_units,
        result.provenance.emulated,
    )
    assert {"c": "RateLimited: too many"} == result.provenance.left
    assert Result.from_dict(result.to_dict()).tags == result.tags
    comparison = Comparison.of([("cat.jpg", "ensemble", result), ("cat.jpg", "b", outcomes["b"])])
    assert ("ensemble", "b") == comparison.providers


def test_nobody_who_answered_is_nothing_to_vote_on() -> None:
    with pytest.raises(InvalidInput, match="nobody answered"):
        ensemble({"a": RateLimited("too many")}, _panel())


def _world(
    luck: random.Random,
    n: int,
    members: Mapping[str, tuple[float, float]],
    copies: Mapping[str, str],
) -> tuple[Seen, Mapping[str, Seen]]:
    """What is in `n` pictures, and what was said of them: each member with the probability with
    which it says what is there, and what is not; and copies of members."""
    there = [set(luck.sample(WORDS, luck.randint(1, 7))) for _ in range(n)]
    said = {
        name: [
            {word for word in WORDS if luck.random() < (hit if word in seen else miss)}
            for seen in there
        ]
        for name, (hit, miss) in members.items()
    }
    return there, {**said, **{name: said[whose] for name, whose in copies.items()}}


def _evidence(there: Seen, said: Mapping[str, Seen]) -> Evidence:
    return Evidence(
        judged=tuple(
            Judged(
                picture=str(number), provider=name, label=word, text=word, confidence=None,
                right=word in there[number],
            )
            for name, of in said.items()
            for number, words in enumerate(of)
            for word in sorted(words)
        ),
        answered={name: frozenset(map(str, range(len(there)))) for name in said},
        present={str(number): frozenset(seen) for number, seen in enumerate(there)},
    )  # fmt: skip


def _wrong(there: Seen, said: Seen) -> float:
    """Wrong answers a picture: missed labels and false ones."""
    return sum(len(a ^ b) for a, b in zip(there, said, strict=True)) / len(there)


def _gains(
    members: Mapping[str, tuple[float, float]], copies: Mapping[str, str], draws: int = 8
) -> list[float]:
    """How many wrong answers a picture the ensemble saves against its best member, in each draw, on
    pictures that it was not measured by."""
    gains = []
    for seed in range(draws):
        luck = random.Random(seed)
        trusted = panel(_evidence(*_world(luck, 120, members, copies)))
        there, said = _world(luck, 120, members, copies)
        together = []
        for number in range(len(there)):
            outcomes = {n: _result(n, *map(Tag, sorted(of[number]))) for n, of in said.items()}
            found = ensemble(outcomes, trusted, sure=0.5)
            together.append({tag.name for tag in found.result()})
        best = min(_wrong(there, of) for of in said.values())
        gains.append(best - _wrong(there, together))
    return gains


@pytest.mark.parametrize(
    "members",
    [
        {"a": (0.7, 0.02), "b": (0.7, 0.02)},
        {"a": (0.7, 0.01), "b": (0.6, 0.02), "c": (0.65, 0.03)},
        dict.fromkeys("abcde", (0.6, 0.02)),
    ],
)
def test_independent_members_together_beat_the_best_of_them(
    members: Mapping[str, tuple[float, float]],
) -> None:
    gains = _gains(members, {})

    assert mean(gains) > 3 * stdev(gains) / len(gains) ** 0.5


@pytest.mark.parametrize(
    ("members", "copies"),
    [
        ({"a": (0.7, 0.01)}, {"b": "a", "c": "a"}),
        ({"a": (0.85, 0.004), "b": (0.5, 0.05)}, {"c": "b", "d": "b", "e": "b"}),
        ({"a": (0.85, 0.004), "b": (0.4, 0.06), "c": (0.4, 0.08)}, {}),
    ],
)
def test_copies_and_poor_members_do_not_outvote_the_best(
    members: Mapping[str, tuple[float, float]], copies: Mapping[str, str]
) -> None:
    gains = _gains(members, copies)

    assert mean(gains) > -0.02


def test_probabilities_mean_what_they_say() -> None:
    members = {"a": (0.7, 0.01), "b": (0.6, 0.02), "c": (0.65, 0.03)}
    luck = random.Random(1)
    trusted = panel(_evidence(*_world(luck, 200, members, {})))
    there, said = _world(luck, 400, members, {})

    pairs = [
        (decision.probability, decision.label in there[number])
        for number in range(len(there))
        for decision in ensemble(
            {name: _result(name, *map(Tag, sorted(of[number]))) for name, of in said.items()},
            trusted,
        ).decisions
    ]

    expected = sum(probability for probability, _ in pairs) / len(pairs)
    assert expected == pytest.approx(sum(right for _, right in pairs) / len(pairs), abs=0.03)


def test_who_was_hardly_measured_is_taken_for_an_average_provider() -> None:
    there = [{"cat"}] * 200
    said = {"many": there, "few": [{"cat"}] + [set()] * 199, "wrong": [{"dog"}] * 200}

    trusted = panel(_evidence(there, said))

    assert trusted.of("many").precision > 0.95
    assert trusted.of("wrong").precision < 0.05
    assert abs(trusted.of("few").precision - trusted.average.precision) < 0.06
    assert trusted.average == trusted.of("a stranger")


def test_copies_are_found_by_what_they_have_in_common() -> None:
    members = {"a": (0.6, 0.02), "b": (0.6, 0.02)}

    trusted = panel(_evidence(*_world(random.Random(3), 300, members, {"c": "a"})))

    assert trusted.correlation[frozenset("ac")] > 0.95
    assert trusted.correlation.get(frozenset("ab"), 0.0) < 0.05
