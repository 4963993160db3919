"""Where a batch finds its pictures."""

from __future__ import annotations

import io
import json
import os
import tracemalloc
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import pytest

from taggers import TaggersError, errors
from taggers._image import SUFFIXES
from taggers.batch import Item, find, sampled
from taggers.batch.sources._content import head, open_item
from taggers.testing import png


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    for name in ("a.png", "deep/b.JPG", "deep/er/c.webp", "deep/note.txt"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(png(20, 20))
    return folder


def _names(folder: Path, *sources: str, stdin: bytes = b"") -> list[str]:
    found = find(sources or [str(folder)], stdin=io.BytesIO(stdin))
    return sorted(os.path.relpath(item.source, folder) for item in found)


def test_a_folder_means_the_pictures_in_it_and_below(photos: Path) -> None:
    (photos / "deep" / "again").symlink_to(photos)

    assert ["a.png", "deep/b.JPG", "deep/er/c.webp"] == _names(photos)


def test_a_folder_gives_what_ends_as_pictures_do(tmp_path: Path) -> None:
    readme = Path(__file__).parent.parent.joinpath("README.md").read_text("utf-8")
    for suffix in (*SUFFIXES, ".txt", ".json"):
        (tmp_path / f"a{suffix}").touch()
    (tmp_path / "b.JPE").touch()

    found = _names(tmp_path)

    assert sorted(["b.JPE", *(f"a{suffix}" for suffix in SUFFIXES)]) == found
    assert {".jpe", ".jfif"} < {*SUFFIXES}
    assert ", ".join(SUFFIXES) in readme


def test_a_name_that_is_no_text_is_a_name(photos: Path) -> None:
    name = os.fsencode(photos) + b"/\xff.png"
    with open(name, "wb") as file:  # noqa: PTH123
        file.write(png(20, 20))

    found = [item.source for item in find([str(photos)])]

    assert os.fsdecode(name) in found
    assert 20 == open_item(os.fsdecode(name)).width


def test_globs_lists_and_urls_are_taken(photos: Path) -> None:
    assert ["deep/b.JPG"] == _names(photos, f"{photos}/**/*.JPG")
    assert ["a.png"] == _names(photos, "-", stdin=f"{photos}/a.png\n\n".encode())
    assert [Item("https://example.com/x?y=1")] == list(find(["https://example.com/x?y=1"]))


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("*.png", ["a.png"]),
        ("*/*", ["deep/b.JPG", "deep/note.txt"]),
        ("d[e]*/er/c.webp", ["deep/er/c.webp"]),
        ("**/*.JPG", ["deep/b.JPG"]),
        ("**", ["a.png", "deep/b.JPG", "deep/er/c.webp", "deep/note.txt"]),
        ("**/**/er/*", ["deep/er/c.webp"]),
        (".h*", [".hidden.png"]),
        ("[a", []),
        ("d*", ["deep/b.JPG", "deep/er/c.webp"]),
        ("*/e?", ["deep/er/c.webp"]),
    ],
)
def test_a_glob_means_what_it_does_elsewhere(
    photos: Path, pattern: str, expected: list[str]
) -> None:
    (photos / ".hidden.png").write_bytes(png(20, 20))
    told: list[TaggersError] = []

    found = list(find([f"{photos}/{pattern}"], tell=told.append))

    assert expected == sorted(
        os.path.relpath(item.source, photos) for item in found if "[a" not in item.source
    )


def test_ten_thousand_files_are_never_a_list(tmp_path: Path) -> None:
    for number in range(10_000):
        (tmp_path / f"{number}.png").touch()

    for source in (str(tmp_path), f"{tmp_path}/*.png", f"{tmp_path}/**/*.png"):
        tracemalloc.start()
        count = sum(1 for _ in find([source]))
        _, peak_bytes = tracemalloc.get_traced_memory()
        tracemalloc.stop()

        assert 10_000 == count
        assert peak_bytes < 200_000


