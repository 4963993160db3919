"""`Tagger` and `AsyncTagger` against a real server: alike, in order, in bounds, and cleaned up."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import textwrap
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing
from importlib.metadata import EntryPoint
from typing import Any

import pytest
from server import (
    Exchange,
    Received,
    Server,
    Step,
    answer,
    answer_by,
    answer_json,
    break_off,
    closed_port,
    silence,
)
from taggers_tencent.detect_label import PROVIDER as TENCENT

from taggers import AsyncTagger, Image, Policy, Result, Tagger
from taggers._config import Config
from taggers._registry import GROUP, Registry
from taggers._routes import Route
from taggers.errors import (
    Authentication,
    ConfigurationError,
    ConnectFailed,
    InvalidRequest,
    LocalResourceError,
    OutcomeUnknown,
    RateLimited,
    TaggersError,
    Unavailable,
    UnsupportedImage,
)
from taggers.plugin import Accepts, Offers, Provider, Request, Tag, evolve, fraction
from taggers.testing import png

PICTURE = png(64, 64)

ACME = Provider(
    name="acme",
    title="Acme",
    vendor="Acme",
    request=lambda image, options, settings: Request(path="/tags", json={"name": image.source}),
    read=lambda body: [
        Tag(tag["name"], fraction(tag.get("score"), 100), names=tag.get("names", {}))
        for tag in body["tags"]
    ],
    accepts=Accepts(formats=("png",)),
    offers=Offers(concurrency=2),
    endpoint="https://acme.example.com",
)
CAT = answer_json(
    {
        "tags": [
            {"name": "cat", "score": 98, "names": {"en": "cat", "zh": "猫"}},
            {"name": "animal", "score": "112", "names": {"en": "animal", "zh": "动物"}},
            {"name": "pet"},
        ]
    }
)


@pytest.fixture
def server() -> Iterator[Server]:
    with Server(CAT) as running:
        yield running


def _registry(*providers: Provider) -> Registry:
    """A registry of these providers alone, as if each had been loaded from a plugin."""
    points = tuple(EntryPoint(provider.name, "test_client", GROUP) for provider in providers)
    return Registry(points, loaded={provider.name: provider for provider in providers})


def _tagger(server: Server, **changes: Any) -> Tagger:
    return Tagger("acme", registry=_registry(ACME), endpoint=server.url, **changes)


def _async_tagger(server: Server, **changes: Any) -> AsyncTagger:
    return AsyncTagger("acme", registry=_registry(ACME), endpoint=server.url, **changes)


def _pictures(count: int) -> list[Image]:
    """Pictures that are called "0", "1", …"""
    return [Image.from_bytes(PICTURE, source=str(index)) for index in range(count)]


def _name(request: Received) -> str:
    name: str = json.loads(request.body)["name"]
    return name


ECHO = answer_by(lambda request: {"tags": [{"name": _name(request)}]})
"""Answers with the picture's own name as its tag."""


def _only_the_first(exchange: Exchange) -> None:
    """Answers for the picture "0", and for no other."""
    (ECHO if _name(exchange.read()) == "0" else silence())(exchange)


def _names(outcomes: Any) -> list[str]:
    return [outcome.tags[0].name for outcome in outcomes]


def _timeless(outcome: Result | TaggersError) -> dict[str, Any]:
    """The outcome as plain values, without how long anything took."""
    record = outcome.to_dict()
    for part in (record.get("provenance", {}), *record.get("provenance", {}).get("attempts", ())):
        for name in ("duration_s", "waited_s"):
            part.pop(name, None)
    return record


# Both alike.


@pytest.mark.parametrize(
    ("step", "options"),
    [
        (CAT, {}),
        (CAT, {"limit": 1}),
        (CAT, {"min_confidence": 0.99, "language": "zh"}),
        (CAT, {"language": "fr", "native": {"a": 1}}),
        (answer(b"", 400), {}),
        (answer(b"", 404), {}),
        (answer(b"<html>"), {}),
        (break_off(), {}),
    ],
)
def test_the_two_taggers_say_the_same(server: Server, step: Step, options: Any) -> None:
    server.script = [step]

    async def main() -> Result | TaggersError:
        async with _async_tagger(server) as tagger:
            return (await tagger.compare(PICTURE, ["acme"], **options))["acme"]

    with _tagger(server) as tagger:
        blocking = tagger.compare(PICTURE, ["acme"], **options)["acme"]
    waiting = asyncio.run(main())

    assert _timeless(waiting) == _timeless(blocking)
    assert 2 == len(server.requests)
    assert server.requests[0].body == server.requests[1].body


