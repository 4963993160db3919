"""Runs over many pictures: each is asked about once, whatever happens on the way."""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from taggers import AsyncTagger, Tagger, errors
from taggers._config import Config, Prices, Service
from taggers._money import Money
from taggers.batch import (
    AsyncBatch,
    Batch,
    Happened,
    Journal,
    Retry,
    Store,
    Tally,
    Tariff,
    batch,
    find,
    query,
    runs,
    tariff,
)
from taggers.batch.engine._groups import CHUNK
from taggers.emulator import Emulator, Fault
from taggers.testing import png

V2 = "huawei-tagging-v2"
SLOW = "slow"


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    with Emulator() as running:
        yield running


def _pictures(folder: Path, count: int) -> list[str]:
    """So many different pictures."""
    folder.mkdir(exist_ok=True)
    for index in range(count):
        (folder / f"{index:04}.png").write_bytes(png(40, 40) + str(index).encode())
    return sorted(map(str, folder.iterdir()))


def _run(
    emulator: Emulator,
    store: Path,
    sources: Sequence[str],
    *,
    retry: Sequence[Retry] = ("failed",),
    stop_after: int | None = None,
) -> tuple[Tally, list[Happened]]:
    """A run in this process; with `stop_after` it is stopped after so many results."""
    told: list[Happened] = []

    async def run() -> Tally:
        stop = asyncio.Event()

        def heard(one: Happened) -> None:
            told.append(one)
            if len(told) == stop_after:
                stop.set()

        async with AsyncTagger(V2, **emulator.settings(V2)) as tagger:
            return await batch(
                tagger, journal, sources, {V2: 4}, stop=stop, retry=retry, heard=heard
            )

    with Store.open(store, make=True) as opened:
        journal = Journal.open(opened, "a test")
        tally = asyncio.run(run())
        journal.close()
    return tally, told


def _asked(emulator: Emulator) -> int:
    return sum(call.path.endswith("/image/tagging") for call in emulator.journal)


def test_each_picture_is_asked_about_once_wherever_it_lies(
    emulator: Emulator, tmp_path: Path
) -> None:
    pictures = _pictures(tmp_path / "photos", 6)
    copy = tmp_path / "copy.png"
    copy.write_bytes(Path(pictures[0]).read_bytes())

    first, _ = _run(emulator, tmp_path / "s.sqlite3", pictures)
    again, _ = _run(emulator, tmp_path / "s.sqlite3", [*pictures, str(copy)])

    assert (6, 0, 6) == (first.done, first.known, first.units)
    assert (0, 7, 0) == (again.done, again.known, again.units)
    assert 6 == _asked(emulator)


def test_a_slow_provider_holds_up_no_other_one(emulator: Emulator, tmp_path: Path) -> None:
    pictures = _pictures(tmp_path / "photos", 60)
    config = Config(services={n: Service(n, V2, {**emulator.settings(V2)}) for n in (V2, SLOW)})
    answers: Counter[str | None] = Counter()

    async def run(journal: Journal) -> Tally:
        stop = asyncio.Event()

        def heard(one: Happened) -> None:
            answers[one.provider] += 1
            if answers[V2] == len(pictures):
                stop.set()

        async with AsyncTagger(config=config) as tagger:
            return await batch(tagger, journal, pictures, {SLOW: 1, V2: 4}, stop=stop, heard=heard)

    emulator.fail("slow", latency_s=0.1)
    with Store.open(tmp_path / "s.sqlite3", make=True) as store:
        asyncio.run(run(Journal.open(store, "a test")))

    assert answers[SLOW] < 30 < answers[V2] == 60


def test_what_failed_is_asked_again_and_what_may_be_billed_only_on_request(
    emulator: Emulator, tmp_path: Path
) -> None:
    pictures = _pictures(tmp_path / "photos", 4)
    emulator.fail("code", code="AIS.0502", only=V2, times=3)

    first, _ = _run(emulator, tmp_path / "s.sqlite3", pictures[:3])
    emulator.fail("reset-after", times=1)
    second, _ = _run(emulator, tmp_path / "s.sqlite3", pictures[3:])
    third, _ = _run(emulator, tmp_path / "s.sqlite3", pictures)
    fourth, _ = _run(emulator, tmp_path / "s.sqlite3", pictures, retry=("failed", "unknown"))

    assert {"UnsupportedImage": 3} == first.failed
    assert ({"OutcomeUnknown": 1}, 1) == (second.failed, second.maybe_units)
    assert (3, 1) == (third.done, third.known)
    assert (1, 3) == (fourth.done, fourth.known)


