"""Routes by hand: whom a call asks, in which order, and whom not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from test_flow import ACME

from taggers import Image, Policy
from taggers._money import Money
from taggers._routes import Asked, Candidate, Plan, Planner, Route, Step, When
from taggers.errors import ConfigurationError
from taggers.plugin import Offers, evolve
from taggers.testing import png

SMALL = Image.from_bytes(png(64, 48), source="small.png")
URL = Image.from_url("https://example.com/cat.jpg")
CANDIDATES = {
    "hw": Candidate(
        provider=evolve(ACME, vendor="Huawei", offers=Offers(boxes=True, languages=("zh", "en"))),
        region="cn-north-4",
        price=Money.parse("0.002 CNY"),
        latency_s=0.4,
    ),
    "tx": Candidate(
        provider=evolve(ACME, vendor="Tencent Cloud", offers=Offers(languages=("zh",))),
        region="ap-guangzhou",
        price=Money.parse("0.001 CNY"),
        latency_s=0.2,
    ),
    "gv": Candidate(
        provider=evolve(ACME, vendor="Google Cloud", offers=Offers(boxes=True, languages=("en",))),
        price=Money.parse("0.0015 USD"),
    ),
    "own": Candidate(provider=evolve(ACME, vendor="local", offers=Offers(unit=None))),
    "odd": Candidate(provider=ACME),
}


def _planner(*routes: Route, rolls: Iterator[float] | None = None, **more: Any) -> Planner:
    rolls = rolls or iter([0.0] * 1_000)
    return Planner(
        routes={route.name: route for route in routes},
        of=CANDIDATES.__getitem__,
        roll=lambda: next(rolls),
        **more,
    )


def _plan(*routes: Route, image: Image = SMALL, **more: Any) -> Plan:
    """The plan of the first route."""
    asked = {name: more.pop(name) for name in ("language", "metadata") if name in more}
    return _planner(*routes, **more).plan(routes[0].name, Asked(image=image, **asked))


def _names(plan: Plan) -> list[str]:
    return [step.name for step in plan.steps]


def _route(*targets: str, name: str = "tags", **how: Any) -> Route:
    return Route(name=name, targets=targets, **how)


def test_a_provider_is_a_plan_of_its_own() -> None:
    assert Plan((Step("hw", ()),), {}) == _planner().plan("hw", Asked(image=SMALL))


def test_fallback_keeps_the_order() -> None:
    assert ["tx", "hw", "own"] == _names(_plan(_route("tx", "hw", "own")))


def test_weighted_draws_the_first_as_often_as_its_weight_says() -> None:
    route = _route("hw", "tx", strategy="weighted", weights=(3.0, 1.0))
    rolls = iter([roll for step in range(100) for roll in (step / 100, 0.0)])
    planner = _planner(route, rolls=rolls)

    first = Counter(planner.plan("tags", Asked(image=SMALL)).steps[0].name for _ in range(100))

    assert {"hw": 75, "tx": 25} == first


def test_weighted_goes_on_with_the_others() -> None:
    route = _route("hw", "tx", "own", strategy="weighted", weights=(0.0, 1.0, 0.0))

    assert "tx" == _names(_plan(route))[0]
    assert {"hw", "tx", "own"} == set(_names(_plan(route)))


def test_cheapest_begins_with_what_costs_nothing_and_ends_with_what_is_not_known() -> None:
    route = _route("odd", "hw", "tx", "own", strategy="cheapest")

    assert ["own", "tx", "hw", "odd"] == _names(_plan(route))


def test_cheapest_compares_two_currencies_by_the_users_rate() -> None:
    route = _route("gv", "hw", strategy="cheapest")

    assert ["hw", "gv"] == _names(_plan(route, cny_per_usd=7.1))
    assert ["gv", "hw"] == _names(_plan(route, cny_per_usd=1.0))
    with pytest.raises(ConfigurationError, match="compares prices in CNY and USD"):
        _plan(route)


def test_dollars_alone_need_no_rate() -> None:
    assert ["gv", "odd"] == _names(_plan(_route("odd", "gv", strategy="cheapest")))


def test_prices_of_those_who_are_left_out_need_no_rate() -> None:
    route = _route("hw", "gv", strategy="cheapest", vendors=("google",))

    assert ["gv"] == _names(_plan(route))


def test_fastest_tries_first_what_it_has_not_seen_yet() -> None:
    assert ["gv", "tx", "hw"] == _names(_plan(_route("hw", "tx", "gv", strategy="fastest")))


@pytest.mark.parametrize(
    ("rule", "asked", "expected"),
    [
        ({"format": ("png",)}, {}, True),
        ({"format": ("jpeg",)}, {}, False),
        ({"format": ("png",)}, {"image": URL}, False),
        ({"language": ("zh", "en")}, {"language": "zh"}, True),
        ({"language": ("zh",)}, {}, False),
        ({"max_edge_px": 64}, {}, True),
        ({"max_edge_px": 63}, {}, False),
        ({"min_edge_px": 64}, {}, True),
        ({"min_edge_px": 65}, {}, False),
        ({"min_bytes": 10_000_000}, {}, False),
        ({"max_bytes": 10_000_000}, {}, True),
        ({"max_bytes": 10_000_000}, {"image": URL}, False),
        ({"metadata": {"plan": "gold"}}, {"metadata": {"plan": "gold", "team": "a"}}, True),
        ({"metadata": {"plan": "gold"}}, {"metadata": {"plan": "tin"}}, False),
        ({"metadata": {"plan": "gold"}}, {}, False),
        ({"format": ("png",), "language": ("zh",)}, {"language": "en"}, False),
        ({}, {}, True),
    ],
)
def test_a_rule_is_for_calls_that_fit_all_of_it(
    rule: Mapping[str, Any], asked: Mapping[str, Any], expected: bool
) -> None:
    when = When(use="hw", **rule)

    assert expected is when.fits(Asked(**{"image": SMALL, **asked}))


def test_the_first_rule_that_fits_chooses_and_else_the_targets_stand() -> None:
    rules = (When(use="gv", language=("en",)), When(use="tx", format=("png",)))
    route = _route("hw", "own", strategy="condition", when=rules)

    assert ["gv"] == _names(_plan(route, language="en"))
    assert ["tx"] == _names(_plan(route, language="zh"))
    assert ["hw", "own"] == _names(_plan(route, image=URL))


@pytest.mark.parametrize("strategy", ["fallback", "weighted", "cheapest", "fastest"])
def test_filters_go_with_every_strategy_and_say_why(strategy: Any) -> None:
    route = _route("hw", "tx", "gv", strategy=strategy, requires=("boxes",), vendors=("huawei",))

    plan = _plan(route, cny_per_usd=7.1)

    assert ["hw"] == _names(plan)
    assert {
        "tx": "Tencent Cloud is none of the vendors of tags",
        "gv": "Google Cloud is none of the vendors of tags",
    } == plan.left


@pytest.mark.parametrize(
    ("how", "expected"),
    [
        ({"regions": ("cn-*", "ap-*")}, ["hw", "tx"]),
        ({"regions": ("cn-*",)}, ["hw"]),
        ({"requires": ("zh",)}, ["hw", "tx"]),
        ({"requires": ("zh", "boxes")}, ["hw"]),
        ({"requires": ("images",)}, []),
        ({"vendors": ("TENCENT", "google cloud")}, ["tx", "gv"]),
        ({"vendors": ("Tencent Cloud",)}, ["tx"]),
        ({"vendors": ("ten",)}, []),
    ],
)
def test_a_filter_leaves_only_what_it_names(how: Mapping[str, Any], expected: list[str]) -> None:
    assert expected == _names(_plan(_route("hw", "tx", "gv", **how)))


def test_the_filters_of_an_outer_route_hold_within() -> None:
    outer = _route("inner", "gv", regions=("cn-*",))
    inner = _route("tx", "hw", name="inner")

    plan = _plan(outer, inner)

    assert ["hw"] == _names(plan)
    assert {"tx", "gv"} == set(plan.left)


def test_routes_in_routes_keep_their_own_order() -> None:
    outer = _route("cheap", "gv")
    cheap = _route("hw", "tx", name="cheap", strategy="cheapest")

    plan = _plan(outer, cheap)

    assert ["tx", "hw", "gv"] == _names(plan)
    assert [("tags", "cheap"), ("tags", "cheap"), ("tags",)] == [
        tuple(route.name for route in step.routes) for step in plan.steps
    ]


def test_nobody_is_asked_twice() -> None:
    assert ["hw", "tx", "gv"] == _names(
        _plan(_route("a", "b"), _route("hw", "tx", name="a"), _route("tx", "gv", name="b"))
    )


def test_an_inner_route_inherits_and_may_only_have_less() -> None:
    outer = _route("inner", attempts=2, deadline_s=10.0, unknown="retry-once")
    inner = _route("hw", name="inner", attempts=3, deadline_s=4.0)
    step = _plan(outer, inner).steps[0]

    policy = step.policy(Policy(attempts=3, deadline_s=30.0))

    assert (2, 4.0, "retry-once") == (policy.attempts, policy.deadline_s, policy.unknown)


@pytest.mark.parametrize(
    ("outer_says", "inner_says", "expected"),
    [
        (None, None, "raise"),
        (None, "retry-once", "retry-once"),
        ("retry-once", None, "retry-once"),
        ("retry-once", "raise", "raise"),
        ("raise", "retry-once", "raise"),
    ],
)
def test_what_may_be_billed_is_repeated_only_where_no_route_forbids_it(
    outer_says: Any, inner_says: Any, expected: str
) -> None:
    outer = _route("inner", unknown=outer_says)
    step = _plan(outer, _route("hw", name="inner", unknown=inner_says)).steps[0]

    assert expected == step.policy(Policy()).unknown


def test_a_plan_within_a_route_is_under_its_filters_and_settings() -> None:
    around = _route("hw", regions=("cn-*",), deadline_s=2.0)
    planner = _planner()

    steps = planner.plan("hw", Asked(image=SMALL), (around,)).steps
    abroad = planner.plan("tx", Asked(image=SMALL), (around,))

    assert 2.0 == steps[0].policy(Policy()).deadline_s
    assert ((), {"tx"}) == (abroad.steps, set(abroad.left))


@pytest.mark.parametrize(
    ("outer_paid", "inner_paid", "within", "beyond"),
    [
        (None, None, False, False),
        (True, None, True, True),
        (True, False, False, True),
        (False, True, True, False),
    ],
)
def test_whether_a_call_may_go_on_at_a_cost_is_for_the_route_around_both_to_say(
    outer_paid: bool | None, inner_paid: bool | None, within: bool, beyond: bool
) -> None:
    outer = _route("inner", "gv", paid_fallback=outer_paid)
    inner = _route("hw", "tx", name="inner", paid_fallback=inner_paid)

    first, second, third = _plan(outer, inner).steps

    assert (within, beyond) == (first.paid_on(second), second.paid_on(third))


def test_all_providers_of_a_tree_are_known() -> None:
    rules = (When(use="gv"),)
    outer = _route("inner", "own", strategy="condition", when=rules)

    assert ["hw", "tx", "own", "gv"] == list(
        _planner(outer, _route("hw", "tx", name="inner")).leaves("tags")
    )
