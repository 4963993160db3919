"""Routes over real sockets: who answers, who was left and why, and what the shadows said."""

from __future__ import annotations

import asyncio
import json
import stat
import time
from collections.abc import Mapping
from itertools import chain, repeat
from pathlib import Path
from typing import Any

import pytest
from server import Server, Step, answer, answer_json, break_off, silence
from test_flow import ACME

from taggers import AsyncTagger, Policy, Result, Tagger
from taggers._config import Config, Service, Store
from taggers._registry import Registry
from taggers._routes import Route, When
from taggers._shadow import file_of
from taggers.errors import DeadlineExceeded, NotSupported, ServerFault, TaggersError
from taggers.plugin import Rule, evolve
from taggers.testing import png

PICTURE = png(64, 48)
CAT = answer_json({"tags": [{"name": "cat", "score": 88}]})
DOG = answer_json({"tags": [{"name": "dog", "score": 77}]})
BROKEN = answer_json({"code": "OOPS"}, 500)
PROVIDER = evolve(
    ACME,
    errors=evolve(ACME.errors, rules=(Rule(kind=ServerFault, codes="OOPS"),)),
    settings=(),
)


def _config(folder: Path, servers: Mapping[str, Server], *routes: Route) -> Config:
    services = {
        name: Service(name, "acme", {"endpoint": server.url}) for name, server in servers.items()
    }
    return Config(
        default=routes[0].name,
        services=services,
        routes={route.name: route for route in routes},
        store=Store(folder=folder),
    )


def _tagger(config: Config, **more: Any) -> Tagger:
    return Tagger(config=config, registry=Registry.of(PROVIDER), **more)


def _names(result: Result) -> list[str]:
    return [tag.name for tag in result]


def _route(*targets: str, name: str = "tags", **how: Any) -> Route:
    return Route(name=name, targets=targets, **how)


def _asked(
    folder: Path, scripts: Mapping[str, Step], *routes: Route, policy: Policy | None = None
) -> tuple[Result | TaggersError, dict[str, int]]:
    """What comes of one call by the first route, and how often each server was asked."""
    servers = {name: Server(script) for name, script in scripts.items()}
    for server in servers.values():
        server.__enter__()
    try:
        with _tagger(_config(folder, servers, *routes), policy=policy) as tagger:
            try:
                outcome: Result | TaggersError = tagger.tag(PICTURE)
            except TaggersError as error:
                outcome = error
        return outcome, {name: len(server.requests) for name, server in servers.items()}
    finally:
        for server in servers.values():
            server.__exit__(None, None, None)


def test_repeats_are_shared_by_all_targets_of_a_route(tmp_path: Path) -> None:
    scripts = {"a": BROKEN, "b": BROKEN, "c": CAT}

    outcome, asked = _asked(tmp_path, scripts, _route("a", "b", "c"))

    assert isinstance(outcome, Result)
    assert {"a": 3, "b": 1, "c": 1} == asked
    assert ["a"] * 3 + ["b", "c"] == [a.provider for a in outcome.provenance.attempts]
    assert {"a", "b"} == set(outcome.provenance.left)
    assert 1 == outcome.provenance.billable_units


def test_an_inner_route_repeats_less_where_it_says_so(tmp_path: Path) -> None:
    routes = _route("inner", "c"), _route("a", "b", name="inner", attempts=2)

    _, asked = _asked(tmp_path, {"a": BROKEN, "b": BROKEN, "c": BROKEN}, *routes)

    assert {"a": 2, "b": 1, "c": 2} == asked


def test_one_deadline_holds_over_all_targets(tmp_path: Path) -> None:
    began = time.monotonic()

    outcome, asked = _asked(
        tmp_path,
        {"a": silence(), "b": CAT},
        _route("a", "b", paid_fallback=True, deadline_s=0.5),
    )

    assert isinstance(outcome, DeadlineExceeded)
    assert {"a": 1, "b": 0} == asked
    assert time.monotonic() - began < 5.0


def test_the_time_of_an_inner_route_is_its_own(tmp_path: Path) -> None:
    outer = _route("inner", "b", paid_fallback=True)

    outcome, _ = _asked(
        tmp_path, {"a": silence(), "b": CAT}, outer, _route("a", name="inner", deadline_s=0.3)
    )

    assert isinstance(outcome, Result)
    assert "time ran out" in outcome.provenance.left["a"]
    assert ["maybe", "yes"] == [attempt.billed for attempt in outcome.provenance.attempts]


def test_the_last_error_tells_of_all_that_were_left(tmp_path: Path) -> None:
    outcome, _ = _asked(
        tmp_path, {"a": BROKEN, "b": BROKEN}, _route("a", "b"), policy=Policy(attempts=1)
    )

    assert isinstance(outcome, ServerFault)
    assert ["a"] == list(outcome.left)
    assert ["a", "b"] == [attempt.provider for attempt in outcome.attempts]
    assert ["a"] == list(outcome.to_dict()["left"])


def test_where_the_filters_leave_nobody_the_error_says_why(tmp_path: Path) -> None:
    outcome, asked = _asked(tmp_path, {"a": CAT}, _route("a", vendors=("Huawei",)))

    assert isinstance(outcome, NotSupported)
    assert "a: Acme is none of the vendors of tags" in outcome.message
    assert {"a": 0} == asked


