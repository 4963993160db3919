"""A library of pictures: filled, looked after and searched, against the emulator."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image as Pillow

from taggers import AsyncTagger, BoundingBox, Image
from taggers.cli import main
from taggers.emulator import Emulator
from taggers.errors import (
    ImageDimensions,
    ImageSource,
    InvalidInput,
    InvalidRequest,
    NotSupported,
    Unavailable,
)
from taggers.library import AsyncLibrary, Library
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
    how = result.provenance
    assert (2, [200, 200]) == (how.billable_units, [made.status for made in how.attempts])
    assert 2 == len({made.request_id for made in how.attempts} - {None})
    assert how.attempts[-1].request_id == how.request_id
    assert how.duration_s >= sum(made.duration_s for made in how.attempts) > 0
    assert 120 == len(_paths(library, labels={"lot": "1"}, limit=500))


def test_a_picture_over_the_limits_is_refused(library: Library) -> None:
    with pytest.raises(ImageDimensions) as no:
        library.add("shop/tiny", png(2, 2))

    assert ("not sent", "huawei-image-search") == (no.value.outcome, no.value.provider)
    assert not library.check("shop/tiny")


def _photo(format: str = "JPEG", size: tuple[int, int] = (300, 200), turn: int = 1) -> bytes:
    """A photo that tells where it was taken, stored turned."""
    exif = Pillow.Exif()
    exif[0x0112] = turn
    exif.get_ifd(0x8825)[1] = "N"
    file = io.BytesIO()
    Pillow.radial_gradient("L").resize(size).convert("RGB").save(file, format, exif=exif)
    return file.getvalue()


@pytest.mark.parametrize("turn", range(1, 9))
def test_what_a_library_is_given_is_upright_and_tells_no_place(
    turn: int, library: Library, taggers_emulator: Emulator
) -> None:
    added = library.add("gps", _photo(turn=turn))
    kept = library.add("as it is", _photo(turn=turn), prepare="never")

    stored = taggers_emulator._service.world.library
    assert b"Exif" not in stored["gps"][0]
    assert _photo(turn=turn) == stored["as it is"][0]
    assert 1 == Image.from_bytes(stored["gps"][0]).orientation
    assert "metadata removed" in added.provenance.prepared
    assert ((), 1) == (kept.provenance.prepared, len(kept.provenance.attempts))


@pytest.mark.parametrize(
    ("format", "size"), [("WEBP", (300, 200)), ("GIF", (300, 200)), ("JPEG", (2600, 1300))]
)
def test_a_picture_is_made_to_fit_its_library(
    format: str, size: tuple[int, int], library: Library
) -> None:
    library.add("fitted", _photo(format, size))
    result = library.search(_photo(format, size))

    assert ("fitted", 1.0) == (result.matches[0].path, result.matches[0].similarity)
    assert result.provenance.prepared
    assert size == (result.image.width, result.image.height)
    with pytest.raises(InvalidInput) as no:
        library.search(_photo(format, size), prepare="never")
    assert "not sent" == no.value.outcome


@pytest.mark.parametrize("turn", [1, 3, 6, 8])
def test_a_box_is_in_the_frame_of_the_picture_as_one_sees_it(
    turn: int, library: Library, taggers_emulator: Emulator
) -> None:
    stored = (2600, 1300) if turn < 5 else (1300, 2600)
    picture = _photo(size=stored, turn=turn)

    library.search(picture, box=BoundingBox(130, 260, 1300, 650))

    # 2600 × 1300 is sent as 2048 × 1024.
    asked = taggers_emulator.journal[-1].asked["box"]
    box = (asked["x"], asked["y"], asked["width"], asked["height"])
    assert all(abs(a - b) <= 1 for a, b in zip((102, 204, 1024, 512), box, strict=True)), box


@pytest.mark.parametrize(
    "box", [(-5, 0, 10, 10), (0, -1, 10, 10), (0, 0, 0, 0), (440, 0, 12, 10), (0, 290, 10, 11)]
)
def test_a_box_outside_the_picture_is_refused_here(
    box: tuple[int, int, int, int], library: Library, photos: Path, taggers_emulator: Emulator
) -> None:
    before = len(taggers_emulator.journal)

    with pytest.raises(InvalidInput, match="the box"):
        library.search(photos / "cat.jpg", box=BoundingBox(*box))

    assert before == len(taggers_emulator.journal)


def test_a_url_is_not_taken_for_a_picture_to_be_added(library: Library) -> None:
    with pytest.raises(NotSupported, match="fetch=True"):
        library.add("shop/far", "https://example.com/cat.jpg")


def test_it_works_in_an_event_loop(taggers_emulator: Emulator, photos: Path) -> None:
    async def found() -> list[str]:
        settings = taggers_emulator.settings("huawei-image-search")
        async with AsyncTagger("huawei-image-search", **settings) as tagger:
            library = AsyncLibrary(tagger)
            await library.add("cat", photos / "cat.jpg", {"kind": "animal"})
            await library.modify("cat", {"kind": "tabby"})
            assert await library.check("cat")
            result = await library.search(labels={"kind": "tabby"})
            await library.delete("cat")
            assert not await library.check("cat")
            return [match.path for match in result.matches]

    assert ["cat"] == asyncio.run(found())


def test_a_provider_without_a_library_says_so(taggers_emulator: Emulator) -> None:
    provider = "huawei-tagging-v2"
    with taggers_emulator.tagger(provider) as tagger, pytest.raises(NotSupported) as no:
        Library(tagger).check("shop/cat")

    assert f"{provider} has no library of pictures" in str(no.value)
    assert "not sent" == no.value.outcome


@pytest.fixture
def newer(taggers_emulator: Emulator, photos: Path) -> Iterator[Library]:
    with taggers_emulator.tagger("huawei-image-search-v2") as tagger:
        filled = Library(tagger)
        for name in NAMES:
            filled.add(name, photos / f"{name}.jpg", {"kind": name})
        yield filled


def test_the_newer_service_has_a_library_too(
    newer: Library, photos: Path, taggers_emulator: Emulator
) -> None:
    upright = newer.search(photos / "cat.jpg")
    eye = newer.search(photos / "cat.jpg", box=BoundingBox(100, 60, 120, 90))
    newer.modify("cat", {"kind": "tabby"})

    first = upright.matches[0]
    assert ("cat", 1.0, {"kind": "cat"}) == (first.path, first.similarity, first.labels)
    assert 1 > max(match.similarity or 0 for match in eye.matches)
    assert "100,60,220,150" == taggers_emulator.journal[-2].asked["optional_params"]["box"]
    assert ["cat"] == _paths(newer, photos / "boats.jpg", labels={"kind": "tabby"})
    assert newer.check("cat")
    assert newer.delete("cat").provenance.emulated
    assert not newer.check("cat")
    with pytest.raises(InvalidRequest, match="item_id"):
        newer.delete("cat")
    assert 3 == taggers_emulator.billed


def test_the_newer_library_takes_what_lies_turned_and_is_too_large(newer: Library) -> None:
    added = newer.add("turned", _photo(size=(5000, 2500), turn=6))

    assert ("turned upright", "resized from 2500 × 5000 to 2047 × 4095") == (
        added.provenance.prepared[:2]
    )
    assert "turned" == _paths(newer, _photo(size=(5000, 2500), turn=6))[0]
    with pytest.raises(InvalidRequest):
        newer.add("turned", _photo(turn=6), prepare="never", keep_metadata=True)


def test_the_newer_library_lists_what_carries_some_labels(
    newer: Library, taggers_emulator: Emulator
) -> None:
    for number in range(120):
        newer.add(f"many/{number}", png(100, 100), {"lot": "1"})

    all_ = newer.search(labels={"lot": "1"}, limit=500)
    some = newer.search(labels={"lot": "1"}, limit=110)

    assert 120 == len({match.path for match in all_.matches})
    assert 110 == len({match.path for match in some.matches})
    assert (2, 0) == (len(some.provenance.attempts), some.provenance.billable_units)
    assert [] == _paths(newer, labels={"lot": "2"})


def test_the_newer_library_says_what_it_cannot_search_by(newer: Library, photos: Path) -> None:
    with pytest.raises(NotSupported, match="not by a path") as no:
        newer.search(path="cat")
    much = newer.search(photos / "cat.jpg", limit=1001)

    assert ("not sent", ()) == (no.value.outcome, no.value.attempts)
    assert ("no more than 1000 matches can be had",) == much.warnings


def test_a_search_that_breaks_off_is_billed_as_far_as_it_came(
    library: Library, taggers_emulator: Emulator
) -> None:
    for number in range(120):
        library.add(f"many/{number}", png(100, 100), {"lot": "1"})
    taggers_emulator.fail("code", only="huawei-image-search", after=1, code="IS.0014")

    with pytest.raises(Unavailable) as no:
        library.search(labels={"lot": "1"}, limit=110)

    assert ("yes", "rejected") == (no.value.billed, no.value.outcome)
    assert [200, 400] == [attempt.status for attempt in no.value.attempts][:2]


@pytest.mark.parametrize("provider", ["huawei-image-search", "huawei-image-search-v2"])
def test_the_command_line_fills_and_searches(
    provider: str,
    photos: Path,
    taggers_emulator: Emulator,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    config = tmp_path / "taggers.toml"
    config.write_text(taggers_emulator.toml())
    for name, value in taggers_emulator.environment().items():
        monkeypatch.setenv(name, value)

    def run(*arguments: str) -> str:
        with pytest.raises(SystemExit) as done:
            main(["--config", str(config), "library", "-p", provider, *arguments])
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
    big = tmp_path / "big.webp"
    big.write_bytes(_photo("WEBP", (2600, 1300)))
    run("add", "shop/big", str(big))
    assert "1.00  shop/big" == run("search", str(big)).splitlines()[0]
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
