"""What a store answers: views, search and exports."""

from __future__ import annotations

import csv
import json
import sqlite3
import sys
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest
from attrs import evolve
from shop import asked, errand, filled, result, sha

from taggers import BoundingBox, Region
from taggers.batch import (
    COLUMNS,
    VIEWS,
    Happened,
    Journal,
    Place,
    Store,
    export,
    query,
    search,
    unfinished,
)
from taggers.cli import main
from taggers.compare import Comparison
from taggers.errors import InvalidInput, LocalResourceError, RateLimited, UnsupportedImage

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    def called(*arguments: str | Path) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as exit_:
            main([str(argument) for argument in arguments])
        said = capsys.readouterr()
        return int(exit_.value.code or 0), said.out, said.err

    return called


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """Two providers about three pictures; of the last one the second only failed."""
    store = filled(
        tmp_path / "s.sqlite3",
        result("a.jpg", "cat", "sofa"),
        result("a.jpg", "cat", provider="tx"),
        result("b.jpg", "猫", "=cmd()"),
        result("b.jpg", "三花猫咪", provider="tx"),
        evolve(result("c.jpg"), regions=(Region(BoundingBox(5, 6, 7, 8)),)),
    )
    journal = Journal.open(store, "batch photos -p tx")
    (call,) = journal.begin([errand("c.jpg", "tx")])
    assert call is not None
    journal.settle([(call, RateLimited("slow down", code="Throttling"))])
    journal.keep_unread([Happened("notes.txt", None, UnsupportedImage("notes.txt is no picture"))])
    journal.close()
    return store


@pytest.mark.parametrize("view", VIEWS)
def test_a_view_has_the_columns_that_are_named(store: Store, view: str) -> None:
    with query(store, f"SELECT * FROM {view}") as answer:
        assert VIEWS[view] == ", ".join(answer.columns)
        assert view == "judgements" or list(answer.rows)


def test_the_help_and_the_readme_say_what_columns_are(run: Run) -> None:
    page = Path(__file__).parent.parent.joinpath("README.md").read_text("utf-8")

    _, told, _ = run("query", "--help")

    for names, text in COLUMNS.items():
        marked = ", ".join(f"`{name}`" for name in names.split(", "))
        assert f"| {marked} | {text} |" in page
        assert names in told
        assert not {*names.split(", ")} - {*", ".join(VIEWS.values()).split(", ")}


def test_any_program_with_sqlite_reads_the_views(store: Store) -> None:
    store.close()
    sql = sqlite3.connect(store.path)

    counts = {
        view: sql.execute(f"SELECT count(*) FROM {view}").fetchone()[0]
        for view in ("tags", "regions", "pictures", "calls", "results", "runs")
    }
    sql.close()

    assert counts == {
        "tags": 6, "regions": 5, "pictures": 3, "calls": 6, "results": 5, "runs": 2,
    }  # fmt: skip


def test_disagreements_are_told_where_both_have_answered(store: Store) -> None:
    rows = asked(store, "SELECT source, label, said_by, not_by FROM disagreements ORDER BY 1, 2, 3")

    assert [
        ("a.jpg", "sofa", "hw", "tx"),
        ("b.jpg", "=cmd()", "hw", "tx"),
        ("b.jpg", "三花猫咪", "tx", "hw"),
        ("b.jpg", "猫", "hw", "tx"),
    ] == rows


def test_a_picture_that_one_provider_was_asked_about_twice_is_told_of_once(store: Store) -> None:
    before = asked(store, "SELECT * FROM disagreements")
    journal = Journal.open(store, "batch photos --route best")
    (call,) = journal.begin([errand("a.jpg", "best")])
    assert call is not None
    journal.settle([(call, result("a.jpg", "cat", "sofa"))])
    journal.close()

    after = asked(store, "SELECT * FROM disagreements")
    tags = asked(
        store,
        "SELECT provider, asked, label FROM tags WHERE source = 'a.jpg' AND label = 'sofa' "
        "ORDER BY call",
    )

    assert before == after
    assert [("hw", "hw", "sofa"), ("hw", "best", "sofa")] == tags


