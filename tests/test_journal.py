"""The journal: nothing finished is lost, nothing is sent twice, and what is unknown is listed."""

from __future__ import annotations

import asyncio
import os
import random
import select
import signal
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st
from shop import asked, errand, filled, keep, result, sha

from taggers._model import Attempt, Provenance
from taggers._money import Money
from taggers._process import Process
from taggers.batch import Journal, Picture, Place, Store, runs
from taggers.batch.engine._writer import Writer
from taggers.batch.store._costs import prices_of
from taggers.batch.store._settled import Settled, unpacked
from taggers.batch.store._tariff import Tariff
from taggers.errors import (
    InvalidInput,
    LocalResourceError,
    MalformedResponse,
    OutcomeUnknown,
    RateLimited,
)

POSIX = pytest.mark.skipif(os.name != "posix", reason="processes of another kind")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "s", make=True) as store:
        yield store


def _begun(journal: Journal, name: str, **more: object) -> int:
    (call,) = journal.begin([errand(name, **more)])
    assert call is not None
    return call


def test_a_result_comes_back_as_it_was(store: Store) -> None:
    said = result("猫.jpg", "猫", "sofa", warnings=("a box reaches over the edge",))
    journal = Journal.open(store, "batch photos")

    keep(journal, said)

    (content,) = asked(store, "SELECT content FROM result_rows")[0]
    assert said == unpacked(content)


def test_an_errand_is_begun_once(store: Store) -> None:
    journal = Journal.open(store, "batch photos")

    calls = journal.begin([errand("a.jpg"), errand("copy of a.jpg", "tx"), errand("a.jpg")])
    again = journal.begin([errand("a.jpg")])

    assert [True, True, False] == [call is not None for call in calls]
    assert [None] == again


def test_a_copy_of_a_picture_is_not_paid_for_twice(store: Store) -> None:
    journal = Journal.open(store, "batch photos")
    keep(journal, result("a.jpg", "cat"))

    moved = evolve(errand("a.jpg"), place=Place(source="elsewhere/a.jpg", size=1000, mtime_ns=5))

    assert [None] == journal.begin([moved])
    sources = asked(store, "SELECT source FROM places ORDER BY source")
    assert [("a.jpg",), ("elsewhere/a.jpg",)] == sources


def test_a_file_that_did_not_change_need_not_be_read_again(store: Store) -> None:
    place = Place(source="a.jpg", size=1000, mtime_ns=1_700_000_000_123_456_789)
    journal = Journal.open(store, "batch photos")
    (call,) = journal.begin([evolve(errand("a.jpg"), place=place)])
    assert call is not None

    journal.settle([(call, result("a.jpg", "cat"))])

    unheard_of = place._replace(source="b.jpg")
    assert {"b.jpg": {"hw"}} == journal.unasked([place, unheard_of], ["hw"], ["failed"])
    assert {"a.jpg": {"tx"}} == journal.unasked([place], ["hw", "tx"], ["failed"])
    assert {"a.jpg": {"hw"}} == journal.unasked([place._replace(mtime_ns=5)], ["hw"], ["failed"])


def test_a_name_that_is_no_utf_8_comes_back(store: Store) -> None:
    name = os.fsdecode(b"caf\xe9.jpg")
    journal = Journal.open(store, "batch photos")
    place = Place(source=name, size=1000, mtime_ns=1)
    call = _begun(journal, "x", provider="tx")
    (other,) = journal.begin([evolve(errand("y"), place=place)])
    assert other is not None

    journal.settle([(call, RateLimited("slow down")), (other, RateLimited("slow down"))])

    assert {"x", name} == {failed.source for failed in journal.failures()}
    assert {name: {"hw"}} == journal.unasked([place], ["hw"], ["failed"])
    assert {} == journal.unasked([place], ["hw"], ["unknown"])


def test_what_nothing_tells_to_be_unchanged_is_read_again(store: Store) -> None:
    place = Place(source="s3://bucket/a.jpg")
    journal = Journal.open(store, "batch photos")

    (call,) = journal.begin([evolve(errand("a.jpg"), place=place)])

    assert call is not None
    assert {place.source: {"hw"}} == journal.unasked([place], ["hw"], ["failed"])


