"""A store's results looked at and judged: compared, measured, and what was judged kept."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from shop import asked, errand, filled, result, sha

from taggers import errors
from taggers.batch import Journal, Judgement, Store, export, judge, judgements, outcomes
from taggers.cli import main
from taggers.compare import Comparison
from taggers.evaluate import read_judgements

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    monkeypatch.chdir(tmp_path)

    def called(*arguments: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as exit_:
            main(list(arguments))
        said = capsys.readouterr()
        return int(exit_.value.code or 0), said.out, said.err

    return called


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """What two providers said about two pictures."""
    return filled(
        tmp_path / "s.sqlite3",
        result("a.jpg", "cat", "sofa", provider="hw"),
        result("a.jpg", "猫", "dog", provider="tx"),
        result("b.jpg", "dog", provider="hw"),
        result("b.jpg", "dog", provider="tx"),
    )


def _file(path: Path, *said: tuple[str, str, str]) -> Path:
    """A file as the report saves it."""
    listed = [
        {"picture": picture, "label": label.lower(), "text": label, "answer": answer}
        for picture, label, answer in said
    ]
    path.write_text(json.dumps({"format": "taggers-judgements/1", "judgements": listed}), "utf-8")
    return path


def test_what_a_report_saves_is_read_with_what_nobody_was_sure_of(tmp_path: Path) -> None:
    said = [(sha("a.jpg"), "猫", "yes"), (sha("a.jpg"), "dog", "no"), (sha("a.jpg"), "x", "unsure")]

    assert said == read_judgements(_file(tmp_path / "j.json", *said))


@pytest.mark.parametrize(
    "text", ["picture,label\na,b", '{"format": 2}', "[]", "{", '{"a": "\\ud800"}']
)
def test_what_holds_no_judgements_says_so(tmp_path: Path, text: str) -> None:
    (tmp_path / "j.json").write_text(text, "utf-8")

    with pytest.raises(errors.InvalidInput, match="holds no judgements"):
        read_judgements(tmp_path / "j.json")


def test_a_later_judgement_takes_the_place_of_an_earlier_one(store: Store) -> None:
    picture = sha("a.jpg")
    judge(store, [Judgement(picture, "cat", "no"), Judgement(picture, "sofa", "yes")], 1.0)

    taken = judge(store, [Judgement(picture, "cat", "yes"), Judgement("no such", "cat", "no")], 2.0)

    assert 1 == taken
    expected = {Judgement(picture, "cat", "yes"), Judgement(picture, "sofa", "yes")}
    assert expected == set(judgements(store))
    rows = asked(store, "SELECT label, answer, at FROM judgements WHERE answer = 'yes'")
    at = "1970-01-01T00:00:0{}Z"
    assert [("cat", "yes", at.format(2)), ("sofa", "yes", at.format(1))] == sorted(rows)


def test_the_command_takes_files_into_a_store_and_tells_what_is_strange(
    run: Run, store: Store, tmp_path: Path
) -> None:
    _file(tmp_path / "j.json", (sha("a.jpg"), "猫", "yes"), (sha("z.jpg"), "cat", "no"))

    code, _, err = run("judge", "s.sqlite3", "j.json")

    assert 1 == code
    assert "took 1 judgement from j.json" in err
    assert "1 is about pictures that s.sqlite3 has not" in err
    assert [Judgement(sha("a.jpg"), "猫", "yes")] == judgements(store)


def test_a_store_is_compared_as_its_exported_results_are(store: Store, tmp_path: Path) -> None:
    export(store, "jsonl", tmp_path / "s.jsonl")

    assert Comparison.read(tmp_path / "s.jsonl") == Comparison.of(outcomes(store))


def test_failures_of_a_store_are_compared_too(store: Store) -> None:
    journal = Journal.open(store, "batch")
    (call,) = journal.begin([errand("c.jpg")])
    assert call is not None
    journal.settle([(call, errors.RateLimited("slow down", code="429"))])
    journal.close()

    compared = Comparison.of(outcomes(store))

    failed = compared.said["c.jpg", "hw"]
    assert ("RateLimited", "slow down", "429") == (failed.kind, failed.message, failed.code)  # type: ignore[union-attr]


def test_the_command_compares_a_store_without_asking_anybody(run: Run, store: Store) -> None:
    code, out, _ = run("compare", "s.sqlite3", "-f", "json")
    listed, also, _ = run("compare", "--results", "s.sqlite3", "-f", "json")

    summary = json.loads(out)
    assert 0 == code == listed
    assert ["hw", "tx"] == [one["name"] for one in summary["providers"]]
    assert ["a.jpg", "b.jpg"] == [one["source"] for one in summary["pictures"]]
    assert summary["agreement"] == json.loads(also)["agreement"]


def test_a_store_is_measured_by_what_was_judged_in_it(run: Run, store: Store) -> None:
    a, b = sha("a.jpg"), sha("b.jpg")
    said = [Judgement(a, "cat", "yes"), Judgement(a, "dog", "no"), Judgement(b, "dog", "yes")]

    before, _, err = run("bench", "s.sqlite3")
    judge(store, said, 1.0)
    after, out, _ = run("bench", "s.sqlite3", "-f", "json")

    assert 2 == before
    assert "say what is in the pictures" in err
    assert 0 == after
    found = json.loads(out)["providers"]
    assert {"hw": 1.0, "tx": 0.5} == {one["name"]: one["precision"]["value"] for one in found}
