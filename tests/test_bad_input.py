"""What batches meet that is not as it should be: each time it is said what, where and what to do,
and what was finished is kept."""

from __future__ import annotations

import csv
import json
import os
import resource
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import duckdb
import pytest
from shop import asked, filled, result

from taggers.batch import Store
from taggers.emulator import Emulator
from taggers.testing import png

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="files and limits of another kind")

V2 = "huawei-tagging-v2"
OPENING = ("runs", "query", "export", "undo", "renormalize", "batch")
REST = {
    "query": ("SELECT * FROM tags",),
    "export": ("--to", "csv"),
    "undo": ("--run", "1", "--yes"),
}
Said = subprocess.CompletedProcess[str]
Taggers = Callable[..., Said]


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    with Emulator() as running:
        yield running


@pytest.fixture
def taggers(emulator: Emulator, tmp_path: Path) -> Taggers:
    """The command line as a process of its own, which asks the emulator."""
    config = tmp_path / "taggers.toml"
    config.write_text(emulator.toml(), "utf-8")

    def run(*arguments: str | Path, before: Sequence[str] = (), **how: object) -> Said:
        command = [*before, sys.executable, "-m", "taggers", "--config", config, *arguments]
        environment = {**os.environ, **emulator.environment()}
        return subprocess.run(  # type: ignore[call-overload, no-any-return]
            command,
            env=environment,
            capture_output=True,
            text=True,
            errors="surrogateescape",
            timeout=120,
            cwd=tmp_path,
            **how,
        )

    return run


@pytest.fixture
def photographs(tmp_path: Path) -> Path:
    """A folder with 200 pictures."""
    folder = tmp_path / "photographs"
    folder.mkdir()
    for number in range(200):
        (folder / f"{number:03}.png").write_bytes(_picture(number))
    return folder


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """A store with results about 300 pictures."""
    names = [f"{number}.jpg" for number in range(300)]
    filled(tmp_path / "s.sqlite3", *(result(name, "cat", f"no {name}") for name in names)).close()
    return tmp_path / "s.sqlite3"


def _picture(number: int) -> bytes:
    return png(40, 40) + str(number).encode()


def _opened(taggers: Taggers, command: str, store: Path, photographs: Path) -> Said:
    """What a command says when it opens a store."""
    if command == "batch":
        return _batch(taggers, photographs, into=store)
    return taggers(command, store, *REST.get(command, ()))


def _batch(taggers: Taggers, *sources: str | Path, into: str | Path, **how: object) -> Said:
    options = ("-p", V2, "--concurrency", "4", "--yes")
    return taggers("batch", *sources, "--into", into, *options, **how)


def _answered(said: Said) -> set[str]:
    """The pictures of which a batch says that they are answered."""
    records = map(json.loads, said.stdout.splitlines())
    return {record["image"]["source"] for record in records if "error" not in record}


def _kept(store: Path) -> set[str]:
    with Store.open(store) as opened:
        return {source for (source,) in asked(opened, "SELECT DISTINCT source FROM tags")}


@pytest.mark.parametrize("command", OPENING)
def test_every_command_refuses_a_store_of_another_version(
    taggers: Taggers, store: Path, photographs: Path, command: str
) -> None:
    sql = sqlite3.connect(store)
    sql.execute("PRAGMA user_version = 7")
    sql.close()

    said = _opened(taggers, command, store, photographs)

    assert 4 == said.returncode
    assert "s.sqlite3 (a store of taggers batch) is of version 7, and this taggers" in said.stderr
    assert "use the taggers that made it, or a newer one" in said.stderr


@pytest.mark.parametrize("command", ["batch", "query"])
@pytest.mark.parametrize(
    ("damage", "says", "mend"),
    [
        (lambda content: b"garbage" + content[7:], "is no store, or its beginning", "name another"),
        (lambda content: content[:60], "is no store, or its beginning", "name another"),
        (lambda content: content[:20_000], "malformed", "sqlite3 s.sqlite3 .recover"),
        (lambda content: content[:8192] + b"\xa5" * 90_000, "malformed", ".recover"),
    ],
    ids=["header", "torn off in the header", "torn off", "middle"],
)
def test_a_command_refuses_a_damaged_store_and_leaves_it_as_it_is(
    taggers: Taggers,
    store: Path,
    photographs: Path,
    command: str,
    damage: Callable[[bytes], bytes],
    says: str,
    mend: str,
) -> None:
    damaged = damage(store.read_bytes())
    store.write_bytes(damaged)

    said = _opened(taggers, command, store, photographs)

    assert 4 == said.returncode
    assert f"taggers: {store}" in said.stderr
    assert says in said.stderr
    assert mend in said.stderr
    assert damaged == store.read_bytes()