def test_a_group_of_any_size_is_written_each_result_with_its_own_call(store: Store) -> None:
    names = [f"{number}.jpg" for number in range(700)]
    journal = Journal.open(store, "batch photos")
    calls = journal.begin([errand(name) for name in names])

    journal.settle(
        [(call, result(name, name)) for call, name in zip(calls, names, strict=True) if call]
    )

    places = [(name, name) for name in sorted(names)]
    assert 700 == len(set(calls))
    assert places == asked(store, "SELECT source, label FROM tags ORDER BY source")
    assert [(700,)] == asked(store, "SELECT count(*) FROM regions")


def test_what_is_over_and_what_begins_hold_together_or_not_at_all(store: Store) -> None:
    journal = Journal.open(store, "batch photos")
    call = _begun(journal, "a.jpg")
    wrong = evolve(errand("b.jpg"), picture=Picture(key="x" * 64))

    with pytest.raises(InvalidInput, match="neither a SHA-256"):
        journal.advance([(call, Settled.of(result("a.jpg", "cat")))], [errand("c.jpg"), wrong])
    before = asked(store, "SELECT state FROM calls")
    journal.advance([(call, Settled.of(result("a.jpg", "cat")))], [errand("c.jpg")])

    assert [("sent",)] == before
    assert [("done",), ("sent",)] == asked(store, "SELECT state FROM calls ORDER BY call")


def test_what_begins_later_is_written_no_earlier_than_what_is_over(store: Store) -> None:
    journal = Journal.open(store, "batch photos")
    call = _begun(journal, "a.jpg")

    async def turn() -> list[tuple[str]]:
        async with Writer(journal) as writer:
            writer.settle(call, result("a.jpg", "cat"))
            await writer.begin(errand("b.jpg"))
            return asked(store, "SELECT state FROM calls ORDER BY call")

    assert [("done",), ("sent",)] == asyncio.run(turn())


def test_what_is_over_is_kept_where_nothing_may_begin(store: Store) -> None:
    journal = Journal.open(store, "batch photos")
    call = _begun(journal, "a.jpg")

    async def turn() -> None:
        async with Writer(journal) as writer:
            writer.settle(call, result("a.jpg", "cat"))
            await writer.begin(evolve(errand("b.jpg"), picture=Picture(key="x" * 64)))

    with pytest.raises(InvalidInput):
        asyncio.run(turn())
    assert [("cat",)] == asked(store, "SELECT label FROM tags")


def test_a_url_is_a_picture_of_its_own(store: Store) -> None:
    journal = Journal.open(store, "batch urls")
    url = "https://example.com/" + "a" * 44
    asking = evolve(errand("a"), picture=Picture(key=url), place=None)

    assert [None] != journal.begin([asking])
    assert [None] == journal.begin([asking])
    assert [(url, None)] == asked(store, "SELECT url, sha256 FROM pictures")


def test_a_failed_call_is_tried_again_by_the_next_run_and_by_no_other(store: Store) -> None:
    journal = Journal.open(store, "batch photos")
    call = _begun(journal, "a.jpg")
    journal.settle([(call, RateLimited("slow down", code="Throttling"))])
    at_once = journal.begin([errand("a.jpg")])
    (failed,) = journal.failures()
    journal.close()

    later = Journal.open(store, "batch photos")
    held = later.begin([errand("a.jpg")], retry=())
    again = later.begin([errand("a.jpg")])

    assert [[None], [None]] == [at_once, held]
    assert ("a.jpg", "RateLimited", "Throttling") == (failed.source, failed.kind, failed.code)
    assert again != [None]
    assert [] == later.failures()


def test_an_unknown_call_is_sent_again_only_when_that_is_asked_for(store: Store) -> None:
    journal = Journal.open(store, "batch photos")
    call = _begun(journal, "a.jpg", units=3, price=Money.parse("0.01 CNY"))
    journal.settle([(call, OutcomeUnknown("no answer came"))])
    journal.close()

    later = Journal.open(store, "batch photos")
    held = later.begin([errand("a.jpg")])
    (unknown,) = later.unknowns()
    again = later.begin([errand("a.jpg")], retry=("failed", "unknown"))

    assert [None] == held
    assert (sha("a.jpg"), "hw") == (unknown.key, unknown.provider)
    assert again != [None]
    spend = asked(store, "SELECT units, open_units, open_cost, currency FROM spend WHERE run = 1")
    assert [(0, 3, 0.03, "CNY")] == spend


def test_what_was_asked_and_had_no_answer_is_unknown_when_the_run_ends(store: Store) -> None:
    journal = Journal.open(store, "batch photos")
    _begun(journal, "a.jpg")

    journal.close("stopped")

    assert ["a.jpg"] == [unknown.source for unknown in journal.unknowns()]
    assert ["stopped"] == [run.state for run in runs(store)]