def test_pipes_and_links_that_lead_nowhere_say_so_when_they_are_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.png")
    (tmp_path / "circle.png").symlink_to(tmp_path / "circle.png")
    (tmp_path / "nowhere.png").symlink_to(tmp_path / "gone")
    (tmp_path / "folder.png").symlink_to(tmp_path)

    said = {}
    for item in find([str(tmp_path)]):
        with pytest.raises(TaggersError) as refused:
            head(item)
        said[Path(item.source).name] = str(refused.value).removeprefix(item.source)

    assert {
        "pipe.png": " is a pipe or a device, not a file with a picture",
        "circle.png": " cannot be read: Too many levels of symbolic links",
        "nowhere.png": f"there is no file {tmp_path}/nowhere.png",
        "folder.png": " is a folder, not a picture",
    } == said


def test_names_that_are_not_utf8_come_from_lists_and_manifests(tmp_path: Path) -> None:
    name = os.fsencode(tmp_path) + b"/\xff.png"
    (tmp_path / "m.csv").write_bytes(b"image\n" + name + b"\n")

    (listed,) = find(["-"], stdin=io.BytesIO(name + b"\n"))
    (named,) = find([str(tmp_path / "m.csv")])

    assert Item(os.fsdecode(name)) == listed == named


def test_broken_rows_and_sources_are_told_and_the_rest_goes_on(photos: Path) -> None:
    (photos / "m.jsonl").write_text('{"image": "a.png"}\n{\n{"n": 1}\n"deep/b.JPG"\n')
    sources = [str(photos / "gone.csv"), str(photos / "m.jsonl"), "nosuch://x", str(photos)]
    told: list[TaggersError] = []

    found = list(find(sources, tell=told.append))

    assert 2 + 3 == len(found)
    expected = (
        "gone.csv cannot be read: No such file",
        "m.jsonl:2: is no JSON",
        "m.jsonl: no picture is named in 1 of its rows",
        "nosuch://x cannot be read",
    )
    assert len(expected) == len(told)
    assert all(part in str(error) for part, error in zip(expected, told, strict=True)), told


def _parquet(path: Path, rows: list[dict[str, object]]) -> None:
    import pyarrow
    import pyarrow.parquet

    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(rows), path)


def test_manifests_name_pictures_beside_them_and_more(photos: Path) -> None:
    rows: list[dict[str, object]] = [{"path": "a.png", "plan": "gold", "n": 1}]
    (photos / "m.csv").write_text("\ufeffpath,plan,n\na.png,gold,1\n", "utf-8")
    (photos / "m.jsonl").write_text(json.dumps(rows[0]) + '\n\n"deep/b.JPG"\n')
    _parquet(photos / "m.parquet", rows)
    expected = Item(str(photos / "a.png"), {"plan": "gold", "n": "1"})

    assert [expected] == list(find([str(photos / "m.csv")]))
    assert [expected, Item(str(photos / "deep/b.JPG"))] == list(find([str(photos / "m.jsonl")]))
    assert [expected] == list(find([str(photos / "m.parquet")]))


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("m.csv", "a,b\n1,2\n", r"m\.csv names no pictures: its columns are a, b; one of them has"),
        ("m.csv", "", r"m\.csv names no pictures: its columns are none"),
        ("m.jsonl", "{}", r"m\.jsonl names no pictures: its columns are none"),
        ("m.jsonl", "[1]", r"m\.jsonl:1: must be an object or a text"),
        ("m.jsonl", "{", r"m\.jsonl:1: is no JSON"),
        ("m.parquet", "x", r"m\.parquet is no Parquet file"),
    ],
)
def test_a_manifest_that_is_none_is_named(
    tmp_path: Path, name: str, content: str, says: str
) -> None:
    (tmp_path / name).write_text(content)

    with pytest.raises(errors.InvalidInput, match=says):
        list(find([str(tmp_path / name)]))


def test_what_holds_nothing_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()

    for source in (str(tmp_path / "empty"), f"{tmp_path}/*.png"):
        with pytest.raises(errors.InvalidInput, match="there are no pictures"):
            list(find([source]))