def test_a_batch_into_a_folder_is_wrong_usage(taggers: Taggers, photographs: Path) -> None:
    said = _batch(taggers, photographs, into=photographs)

    assert 2 == said.returncode
    assert "is a directory" in said.stderr


def test_a_batch_into_a_picture_leaves_it_as_it_is(taggers: Taggers, photographs: Path) -> None:
    said = _batch(taggers, photographs, into=photographs / "001.png")

    assert 4 == said.returncode
    assert "001.png is no store, or its beginning is damaged; name another file" in said.stderr
    assert _picture(1) == (photographs / "001.png").read_bytes()


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 1 MB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounting = ["mount", "-t", "tmpfs", "-o", "size=1m", "taggers-test", str(folder)]
    if not shutil.which("mount") or subprocess.run(mounting, capture_output=True).returncode:
        pytest.skip("no small disk can be made here")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_batch_that_fills_its_disk_keeps_all_that_it_told(
    taggers: Taggers, photographs: Path, disk: Path, tmp_path: Path
) -> None:
    said = _batch(taggers, photographs, into=disk / "s")
    told = _answered(said)
    (tmp_path / "elsewhere").mkdir()
    for path in disk.iterdir():  # a larger disk
        shutil.copy(path, tmp_path / "elsewhere")
    again = _batch(taggers, photographs, into=tmp_path / "elsewhere" / "s")

    assert 4 == said.returncode
    assert "database or disk is full; make room on its disk; what was finished is in" in said.stderr
    assert "Traceback" not in said.stderr
    assert 0 < len(told) < 200
    assert ("may have been billed" in again.stderr) == again.returncode, again.stderr
    assert told.isdisjoint(_answered(again))
    assert told <= _kept(tmp_path / "elsewhere" / "s")


def test_a_batch_whose_store_may_not_grow_keeps_all_that_it_told(
    taggers: Taggers, photographs: Path, tmp_path: Path
) -> None:
    def small() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (600_000, 600_000))

    said = _batch(taggers, photographs, into="s", preexec_fn=small)

    assert 4 == said.returncode
    assert "see whether its disk is full, too small for such a file" in said.stderr
    assert "Traceback" not in said.stderr
    assert 0 < len(_answered(said)) < 200
    assert _answered(said) <= _kept(tmp_path / "s")


@pytest.mark.parametrize("form", ["csv", "jsonl", "parquet"])
def test_an_export_to_a_full_disk_blames_the_disk_and_leaves_nothing(
    taggers: Taggers, store: Path, disk: Path, form: str
) -> None:
    (disk / "full").write_bytes(bytes((1 << 20) - 8192))

    said = taggers("export", store, "--to", form, "-o", disk / "out")

    assert 4 == said.returncode
    assert f"taggers: {disk}/out cannot be written: " in said.stderr
    assert "No space left on device" in said.stderr
    assert "make room there, or name another place" in said.stderr
    assert ["full"] == [path.name for path in disk.iterdir()]


@pytest.mark.parametrize("arguments", [("query", "SELECT * FROM tags"), ("export", "--to", "csv")])
def test_output_that_cannot_be_written_is_not_taken_for_a_broken_store(
    taggers: Taggers, store: Path, arguments: tuple[str, ...]
) -> None:
    command, *rest = arguments
    with Path("/dev/full").open("w") as full:
        said = subprocess.run(
            [sys.executable, "-m", "taggers", command, str(store), *rest],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
        )

    assert 1 == said.returncode
    assert "taggers: the output cannot be written: No space left on device\n" == said.stderr


