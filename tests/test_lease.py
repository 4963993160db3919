"""One job on many machines: whoever dies, nothing is lost or sent twice, and no limit is passed."""

from __future__ import annotations

import random
import signal
import time
from collections import Counter
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from crew import Crew, pictures

from taggers._config import Config, Prices, Service
from taggers._config import Store as Folder
from taggers._limits import Limits, Share
from taggers._money import Money
from taggers._spend import Cap
from taggers.batch import Journal, Store, query, unread
from taggers.batch.cluster._job import Job
from taggers.batch.cluster._shares import NOTHING, Seats, Shares
from taggers.emulator import Emulator, Fault
from taggers.emulator import Limits as Declared
from taggers.errors import BudgetExceeded
from taggers.testing import png

V2 = "huawei-tagging-v2"
LIMITS = Limits(concurrency=8, rate_per_s=100)
SIZES = (1, 2, 3, 5, 8, 13, 64, 100)


def _pictures(folder: Path, count: int) -> Path:
    """A folder of so many different pictures."""
    folder.mkdir(exist_ok=True)
    for index in range(count):
        (folder / f"{index:04}.png").write_bytes(png(40, 40) + str(index).encode())
    return folder


def _job(emulator: Emulator, folder: Path, count: int, limits: Limits, **config: Any) -> Job:
    """A job about so many pictures, whose run has begun."""
    service = Service(V2, V2, emulator.settings(V2), limits=limits)
    with Store.open(folder / "store", make=True) as store:
        run = Journal.open(store, "a test").run
    return Job(
        folder=folder,
        store=folder / "store",
        run=run,
        name="a test",
        config=Config(services={V2: service}, **config),
        pictures=partial(pictures, _pictures(folder / "photos", count)),
        providers={V2: limits.concurrency or 8},
        options={"prepare": "never"},
    )


def _asked(emulator: Emulator) -> Counter[str | None]:
    """How often each picture was asked about, by requests that have come in whole."""
    return Counter(call.picture for call in emulator.journal if call.picture)


def _states(folder: Path) -> dict[str, int]:
    counts = "SELECT state, count(*) FROM calls GROUP BY state"
    with Store.open(folder / "store") as opened, query(opened, counts) as answer:
        return dict(answer.rows)


def _wait(emulator: Emulator, calls: int) -> None:
    """Waits until so many calls more have been answered."""
    wanted, ends = len(emulator.journal) + calls, time.monotonic() + 60
    while len(emulator.journal) < wanted and time.monotonic() < ends:
        time.sleep(0.005)


@pytest.fixture
def slow() -> Iterator[Emulator]:
    """It takes 50 ms for an answer, and throttles whoever passes the limits of `LIMITS`."""
    declared = Declared(concurrency=LIMITS.concurrency, rate_per_s=LIMITS.rate_per_s)
    with Emulator(faults=[Fault(do="slow", latency_s=0.05)], limits=declared) as emulator:
        yield emulator


def test_workers_divide_a_job(tmp_path: Path) -> None:
    with Emulator() as emulator:
        with Crew(tmp_path, _job(emulator, tmp_path, 300, Limits(8))) as crew:
            crew.begin()
            crew.hire(2)
            crew.wait()
            done = crew.ask("progress")
        asked = _asked(emulator)

    assert 300 == done.tally.done
    assert {"done": 300} == _states(tmp_path)
    assert 300 == len(asked) == asked.total()


def test_what_workers_cannot_read_is_in_the_store(tmp_path: Path) -> None:
    with Emulator() as emulator:
        job = _job(emulator, tmp_path, 3, Limits(8))
        (tmp_path / "photos" / "notes.png").write_text("no picture")
        with Crew(tmp_path, job) as crew:
            crew.begin()
            crew.hire()
            crew.wait()

    with Store.open(tmp_path / "store") as store:
        (only,) = unread(store)
    assert ("UnsupportedImage", 1) == (only.kind, only.count)
    assert only.source.endswith("notes.png")