def test_an_answer_after_all_is_kept(store: Store) -> None:
    journal = Journal.open(store, "batch photos")
    call = _begun(journal, "a.jpg")
    journal.close("stopped")

    journal.settle([(call, result("a.jpg", "cat"))])

    assert [] == journal.unknowns()
    assert [("cat",)] == asked(store, "SELECT label FROM tags")


def test_a_call_is_settled_once(store: Store) -> None:
    journal = Journal.open(store, "batch photos")
    call = _begun(journal, "a.jpg")
    journal.settle([(call, result("a.jpg", "cat"))])

    journal.settle([(call, result("a.jpg", "dog")), (call, RateLimited("slow down"))])

    assert [("cat",)] == asked(store, "SELECT label FROM tags")
    assert {("done", None): 1} == journal.progress()


def test_a_raw_answer_that_json_cannot_hold_loses_no_result(store: Store) -> None:
    journal = Journal.open(store, "batch photos")
    calls = [_begun(journal, name) for name in ("a.jpg", "b.jpg", "c.jpg")]
    broken = evolve(result("c.jpg", "cat"), matches=(object(),))

    journal.settle(
        [
            (calls[0], result("a.jpg", "cat", raw={"odd": object()})),
            (calls[1], result("b.jpg", "half \ud83d", raw="half \ud83d")),
            (calls[2], broken),
        ]
    )

    assert {("done", None): 2, ("unknown", MalformedResponse.__name__): 1} == journal.progress()
    assert [(2,), (2,), (2,)] == asked(store, "SELECT units FROM calls")


def test_what_failed_and_was_billed_is_tried_again_only_on_request(store: Store) -> None:
    journal = Journal.open(store, "batch photos")
    paid = MalformedResponse("no tags")
    paid.note_attempts((Attempt(provider="hw", status=200, units=2, billed="yes"),))
    journal.settle([(_begun(journal, "a.jpg"), paid)])
    journal.close()

    later = Journal.open(store, "batch photos")

    assert [None] == later.begin([errand("a.jpg")])
    assert ["MalformedResponse"] == [call.kind for call in later.unknowns()]
    assert [None] != later.begin([errand("a.jpg")], retry=("unknown",))
    assert [(2, 0), (0, 1)] == asked(store, "SELECT units, open_units FROM calls ORDER BY call")


def test_a_route_is_asked_and_a_provider_answers(store: Store) -> None:
    journal = Journal.open(store, "batch photos -p tags")
    call = _begun(journal, "a.jpg", provider="tags")

    journal.settle([(call, result("a.jpg", "cat", provider="tx"))])

    assert [("tags", "tx")] == asked(store, "SELECT provider, answered FROM calls")
    assert [("tx",)] == asked(store, "SELECT provider FROM tags")
    assert [None] == journal.begin([errand("a.jpg", "tags")])


SLEEPS = """
import sys
from shop import errand
from taggers.batch import Journal, Store
journal = Journal.open(Store.open(sys.argv[1], make=True), "batch elsewhere")
journal.begin([errand("a.jpg"), errand("b.jpg")])
print("at work", flush=True)
sys.stdin.read()
"""