CHANGES = """
import asyncio, json, sys
from pathlib import Path
from taggers import AsyncTagger
from taggers.batch import Journal, Store, batch

name, folder, store = sys.argv[1], *map(Path, sys.argv[2:])
settings = json.load(sys.stdin)
names = sorted(map(str, folder.iterdir()))
told = []

def heard(one):
    if not told:  # all were listed, and few were read
        Path(names[150]).unlink()
        Path(names[151]).write_bytes(Path(names[0]).read_bytes())
        Path(names[152]).write_bytes(Path(names[0]).read_bytes() + b"new")
        Path(names[153]).write_bytes(b"")
    told.append(one)

async def run():
    async with AsyncTagger(name, **settings) as tagger:
        return await batch(tagger, journal, names, {name: 4}, heard=heard)

with Store.open(store, make=True) as opened:
    journal = Journal.open(opened, "a child")
    tally = asyncio.run(run())
    journal.close()
print(tally.done, tally.known, *(f"{Path(one.source).stem} {one.said}" for one in told
      if one.provider is None), sep="\\n")
"""


def test_a_source_that_changes_under_way_is_taken_as_it_is_when_it_is_read(
    emulator: Emulator, taggers: Taggers, photographs: Path, tmp_path: Path
) -> None:
    command = [sys.executable, "-c", CHANGES, V2, str(photographs), str(tmp_path / "s")]
    keys = json.dumps(emulator.settings(V2))

    said = subprocess.run(command, input=keys, capture_output=True, text=True, timeout=120)
    again = _batch(taggers, photographs, into="s")

    done, known, *unread = said.stdout.splitlines()
    assert ("197", "1") == (done, known), said.stderr
    assert [
        f"150 there is no file {photographs}/150.png",
        f"153 {photographs}/153.png is empty",
    ] == (sorted(unread))
    assert set() == _answered(again)
    assert 197 == emulator.billed


def _without_rights() -> list[str]:
    """What to begin a command with, for which a file's mode holds as it does for most people."""
    if os.geteuid():
        return []
    kept = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"]
    if not shutil.which("setpriv") or subprocess.run([*kept, "true"], check=False).returncode:
        pytest.skip("root may read everything")
    return kept


def test_what_cannot_be_read_is_named_and_the_rest_goes_on(
    taggers: Taggers, tmp_path: Path
) -> None:
    folder = tmp_path / "mixed"
    (folder / "closed").mkdir(parents=True)
    (folder / "folder.jpg").mkdir()
    (folder / "good.png").write_bytes(_picture(1))
    (folder / "secret.png").write_bytes(_picture(2))
    (folder / "empty.jpg").touch()
    (folder / "dangling.jpg").symlink_to("nowhere")
    (folder / "loop.jpg").symlink_to("loop.jpg")
    (folder / "zero.jpg").symlink_to("/dev/zero")
    os.mkfifo(folder / "pipe.jpg")
    (folder / "secret.png").chmod(0)
    (folder / "closed").chmod(0)

    said = _batch(taggers, "mixed", into="s", before=_without_rights())
    (folder / "closed").chmod(0o700)

    records = [json.loads(line) for line in said.stdout.splitlines()]
    told = {one["image"]["source"]: one["error"]["message"] for one in records if "error" in one}
    assert 1 == said.returncode
    assert {"mixed/good.png"} == _answered(said) == _kept(tmp_path / "s")
    assert "mixed/closed cannot be read: Permission denied" in said.stderr
    assert told == {
        "mixed/secret.png": "mixed/secret.png cannot be read: Permission denied",
        "mixed/empty.jpg": "mixed/empty.jpg is empty",
        "mixed/dangling.jpg": "there is no file mixed/dangling.jpg",
        "mixed/loop.jpg": "mixed/loop.jpg cannot be read: Too many levels of symbolic links",
        "mixed/zero.jpg": "mixed/zero.jpg is a pipe or a device, not a file with a picture",
        "mixed/pipe.jpg": "mixed/pipe.jpg is a pipe or a device, not a file with a picture",
    }


def test_a_row_with_an_impossible_name_costs_only_itself(
    taggers: Taggers, photographs: Path, tmp_path: Path
) -> None:
    names = [
        "https://example.com/\ud83d.jpg",
        "half \ud83d.jpg",
        "nul \0.jpg",
        "photographs/000.png",
    ]
    (tmp_path / "names.jsonl").write_text("".join(json.dumps(name) + "\n" for name in names))

    said = _batch(taggers, "names.jsonl", into="s")

    assert 1 == said.returncode
    assert {f"{tmp_path / 'photographs'}/000.png"} == {
        str(tmp_path / name) for name in _answered(said)
    }
    assert 4 == len(said.stdout.splitlines())


