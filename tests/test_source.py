"""Where a batch finds its pictures."""

from __future__ import annotations

import io
import json
import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from taggers import TaggersError, errors
from taggers.batch import Item, find, sampled
from taggers.batch._content import open_item
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
        ("m.csv", "a,b\n1,2\n", r"m\.csv: row 1 names no picture: it has none of image, path"),
        ("m.jsonl", "{}\n[]", r"m\.jsonl: row 1 names no picture"),
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
    with pytest.raises(errors.LocalResourceError, match=r"memory://nowhere\.png cannot"):
        open_item("memory://nowhere.png")


def test_a_sample_gives_each_picture_the_same_chance() -> None:
    items = [Item(str(number)) for number in range(20)]

    drawn = Counter(item.source for seed in range(2000) for item in sampled(items, 5, seed))

    assert all(400 <= drawn[item.source] <= 600 for item in items)
    assert items == sampled(items, 50, 1)
    assert sorted(map(int, (i.source for i in sampled(items, 9, 3)))) == [
        int(item.source) for item in sampled(items, 9, 3)
    ]