def _at_work(path: Path) -> subprocess.Popen[str]:
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parent)}
    child = subprocess.Popen(
        [sys.executable, "-c", SLEEPS, str(path)],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdout is not None
    assert "at work\n" == child.stdout.readline()
    return child


@POSIX
def test_two_processes_share_a_store_or_the_second_refuses(store: Store) -> None:
    with _at_work(store.path) as child:
        with pytest.raises(LocalResourceError) as refusal:
            Journal.open(store, "batch photos")
        shared = Journal.open(store, "batch photos", shared=True)
        calls = shared.begin([errand("a.jpg"), errand("b.jpg"), errand("c.jpg")])
        child.kill()
        child.communicate()

    assert f"run 1 (batch elsewhere, process {child.pid}) is at work" in str(refusal.value)
    assert "--share" in str(refusal.value)
    assert [None, None] == calls[:2]
    assert calls[2] is not None


@POSIX
def test_what_a_killed_process_had_sent_is_unknown(store: Store) -> None:
    with _at_work(store.path) as child:
        child.kill()
        child.communicate()

    journal = Journal.open(store, "batch photos")

    assert 2 == journal.died
    assert {"a.jpg", "b.jpg"} == {unknown.source for unknown in journal.unknowns()}
    assert ["died", "running"] == [run.state for run in runs(store)]


@pytest.mark.parametrize(("silent_s", "refused"), [(30, True), (90, False)])
def test_a_process_out_of_sight_counts_as_ended_when_it_is_silent(
    store: Store, silent_s: float, refused: bool
) -> None:
    elsewhere = Process(4711, "0", "pid:[in another container]")
    Journal.open(store, "batch elsewhere", now=lambda: 1_000.0)
    with store.write() as sql:
        about = (elsewhere.pid, elsewhere.started, elsewhere.space)
        sql.execute("UPDATE run_rows SET pid = ?, started = ?, space = ?", about)

    def opened() -> Journal:
        return Journal.open(store, "batch photos", now=lambda: 1_000.0 + silent_s)

    if refused:
        with pytest.raises(LocalResourceError, match="process 4711"):
            opened()
    else:
        assert 2 == opened().run


def test_a_store_that_was_moved_away_takes_nothing(store: Store) -> None:
    journal = Journal.open(store, "batch photos")
    call = _begun(journal, "a.jpg")
    aside = store.path.with_name("aside")
    for ending in ("", "-wal"):
        store.path.with_name(store.path.name + ending).rename(f"{aside}{ending}")

    with pytest.raises(LocalResourceError, match="was moved away"):
        journal.settle([(call, result("a.jpg", "cat"))])


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("begin"), st.integers(0, 5)),
        st.tuples(st.just("settle"), st.booleans()),
        st.tuples(st.just("kill"), st.just(0)),
    ),
    max_size=25,
)


@POSIX
@settings(max_examples=40, deadline=None)
@given(lives=STEPS)
def test_no_interleaving_of_begin_settle_and_kill_loses_a_result(
    tmp_path_factory: pytest.TempPathFactory, lives: list[tuple[str, int]]
) -> None:
    path = tmp_path_factory.mktemp("store") / "s"
    told: list[str] = []

    while lives:
        steps, lives = _until_kill(lives)
        told += _lived(path, steps)
    store = Store.open(path, make=True)
    journal = Journal.open(store, "batch photos")

    sent, done, failed = (_told(told, word) for word in ("sent", "done", "failed"))
    unknown = {call.source for call in journal.unknowns()}
    kept = {source for (source,) in asked(store, "SELECT source FROM tags")}
    assert set(done) == kept
    assert unknown == {name for name in sent if sent[name] > done[name] + failed[name]}
    assert all(times <= 1 + failed[name] for name, times in sent.items())


def _told(lines: list[str], word: str) -> Counter[str]:
    """How often a process has said this of each picture."""
    return Counter(line.split()[1] for line in lines if line.startswith(word))


def _until_kill(
    steps: list[tuple[str, int]],
) -> tuple[list[tuple[str, int]], list[tuple[str, int]]]:
    """The steps of one life, and those after it."""
    names = [name for name, _ in steps]
    end = names.index("kill") + 1 if "kill" in names else len(steps)
    return steps[:end], steps[end:]


def _lived(path: Path, steps: list[tuple[str, int]]) -> list[str]:
    """What a process tells that does these steps and is then killed by itself."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            _live(path, steps, writer)
        finally:
            os.kill(os.getpid(), signal.SIGKILL)
    os.close(writer)
    with os.fdopen(reader) as pipe:
        told = pipe.read().splitlines()
    os.waitpid(child, 0)
    return told


def _live(path: Path, steps: list[tuple[str, int]], writer: int) -> None:
    journal = Journal.open(Store.open(path, make=True), "batch photos")
    running: list[tuple[int, str]] = []
    for step, value in steps:
        if step == "begin":
            names = [f"{value}.jpg", f"{value + 1}.jpg"]
            calls = journal.begin([errand(name) for name in names])
            begun = [(call, name) for call, name in zip(calls, names, strict=True) if call]
            running += begun
            for _, name in begun:
                os.write(writer, f"sent {name}\n".encode())
        elif step == "settle" and running:
            call, name = running.pop(0)
            journal.settle([(call, result(name, "cat") if value else RateLimited("slow"))])
            os.write(writer, f"{'done' if value else 'failed'} {name}\n".encode())


WORKS = """
import os, sys
from shop import errand, result
from taggers.batch import Journal, Store
journal = Journal.open(Store.open(sys.argv[1], make=True), "batch photos")
for start in range(0, 100_000, 8):
    names = [f"{number}.jpg" for number in range(start, start + 8)]
    calls = journal.begin([errand(name) for name in names])
    begun = [(call, name) for call, name in zip(calls, names) if call]
    os.write(1, "".join(f"sent {name}\\n" for _, name in begun).encode())
    journal.settle([(call, result(name, "cat")) for call, name in begun])
    os.write(1, "".join(f"done {name}\\n" for _, name in begun).encode())
