"""The store's file: what it refuses, and that it keeps what is finished."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from shop import asked, errand, filled, result

from taggers.batch import Journal, Store
from taggers.errors import LocalResourceError


def test_a_store_that_is_not_there_is_not_made_by_looking(tmp_path: Path) -> None:
    with pytest.raises(LocalResourceError, match=r"there is no store .*photos\.sqlite3"):
        Store.open(tmp_path / "photos.sqlite3")

    assert [] == list(tmp_path.iterdir())


def test_an_empty_file_is_not_made_a_store_by_looking(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()

    with pytest.raises(LocalResourceError, match="there is no store"):
        Store.open(tmp_path / "empty")

    assert b"" == (tmp_path / "empty").read_bytes()


@pytest.mark.parametrize("make", [True, False])
@pytest.mark.parametrize("content", [b"\xff\xd8\xff not a store but a photograph" * 99, b"short"])
def test_a_file_that_is_no_store_is_left_as_it_is(
    tmp_path: Path, content: bytes, make: bool
) -> None:
    path = tmp_path / "photo.jpg"
    path.write_bytes(content)

    with pytest.raises(
        LocalResourceError, match=r"photo\.jpg is no store, or its beginning is damaged"
    ):
        Store.open(path, make=make)

    assert content == path.read_bytes()


@pytest.mark.parametrize("make", [True, False])
def test_somebody_elses_database_is_left_as_it_is(tmp_path: Path, make: bool) -> None:
    path = tmp_path / "albums.sqlite3"
    with sqlite3.connect(path) as sql:
        sql.execute("CREATE TABLE albums (name TEXT)")
    sql.close()

    with pytest.raises(LocalResourceError, match="is a database of something else"):
        Store.open(path, make=make)

    with sqlite3.connect(path) as sql:
        assert [("albums",)] == sql.execute("SELECT name FROM sqlite_master").fetchall()
    sql.close()


@pytest.mark.parametrize("make", [True, False])
def test_a_store_of_another_version_is_refused(tmp_path: Path, make: bool) -> None:
    filled(tmp_path / "s", result("a.jpg", "cat")).close()
    sql = sqlite3.connect(tmp_path / "s")
    sql.execute("PRAGMA user_version = 7")
    sql.close()

    with pytest.raises(LocalResourceError, match="is of version 7, and this taggers knows") as said:
        Store.open(tmp_path / "s", make=make)

    assert "use the taggers that made it" in str(said.value)


def _as_of_version_2(path: Path) -> None:
    """Takes from a store what version 2 did not have."""
    sql = sqlite3.connect(path)
    for (view,) in sql.execute("SELECT name FROM sqlite_master WHERE type = 'view'").fetchall():
        sql.execute(f"DROP VIEW {view}")
    sql.executescript("""
        CREATE VIEW tags AS SELECT picture, call, rank FROM tag_rows;
        DROP TRIGGER place_is_read;
        DROP TABLE unread_rows;
        DROP INDEX places_by_picture;
        CREATE INDEX places_by_picture ON place_rows (picture);
        PRAGMA user_version = 2;
    """)
    sql.close()


@pytest.mark.parametrize("make", [True, False])
def test_a_store_of_the_version_before_goes_on_as_one_of_this(tmp_path: Path, make: bool) -> None:
    filled(tmp_path / "s", result("a.jpg", "cat")).close()
    new = filled(tmp_path / "new")
    parts = "SELECT type, name, sql FROM sqlite_master ORDER BY type, name"
    _as_of_version_2(tmp_path / "s")

    with Store.open(tmp_path / "s", make=make) as store:
        assert [("a.jpg", "cat")] == asked(store, "SELECT source, label FROM tags")
        with store.read() as upgraded, new.read() as made:
            assert made.execute(parts).fetchall() == upgraded.execute(parts).fetchall()


def test_a_folder_is_no_store(tmp_path: Path) -> None:
    with pytest.raises(LocalResourceError, match="is no file"):
        Store.open(tmp_path, make=True)


def test_a_store_that_is_only_read_is_one_file_again(tmp_path: Path) -> None:
    filled(tmp_path / "s.sqlite3").close()

    with Store.open(tmp_path / "s.sqlite3") as store:
        runs = asked(store, "SELECT run FROM runs")

    assert [(1,)] == runs
    assert ["s.sqlite3"] == [path.name for path in tmp_path.iterdir()]


def test_who_reads_a_store_cannot_write_into_it(tmp_path: Path) -> None:
    with filled(tmp_path / "s.sqlite3") as store, store.read() as sql:
        with pytest.raises(sqlite3.OperationalError, match="readonly"):
            sql.execute("DELETE FROM run_rows")

        assert [(1,)] == sql.execute("SELECT count(*) FROM run_rows").fetchall()


def test_a_store_with_damaged_pages_says_how_to_save_the_rest(tmp_path: Path) -> None:
    path = tmp_path / "s"
    filled(path, *(result(f"{n}.jpg", "cat", f"number {n}") for n in range(300))).close()
    content = bytearray(path.read_bytes())
    content[8192 : len(content) - 8192] = b"\xa5" * (len(content) - 16384)
    path.write_bytes(content)

    with pytest.raises(LocalResourceError, match="malformed") as said:
        asked(Store.open(path), "SELECT * FROM tags")

    assert "sqlite3 s .recover" in str(said.value)
    assert bytes(content) == path.read_bytes()


def test_a_failed_write_of_a_full_store_leaves_all_that_was_finished(tmp_path: Path) -> None:
    store = Store.open(tmp_path / "s", make=True)
    journal = Journal.open(store, "batch photos")
    first = journal.begin([errand("first.jpg"), errand("second.jpg")])
    journal.settle([(first[0] or 0, result("first.jpg", "cat"))])
    with store.write() as sql:
        sql.execute("PRAGMA max_page_count = 1")  # as many as there are

    with pytest.raises(LocalResourceError, match="full") as said:
        journal.begin([errand(f"{number}.jpg") for number in range(10_000)])
    store.close()  # and there is room again
    journal.settle([(first[1] or 0, result("second.jpg", "dog"))])

    assert "make room on its disk" in str(said.value)
    assert [("cat",), ("dog",)] == asked(store, "SELECT label FROM tags ORDER BY call")


FILLS = """
import resource, sys
from shop import errand, keep, result
from taggers.batch import Journal, Store
from taggers.errors import LocalResourceError
store = Store.open(sys.argv[1], make=True)
journal = Journal.open(store, "batch photos")
resource.setrlimit(resource.RLIMIT_FSIZE, (3_000_000, 3_000_000))
try:
    for number in range(10_000):
        keep(journal, result(f"{number}.jpg", "cat", f"number {number}"))
        print(number, flush=True)