def test_a_result_tells_how_it_came_to_be(server: Server) -> None:
    server.script = [answer(b"", 503), CAT]

    with _tagger(server) as tagger:
        result = tagger.tag(PICTURE, limit=1)

    assert ("animal",) == tuple(tag.name for tag in result)
    assert (503, 200) == tuple(attempt.status for attempt in result.provenance.attempts)
    assert ("acme", server.url, 1) == (
        result.provenance.plugin,
        result.provenance.endpoint,
        result.provenance.billable_units,
    )


# Many pictures.


def test_many_pictures_come_in_their_order_whichever_is_answered_first(server: Server) -> None:
    answered: list[str] = []

    def last_shall_be_first(exchange: Exchange) -> None:
        name = _name(exchange.read())
        if name == "0":
            server.wait_until(lambda: len(answered) == 2)
        with server.changed:
            answered.append(name)
            server.changed.notify_all()
        ECHO(exchange)

    server.script = [last_shall_be_first]

    with _tagger(server) as tagger:
        outcomes = list(tagger.tag_many(_pictures(3), concurrency=3))

    assert "0" == answered[-1]
    assert ["0", "1", "2"] == _names(outcomes)


@pytest.mark.parametrize(("concurrency", "expected"), [(3, 2), (1, 1), (None, 2)])
def test_as_many_calls_as_allowed_are_under_way_and_never_more(
    server: Server, concurrency: int | None, expected: int
) -> None:
    together = threading.Barrier(expected)

    def wait_for_the_others(exchange: Exchange) -> None:
        exchange.read()
        together.wait(10)
        exchange.pause(0.02)  # in which one too many would come
        ECHO(exchange)

    server.script = [wait_for_the_others]

    with _tagger(server) as tagger:
        outcomes = list(tagger.tag_many(_pictures(6), concurrency=concurrency))

    assert [str(index) for index in range(6)] == _names(outcomes)
    assert expected == server.busiest


def test_pictures_are_taken_as_they_are_needed(server: Server) -> None:
    server.script = [ECHO]
    taken = []

    def pictures() -> Iterator[Image]:
        for picture in _pictures(100):
            taken.append(picture.source)
            yield picture

    with _tagger(server) as tagger:
        outcomes = tagger.tag_many(pictures(), concurrency=3)
        first = next(outcomes)
        taken_for_one = len(taken)
        second = next(outcomes)
        taken_for_two = len(taken)
        outcomes.close()

    assert ["0", "1"] == _names([first, second])
    assert (3, 4) == (taken_for_one, taken_for_two)
    assert len(taken) == 4


def test_pictures_may_come_from_an_async_iterable(server: Server) -> None:
    server.script = [ECHO]

    async def pictures() -> Any:
        for picture in _pictures(5):
            await asyncio.sleep(0)
            yield picture

    async def main() -> list[Any]:
        async with _async_tagger(server) as tagger:
            return [outcome async for outcome in tagger.tag_many(pictures())]

    outcomes = asyncio.run(main())

    assert ["0", "1", "2", "3", "4"] == _names(outcomes)


def test_errors_are_values_among_the_results(server: Server, tmp_path: Any) -> None:
    server.script = [CAT, answer(b"", 400), CAT]
    sources = [PICTURE, PICTURE, str(tmp_path / "missing.png"), b"no picture", PICTURE]

    with _tagger(server) as tagger:
        outcomes = list(tagger.tag_many(sources, concurrency=1))

    assert [Result, InvalidRequest, LocalResourceError, UnsupportedImage, Result] == [
        type(outcome) for outcome in outcomes
    ]


