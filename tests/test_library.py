"""A library of pictures: filled, looked after and searched, against the emulator."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from taggers import BoundingBox, Image
from taggers.cli import main
from taggers.emulator import Emulator
from taggers.errors import ImageSource, InvalidRequest, NotSupported
from taggers.library import Library
from taggers.testing import png

NAMES = ("astronaut", "boats", "cat")


@pytest.fixture
def library(taggers_emulator: Emulator, photos: Path) -> Iterator[Library]:
    with taggers_emulator.tagger("huawei-image-search") as tagger:
        filled = Library(tagger)
        for name in NAMES:
            kind = "animal" if name == "cat" else "other"
            filled.add(f"shop/{name}", photos / f"{name}.jpg", {"kind": kind})
        yield filled


def _paths(library: Library, *args: object, **options: object) -> list[str]:
    return [match.path for match in library.search(*args, **options).matches]  # type: ignore[arg-type]


def test_a_picture_finds_itself_first(library: Library, photos: Path) -> None:
    result = library.search(photos / "boats.jpg")

    first, *others = result.matches
    assert ("shop/boats", 1.0, {"kind": "other"}) == (first.path, first.similarity, first.labels)
    assert all((match.similarity or 0) < 1 for match in others)
    assert result.provenance.emulated
    assert Image.open(photos / "boats.jpg").facts == result.image


def test_a_path_a_label_and_a_box_find_too(library: Library, photos: Path) -> None:
    eye = BoundingBox(100, 60, 120, 90)

    assert "shop/cat" == _paths(library, path="shop/cat")[0]
    assert ["shop/cat"] == _paths(library, labels={"kind": "animal"})
    assert ["shop/cat"] == _paths(library, photos / "boats.jpg", labels={"kind": "animal"})
    whole = library.search(photos / "cat.jpg", limit=1).matches[0].similarity or 0
    part = library.search(photos / "cat.jpg", box=eye, labels={"kind": "animal"}).matches[0]
    assert (part.similarity or 0) < whole


def test_a_picture_is_there_until_it_is_deleted(library: Library) -> None:
    assert library.check("shop/cat")

    library.delete("shop/cat")

    assert not library.check("shop/cat")
    assert "shop/cat" not in _paths(library, labels={"kind": "animal"})
    with pytest.raises(ImageSource):
        library.delete("shop/cat")


def test_labels_are_replaced(library: Library) -> None:
    library.modify("shop/cat", {"颜色": "灰"})

    assert ["shop/cat"] == _paths(library, labels={"颜色": "灰"})
    assert [] == _paths(library, labels={"kind": "animal"})


def test_more_than_a_page_is_asked_for_page_by_page(
    library: Library, taggers_emulator: Emulator
) -> None:
    for number in range(120):
        library.add(f"many/{number}", png(100, 100), {"lot": "1"})

    result = library.search(labels={"lot": "1"}, limit=110)

    assert 110 == len({match.path for match in result.matches})
    assert 2 == result.provenance.billable_units
    assert 120 == len(_paths(library, labels={"lot": "1"}, limit=500))


def test_a_picture_over_the_limits_is_refused(library: Library) -> None:
    with pytest.raises(InvalidRequest):
        library.add("shop/tiny", png(2, 2))

    assert not library.check("shop/tiny")


@pytest.mark.parametrize("provider", ["huawei-tagging-v2", "huawei-image-search-v2"])
def test_a_provider_without_a_library_says_so(provider: str, taggers_emulator: Emulator) -> None:
    with taggers_emulator.tagger(provider) as tagger, pytest.raises(NotSupported) as no:
        Library(tagger).check("shop/cat")

    assert f"{provider} has no library of pictures" in str(no.value)
    assert "not sent" == no.value.outcome


def test_the_command_line_fills_and_searches(
    photos: Path,
    taggers_emulator: Emulator,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    config = tmp_path / "taggers.toml"
    config.write_text(
        f"""[providers.huawei-image-search]
plugin = "huawei-image-search"
endpoint = "{taggers_emulator.url}"
project_id = "emulator"
instance_name = "emulator"
"""
    )
    monkeypatch.setenv("HUAWEICLOUD_SDK_AK", "emulator")
    monkeypatch.setenv("HUAWEICLOUD_SDK_SK", "emulator-secret")

    def run(*arguments: str) -> str:
        with pytest.raises(SystemExit) as done:
            main(["--config", str(config), "library", *arguments])
        assert not done.value.code, capsys.readouterr().err
        return capsys.readouterr().out

    cat = str(photos / "cat.jpg")
    for name in NAMES:
        run("add", f"shop/{name}", str(photos / f"{name}.jpg"), "-l", f"名={name}")

    assert "1.00  shop/cat  名=cat" == run("search", cat).splitlines()[0]
    part = run(
        "search", str(photos / "cat.jpg"), "--box", "100,60,120,90", "-l", "名=cat", "--json"
    )
    assert 1 > json.loads(part)["similarity"]
    run("modify", "shop/cat", "-l", "kind=tabby")
    assert "1.00  shop/cat  kind=tabby\n" == run("search", "-l", "kind=tabby")
    run("delete", "shop/cat")
    assert "" == run("search", "-l", "kind=tabby")


def test_the_command_line_says_what_is_wrong(
    photos: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fixtures = str(photos / "fixtures.toml")

    with pytest.raises(SystemExit) as done:
        main(["--emulate", "--fixtures", fixtures, "library", "check", "nowhere"])

    assert 1 == done.value.code
    assert "no\n" == capsys.readouterr().out

    with pytest.raises(SystemExit) as done:
        main(["library", "search", "--label", "kind"])

    assert 2 == done.value.code
    assert "'kind' is not NAME=VALUE" in capsys.readouterr().err

    with pytest.raises(SystemExit) as done:
        main(["library", "search", "cat.jpg", "--box", "1,2"])

    assert 2 == done.value.code
    assert "'1,2' is not four whole numbers" in capsys.readouterr().err