def test_a_picture_is_where_it_was_seen_last(store: Store) -> None:
    journal = Journal.open(store, "batch photos")
    moved = [evolve(errand("a.jpg", name), place=Place("z/a.jpg")) for name in ("hw", "best")]
    held, begun = journal.begin(moved)
    journal.close()

    assert (None, True) == (held, begun is not None)
    for view in ("tags", "pictures", "regions", "disagreements", "calls"):
        places = asked(store, f"SELECT DISTINCT source FROM {view} WHERE picture = 1")
        assert [("z/a.jpg",)] == places, view
    assert ["z/a.jpg"] == [one.source for one in unfinished(store) if one.state == "unknown"]
    assert ["z/a.jpg"] == [one.source for one in journal.unknowns()]


def test_where_a_picture_was_seen_last_is_found_by_its_index(store: Store) -> None:
    plan = asked(store, "EXPLAIN QUERY PLAN SELECT source FROM tags")

    assert not [step for *_, step in plan if "TEMP B-TREE" in step]


def test_a_disagreement_is_found_by_its_index(store: Store) -> None:
    plan = asked(
        store,
        "EXPLAIN QUERY PLAN SELECT source FROM disagreements "
        "WHERE label = 'cat' AND said_by = 'hw' AND not_by = 'tx'",
    )

    assert not [step for *_, step in plan if step.startswith("SCAN")]