def test_a_primary_that_fails_often_is_left_alone_while_another_target_answers(
    tmp_path: Path,
) -> None:
    with Server(BROKEN) as bad, Server(CAT) as good:
        config = _config(tmp_path, {"a": bad, "b": good}, _route("a", "b"))
        with _tagger(config, policy=Policy(attempts=1)) as tagger:
            results = [tagger.tag(PICTURE) for _ in range(100)]

    assert 20 == len(bad.requests)
    assert 100 == len(good.requests)
    assert results[-1].provenance.left["a"].startswith("it failed often and is left alone until")


def test_an_answer_that_is_kept_is_given_while_its_provider_is_left_alone(tmp_path: Path) -> None:
    steps = chain([CAT], repeat(BROKEN))
    with Server(lambda exchange: next(steps)(exchange)) as bad, Server(DOG) as good:
        config = _config(tmp_path, {"a": bad, "b": good}, _route("a", "b"))
        with _tagger(config, policy=Policy(attempts=1), cache=True) as tagger:
            tagger.tag(PICTURE)
            for number in range(30):
                tagger.tag(png(number + 20, 40))
            again = tagger.tag(PICTURE)

    assert (["cat"], True) == (_names(again), again.provenance.cached)
    assert {} == again.provenance.left


def test_what_may_be_billed_is_not_paid_again_at_another_provider(tmp_path: Path) -> None:
    outcome, asked = _asked(tmp_path, {"a": break_off("request"), "b": CAT}, _route("a", "b"))

    assert "maybe" == getattr(outcome, "billed", None)
    assert {"a": 1, "b": 0} == asked


def test_a_condition_may_ask_for_what_the_caller_says(tmp_path: Path) -> None:
    rules = (When(use="b", metadata={"plan": "gold"}),)
    route = _route("a", strategy="condition", when=rules)
    asked: list[dict[str, str]] = [{"plan": "gold"}, {"plan": "tin"}, {}]
    with (
        Server(CAT) as cat,
        Server(DOG) as dog,
        _tagger(_config(tmp_path, {"a": cat, "b": dog}, route)) as tagger,
    ):
        said = [_names(tagger.tag(PICTURE, metadata=metadata)) for metadata in asked]

    assert [["dog"], ["cat"], ["cat"]] == said


def _lines(folder: Path, route: str = "tags") -> list[dict[str, Any]]:
    return [json.loads(line) for line in file_of(folder, route).read_text("utf-8").splitlines()]


def test_a_shadow_is_asked_too_and_both_are_written_down(tmp_path: Path) -> None:
    route = _route("a", shadow=("b", "c"), shadow_share=1.0)

    outcome, asked = _asked(tmp_path, {"a": CAT, "b": DOG, "c": BROKEN}, route)

    [line] = _lines(tmp_path)
    assert isinstance(outcome, Result)
    assert ["cat"] == _names(outcome)
    assert {"a": 1, "b": 1, "c": 3} == asked
    assert outcome == Result.from_dict(line["answered"])
    assert ["dog"] == _names(Result.from_dict(line["shadows"]["b"]))
    assert "ServerFault" == line["shadows"]["c"]["kind"]
    assert outcome.image.sha256 == line["image"]["sha256"]


def test_a_shadow_neither_delays_nor_fails_the_call(tmp_path: Path) -> None:
    route = _route("a", shadow=("b",), shadow_share=1.0)

    async def run(cat: Server, mute: Server) -> float:
        config = _config(tmp_path, {"a": cat, "b": mute}, route)
        registry, policy = Registry.of(PROVIDER), Policy(deadline_s=2.0)
        async with AsyncTagger(config=config, registry=registry, policy=policy) as tagger:
            began = time.monotonic()
            await tagger.tag(PICTURE)
            return time.monotonic() - began

    with Server(CAT) as cat, Server(silence()) as mute:
        took_s = asyncio.run(run(cat, mute))

    assert took_s < 1.5
    assert "DeadlineExceeded" == _lines(tmp_path)[0]["shadows"]["b"]["kind"]


def test_a_share_of_the_calls_goes_to_the_shadows(tmp_path: Path) -> None:
    route = _route("a", shadow=("b",), shadow_share=0.2)
    with Server(CAT) as cat, Server(DOG) as dog:
        config = _config(tmp_path, {"a": cat, "b": dog}, route)
        with _tagger(config) as tagger:
            for _ in range(200):
                tagger.tag(PICTURE)

    assert 10 <= len(dog.requests) <= 80
    assert len(dog.requests) == len(_lines(tmp_path))


def test_a_failed_call_is_written_down_with_what_its_shadow_said(tmp_path: Path) -> None:
    route = _route("a", shadow=("b",), shadow_share=1.0)

    outcome, _ = _asked(tmp_path, {"a": answer(b"", 400), "b": DOG}, route)

    [line] = _lines(tmp_path)
    assert isinstance(outcome, TaggersError)
    assert outcome.to_dict() == line["answered"]


def test_only_the_owner_can_read_the_shadows(tmp_path: Path) -> None:
    route = _route("a", shadow=("b",), shadow_share=1.0)

    _asked(tmp_path / "new", {"a": CAT, "b": DOG}, route)

    assert 0o600 == stat.S_IMODE(file_of(tmp_path / "new", "tags").stat().st_mode)


def test_shadows_that_cannot_be_written_are_logged_and_no_more(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("")
    route = _route("a", shadow=("b",), shadow_share=1.0)

    outcome, _ = _asked(tmp_path / "file" / "store", {"a": CAT, "b": DOG}, route)

    assert isinstance(outcome, Result)
    assert "cannot be written" in caplog.text
