"""Reading stored answers again, and undoing runs."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve
from shop import asked, errand, filled, keep, result

from taggers import BoundingBox, Region, Result, Tag
from taggers._model import Attempt
from taggers._registry import Registry, installed
from taggers.batch import (
    Journal,
    Store,
    read_again,
    renormalize,
    runs,
    undo,
    undoable,
    unfinished,
)
from taggers.cli import main
from taggers.emulator import Emulator
from taggers.errors import (
    InvalidInput,
    MalformedResponse,
    OutcomeUnknown,
    PluginError,
    RateLimited,
    TaggersError,
)
from taggers.plugin import Accepts, Provider
from taggers.testing import exchanges

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    def called(*arguments: str | Path) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as exit_:
            main([str(argument) for argument in arguments])
        said = capsys.readouterr()
        return int(exit_.value.code or 0), said.out, said.err

    return called


def _plugin(name: str, read: Callable[[Any], Iterator[Any]]) -> Provider:
    return Provider(
        name=name,
        title=name,
        vendor="v",
        request=lambda image, options, settings: None,  # type: ignore[arg-type, return-value]
        read=read,
        accepts=Accepts(formats=("jpeg",)),
        endpoint="https://api.example.com",
    )


def _says(body: Any) -> Iterator[Tag]:
    """Reads what `shop.result` has as its raw answer, as it does."""
    for rank, label in enumerate(body["said"]):
        box = Region(BoundingBox(1, 2, 30, 40), 0.5)
        yield Tag(label, round(0.9 - rank / 10, 2), regions=() if rank else (box,))


def _shouts(body: Any) -> Iterator[Tag]:
    for tag in _says(body):
        yield evolve(tag, name=tag.name.upper())


AS_BEFORE = Registry.of(_plugin("hw", _says), _plugin("tx", _says))
LOUDER = Registry.of(_plugin("hw", _shouts), _plugin("tx", _says))


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return filled(
        tmp_path / "s",
        result("a.jpg", "cat", "sofa"),
        result("a.jpg", "cat", provider="tx"),
        result("b.jpg", "dog"),
    )


def _labels(store: Store) -> list[tuple[Any, ...]]:
    return asked(store, "SELECT source, provider, label FROM tags ORDER BY call, rank")


BEFORE = [
    ("a.jpg", "hw", "cat"),
    ("a.jpg", "hw", "sofa"),
    ("a.jpg", "tx", "cat"),
    ("b.jpg", "hw", "dog"),
]
LOUD = [
    ("a.jpg", "hw", "CAT"),
    ("a.jpg", "hw", "SOFA"),
    ("a.jpg", "tx", "cat"),
    ("b.jpg", "hw", "DOG"),
]


def test_what_every_plugin_has_recorded_is_read_as_it_was(tmp_path: Path) -> None:
    store = _replayed(tmp_path / "s")

    readings = list(renormalize(store, installed()))

    assert len(readings) > 20
    assert [] == [reading for reading in readings if reading.changed]
    assert all(isinstance(reading.now, Result) for reading in readings)


@pytest.mark.parametrize("limit", [None, 1])
def test_boxes_of_a_picture_made_smaller_come_out_the_same(
    tmp_path: Path, limit: int | None
) -> None:
    pillow = pytest.importorskip("PIL.Image")
    path = tmp_path / "large.jpg"
    pillow.effect_mandelbrot((9000, 4500), (-2, -1, 1, 1), 20).convert("RGB").save(path)
    with Emulator() as emulator, emulator.tagger("huawei-tagging-v2") as tagger:
        said = tagger.tag(path, limit=limit)
    store = Store.open(tmp_path / "s", make=True)
    journal = Journal.open(store, "batch", {"limit": limit, "folder": "photos"})
    keep(journal, said)

    (reading,) = renormalize(store, installed())

    assert any("resized" in note for note in said.provenance.prepared)
    assert limit == len(said.tags) or any(tag.regions for tag in said.tags)
    assert isinstance(reading.now, Result)
    assert said.tags == reading.now.tags
    assert () == reading.changed


def test_nothing_is_written_by_looking(store: Store) -> None:
    readings = list(renormalize(store, LOUDER))

    assert [("tags",), (), ("tags",)] == [reading.changed for reading in readings]
    assert BEFORE == _labels(store)
    assert 1 == len(runs(store))


def test_what_changed_is_found_and_what_was_is_kept(store: Store) -> None:
    count = read_again(store, renormalize(store, LOUDER))

    assert 2 == count
    assert LOUD == _labels(store)
    assert [(1, 2), (2, 1), (3, 2)] == asked(store, "SELECT call, read_by FROM results")
    assert 2 == len(asked(store, "SELECT * FROM former_rows"))
    assert [] == [reading for reading in renormalize(store, LOUDER) if reading.changed]


def test_reading_again_is_undone_by_what_was_read_before(store: Store) -> None:
    whole = asked(store, "SELECT * FROM result_rows")
    read_again(store, renormalize(store, LOUDER))

    told = undo(store, 2)

    assert (0, 2, 0) == (told.results, told.restored, told.units)
    assert BEFORE == _labels(store)
    assert whole == asked(store, "SELECT * FROM result_rows")
    assert [] == asked(store, "SELECT * FROM former_rows")


def test_a_reading_between_two_others_can_be_undone(store: Store) -> None:
    read_again(store, renormalize(store, LOUDER))
    read_again(store, renormalize(store, AS_BEFORE))
    assert BEFORE == _labels(store)

    undo(store, 2)
    assert BEFORE == _labels(store)
    undo(store, 3)

    assert BEFORE == _labels(store)
    assert [(1,), (1,), (1,)] == asked(store, "SELECT read_by FROM results")


def test_what_cannot_be_read_today_stays_as_it_is(store: Store) -> None:
    def stumbles(body: Any) -> Iterator[Tag]:
        yield Tag(body["tags"][0])

    nobody_reads_tx = Registry.of(_plugin("hw", stumbles))

    readings = list(renormalize(store, nobody_reads_tx))
    count = read_again(store, readings)

    assert 0 == count
    assert BEFORE == _labels(store)
    hw, tx, _ = (reading.now for reading in readings)
    assert "not of the documented shape at tags: 'tags' is missing" in str(hw)
    assert isinstance(tx, PluginError)


def test_undo_removes_exactly_one_runs_results(store: Store) -> None:
    journal = Journal.open(store, "batch more")
    keep(journal, result("c.jpg", "bird"), result("b.jpg", "dog", provider="tx"))
    lost, failed = journal.begin([errand("d.jpg"), errand("e.jpg")])
    assert failed is not None
    journal.settle([(failed, RateLimited("slow down"))])
    journal.close()
    read_again(store, renormalize(store, LOUDER))

    told = undo(store, 2)

    assert (2, 1, 4, 1) == (told.results, told.readings, told.units, told.failed)
    assert lost is not None
    assert LOUD == _labels(store)
    assert ["d.jpg"] == [unknown.source for unknown in journal.unknowns()]
    spend = asked(store, "SELECT run, calls, units FROM spend WHERE provider = 'hw'")
    assert [(1, 2, 4), (2, 3, 2)] == spend
    assert ["done", "undone", "done"] == [run.state for run in runs(store)]


def test_what_was_undone_may_be_asked_again(store: Store) -> None:
    undo(store, 1)

    journal = Journal.open(store, "batch again")
    keep(journal, result("a.jpg", "cat"))

    assert [("a.jpg", "hw", "cat")] == _labels(store)


def _billed(error: TaggersError) -> TaggersError:
    error.note_attempts([Attempt(provider="hw", status=200, units=1, billed="yes")])
    return error


@pytest.mark.parametrize("second", [result("d.jpg", "dog"), RateLimited("slow down")])
@pytest.mark.parametrize(
    ("first", "state"),
    [
        (OutcomeUnknown("no answer came"), "unknown"),
        (_billed(MalformedResponse("no JSON")), "unknown"),
        (RateLimited("slow down"), "failed"),
    ],
)
def test_undo_of_a_retry_gives_back_what_was_there(
    store: Store, first: TaggersError, state: str, second: Result | TaggersError
) -> None:
    begun = Journal.open(store, "batch more")
    (call,) = begun.begin([errand("d.jpg")])
    assert call is not None
    begun.settle([(call, first)])
    begun.close()
    before = unfinished(store)
    retried = Journal.open(store, "batch --retry-unknown")
    (again,) = retried.begin([errand("d.jpg")], retry=("failed", "unknown"))
    assert again is not None
    retried.settle([(again, second)])
    retried.close()

    told = undo(store, 3)

    after = Journal.open(store, "batch photos")
    assert before == unfinished(store)
    assert {"failed": 0, "unknown": 0, state: 1} == {
        "failed": told.failed, "unknown": told.unknown,
    }  # fmt: skip
    assert (state == "unknown") == (after.begin([errand("d.jpg")]) == [None])


@pytest.mark.parametrize(
    ("run_id", "complaint"), [(7, "there is no run 7"), (2, "run 2 is at work in process")]
)
def test_what_cannot_be_undone_is_refused(store: Store, run_id: int, complaint: str) -> None:
    Journal.open(store, "batch more")

    with pytest.raises(InvalidInput, match=complaint):
        undo(store, run_id)
    with pytest.raises(InvalidInput, match=complaint):
        undoable(store, run_id)


def test_a_run_is_undone_once(store: Store) -> None:
    undo(store, 1)

    with pytest.raises(InvalidInput, match="run 1 is undone already"):
        undo(store, 1)


def test_the_commands_show_before_they_write(
    store: Store, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("y\n"))

    code, out, refused = run("undo", store.path, "--run", "1")
    kept = _labels(store)
    undone, _, done = run("undo", store.path, "--run", "1", "--yes")
    _, listed, _ = run("runs", store.path)

    assert 2 == code
    assert "there is no terminal to ask at; pass --yes" in refused
    assert "run 1: 3 results go" in out
    assert "6 units billed" in out
    assert BEFORE == kept
    assert (0, "run 1 is undone\n") == (undone, done)
    assert [] == _labels(store)
    assert "undone" in listed


def test_the_command_reads_again(tmp_path: Path, run: Run) -> None:
    store = _replayed(tmp_path / "s", Tag("what yesterday's plugin found"))
    before = _labels(store)

    _, dry, _ = run("renormalize", store.path, "--dry-run")
    untouched = _labels(store)
    code, out, told = run("renormalize", store.path, "--yes")

    count = len(asked(store, "SELECT * FROM results"))
    assert f"{count:,} results read again, {count:,} change" in dry
    assert dry == out
    assert "  + " in dry
    assert before == untouched
    assert (0, f"read {count:,} results anew\n") == (code, told)
    assert len(before) - count == len(_labels(store))


def _replayed(path: Path, *more: Tag) -> Store:
    """A store of what all recorded exchanges say, each in a run with its options."""
    store = Store.open(path, make=True)
    plugins = Path(__file__).parent.parent / "plugins"
    for folder in sorted(plugins.glob("*/exchanges")):
        for exchange in exchanges(folder):
            said = exchange.replay(installed().provider(exchange.provider))
            if isinstance(said, Result):
                image = evolve(said.image, source=f"{folder.parent.name}/{exchange.name}.jpg")
                journal = Journal.open(store, "batch", dict(exchange.options))
                keep(journal, evolve(said, image=image, tags=(*said.tags, *more)))
                journal.close()
    return store