def test_a_worker_that_is_killed_loses_nothing_and_leaves_its_limits_to_the_others(
    slow: Emulator, tmp_path: Path
) -> None:
    with Crew(tmp_path, _job(slow, tmp_path, 300, LIMITS)) as crew:
        crew.begin()
        crew.hire(2)
        _wait(slow, 100)
        crew.workers[0].kill()
        _wait(slow, 50)
        crew.hire()
        crew.wait()
        crew.ask("progress")
    asked, states = _asked(slow), _states(tmp_path)

    unknown = states.pop("unknown", 0)
    assert {"done": 300 - unknown} == states
    assert unknown <= LIMITS.concurrency
    assert 300 - unknown <= asked.total() == len(asked)
    assert {200} == {call.status for call in slow.journal if call.picture}


def test_a_coordinator_that_is_killed_goes_on_where_it_was(slow: Emulator, tmp_path: Path) -> None:
    with Crew(tmp_path, _job(slow, tmp_path, 300, LIMITS)) as crew:
        crew.begin()
        crew.hire(2)
        _wait(slow, 100)
        crew.lead.kill()
        crew.lead.wait()
        crew.begin(again=True)
        crew.wait()
        done = crew.ask("progress")
    asked, states = _asked(slow), _states(tmp_path)

    unknown = states.pop("unknown", 0)
    assert {"done": 300 - unknown} == states
    assert unknown <= 2 * LIMITS.concurrency
    assert 300 - unknown == done.tally.done
    assert len(asked) == asked.total()
    assert {200} == {call.status for call in slow.journal if call.picture}


def test_a_worker_that_was_frozen_does_not_go_on_with_what_others_have(
    slow: Emulator, tmp_path: Path
) -> None:
    with Crew(tmp_path, _job(slow, tmp_path, 600, LIMITS)) as crew:
        crew.begin()
        crew.hire(2)
        _wait(slow, 100)
        crew.workers[0].send_signal(signal.SIGSTOP)
        while crew.ask("progress").workers > 1:
            time.sleep(0.1)
        _wait(slow, 10)
        crew.workers[0].send_signal(signal.SIGCONT)
        crew.wait()
        crew.ask("progress")
    asked, states = _asked(slow), _states(tmp_path)

    unknown = states.pop("unknown", 0)
    assert {"done": 600 - unknown} == states
    assert unknown <= LIMITS.concurrency
    assert len(asked) == asked.total()
    assert {200} == {call.status for call in slow.journal if call.picture}


def test_workers_together_spend_a_cap_to_the_last_call(tmp_path: Path) -> None:
    price, cap = Money.parse("0.001 CNY"), Money.parse("0.05 CNY")
    with Emulator() as emulator:
        job = _job(
            emulator,
            tmp_path,
            200,
            Limits(8),
            budgets={"photos": Cap("photos", cap, "run")},
            prices=Prices({V2: price}),
            store=Folder(folder=tmp_path),
        )
        with Crew(tmp_path, job) as crew:
            crew.begin()
            crew.hire(3)
            crew.wait()
            done = crew.ask("progress")
        billed = emulator.billed

    assert 50 == billed == done.tally.done
    assert isinstance(done.tally.ended[V2], BudgetExceeded)


def test_all_that_have_a_seat_together_have_no_more_than_there_is() -> None:
    """Whoever comes, goes, or is heard late: by what was said and told last, the sum is never more;
    and when all is quiet, it is no less."""
    draw = random.Random(9)
    for _ in range(40):
        _come_and_go(draw, Shares())


def _come_and_go(draw: random.Random, shares: Shares) -> None:
    holds: dict[str, Seats] = {}
    now = 0.0
    for step in range(60):
        now += draw.choice((0.05, 0.6))
        if draw.random() < 0.15:
            holds[f"w{step}"] = NOTHING
            shares.join(f"w{step}", NOTHING)
        elif holds and draw.random() < 0.1:
            gone = draw.choice(sorted(holds))
            del holds[gone]
            shares.leave(gone)
        for worker in sorted(holds):
            if draw.random() < 0.6:
                holds[worker] = shares.heard(worker, holds[worker], now).seats
            _check(holds)
    for _ in range(4):
        now += 1
        holds = {worker: shares.heard(worker, held, now).seats for worker, held in holds.items()}
    assert all(sum(Share(held).of(n) for held in holds.values()) == n for n in SIZES if holds)


def _check(holds: dict[str, Seats]) -> None:
    for limit in SIZES:
        assert limit >= sum(Share(held).of(limit) for held in holds.values())