def test_a_folder_that_cannot_be_read_is_told_and_the_rest_goes_on(photos: Path) -> None:
    troubles: list[TaggersError] = []
    found: Iterator[Item] = find([str(photos)], tell=troubles.append)
    first = next(found)
    os.rename(photos / "deep", photos / "gone")  # noqa: PTH104

    rest = list(found)

    assert str(photos / "a.png") in [first.source, *(item.source for item in rest)]
    assert 1 == len(troubles)
    assert "cannot be read: No such file" in str(troubles[0])


def test_object_storage_is_read_by_fsspec(photos: Path) -> None:
    import fsspec

    memory = fsspec.filesystem("memory")
    memory.pipe("/bucket/x/one.png", png(20, 20))
    memory.pipe("/bucket/x/deep/two.png", png(30, 30))

    found = [item.source for item in find(["memory://bucket/x"])]

    assert [20, 30] == sorted(open_item(source).width or 0 for source in found)
    with pytest.raises(errors.LocalResourceError, match=r"there is no memory://nowhere\.png"):
        open_item("memory://nowhere.png")


def test_what_a_storage_cannot_list_is_told_and_the_rest_goes_on() -> None:
    import fsspec
    from fsspec.implementations.memory import MemoryFileSystem

    class Locked(MemoryFileSystem):
        protocol = "locked"
        store: ClassVar[dict[str, Any]] = {}
        pseudo_dirs: ClassVar[list[str]] = [""]

        @classmethod
        def _strip_protocol(cls, path: str) -> str:
            return super()._strip_protocol(path.removeprefix("locked://"))

        def ls(self, path: str, detail: bool = True, **more: Any) -> Any:
            if path.endswith("/locked"):
                raise RuntimeError("no key")  # as drivers do, which know errors of their own
            return super().ls(path, detail=detail, **more)

    fsspec.register_implementation("locked", Locked)
    files = Locked()
    for name in ("/b/locked/one.png", "/b/open/two.png"):
        files.pipe(name, png(20, 20))
    troubles: list[TaggersError] = []

    found = [item.source for item in find(["locked:///b"], tell=troubles.append)]

    assert ["locked:///b/open/two.png"] == found
    assert ["locked:///b/locked cannot be read: no key"] == [str(error) for error in troubles]


def test_a_storage_has_globs_and_manifests_too() -> None:
    import fsspec

    memory = fsspec.filesystem("memory")
    memory.pipe("/shop/a1.png", png(20, 20))
    memory.pipe("/shop/b1.png", png(20, 21))
    memory.pipe("/shop/m.csv", b"path,plan\nb1.png,gold\n")

    (globbed,) = find(["memory://shop/a*.png"])
    in_folders = [item.source for item in find(["memory://sh*"])]
    (named,) = find(["memory://shop/m.csv"])

    assert ("memory:///shop/a1.png", len(png(20, 20))) == (globbed.source, globbed.size)
    assert ["memory:///shop/a1.png", "memory:///shop/b1.png"] == in_folders
    assert (21, {"plan": "gold"}) == (open_item(named.source).height, named.metadata)


def test_a_file_uri_is_a_path_of_this_machine(photos: Path) -> None:
    uri = f"file://{photos}"

    assert ["a.png", "deep/b.JPG", "deep/er/c.webp"] == _names(photos, uri)
    assert 20 == open_item(f"{uri}/a.png").width
    assert 20 == head(Item(f"{uri}/a.png")).image.width


def test_an_unknown_storage_is_named() -> None:
    with pytest.raises(errors.LocalResourceError, match="nosuch://x cannot be read: Protocol not"):
        list(find(["nosuch://x"]))


def test_a_sample_gives_each_picture_the_same_chance() -> None:
    items = [Item(str(number)) for number in range(20)]

    drawn = Counter(item.source for seed in range(2000) for item in sampled(items, 5, seed))

    assert all(400 <= drawn[item.source] <= 600 for item in items)
    assert items == sampled(items, 50, 1)
    assert sorted(map(int, (i.source for i in sampled(items, 9, 3)))) == [
        int(item.source) for item in sampled(items, 9, 3)
    ]