def test_names_that_are_not_utf_8_go_through_everything(
    taggers: Taggers, emulator: Emulator, tmp_path: Path
) -> None:
    name = os.fsdecode(b"caf\xe9/r\xe9sum\xe9.png")
    (tmp_path / name).parent.mkdir()
    (tmp_path / name).write_bytes(_picture(1))
    store = os.fsdecode(b"st\xe9.sqlite3")

    first = _batch(taggers, os.fsdecode(b"caf\xe9"), into=store)
    again = _batch(taggers, "-", into=store, input=f"{name}\n")
    queried = taggers("query", store, "SELECT DISTINCT source FROM tags")
    shown = taggers("query", store, "SELECT DISTINCT source FROM tags", "-f", "table")
    exported = {form: tmp_path / f"out.{form}" for form in ("csv", "jsonl", "parquet")}
    codes = [taggers("export", store, "--to", f, "-o", p).returncode for f, p in exported.items()]
    listed = taggers("runs", store)
    undone = taggers("undo", store, "--run", "1", "--yes")

    assert [0, 0] == [first.returncode, again.returncode], first.stderr
    assert 1 == emulator.billed
    assert {name} == _answered(first)
    assert {"source": r"caf\xe9/r\xe9sum\xe9.png"} == json.loads(queried.stdout)
    assert r"caf\xe9/r\xe9sum\xe9.png" in shown.stdout
    assert [0, 0, 0] == codes
    with exported["csv"].open(encoding="utf-8") as file:
        assert {r"caf\xe9/r\xe9sum\xe9.png"} == {row["image"] for row in csv.DictReader(file)}
    assert name == json.loads(exported["jsonl"].read_text("utf-8"))["image"]["source"]
    found = duckdb.sql(f"SELECT image FROM '{exported['parquet']}'").fetchall()
    assert [(r"caf\xe9/r\xe9sum\xe9.png",)] == found
    assert r"batch caf\xe9" in listed.stdout
    assert "run 1 is undone" in undone.stderr


@pytest.mark.parametrize("mode", [0o555, 0o755], ids=["in a sealed folder", "in an open folder"])
def test_a_store_that_cannot_be_written_is_read(
    taggers: Taggers, store: Path, photographs: Path, tmp_path: Path, mode: int
) -> None:
    folder = tmp_path / "sealed"
    folder.mkdir()
    shutil.copy(store, folder / "s").chmod(0o444)
    folder.chmod(mode)
    before = _without_rights()

    read = taggers("query", folder / "s", "SELECT count(DISTINCT source) FROM tags", before=before)
    undone = taggers("undo", folder / "s", "--run", "1", "--yes", before=before)
    more = _batch(taggers, photographs, into=folder / "s", before=before)
    folder.chmod(0o700)

    assert {"count(DISTINCT source)": 300} == json.loads(read.stdout)
    for said in (undone, more):
        assert 4 == said.returncode
        assert "attempt to write a readonly database" in said.stderr
        assert "see whether you may read and write the file and its folder" in said.stderr
    assert 300 == len(_kept(folder / "s"))


@pytest.mark.parametrize("replaced", [False, True])
def test_a_store_that_vanishes_ends_the_batch_and_is_not_made_again(
    emulator: Emulator, taggers: Taggers, photographs: Path, tmp_path: Path, replaced: bool
) -> None:
    (tmp_path / "folder").mkdir()
    command = [sys.executable, "-m", "taggers", "--config", "taggers.toml", "batch"]
    command += ["photographs", "--into", "folder/s", "-p", V2, "--concurrency", "1", "--yes"]
    with subprocess.Popen(
        command,
        cwd=tmp_path,
        env={**os.environ, **emulator.environment()},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as child:
        assert child.stdout is not None
        told = json.loads(child.stdout.readline())["image"]["source"]
        (tmp_path / "folder").rename(tmp_path / "moved")
        if replaced:
            (tmp_path / "folder").mkdir()
        _, said = child.communicate(timeout=60)

    assert 4 == child.returncode
    assert "folder/s was moved away or replaced during the run; put it back" in said
    assert replaced == (tmp_path / "folder").exists()
    assert not (tmp_path / "folder" / "s").exists()
    assert told in _kept(tmp_path / "moved" / "s")