def test_sources_are_left_alone_when_a_stopped_run_is_over(
    emulator: Emulator, tmp_path: Path
) -> None:
    (picture,) = _pictures(tmp_path / "photos", 1)

    def slow() -> Iterator[str]:
        yield from itertools.repeat(picture, CHUNK)
        time.sleep(0.5)

    async def run(journal: Journal) -> int:
        stop = asyncio.Event()
        async with AsyncTagger(V2, **emulator.settings(V2)) as tagger:
            before = asyncio.all_tasks()
            await batch(tagger, journal, slow(), {V2: 4}, stop=stop, heard=lambda _: stop.set())
            return len(asyncio.all_tasks() - before)

    with Store.open(tmp_path / "s.sqlite3", make=True) as store:
        still_at_work = asyncio.run(run(Journal.open(store, "a test")))

    assert 0 == still_at_work


def test_what_a_call_may_cost_is_known_before_it_is_sent() -> None:
    tencent = Service("tx", "tencent-detect-label", {"scenes": ["web", "news"]})
    price = Money.parse("0.01 CNY")
    config = Config(services={"tx": tencent}, prices=Prices({"tx": price}))

    found = tariff("tx", config)

    assert Tariff(2, price) == found


def test_a_run_that_is_stopped_finishes_what_is_under_way_and_goes_on_later(
    emulator: Emulator, tmp_path: Path
) -> None:
    pictures = _pictures(tmp_path / "photos", 30)

    first, _ = _run(emulator, tmp_path / "s.sqlite3", pictures, stop_after=5)
    asked = _asked(emulator)
    second, _ = _run(emulator, tmp_path / "s.sqlite3", pictures)

    assert 5 <= first.done == asked < 30
    assert (30 - asked, asked) == (second.done, second.known)


def test_a_listener_that_fails_ends_the_run_and_what_was_finished_is_kept(
    emulator: Emulator, tmp_path: Path
) -> None:
    pictures = _pictures(tmp_path / "photos", 12)

    def heard(one: Happened) -> None:
        raise BrokenPipeError

    async def run() -> None:
        async with AsyncTagger(V2, **emulator.settings(V2)) as tagger:
            await batch(tagger, journal, pictures, {V2: 2}, heard=heard)

    with Store.open(tmp_path / "s.sqlite3", make=True) as store:
        journal = Journal.open(store, "a test")
        with pytest.raises(BrokenPipeError):
            asyncio.run(run())
        journal.close()
        with query(store, "SELECT count(*) FROM results") as answer:
            ((kept,),) = answer.rows

    assert 1 <= kept <= _asked(emulator) < 12


def test_what_cannot_be_read_is_told_and_the_rest_goes_on(
    emulator: Emulator, tmp_path: Path
) -> None:
    (tmp_path / "note.png").write_text("no picture")
    sources = [str(tmp_path / "note.png"), *_pictures(tmp_path / "photos", 2), "/nowhere.png"]

    tally, told = _run(emulator, tmp_path / "s.sqlite3", sources)

    unread = [one for one in told if one.provider is None]
    assert (2, 2) == (tally.done, tally.unreadable)
    assert [sources[0], sources[3]] == [one.source for one in unread]
    assert isinstance(unread[0].said, errors.UnsupportedImage)


def test_nobody_is_asked_on_after_a_wrong_key(tmp_path: Path) -> None:
    pictures = _pictures(tmp_path / "photos", 40)
    with Emulator(faults=[Fault(do="code", code="APIG.0301")]) as emulator:
        tally, _ = _run(emulator, tmp_path / "s.sqlite3", pictures)

        assert isinstance(tally.ended[V2], errors.Authentication)
        assert _asked(emulator) < 10