def test_stopping_early_cancels_what_is_under_way(server: Server) -> None:
    server.script = [_only_the_first]

    async def main() -> Any:
        async with _async_tagger(server) as tagger:
            async with aclosing(tagger.tag_many(_pictures(9), concurrency=3)) as outcomes:
                first = await anext(outcomes)
            left = await asyncio.to_thread(
                server.wait_until, lambda: 0 == server.busy == len(server.requests) - 2
            )
            return first, left, asyncio.all_tasks() - {asyncio.current_task()}

    first, left, tasks = asyncio.run(main())

    assert "0" == first.tags[0].name
    assert left
    assert set() == tasks


def test_an_error_of_the_callers_own_iterable_reaches_the_caller(server: Server) -> None:
    server.script = [silence()]

    def pictures() -> Iterator[Image]:
        yield from _pictures(1)
        raise KeyError("the caller's")

    with _tagger(server) as tagger, pytest.raises(KeyError, match="the caller's"):
        list(tagger.tag_many(pictures()))


# Several providers.


def test_providers_are_compared_side_by_side_and_errors_are_values(server: Server) -> None:
    with Server(answer(b"", 400)) as other:
        registry = _registry(
            evolve(ACME, name="first", endpoint=server.url),
            evolve(ACME, name="second", endpoint=other.url),
        )
        with Tagger(registry=registry) as tagger:
            outcomes = tagger.compare(PICTURE, ["second", "first", "second", "third"])

    assert ["second", "first", "third"] == list(outcomes)
    assert [InvalidRequest, Result, ConfigurationError] == [
        type(outcome) for outcome in outcomes.values()
    ]
    assert "first" == outcomes["first"].provider
    assert 1 == len(other.requests)


def _by_route(
    first: str, second: str, *, paid: bool = False, first_accepts: Accepts = ACME.accepts
) -> Tagger:
    """A tagger with the route "tags" over the providers "first" and "second" at these URLs."""
    registry = _registry(
        evolve(ACME, name="first", endpoint=first, accepts=first_accepts),
        evolve(ACME, name="second", endpoint=second),
    )
    route = Route(name="tags", targets=("first", "second"), paid_fallback=paid)
    return Tagger(
        config=Config(default="tags", routes={"tags": route}),
        registry=registry,
        policy=Policy(attempts=1),
    )


@pytest.mark.parametrize(
    ("step", "paid", "reason"),
    [
        (answer(b"", 404), False, "404"),
        (answer(b"", 503), False, "503"),
        (break_off(), True, "may have done the work"),
        (answer(b"", 429), True, "429"),
    ],
)
def test_a_route_goes_on_to_its_next_target_and_says_why(
    server: Server, step: Step, paid: bool, reason: str
) -> None:
    with Server(step) as broken, _by_route(broken.url, server.url, paid=paid) as tagger:
        result = tagger.tag(PICTURE)

    assert "second" == result.provider
    assert ["first"] == list(result.provenance.left)
    assert reason in result.provenance.left["first"]
    assert (1, 1) == (len(broken.requests), len(server.requests))


def test_a_route_goes_on_after_a_closed_port(server: Server) -> None:
    with _by_route(closed_port(), server.url) as tagger:
        result = tagger.tag(PICTURE)

    assert "second" == result.provider
    assert "no connection" in result.provenance.left["first"]


def test_a_route_goes_on_to_a_target_that_takes_the_picture(server: Server) -> None:
    only_jpeg = Accepts(formats=("jpeg",))
    with _by_route(closed_port(), server.url, first_accepts=only_jpeg) as tagger:
        result = tagger.tag(PICTURE, prepare="never")

    assert "second" == result.provider
    assert "png" in result.provenance.left["first"]


@pytest.mark.parametrize(
    ("step", "paid", "kind"),
    [
        (answer(b"", 401), True, Authentication),
        (answer(b"", 400), True, InvalidRequest),
        (break_off(), False, OutcomeUnknown),
        (answer(b"", 429), False, RateLimited),
    ],
)
def test_a_route_ends_where_going_on_would_hide_a_mistake_or_pay_twice(
    server: Server, step: Step, paid: bool, kind: type[TaggersError]
) -> None:
    with (
        Server(step) as broken,
        _by_route(broken.url, server.url, paid=paid) as tagger,
        pytest.raises(kind) as caught,
    ):
        tagger.tag(PICTURE)

    assert "first" == caught.value.provider
    assert [] == server.requests


