"""Pictures that a provider makes better, by themselves or before they are tagged."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image as Pillow

from taggers import BoundingBox, Image, Region, Tag, Tagger
from taggers._config import Config
from taggers._registry import Registry
from taggers.cli import main
from taggers.emulator import Emulator, Fixture
from taggers.errors import ConfigurationError, NotSubscribed, NotSupported, UnsafeUrl
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
    with tagger, pytest.raises(NotSupported, match="makes no pictures") as no:
        tagger.tag(png(64, 64), enhance="huawei-tagging-v2")

    assert ("not sent", "no") == (no.value.outcome, no.value.billed)
    assert () == taggers_emulator.journal


def test_who_makes_pictures_says_so() -> None:
    makers = {provider.name for provider in Registry().all() if provider.offers.images}

    assert {"huawei-dark-enhance", "huawei-defog", "huawei-super-resolution"} == makers


def test_nothing_is_enhanced_for_a_provider_that_cannot_be_asked(
    taggers_emulator: Emulator,
) -> None:
    tagger = Tagger(config=taggers_emulator.redirect(Config()))

    with tagger, pytest.raises(ConfigurationError, match="huawei-tagging-v9"):
        tagger.tag(png(64, 64), provider="huawei-tagging-v9", enhance="huawei-defog")

    assert () == taggers_emulator.journal


def test_a_picture_that_was_enhanced_and_not_tagged_is_billed(taggers_emulator: Emulator) -> None:
    taggers_emulator.fail("code", only="huawei-tagging-v2", code="AIS.0004")
    tagger = Tagger("huawei-tagging-v2", config=taggers_emulator.redirect(Config()))

    with tagger, pytest.raises(NotSubscribed) as no:
        tagger.tag(png(64, 64), enhance="huawei-defog")

    assert ("rejected", "yes", 1) == (no.value.outcome, no.value.billed, taggers_emulator.billed)
    assert ("huawei-tagging-v2", [200, 400]) == (
        no.value.provider,
        [attempt.status for attempt in no.value.attempts],
    )
    assert no.value.fallback != "yes"


def test_the_first_step_takes_the_same_options_and_is_told_of(
    photos: Path, taggers_emulator: Emulator
) -> None:
    content = with_place(photos / "cat.jpg")
    tagger = Tagger("huawei-tagging-v2", config=taggers_emulator.redirect(Config()))

    with tagger:
        lean = tagger.tag(content, enhance="huawei-defog").provenance
        kept = tagger.tag(content, enhance="huawei-defog", keep_metadata=True).provenance

    assert ("metadata removed", "enhanced by huawei-defog") == lean.prepared
    assert ("enhanced by huawei-defog",) == kept.prepared
    assert [200, 200] == [attempt.status for attempt in lean.attempts]
    assert lean.duration_s >= sum(attempt.duration_s for attempt in lean.attempts)


def test_a_url_is_fetched_to_be_enhanced(photos: Path, taggers_emulator: Emulator) -> None:
    tagger = Tagger("huawei-tagging-v2", config=taggers_emulator.redirect(Config()))

    with tagger, pytest.raises(UnsafeUrl, match=r"127\.0\.0\.1"):
        tagger.tag("http://127.0.0.1:9/cat.jpg", enhance="huawei-defog", fetch=True)


def with_place(path: Path) -> bytes:
    """A photo with metadata that tells where it was taken."""
    exif = Pillow.Exif()
    exif.get_ifd(0x8825)[1] = "N"
    file = io.BytesIO()
    with Pillow.open(path) as photo:
        photo.save(file, "JPEG", exif=exif)
    return file.getvalue()


@pytest.fixture
def enhance(
    photos: Path,
    tmp_path: Path,
    taggers_emulator: Emulator,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Callable[..., tuple[int, str]]:
    """Runs `taggers enhance` in a folder with d1/cat.jpg and d2/cat.jpg: its exit code, and what
    it says."""
    monkeypatch.chdir(tmp_path)
    for folder in ("d1", "d2"):
        Path(folder).mkdir()
        Path(folder, "cat.jpg").write_bytes((photos / "cat.jpg").read_bytes())
    Path("taggers.toml").write_text(taggers_emulator.toml(), "utf-8")
    for name, value in taggers_emulator.environment().items():
        monkeypatch.setenv(name, value)

    def run(*arguments: str, provider: str = "huawei-dark-enhance") -> tuple[int, str]:
        with pytest.raises(SystemExit) as done:
            main(["enhance", *arguments, "-p", provider])
        return int(done.value.code or 0), capsys.readouterr().err

    return run


def test_the_command_writes_what_was_made(enhance: Callable[..., tuple[int, str]]) -> None:
    one, _ = enhance("d1/cat.jpg", "-o", "better.jpg")
    many, _ = enhance("d1/cat.jpg", "-o", "d1/../out")

    assert (0, 0) == (one, many)
    assert Image.open("better.jpg").content != Image.open("d1/cat.jpg").content
    Path("a.b.jpg").write_bytes(Path("d1/cat.jpg").read_bytes())
    assert 0 == enhance("a.b.jpg", "d1/cat.jpg", "-o", "out")[0]
    assert {"a.b.jpg", "cat.jpg"} == {path.name for path in Path("out").iterdir()}


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("d1/cat.jpg", "-o", "d1/cat.jpg"), "is the picture itself"),
        (("d1/cat.jpg", "-o", "d2/../d1/cat.jpg"), "is the picture itself"),
        (("d1/cat.jpg", "-o", "d1"), "d1 is where d1/cat.jpg is"),
        (("d1/cat.jpg", "d2/cat.jpg", "-o", "d2"), "d2 is where"),
        (("d1/cat.jpg", "d2/cat.jpg", "-o", "same"), "d1/cat.jpg and d2/cat.jpg would both be"),
        (("d1/cat.jpg", "d2/cat.jpg", "-o", "same.jpg"), "-o takes a folder"),
        (("d1/cat.jpg", "-o", "taggers.toml/below"), "cannot be a folder"),
    ],
)
def test_where_pictures_go_is_known_before_any_is_paid(
    arguments: tuple[str, ...],
    says: str,
    enhance: Callable[..., tuple[int, str]],
    taggers_emulator: Emulator,
    photos: Path,
) -> None:
    code, said = enhance(*arguments)

    assert code
    assert says in said
    assert () == taggers_emulator.journal
    for folder in ("d1", "d2"):
        assert (photos / "cat.jpg").read_bytes() == Path(folder, "cat.jpg").read_bytes()


def test_a_provider_that_makes_no_pictures_is_not_asked(
    enhance: Callable[..., tuple[int, str]], taggers_emulator: Emulator
) -> None:
    code, said = enhance("d1/cat.jpg", "-o", "out", provider="huawei-tagging-v2")

    assert 2 == code
    assert "huawei-tagging-v2 makes no pictures; these do: huawei-dark-enhance" in said
    assert () == taggers_emulator.journal


def test_a_file_has_the_suffix_of_what_is_in_it(enhance: Callable[..., tuple[int, str]]) -> None:
    code, said = enhance("d1/cat.jpg", "-o", "up.png")
    again, _ = enhance("d1/cat.jpg", "-o", "up.png")

    assert (0, 0) == (code, again)
    assert "what was made is a jpeg: it goes to up.jpg, not to up.png" in said
    assert {"up.jpg", "up.png.jpg"} == {path.name for path in Path().glob("up*")}
    assert "jpeg" == Image.open("up.jpg").format


def test_the_command_takes_what_says_how_a_picture_is_sent(
    enhance: Callable[..., tuple[int, str]], taggers_emulator: Emulator
) -> None:
    Path("cat.gif").write_bytes(_gif())

    fitted, _ = enhance("cat.gif", "-o", "out")
    refused, said = enhance("cat.gif", "-o", "out", "--prepare", "never", "--keep-metadata")
    fetched, why = enhance("http://127.0.0.1:9/dog.jpg", "-o", "out", "--fetch")

    assert (0, 4, 4) == (fitted, refused, fetched)
    assert "is a gif" in said
    assert "not public" in why or "127.0.0.1" in why
    assert 1 == taggers_emulator.billed


def _gif() -> bytes:
    file = io.BytesIO()
    Pillow.new("RGB", (64, 48), "red").save(file, "GIF")
    return file.getvalue()