except LocalResourceError as error:
    print(error, file=sys.stderr)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="limits of another kind")
def test_a_file_that_may_not_grow_keeps_all_that_was_finished(tmp_path: Path) -> None:
    said = _child(FILLS, tmp_path / "s")

    done = said.stdout.split()
    assert len(done) > 20
    assert "too small for such a file" in said.stderr
    store = Store.open(tmp_path / "s")
    kept = {source for (source,) in asked(store, "SELECT source FROM tags WHERE rank = 1")}
    assert {f"{number}.jpg" for number in done} <= kept


ON_A_DISK = FILLS.replace("resource.setrlimit", "(lambda *_: None)")


def test_a_full_disk_keeps_all_that_was_finished(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mounting = ["mount", "-t", "tmpfs", "-o", "size=2m", "taggers-test", str(disk)]
    if sys.platform != "linux" or subprocess.run(mounting, capture_output=True).returncode:
        pytest.skip("no small disk can be made here")
    try:
        said = _child(ON_A_DISK, disk / "s")
        store = Store.open(disk / "s")
        kept = {source for (source,) in asked(store, "SELECT source FROM tags WHERE rank = 1")}
        store.close()
    finally:
        subprocess.run(["umount", str(disk)], check=True)

    assert "make room on its disk" in said.stderr
    assert {f"{number}.jpg" for number in said.stdout.split()} <= kept
    assert len(kept) > 20


def _child(program: str, path: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parent)}
    command = [sys.executable, "-c", program, str(path)]
    return subprocess.run(
        command, env=environment, capture_output=True, text=True, check=True, timeout=120
    )


def test_a_store_that_another_process_has_begun_to_make_is_made(tmp_path: Path) -> None:
    path = tmp_path / "s.sqlite3"
    with closing(sqlite3.connect(path)) as other:
        other.execute("PRAGMA journal_mode = WAL")

        with pytest.raises(LocalResourceError, match="something else"):
            Store.open(path)
        with Store.open(path, make=True) as store:
            runs = asked(store, "SELECT run FROM runs")

    assert [] == runs
