"""Pictures that a provider makes better, by themselves or before they are tagged."""

from __future__ import annotations

from pathlib import Path

import pytest

from taggers import BoundingBox, Image, Region, Tag, Tagger
from taggers._config import Config
from taggers.cli import main
from taggers.emulator import Emulator, Fixture
from taggers.errors import NotSupported
from taggers.testing import png


@pytest.mark.parametrize("form", ["base64", "multipart"])
@pytest.mark.parametrize("provider", ["huawei-dark-enhance", "huawei-super-resolution"])
def test_a_picture_is_made_better_either_way_it_is_sent(
    provider: str, form: str, photos: Path, taggers_emulator: Emulator
) -> None:
    cat = Image.open(photos / "cat.jpg")

    with taggers_emulator.tagger(provider, form=form) as tagger:
        result = tagger.tag(cat)

    made = Image.from_bytes(result.images[0].content)
    scale = 3 if provider == "huawei-super-resolution" else 1
    assert (451 * scale, 300 * scale) == (made.width, made.height)
    assert result.images[0].content != cat.content


def test_a_form_carries_its_other_values(photos: Path, taggers_emulator: Emulator) -> None:
    with taggers_emulator.tagger("huawei-super-resolution", form="multipart") as tagger:
        result = tagger.tag(photos / "cat.jpg", native={"scale": 4, "model": "SRCNN"})

    assert 451 * 4 == Image.from_bytes(result.images[0].content).width


def test_boxes_of_an_enhanced_picture_come_back_in_the_originals_frame() -> None:
    place = Region(BoundingBox(30.0, 60.0, 90.0, 30.0), 0.9)
    rule = Fixture(tags=(Tag("cat", 0.9, regions=(place,)),))
    with Emulator(fixtures=[rule]) as emulator:
        config = emulator.redirect(Config())
        with Tagger("huawei-tagging-v2", config=config) as tagger:
            result = tagger.tag(png(64, 48), enhance="huawei-super-resolution")

    assert BoundingBox(10.0, 20.0, 30.0, 10.0) == result.tags[0].regions[0].box
    assert "enhanced by huawei-super-resolution" == result.provenance.prepared[0]
    assert (64, 2) == (result.image.width, result.provenance.billable_units)


def test_what_makes_no_pictures_cannot_enhance_them(taggers_emulator: Emulator) -> None:
    config = taggers_emulator.redirect(Config())

    tagger = Tagger("local-basic", config=config)
    with tagger, pytest.raises(NotSupported, match="makes no pictures"):
        tagger.tag(png(64, 64), enhance="huawei-tagging-v2")


def test_the_command_writes_pictures_and_never_over_their_own(
    photos: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "cat.jpg").write_bytes((photos / "cat.jpg").read_bytes())

    def run(*arguments: str) -> int:
        with pytest.raises(SystemExit) as exit_:
            main(["--emulate", "enhance", *arguments, "-p", "huawei-dark-enhance"])
        return int(exit_.value.code or 0)

    one = run("cat.jpg", "-o", "better.jpg")
    many = run("cat.jpg", str(photos / "coffee.jpg"), "-o", "out")
    same = run("cat.jpg", "-o", ".")

    assert (0, 0, 4) == (one, many, same)
    assert Image.open(tmp_path / "better.jpg").content != Image.open(tmp_path / "cat.jpg").content
    assert {"cat.jpg", "coffee.jpg"} == {path.name for path in (tmp_path / "out").iterdir()}
    assert (photos / "cat.jpg").read_bytes() == (tmp_path / "cat.jpg").read_bytes()
    assert "is the picture itself" in capsys.readouterr().err