@pytest.mark.parametrize(
    ("text", "labels"),
    [
        ("猫", ["猫", "三花猫咪"]),
        ("猫咪", ["三花猫咪"]),
        ("花猫咪", ["三花猫咪"]),
        ("CAT", ["cat"]),
        ("a", ["cat", "sofa"]),
        ("%", []),
        ("_", []),
        ('"', []),
        ('o"f', []),
        ("", []),
    ],
)
def test_labels_are_found_by_any_part_of_them(store: Store, text: str, labels: list[str]) -> None:
    assert labels == search(store, text)


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM tag_rows",
        "INSERT INTO run_rows DEFAULT VALUES",
        "CREATE TABLE more (x)",
        "DROP VIEW tags",
        "ATTACH 'other.sqlite3' AS other",
        "VACUUM INTO 'other.sqlite3'",
        "PRAGMA journal_mode = DELETE",
        "UPDATE sqlite_master SET sql = ''",
        "SELECT load_extension('x')",
        "COMMIT",
        "SELECT 1; DELETE FROM tag_rows",
        "SELECT nothing FROM tags",
        "",
    ],
)
def test_a_query_only_reads(
    store: Store, statement: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    with pytest.raises(InvalidInput, match="ask one SELECT about these views: tags"):
        asked(store, statement)

    assert 6 == len(asked(store, "SELECT * FROM tags"))
    assert not (tmp_path / "other.sqlite3").exists()


def test_a_query_sees_the_store_while_a_run_writes(store: Store) -> None:
    with query(store, "SELECT label FROM tags") as answer:
        journal = Journal.open(store, "batch photos")
        (call,) = journal.begin([errand("d.jpg")])
        assert call is not None
        journal.settle([(call, result("d.jpg", "dog"))])

        assert 6 == len(list(answer.rows))
    assert 7 == len(asked(store, "SELECT label FROM tags"))


def test_the_command_answers_in_json_lines_csv_and_a_table(store: Store, run: Run) -> None:
    statement = "SELECT label, confidence FROM tags WHERE provider = 'tx' ORDER BY label"

    _, lines, _ = run("query", store.path, statement)
    _, rows, _ = run("query", store.path, statement, "-f", "csv")
    _, shown, _ = run("query", store.path, statement, "-f", "table")
    _, found, _ = run("query", store.path, "--search", "猫")

    assert {"label": "cat", "confidence": 0.9} == json.loads(lines.splitlines()[0])
    assert [["label", "confidence"], ["cat", "0.9"], ["三花猫咪", "0.9"]] == list(
        csv.reader(rows.splitlines())
    )
    assert "三花猫咪" in shown
    assert {"猫", "三花猫咪"} == {json.loads(line)["label"] for line in found.splitlines()}


def test_the_command_says_what_is_wrong(store: Store, run: Run, tmp_path: Path) -> None:
    code, _, said = run("query", store.path, "DROP TABLE tag_rows")
    missing, _, told = run("query", tmp_path / "nothing", "SELECT 1")

    assert 2 == code
    assert "taggers: a query only reads" in said
    assert 4 == missing
    assert "there is no store" in told


def test_parquet_has_a_row_for_each_errand(store: Store, tmp_path: Path) -> None:
    path = tmp_path / "out" / "s.parquet"

    count = export(store, "parquet", path)

    tags = duckdb.sql(
        "SELECT image, sha256, provider, unnest(tags, recursive := true) "
        f"FROM '{path}' ORDER BY call"
    ).fetchall()
    regions = duckdb.sql(f"SELECT regions FROM '{path}' WHERE image = 'c.jpg' AND provider = 'hw'")
    failed = duckdb.sql(f"SELECT image, provider, error, tags FROM '{path}' WHERE state = 'failed'")
    assert 6 == count
    assert ("a.jpg", sha("a.jpg"), "hw", "cat", 0.9) == tags[0]
    assert asked(store, "SELECT source, provider, label FROM tags ORDER BY call, rank") == [
        (image, provider, label) for image, _, provider, label, _ in tags
    ]
    ((boxes,),) = regions.fetchall()
    assert [(None, 5.0, 7.0, "px")] == [
        (box["label"], box["x"], box["width"], box["unit"]) for box in boxes
    ]
    assert [("c.jpg", "tx", "RateLimited", [])] == failed.fetchall()


def test_parquet_of_many_pictures_has_each_errand_once_with_its_own_tags(tmp_path: Path) -> None:
    names = [f"{number:04}.jpg" for number in range(2_100)]
    said = [result(name, f"{who} {name}", provider=who) for who in ("tx", "hw") for name in names]
    path = tmp_path / "s.parquet"

    with filled(tmp_path / "s", *said) as store:
        count = export(store, "parquet", path)

    rows = duckdb.sql(f"SELECT image, provider, tags[1].label, len(tags) FROM '{path}'").fetchall()
    assert 4_200 == count == len(set(rows))
    assert all((f"{who} {name}", 1) == (label, many) for name, who, label, many in rows)
    assert names == list(dict.fromkeys(name for name, *_ in rows))


def test_parquet_of_an_empty_store_has_the_same_columns(store: Store, tmp_path: Path) -> None:
    empty = Store.open(tmp_path / "empty", make=True)

    export(empty, "parquet", tmp_path / "empty.parquet")
    export(store, "parquet", tmp_path / "s.parquet")

    columns = [
        duckdb.sql(f"DESCRIBE SELECT * FROM '{tmp_path / name}.parquet'").fetchall()
        for name in ("empty", "s")
    ]
    assert columns[0] == columns[1]


def test_csv_has_a_line_for_each_tag_and_no_formulas(store: Store, run: Run) -> None:
    _, out, _ = run("export", store.path, "--to", "csv")

    rows = list(csv.DictReader(out.splitlines()))
    assert 6 + 2 == len(rows)
    assert "'=cmd()" in [row["tag"] for row in rows]
    assert [("c.jpg", "tx", "", "RateLimited")] == [
        (row["image"], row["provider"], row["tag"], row["error"]) for row in rows if row["error"]
    ]


def test_json_lines_are_those_of_taggers_tag(store: Store, run: Run, tmp_path: Path) -> None:
    _, _, said = run("export", store.path, "--to", "jsonl", "-o", tmp_path / "s.jsonl")

    comparison = Comparison.read(tmp_path / "s.jsonl")

    assert result("a.jpg", "cat", "sofa") == comparison.said[sha("a.jpg"), "hw"]
    assert 3 == len({picture.source for picture in comparison.pictures})
    assert 6 == len(comparison.said)
    assert said.startswith("wrote 6 results and failures to ")


def test_an_export_is_whole_or_not_there(store: Store, tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    (folder / "s.csv").mkdir(parents=True)

    with pytest.raises(LocalResourceError, match="cannot be written"):
        export(store, "csv", folder / "s.csv")

    assert ["s.csv"] == [path.name for path in folder.iterdir()]


def test_without_pyarrow_parquet_names_what_to_install(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)

    with pytest.raises(LocalResourceError, match="pyarrow") as said:
        export(store, "parquet", tmp_path / "s.parquet")

    assert "pip install 'taggers[parquet]'" in str(said.value)
    assert not list(tmp_path.glob("*parquet*"))
