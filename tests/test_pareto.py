"""Cost against quality: who is beaten, and who only looks so."""

from __future__ import annotations

import pytest
from worlds import result

from taggers import Result
from taggers.evaluate import Difference
from taggers.evaluate._pareto import cost_per_1000, front
from taggers.plugin import Money, evolve

CHEAP, DEAR = Money.parse("1 USD"), Money.parse("2 USD")


def _better(a: str, b: str, by: float = 0.1, *, ranked: bool = True) -> Difference:
    return Difference(
        a=a, b=b, metric="f1", difference=by, low=None, high=None, n=100, ranked=ranked
    )


def _pricing(name: str, plugin: str) -> Money | None:
    return {"a": Money.parse("0.0015 USD"), "b": Money.parse("0.01 CNY")}.get(plugin)


def test_who_is_dearer_and_worse_is_beaten() -> None:
    costs = {"a": CHEAP, "b": DEAR}

    assert ("a",) == front(costs, [_better("a", "b")])
    assert ("a",) == front(costs, [_better("b", "a", -0.1)])
    assert ("a", "b") == front(costs, [_better("b", "a")])


def test_who_only_looks_worse_is_not_beaten() -> None:
    assert ("a", "b") == front({"a": CHEAP, "b": DEAR}, [_better("a", "b", ranked=False)])


def test_who_has_no_known_cost_neither_beats_nor_is_beaten() -> None:
    assert ("b",) == front({"a": None, "b": DEAR}, [_better("a", "b")])


@pytest.mark.parametrize(("rate", "left"), [(None, ("a", "b")), (7.0, ("a",)), (20.0, ("a", "b"))])
def test_prices_in_two_currencies_are_compared_only_by_a_rate(
    rate: float | None, left: tuple[str, ...]
) -> None:
    costs = {"a": CHEAP, "b": Money.parse("10 CNY")}

    assert left == front(costs, [_better("a", "b")], rate)


def test_what_costs_nothing_is_cheaper_in_any_currency() -> None:
    assert ("a",) == front({"a": Money(0, "CNY"), "b": DEAR}, [_better("a", "b")])


def test_a_thousand_pictures_cost_what_their_mean_units_do() -> None:
    said = [result("a", "x", [], units=1), result("a", "y", [], units=2)]

    assert Money.parse("2.25 USD") == cost_per_1000(said, _pricing)


def _cached(said: Result) -> Result:
    return evolve(said, provenance=evolve(said.provenance, cached=True, billable_units=0))


def test_kept_answers_do_not_make_a_provider_cheap() -> None:
    said = [result("a", "x", []), _cached(result("a", "y", []))]

    assert Money.parse("1.5 USD") == cost_per_1000(said, _pricing)
    assert None is cost_per_1000(said[1:], _pricing)


def test_a_cost_that_is_not_known_is_none() -> None:
    route = [result("a", "x", []), evolve(result("b", "y", []), provider="a")]

    assert None is cost_per_1000([result("c", "x", [])], _pricing)
    assert None is cost_per_1000(route, _pricing)