"""


@POSIX
def test_a_kill_at_any_moment_loses_nothing_and_sends_nothing_twice(tmp_path: Path) -> None:
    path, told = tmp_path / "s", []
    dice = random.Random(1)

    for _ in range(8):
        told += _killed(path, dice)
    store = Store.open(path)
    journal = Journal.open(store, "batch photos")

    sent, done = _told(told, "sent"), _told(told, "done")
    kept = {source for (source,) in asked(store, "SELECT source FROM tags")}
    unknown = {call.source for call in journal.unknowns()}
    assert len(sent) > 100
    assert {1} == set(sent.values())
    assert set(done) <= kept
    assert set(sent) <= kept | unknown
    assert len(unknown) <= 8 * 8
    assert [("ok",)] == _checked(path)


def _killed(path: Path, dice: random.Random) -> list[str]:
    """What a process at work tells until it is killed, at some moment after some of its lines."""
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parent)}
    command = [sys.executable, "-c", WORKS, str(path)]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        told = b""
        enough = dice.randrange(300, 6_000)
        while len(told) < enough:
            told += os.read(child.stdout.fileno(), 4096)
        select.select([], [], [], dice.random() / 300)  # some moment within a group
        child.kill()
        told += child.stdout.read()
    return told.decode().splitlines()


def _checked(path: Path) -> list[tuple[str]]:
    sql = sqlite3.connect(path)
    try:
        return sql.execute("PRAGMA integrity_check").fetchall()
    finally:
        sql.close()


def test_a_run_tells_what_it_asked_and_got(tmp_path: Path) -> None:
    store = filled(tmp_path / "s", result("a.jpg", "cat"), result("b.jpg", "dog"))

    (run,) = runs(store)

    assert (1, "done", "batch photos") == (run.id, run.state, run.command)
    assert (2, 2, 4) == (run.calls, run.results, run.units)


def test_a_call_of_a_route_costs_what_those_did_who_billed_it(tmp_path: Path) -> None:
    paid = {name: Money.parse(f"{cost} CNY") for name, cost in [("hw", 0.01), ("tx", 0.04)]}
    dollars = {"im": Money.parse("1 USD")}
    sent = [Attempt(provider=name, units=1, billed="yes") for name in ("hw", "tx", "im", "who")]
    outcomes = {
        "both.jpg": sent[:2],
        "two currencies.jpg": [sent[0], sent[2]],
        "no price.jpg": [sent[0], sent[3]],
        "maybe.jpg": [evolve(sent[1], billed="maybe")],
        "free.jpg": [Attempt(provider="hw", units=1, billed="no")],
    }
    store = Store.open(tmp_path / "s", make=True)
    journal = Journal.open(store, "batch photos")
    journal.prices = paid | dollars

    for name, attempts in outcomes.items():
        about = Provenance(
            plugin="hw",
            billable_units=sum(one.billed == "yes" for one in attempts),
            attempts=tuple(attempts),
        )
        (call,) = journal.begin([errand(name, "tags")])
        assert call is not None
        journal.settle([(call, evolve(result(name), provenance=about))])

    cost = "SELECT source, units * price, open_units * price, currency FROM calls ORDER BY call"
    assert [
        ("both.jpg", 0.05, 0.0, "CNY"),
        ("two currencies.jpg", None, None, None),
        ("no price.jpg", None, None, None),
        ("maybe.jpg", 0.0, 0.04, "CNY"),
        ("free.jpg", None, None, None),
    ] == asked(store, cost)
    (run,) = runs(store)
    assert ("tags",) == run.providers
    assert (("0.05 CNY",), 4) == (tuple(map(str, run.cost)), run.unpriced)
    assert ("0.04 CNY",) == tuple(map(str, run.open_cost))


def test_a_route_has_its_price_also_where_whom_it_comes_to_is_asked_besides() -> None:
    price = Money.parse("0.01 CNY")
    tariffs = {"hw": Tariff(price=price), "careful": Tariff()}

    assert {"hw": price} == prices_of(tariffs, ["hw", "careful"])
    assert {} == prices_of(tariffs, ["hw"])