def test_a_route_whose_targets_all_fail_ends_in_the_last_ones_error(server: Server) -> None:
    server.script = [answer(b"", 503)]

    with _by_route(closed_port(), server.url) as tagger, pytest.raises(Unavailable) as caught:
        tagger.tag(PICTURE)

    assert "second" == caught.value.provider
    assert 1 == len(server.requests)


def test_a_route_that_has_one_target_only_raises_its_error() -> None:
    provider = evolve(ACME, endpoint=closed_port())
    config = Config(routes={"tags": Route(name="tags", targets=("acme",))})

    with (
        Tagger("tags", config=config, registry=_registry(provider)) as tagger,
        pytest.raises(ConnectFailed),
    ):
        tagger.tag(PICTURE)


# Lifetime.


def test_a_tagger_may_be_used_from_several_threads(server: Server) -> None:
    server.script = [ECHO]

    with _tagger(server) as tagger, ThreadPoolExecutor(8) as threads:
        results = list(threads.map(tagger.tag, _pictures(40)))

    assert [str(index) for index in range(40)] == _names(results)


def test_a_tagger_may_be_used_where_an_event_loop_runs_already(server: Server) -> None:
    async def main() -> Result:
        with _tagger(server) as tagger:
            return tagger.tag(PICTURE)

    result = asyncio.run(main())

    assert "cat" == result.tags[0].name


def test_a_tagger_may_be_closed_twice_and_used_again(server: Server) -> None:
    tagger = _tagger(server)
    tagger.close()
    first = tagger.tag(PICTURE)
    tagger.close()
    tagger.close()
    left = server.wait_until_left()

    again = [tagger.tag(PICTURE) for _ in range(3)]
    tagger.close()

    assert left
    assert [first.tags] * 3 == [result.tags for result in again]
    assert 2 == server.accepted


def test_an_async_tagger_that_was_closed_may_be_used_in_another_loop(server: Server) -> None:
    tagger = _async_tagger(server)

    async def main() -> Result:
        async with tagger:
            return await tagger.tag(PICTURE)

    results = [asyncio.run(main()) for _ in range(2)]

    assert results[0].tags == results[1].tags
    assert server.wait_until_left()


def test_a_tagger_that_was_never_used_starts_no_thread() -> None:
    before = threading.active_count()

    tagger = Tagger("acme", registry=_registry(ACME))

    assert before == threading.active_count()
    tagger.close()


def test_closing_leaves_no_thread_behind(server: Server) -> None:
    before = {thread.name for thread in threading.enumerate() if "portal" in thread.name}

    with _tagger(server) as tagger:
        tagger.tag(PICTURE)

    after = {thread.name for thread in threading.enumerate() if "portal" in thread.name}
    assert before == after