@pytest.mark.parametrize("patience_s", [0.0, 600.0])
def test_an_endpoint_that_is_down_is_waited_for_and_costs_few_pictures(
    tmp_path: Path, patience_s: float
) -> None:
    pictures = _pictures(tmp_path / "photos", 100)
    with Emulator() as emulator:
        nowhere = emulator.settings(V2)
    stop = asyncio.Event()

    async def run(journal: Journal) -> Tally:
        tally = Tally()

        async def stopped_when_waiting() -> None:
            while not tally.waiting:
                await asyncio.sleep(0.01)
            stop.set()

        async with AsyncTagger(V2, **nowhere) as tagger, asyncio.TaskGroup() as tasks:
            watch = tasks.create_task(stopped_when_waiting())
            await batch(
                tagger, journal, pictures, {V2: 4}, stop=stop, tally=tally, patience_s=patience_s
            )
            watch.cancel()
        return tally

    with Store.open(tmp_path / "s.sqlite3", make=True) as opened:
        journal = Journal.open(opened, "a test")
        tally = asyncio.run(run(journal))
        journal.close()

    assert 0 < tally.failed.total() < 40
    assert stop.is_set() == (patience_s > 0)
    assert [V2] == [*(tally.waiting if patience_s else tally.ended)]


def test_one_call_tags_a_folder_and_the_same_call_goes_on(
    emulator: Emulator, tmp_path: Path
) -> None:
    _pictures(tmp_path / "photos", 5)
    emulator.fail("code", code="AIS.0502", only=V2, times=2)

    with Tagger(V2, **emulator.settings(V2)) as tagger:
        library = Batch(tagger, tmp_path / "s.sqlite3")
        planned = library.plan(tmp_path / "photos")
        first = library.run(tmp_path / "photos", prepare="never")
        left = library.plan(tmp_path / "photos")
        second = library.run(tmp_path / "photos", prepare="never")

    assert (5, 2) == (planned.providers[0].calls, left.providers[0].calls)
    assert (3, {"UnsupportedImage": 2}) == (first.done, first.failed)
    assert (2, 3) == (second.done, second.known)
    assert ["done", "done"] == [run.state for run in runs(library.store)]


def test_a_source_that_cannot_be_read_is_counted_and_the_rest_goes_on(
    emulator: Emulator, tmp_path: Path
) -> None:
    _pictures(tmp_path / "photos", 2)
    (tmp_path / "none.csv").write_text("name\n1\n")
    told: list[Happened] = []

    async def run() -> Tally:
        async with AsyncTagger(V2, **emulator.settings(V2)) as tagger:
            library = AsyncBatch(tagger, tmp_path / "s.sqlite3")
            sources = [tmp_path / "none.csv", *find([str(tmp_path / "photos")])]
            return await library.run(sources, heard=told.append)

    tally = asyncio.run(run())

    assert (2, 1) == (tally.done, tally.unreadable)
    assert 3 == len(told)
    assert "names no pictures" in tally.unread.examples["InvalidInput"]


def test_a_call_that_is_cancelled_leaves_what_was_under_way_as_unknown(
    emulator: Emulator, tmp_path: Path
) -> None:
    _pictures(tmp_path / "photos", 9)
    emulator.fail("slow", latency_s=30)

    async def run(library: AsyncBatch) -> None:
        task = asyncio.create_task(library.run(tmp_path / "photos", prepare="never"))
        while not any(run.calls == 3 for run in runs(library.store)):
            await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    async def begin() -> Store:
        async with AsyncTagger(V2, **emulator.settings(V2)) as tagger:
            library = AsyncBatch(tagger, tmp_path / "s.sqlite3", concurrency=3)
            await run(library)
            return library.store

    (left,) = runs(asyncio.run(begin()))
    assert ("stopped", 3, 0, 3) == (left.state, left.calls, left.results, left.unknown)


