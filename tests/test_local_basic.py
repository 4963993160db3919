"""local-basic: what it says is true of the picture, and it says so of any picture."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image as Pillow
from PIL import ImageDraw, ImageFilter, ImageOps
from taggers_local import basic
from taggers_local._colours import oklab, word
from taggers_local._words import CHINESE, PALETTE
from webcolors import name_to_rgb

from taggers import Image, Options, Result, Tag, Tagger, errors
from taggers.plugin import Settings, Work

PROPERTIES = {"colour", "tone", "brightness", "contrast", "sharpness", "orientation"}


@pytest.fixture(scope="module")
def tagger() -> Iterator[Tagger]:
    with Tagger("local-basic") as tagger:
        yield tagger


def encoded(picture: Pillow.Image, kind: str = "PNG", **options: Any) -> bytes:
    file = io.BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()


def plain(colour: str, size: tuple[int, int] = (60, 40)) -> Pillow.Image:
    return Pillow.new("RGB", size, colour)


def names(result: Result, category: str | None = None) -> list[str]:
    return [tag.name for tag in result if category in (None, *tag.category)]


def find(result: Result, name: str) -> Tag:
    return next(tag for tag in result if tag.name == name)


def run(program: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60
    )
    return done.stdout


@pytest.mark.parametrize(
    ("photo", "said"),
    [
        (
            "astronaut",
            "light grey, black, orange, grey, brown, dark red, dark grey, "
            "high contrast, sharp, square",
        ),
        ("boats", "dark grey, beige, grey, sepia, high contrast, sharp, landscape format"),
        ("cat", "brown, light brown, grey, rosy brown, sharp, landscape format"),
        (
            "coffee",
            "brown, orange, dark red, light brown, red, black, tan, sharp, landscape format",
        ),
        (
            "flower",
            "beige, dark grey, black, grey, sepia, bright, high contrast, sharp, portrait format",
        ),
        ("galaxies", "black, dark, sharp, landscape format"),
        ("grass", "dark grey, grey, greyscale, sharp, square"),
        ("rocket", "dark blue, steel blue, dark grey, black, dark, sharp, landscape format"),
    ],
)
def test_what_is_said_of_each_photograph(
    tagger: Tagger, photos: Path, photo: str, said: str
) -> None:
    result = tagger.tag(photos / f"{photo}.jpg")

    # Colours of nearly the same share may change places with another version of a JPEG decoder.
    assert sorted(said.split(", ")) == sorted(names(result))
    assert said.split(", ")[0] == result.tags[0].name


def test_every_tag_is_a_property_with_a_category_a_confidence_and_two_names(
    tagger: Tagger, photos: Path
) -> None:
    results = [tagger.tag(photo) for photo in sorted(photos.glob("*.jpg"))]

    tags = [tag for result in results for tag in result]
    assert {"property"} == {tag.kind for tag in tags}
    assert PROPERTIES == {tag.category[0] for tag in tags}
    assert all(0 <= tag.confidence <= 1 for tag in tags if tag.confidence is not None)
    assert all(tag.names == {"en": tag.name, "zh": CHINESE[tag.name]} for tag in tags)
    assert {()} == {result.warnings for result in results}


def test_the_same_bytes_are_given_the_same_answer(tagger: Tagger, photos: Path) -> None:
    content = (photos / "cat.jpg").read_bytes()

    first, second = tagger.tag(content), tagger.tag(content)

    assert (first.tags, first.raw) == (second.tags, second.raw)


def test_names_come_in_chinese_where_that_is_asked_for(tagger: Tagger, photos: Path) -> None:
    result = tagger.tag(photos / "galaxies.jpg", language="zh")

    assert ["黑色", "昏暗", "清晰", "横幅"] == names(result)
    assert ("颜色",) == result.tags[0].category
    assert () == result.warnings


def test_every_word_has_a_chinese_one() -> None:
    assert set() == set(PALETTE) - set(CHINESE)
    assert set() == PROPERTIES - set(CHINESE)
    assert len(CHINESE) == len(set(CHINESE.values()))


# Colours


@pytest.mark.parametrize("name", PALETTE)
def test_a_css_colour_is_called_by_the_word_that_covers_it(name: str) -> None:
    said = {word(tuple(name_to_rgb(css))) for css in PALETTE[name]}

    assert {name} == said


@pytest.mark.parametrize(
    ("rgb", "said"),
    [
        ((60, 40, 25), "brown"),  # a shadow on wood: nearer to dark grey by lightness
        ((40, 60, 100), "dark blue"),
        ((30, 45, 20), "dark green"),
        ((205, 95, 40), "orange"),
        ((235, 225, 205), "beige"),
        ((8, 8, 16), "black"),
        ((120, 122, 125), "grey"),
    ],
)
def test_muted_colours_are_called_as_people_call_them(rgb: tuple[int, int, int], said: str) -> None:
    assert said == word(rgb)


def test_oklab_has_the_values_that_its_author_publishes() -> None:
    white, red = oklab((255, 255, 255)), oklab((255, 0, 0))

    assert (1, 0, 0) == pytest.approx((white.lightness, white.a, white.b), abs=1e-4)
    assert (0.628, 0.225, 0.126) == pytest.approx((red.lightness, red.a, red.b), abs=1e-3)


def test_a_colours_confidence_is_its_share_of_the_pixels(tagger: Tagger) -> None:
    picture = plain("blue", (100, 100))
    picture.paste("red", (0, 0, 25, 100))

    result = tagger.tag(encoded(picture))

    colours = {tag.name: tag.confidence for tag in result if tag.category == ("colour",)}
    assert {"blue": 0.75, "red": 0.25} == colours


def test_shades_with_one_name_become_one_tag(tagger: Tagger) -> None:
    picture = plain("navy", (100, 100))
    picture.paste("midnightblue", (0, 0, 50, 100))

    result = tagger.tag(encoded(picture))

    assert [("dark blue", 1.0)] == [
        (tag.name, tag.confidence) for tag in result if tag.category == ("colour",)
    ]


def test_a_colour_of_less_than_a_twentieth_is_not_named(tagger: Tagger) -> None:
    picture = plain("white", (100, 100))
    picture.paste("red", (0, 0, 4, 100))

    result = tagger.tag(encoded(picture))

    assert ["white"] == names(result, "colour")
    assert {"name": "red", "share": 0.04} in result.raw["colours"]


# Tone


def toned(photo: Path, black: str, white: str) -> bytes:
    with Pillow.open(photo) as picture:
        return encoded(ImageOps.colorize(picture.convert("L"), black, white))


@pytest.mark.parametrize(
    ("black", "white", "said"),
    [
        ("black", "white", ["greyscale"]),
        ("#201409", "#f0e4d0", ["sepia"]),
        ("#001430", "#dceaff", ["monochrome"]),  # a cyanotype
    ],
)
def test_a_toned_print_is_recognised_by_its_tone(
    tagger: Tagger, photos: Path, black: str, white: str, said: list[str]
) -> None:
    result = tagger.tag(toned(photos / "cat.jpg", black, white))

    assert said == names(result, "tone")


def test_a_small_spot_of_colour_makes_a_grey_picture_coloured(tagger: Tagger, photos: Path) -> None:
    with Pillow.open(photos / "grass.jpg") as photo:
        picture = photo.convert("RGB")
    ImageDraw.Draw(picture).ellipse((200, 200, 290, 290), fill="red")

    result = tagger.tag(encoded(picture))

    assert [] == names(result, "tone")


def test_two_flat_colours_are_not_one_tone(tagger: Tagger) -> None:
    picture = plain("yellow", (100, 100))
    picture.paste("blue", (0, 0, 50, 100))

    result = tagger.tag(encoded(picture))

    assert [] == names(result, "tone")


def test_a_brown_wall_is_no_sepia_photograph(tagger: Tagger) -> None:
    result = tagger.tag(encoded(plain("tan")))

    assert ["monochrome"] == names(result, "tone")


# Brightness, contrast, sharpness, format


@pytest.mark.parametrize(
    ("colour", "said"),
    [
        ("#000000", ["dark"]),
        ("#303030", ["dark"]),
        ("#555555", ["dim"]),
        ("#808080", []),
        ("#c0c0c0", ["bright"]),
        ("#ffffff", ["bright"]),
        ("red", []),  # whose luma is low, but it does not look dark
    ],
)
def test_brightness_follows_what_is_seen(tagger: Tagger, colour: str, said: list[str]) -> None:
    result = tagger.tag(encoded(plain(colour)))

    assert said == names(result, "brightness")


def test_fog_has_low_contrast_and_a_chessboard_has_high(tagger: Tagger, photos: Path) -> None:
    with Pillow.open(photos / "boats.jpg") as photo:
        fog = Pillow.blend(photo, Pillow.new("RGB", photo.size, "lightgrey"), 0.75)
    board = plain("white", (64, 64))
    for square in range(0, 64, 2):
        row, column = divmod(square, 8)
        column += row % 2
        board.paste("black", (column * 8, row * 8, column * 8 + 8, row * 8 + 8))

    misty, stark = tagger.tag(encoded(fog)), tagger.tag(encoded(board))

    assert ["low contrast"] == names(misty, "contrast")
    assert ["high contrast"] == names(stark, "contrast")
    assert 0.9 < (find(stark, "high contrast").confidence or 0)


@pytest.mark.parametrize("photo", ["astronaut", "boats", "cat", "coffee", "flower", "rocket"])
def test_a_photograph_out_of_focus_is_blurred(tagger: Tagger, photos: Path, photo: str) -> None:
    with Pillow.open(photos / f"{photo}.jpg") as picture:
        soft = picture.filter(ImageFilter.GaussianBlur(3))

    result = tagger.tag(encoded(soft))

    assert ["blurred"] == names(result, "sharpness")


def test_a_plain_picture_is_neither_sharp_nor_blurred(tagger: Tagger) -> None:
    result = tagger.tag(encoded(plain("teal")))

    assert [] == names(result, "sharpness")
    assert None is result.raw["acuity"]


@pytest.mark.parametrize(
    ("size", "said"),
    [
        ((400, 300), "landscape format"),
        ((300, 400), "portrait format"),
        ((300, 300), "square"),
        ((306, 300), "square"),
        ((800, 400), "panorama"),
        ((100, 3000), "portrait format"),
        ((1, 1), "square"),
        ((10_000, 1), "panorama"),
    ],
)
def test_the_format_is_counted(tagger: Tagger, size: tuple[int, int], said: str) -> None:
    result = tagger.tag(encoded(plain("teal", size)))

    assert [(said, None)] == [
        (tag.name, tag.confidence) for tag in result if tag.category == ("orientation",)
    ]


# Any picture


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_a_picture_that_lies_on_its_side_is_put_upright(tagger: Tagger, kind: str) -> None:
    exif = Pillow.Exif()
    exif[0x0112] = 6

    result = tagger.tag(encoded(plain("red"), kind, exif=exif))

    assert ["portrait format"] == names(result, "orientation")


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "BMP", "WEBP", "TIFF"])
@pytest.mark.parametrize("mode", ["RGB", "CMYK", "P", "RGBA"])
def test_the_answer_hangs_on_the_picture_and_not_on_its_encoding(
    tagger: Tagger, photos: Path, kind: str, mode: str
) -> None:
    with Pillow.open(photos / "rocket.jpg") as photo:
        picture = photo.convert(mode)
    if (kind, mode) not in {("JPEG", "CMYK"), ("TIFF", "CMYK"), ("PNG", "P"), ("PNG", "RGBA")}:
        picture = picture.convert("RGB")

    result = tagger.tag(encoded(picture, kind))

    said = ["dark blue", "steel blue", "dark grey", "black", "dark", "sharp", "landscape format"]
    assert said == names(result)


@pytest.mark.parametrize("mode", ["L", "LA", "1"])
def test_greyscale_modes_are_read(tagger: Tagger, photos: Path, mode: str) -> None:
    with Pillow.open(photos / "rocket.jpg") as photo:
        picture = photo.convert(mode)

    result = tagger.tag(encoded(picture))

    assert ["dark grey", "black", "greyscale", "dark"] == names(result)[:4]


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_sixteen_bits_are_scaled_and_not_cut_off(tagger: Tagger, photos: Path, kind: str) -> None:
    with Pillow.open(photos / "rocket.jpg") as photo:
        grey = photo.convert("L")
    deep = grey.convert("I").point(lambda level: level * 257 + 0).convert("I;16")

    shallow, result = tagger.tag(encoded(grey)), tagger.tag(encoded(deep, kind))

    assert names(shallow) == names(result)
    assert shallow.raw["lightness"] == pytest.approx(result.raw["lightness"], abs=0.01)


def test_what_is_transparent_counts_as_white(tagger: Tagger) -> None:
    clear = Pillow.new("RGBA", (50, 50), (255, 0, 0, 0))
    keyed = Pillow.new("P", (50, 50), 0)
    keyed.putpalette([0, 0, 255])

    results = [tagger.tag(encoded(clear)), tagger.tag(encoded(keyed, transparency=0))]

    assert [["white"], ["white"]] == [names(result, "colour") for result in results]


def test_of_half_transparent_pixels_the_blend_counts(tagger: Tagger) -> None:
    veil = Pillow.new("RGBA", (50, 50), (0, 0, 0, 128))

    result = tagger.tag(encoded(veil))

    assert ["grey"] == names(result, "colour")


@pytest.mark.parametrize("kind", ["GIF", "PNG", "WEBP", "TIFF"])
def test_of_several_frames_the_first_is_looked_at(tagger: Tagger, kind: str) -> None:
    frames = encoded(plain("red"), kind, save_all=True, append_images=[plain("blue")])

    result = tagger.tag(frames)

    assert ["red"] == names(result, "colour")


def test_broken_exif_does_not_matter(tagger: Tagger) -> None:
    content = encoded(plain("red"), exif=b"Exif\0\0this is no EXIF")

    result = tagger.tag(content)

    assert ["red"] == names(result, "colour")


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "BMP", "WEBP", "TIFF"])
def test_a_picture_cut_short_is_refused(tagger: Tagger, photos: Path, kind: str) -> None:
    with Pillow.open(photos / "rocket.jpg") as photo:
        content = encoded(photo, kind)

    with pytest.raises(errors.UnsupportedImage, match="damaged or cut short"):
        tagger.tag(content[: len(content) // 2])


@pytest.mark.parametrize("edge_px", [8_100, 10_000, 20_000])
def test_a_decompression_bomb_is_refused_before_it_is_decoded(tagger: Tagger, edge_px: int) -> None:
    bomb = encoded(Pillow.new("1", (edge_px, edge_px)))

    with pytest.raises(errors.ImageDimensions, match="at most 64,000,000 pixels"):
        tagger.tag(bomb)


def test_measurements_are_no_colours(tagger: Tagger) -> None:
    with pytest.raises(errors.UnsupportedImage, match="floating-point"):
        tagger.tag(encoded(Pillow.new("F", (20, 20)), "TIFF"))


def test_the_message_names_the_picture(tagger: Tagger, tmp_path: Path) -> None:
    broken = tmp_path / "holiday.png"
    broken.write_bytes(encoded(plain("red"))[:60])

    with pytest.raises(errors.UnsupportedImage, match=r"holiday\.png"):
        tagger.tag(broken)


def test_a_url_is_not_fetched(tagger: Tagger) -> None:
    with pytest.raises(errors.NotSupported, match="save the picture first"):
        tagger.tag("https://example.com/cat.jpg")


# The two halves


def test_looking_is_work_for_a_thread_and_reading_takes_what_it_returns(photos: Path) -> None:
    image = Image.open(photos / "galaxies.jpg")
    steps = basic.PROVIDER.job(image, Options(), Settings({}), "")

    work = next(steps)
    assert isinstance(work, Work)
    body = work.call()
    with pytest.raises(StopIteration) as stopped:
        steps.send(body)

    assert body is stopped.value.value
    assert "black" == next(iter(basic.read(body))).name


def test_a_stored_answer_is_read_again_without_pillow_and_webcolors(
    tagger: Tagger, photos: Path
) -> None:
    result = tagger.tag(photos / "cat.jpg")

    said = run(f"""