def _program(text: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Runs a program of its own, in which every warning is an error."""
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", textwrap.dedent(text), *arguments],
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )


FORGETFUL = """
    import sys
    from importlib.metadata import EntryPoint
    from taggers import Image, Tagger
    from taggers._registry import Registry
    from taggers.plugin import Accepts, Provider, Request, Tag
    from taggers.testing import png

    ACME = Provider(
        name="acme", title="Acme", vendor="Acme", endpoint=sys.argv[1],
        request=lambda image, *_: Request(path="/", json={"name": image.source}),
        read=lambda body: [Tag(tag["name"]) for tag in body["tags"]],
        accepts=Accepts(formats=("png",)),
    )
    registry = Registry((EntryPoint("acme", "acme", "taggers.providers"),), loaded={"acme": ACME})
    tagger = Tagger("acme", registry=registry)
    pictures = [Image.from_bytes(png(64, 64), source=str(index)) for index in range(9)]
"""


def test_a_program_that_forgets_to_close_its_tagger_still_ends(server: Server) -> None:
    program = FORGETFUL + "    print(tagger.tag(pictures[0]).tags[0].name)"

    ended = _program(program, server.url)

    assert ("cat\n", "", 0) == (ended.stdout, ended.stderr, ended.returncode)


def test_a_program_that_stops_in_the_middle_of_many_pictures_still_ends(server: Server) -> None:
    server.script = [_only_the_first]
    program = FORGETFUL + "    print(next(tagger.tag_many(pictures)).tags[0].name)"

    ended = _program(program, server.url)

    assert ("0\n", "", 0) == (ended.stdout, ended.stderr, ended.returncode)


# Interrupting.


def _interrupt(exchange: Exchange) -> None:
    """Takes the request, presses Ctrl-C, and waits for the client to hang up."""
    exchange.read()
    exchange.pause(0.05)  # until the main thread waits for the answer
    signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
    exchange.wait_for_end()


needs_signals = pytest.mark.skipif(os.name != "posix", reason="sends a signal to a thread")


@needs_signals
def test_an_interrupt_cancels_the_call_in_the_loops_thread(server: Server) -> None:
    server.script = [_interrupt, CAT]

    with _tagger(server) as tagger:
        with pytest.raises(KeyboardInterrupt):
            tagger.tag(PICTURE)
        left = server.wait_until_left()
        again = tagger.tag(PICTURE)

    assert left
    assert "cat" == again.tags[0].name


@needs_signals
def test_an_interrupt_in_the_middle_of_many_pictures_cancels_them_all(server: Server) -> None:
    server.script = [CAT, _interrupt, silence()]

    with _tagger(server) as tagger:
        with pytest.raises(KeyboardInterrupt):
            list(tagger.tag_many([PICTURE] * 9, concurrency=3))
        left = server.wait_until(lambda: server.busy == 0)

    assert left
    assert len(server.requests) <= 4


@needs_signals
@pytest.mark.parametrize("many", [False, True])
def test_interrupted_jobs_still_delete_their_uploads(server: Server, many: bool) -> None:
    tagging = iter([_interrupt])

    def only_tagging_takes_long(exchange: Exchange) -> None:
        asks = exchange.read().method == "GET"
        (next(tagging, silence()) if asks else answer(b""))(exchange)

    server.script = [only_tagging_takes_long]
    keys = {"bucket": "photos-1250000000", "secret_id": "AKID", "secret_key": "key"}

    with (
        pytest.raises(KeyboardInterrupt),
        Tagger(TENCENT.name, registry=_registry(TENCENT), endpoint=server.url, **keys) as tagger,
    ):
        list(tagger.tag_many([PICTURE] * 9, concurrency=3)) if many else tagger.tag(PICTURE)

    uploaded, deleted = (
        sorted(request.target for request in server.requests if request.method == method)
        for method in ("PUT", "DELETE")
    )
    assert server.wait_until(lambda: server.busy == 0)
    assert (3 if many else 1) == len(uploaded)
    assert uploaded == deleted


# Importing.


def test_importing_taggers_loads_no_plugin_and_no_client_and_opens_nothing() -> None:
    program = """
        import sys

        seen = []
        sys.addaudithook(lambda event, _: event.startswith("socket.") and seen.append(event))

        import taggers

        taggers.Tagger("huawei-tagging-v2").close()
        heavy = {
            "PIL", "aiohttp", "anyio", "cattrs", "click", "httpcore", "httpx",
            "platformdirs", "rich", "taggers_google", "taggers_huawei", "taggers_local",
            "taggers_tencent", "webcolors", "xmltodict", "yarl",
        }
        print(sorted(heavy & set(sys.modules)), seen)
    """

    ended = _program(program)

    assert ("[] []\n", "") == (ended.stdout, ended.stderr)


def test_the_first_call_is_not_held_up_by_providers_that_are_not_asked(server: Server) -> None:
    program = FORGETFUL + (
        "    tagger.tag(pictures[0])\n"
        "    print([name for name in sys.modules if name.startswith('taggers_')])\n"
    )

    ended = _program(program, server.url)

    assert ("[]\n", "") == (ended.stdout, ended.stderr)