def test_whom_it_asks_is_named_once_for_a_batch_and_there_must_be_somebody(tmp_path: Path) -> None:
    with Tagger() as tagger:
        library = Batch(tagger, tmp_path / "s.sqlite3")
        with pytest.raises(errors.InvalidInput, match="its `providers`"):
            library.run(tmp_path, provider="local-basic")
        with pytest.raises(errors.ConfigurationError, match="no provider was named"):
            library.run(tmp_path)

    assert [] == runs(library.store)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"concurrency": -3}, "concurrency must be a whole number from 1, not -3"),
        ({"concurrency": 0}, "concurrency must be a whole number from 1, not 0"),
        ({"retry": "unknown"}, r"retry must be several names, as in \['unknown'\]"),
        ({"retry": ("unknwon",)}, "not 'unknwon'; did you mean 'unknown'?"),
        ({"providers": "local-basic"}, r"several names, as in \['local-basic'\]"),
    ],
)
def test_an_argument_that_cannot_be_meant_makes_no_batch(
    tmp_path: Path, arguments: dict[str, Any], said: str
) -> None:
    with Tagger("local-basic") as tagger, pytest.raises(errors.InvalidInput, match=said):
        Batch(tagger, tmp_path / "s.sqlite3", **arguments)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"limt": 3}, "there is no option 'limt'; did you mean 'limit'?"),
        ({"limit": 0}, "limit must be a whole number from 1, not 0"),
        ({"prepare": "maybe"}, "prepare must be 'auto' or 'never', not 'maybe'"),
        ({"min_confidence": 7}, "min_confidence must be a fraction from 0 to 1, not 7"),
    ],
)
def test_an_option_that_cannot_be_meant_begins_no_run(
    tmp_path: Path, options: dict[str, Any], said: str
) -> None:
    _pictures(tmp_path / "photos", 2)

    with Tagger("local-basic") as tagger:
        library = Batch(tagger, tmp_path / "s.sqlite3")
        with pytest.raises(errors.InvalidInput, match=said):
            library.run(tmp_path / "photos", **options)
        with pytest.raises(errors.InvalidInput, match=said):
            tagger.tag(tmp_path / "photos" / "0000.png", **options)

    assert [] == runs(library.store)


def test_a_source_at_which_there_is_nothing_begins_no_run(tmp_path: Path) -> None:
    with Tagger("local-basic") as tagger:
        library = Batch(tagger, tmp_path / "s.sqlite3")
        for ask in (library.plan, library.run):
            with pytest.raises(errors.InvalidInput, match=r"there is nothing at '.*nothere'"):
                ask(tmp_path / "nothere")

    assert [] == runs(library.store)


def test_a_setting_that_was_given_counts_in_what_a_run_costs(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(png(90, 60))

    with Tagger("tencent-detect-label", scenes=["web", "news"]) as tagger:
        planned = Batch(tagger, tmp_path / "s.sqlite3").plan(tmp_path / "a.png")

    assert 2 == planned.providers[0].units


CHILD = """
import asyncio, sys
from taggers import AsyncTagger
from taggers.batch import Journal, Store, batch
import json

name, store, concurrency = *sys.argv[1:], 8
settings, *pictures = map(json.loads, sys.stdin)

async def run():
    async with AsyncTagger(name, **settings) as tagger:
        await batch(tagger, journal, pictures, {name: concurrency})

with Store.open(store, make=True) as opened:
    journal = Journal.open(opened, "a child")
    asyncio.run(run())
    journal.close()
"""


def test_a_run_that_is_killed_loses_nothing_and_sends_nothing_twice(tmp_path: Path) -> None:
    pictures = _pictures(tmp_path / "photos", 120)
    store = tmp_path / "s.sqlite3"
    draw = random.Random(7)
    with Emulator() as emulator:
        child = [sys.executable, "-c", CHILD, V2, str(store)]
        for _ in range(4):
            process = subprocess.Popen(child, stdin=subprocess.PIPE, text=True)
            assert process.stdin is not None
            process.stdin.write("\n".join(map(json.dumps, (emulator.settings(V2), *pictures))))
            process.stdin.close()
            seen = _asked(emulator)
            while _asked(emulator) < seen + draw.randint(5, 25) and process.poll() is None:
                time.sleep(0.001)
            os.kill(process.pid, signal.SIGKILL)
            process.wait()
        tally, _ = _run(emulator, store, pictures)
        sent = _asked(emulator)

    counts = "SELECT state, count(*) FROM calls GROUP BY state"
    with Store.open(store) as opened, query(opened, counts) as answer:
        states = dict(answer.rows)
    unknown = states.get("unknown", 0)
    assert tally.done + tally.known == 120
    assert 120 == states["done"] + unknown
    assert unknown <= 4 * 8
    assert sent <= 120