import json, sys
sys.modules["PIL"] = sys.modules["webcolors"] = None
from taggers_local.basic import read
print([tag.name for tag in read(json.loads({json.dumps(result.raw)!r}))])
""")

    assert f"{names(result)}\n" == said


def test_a_stored_answer_with_a_word_of_another_version_is_still_read(
    tagger: Tagger, photos: Path
) -> None:
    body = tagger.tag(photos / "cat.jpg").raw
    body["colours"][0]["name"] = "tabby"

    tag = next(iter(basic.read(body)))

    assert ("tabby", {"en": "tabby"}) == (tag.name, tag.names)


@pytest.mark.parametrize(
    ("lightness", "said"),
    [
        (0.0, [("dark", 1.0)]),
        (0.3799, [("dark", 0.5001)]),
        (0.38, [("dim", 0.5)]),
        (0.44, [("dim", 1.0)]),
        (0.4999, [("dim", 0.5008)]),
        (0.5, []),
        (0.73, []),
        (0.7301, [("bright", 0.5002)]),
        (1.0, [("bright", 1.0)]),
    ],
)
def test_a_confidence_runs_from_a_half_at_the_threshold_to_one_at_the_end(
    tagger: Tagger, photos: Path, lightness: float, said: list[tuple[str, float]]
) -> None:
    body = {**tagger.tag(photos / "cat.jpg").raw, "lightness": lightness}

    tags = [tag for tag in basic.read(body) if tag.category == ("brightness",)]

    assert said == [(tag.name, tag.confidence) for tag in tags]


@pytest.mark.parametrize("library", ["PIL", "webcolors"])
def test_a_missing_library_is_named_with_the_command_that_installs_it(
    photos: Path, library: str
) -> None:
    said = run(f"""
import sys
sys.modules[{library!r}] = None
from taggers import Tagger, errors
try:
    Tagger("local-basic").tag({str(photos / "cat.jpg")!r})
except errors.LocalResourceError as error:
    print(error)
""")

    assert "pip install 'taggers[local]'" in said
    assert library in said


def test_the_plugin_is_cheap_until_a_picture_is_looked_at() -> None:
    said = run("""
import sys
from taggers_local import taggers_providers
taggers_providers()
print([name for name in ("PIL", "webcolors") if name in sys.modules])
""")

    assert "[]\n" == said
