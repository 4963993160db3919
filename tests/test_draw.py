"""Drawings: boxes where they belong, labels that can be read, and every tag in the list."""

from __future__ import annotations

import io
import itertools
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image as Pillow
from PIL import ImageColor

from taggers import BoundingBox, Image, Provenance, Region, Result, Tag, errors
from taggers.draw import COLOURS, draw
from taggers.draw._boxes import Mark, Rectangle, places
from taggers.draw._font import Fonts
from taggers.draw._panel import AMBER, FAINT

UNDRAWABLE = "\ufdd0"
"""A code point that is never a character, so that no font has a glyph for it."""


def picture(
    size: tuple[int, int] = (600, 400), colour: str = "black", kind: str = "PNG", **options: Any
) -> Image:
    file = io.BytesIO()
    Pillow.new("RGB", size, colour).save(file, kind, **options)
    return Image.from_bytes(file.getvalue(), source="made.png")


def result(*tags: Tag, provider: str = "example", emulated: bool = False) -> Result:
    return Result(
        provider=provider,
        image=picture().facts,
        tags=tags,
        provenance=Provenance(plugin=provider, emulated=emulated),
    )


def boxed(name: str, *box: float, unit: Any = "px", confidence: float | None = 0.5) -> Tag:
    return Tag(name, confidence, regions=(Region(BoundingBox(*box, unit), confidence),))


def drawn(image: Image, said: Result, **options: Any) -> Pillow.Image:
    with Pillow.open(io.BytesIO(draw(image, said, **options))) as sheet:
        sheet.load()
        return sheet


def painted(sheet: Pillow.Image, colours: Iterable[str]) -> tuple[int, int, int, int] | None:
    """The smallest rectangle around all pixels of these colours."""
    wanted = {ImageColor.getrgb(colour) for colour in colours}
    mask = Pillow.new("1", sheet.size)
    pixels, marked = sheet.load(), mask.load()
    assert pixels is not None
    assert marked is not None
    for x in range(sheet.width):
        for y in range(sheet.height):
            if pixels[x, y] in wanted:
                marked[x, y] = 1
    return mask.getbbox()


def count(sheet: Pillow.Image, colour: str) -> int:
    found = {rgb: number for number, rgb in sheet.getcolors(sheet.width * sheet.height) or []}
    return found.get(ImageColor.getrgb(colour), 0)


def run(program: str, **environment: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
        env=environment or None,
    )
    return done.stdout


# The picture


@pytest.mark.parametrize(
    ("size", "height"),
    [
        ((600, 400), 400),
        ((3200, 1600), 800),  # made smaller, to 1600 px
        ((240, 200), 400),  # made larger, to 480 px
        ((1, 1), 480),
        ((60, 6000), 1600),  # cannot be made wider, and stands on a ground that is
    ],
)
def test_the_picture_is_brought_to_a_size_that_can_be_looked_at(
    size: tuple[int, int], height: int
) -> None:
    sheet = drawn(picture(size), result(Tag("one")))

    assert ("PNG", height) == (sheet.format, sheet.height)
    assert 480 < sheet.width < 2200


def test_the_picture_itself_is_not_changed_where_there_is_nothing_to_mark(photos: Path) -> None:
    image = Image.open(photos / "rocket.jpg")

    sheet = drawn(image, result(Tag("rocket", 0.9)))

    with Pillow.open(photos / "rocket.jpg") as photo:
        assert photo.tobytes() == sheet.crop((0, 0, *photo.size)).tobytes()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_a_picture_that_lies_on_its_side_is_drawn_upright(kind: str) -> None:
    exif = Pillow.Exif()
    exif[0x0112] = 6
    said = result(boxed("top", 100, 0, 300, 100))

    sheet = drawn(picture((600, 500), kind=kind, exif=exif), said)

    assert drawn(picture((500, 600)), said).tobytes() == sheet.tobytes()


def test_what_is_transparent_is_drawn_white() -> None:
    file = io.BytesIO()
    Pillow.new("RGBA", (600, 400), (255, 0, 0, 0)).save(file, "PNG")

    sheet = drawn(Image.from_bytes(file.getvalue()), result())

    assert (255, 255, 255) == sheet.getpixel((10, 10))


@pytest.mark.parametrize(
    ("image", "reason"),
    [
        (Image.from_url("https://example.com/cat.jpg"), "save the picture and name"),
        (Image.from_bytes((picture().content or b"")[:-40], source="cut.png"), r"cut\.png cannot"),
        (picture((9000, 9000)), "more than 64 million pixels"),
    ],
)
def test_what_cannot_be_drawn_on_is_refused(image: Image, reason: str) -> None:
    with pytest.raises(errors.UnsupportedImage, match=reason):
        draw(image, result())


# Boxes


@pytest.mark.parametrize(
    ("size", "box", "unit", "edges"),
    [
        ((600, 400), (150, 200, 300, 100), "px", (150, 200, 450, 300)),
        ((600, 400), (0.25, 0.5, 0.5, 0.25), "relative", (150, 200, 450, 300)),
        ((3200, 1600), (800, 400, 1600, 400), "px", (400, 200, 1200, 400)),
        ((240, 200), (60, 100, 120, 50), "px", (120, 200, 360, 300)),
        ((600, 400), (-50, 200, 200, 500), "px", (0, 200, 150, 400)),  # over two edges
    ],
)
def test_a_box_stands_where_the_provider_saw_the_thing(
    size: tuple[int, int],
    box: tuple[float, float, float, float],
    unit: str,
    edges: tuple[int, int, int, int],
) -> None:
    sheet = drawn(picture(size), result(boxed("x", *box, unit=unit)))

    width = min(max(size[0], 480), 1600)
    found = painted(sheet.crop((0, 0, width, sheet.height)), COLOURS)
    assert found is not None
    # The label stands on the box's upper edge.
    assert (edges[0], *edges[2:]) == pytest.approx((found[0], *found[2:]), abs=2)
    assert edges[1] - 40 <= found[1] < edges[1]


def test_a_box_outside_the_picture_is_not_drawn_but_its_tag_is_listed() -> None:
    sheet = drawn(picture(), result(boxed("gone", 700, 50, 20, 20)))

    assert None is painted(sheet.crop((0, 0, 600, 400)), COLOURS)
    assert None is not painted(sheet, COLOURS)


@pytest.mark.parametrize("box", [(300, 200, 0, 0), (600, 400, 0, 0), (310, 210, -10, -10)])
def test_a_box_without_an_area_is_still_seen(box: tuple[float, float, float, float]) -> None:
    sheet = drawn(picture(), result(boxed("spot", *box)))

    assert None is not painted(sheet.crop((0, 0, 600, 400)), COLOURS)


def test_of_boxes_that_cover_each_other_all_are_seen() -> None:
    names = [f"name {number}" for number in range(4)]

    sheet = drawn(picture(), result(*(boxed(name, 100, 100, 300, 200) for name in names)))

    edge = sheet.crop((100, 240, 130, 241))
    assert 4 == sum(painted(edge, [colour]) is not None for colour in COLOURS)


# Colours


def test_sixteen_names_have_sixteen_colours() -> None:
    tags = [boxed(f"name {number}", 10 * number, 10, 50, 50) for number in range(16)]

    sheet = drawn(picture(), result(*tags))

    listed = sheet.crop((600, 0, sheet.width, sheet.height))
    assert 16 == sum(count(listed, colour) > 0 for colour in COLOURS)


def test_more_names_than_colours_are_drawn_all_the_same() -> None:
    tags = [boxed(f"name {number}", 10 * number, 10, 50, 50) for number in range(40)]

    sheet = drawn(picture(), result(*tags))

    assert all(count(sheet, colour) for colour in COLOURS)


def test_a_name_keeps_its_colour_in_every_run() -> None:
    program = """
import hashlib
from pathlib import Path
from taggers import BoundingBox, Image, Provenance, Region, Result, Tag
from taggers.draw import draw
image = Image.open("examples/photos/cat.jpg")
tags = tuple(Tag(name, 0.5, regions=(Region(BoundingBox(50, 50, 90, 90)),)) for name in "abcdef")
said = Result(provider="x", image=image.facts, tags=tags, provenance=Provenance(plugin="x"))
print(hashlib.sha256(draw(image, said)).hexdigest())
"""

    runs = {run(program, PYTHONHASHSEED=seed) for seed in ("1", "2")}

    assert 1 == len(runs)


# Labels


FIELD = (600, 400)


def mark(left: float, top: float, right: float, bottom: float, text: str = "cat 97%") -> Mark:
    return Mark(Rectangle(left, top, right, bottom), Fonts().words([text], 16), "#800000")


def test_a_label_stands_above_its_box() -> None:
    seen = mark(100, 100, 300, 200)

    (place,) = places([seen], FIELD)

    assert (100, 100) == (place.left, place.bottom)


def test_no_label_leaves_the_picture() -> None:
    at_edges = [mark(x, y, x + 40, y + 30) for x in (-20, 300, 580) for y in (-20, 200, 390)]

    found = [place for seen in at_edges for place in places([seen], FIELD)]

    assert all(0 <= place.left and place.right <= FIELD[0] for place in found)
    assert all(0 <= place.top and place.bottom <= FIELD[1] for place in found)


@pytest.mark.parametrize("number", [2, 12, 60])
def test_labels_of_the_same_box_do_not_hide_each_other(number: int) -> None:
    found = places([mark(200, 100, 400, 300)] * number, FIELD)

    assert number == len(found)
    assert not any(one.meets(other) for one, other in itertools.combinations(found, 2))


def test_where_there_is_no_room_a_label_still_stands_at_its_box() -> None:
    found = places([mark(200, 100, 400, 300)] * 300, FIELD)

    assert 300 == len(found)
    assert found[0] == found[-1]


@pytest.mark.parametrize("text", ["cat 97%", "eye", "a thing of three 5%"])
def test_a_label_with_room_for_all_of_it_is_not_cut(text: str) -> None:
    seen = mark(100.1, 100, 300, 200, text)

    (place,) = places([seen], FIELD)

    assert text == seen.label.within(place.right - place.left - 2 * seen.pad).text


def test_words_are_cut_where_they_do_not_fit() -> None:
    words = Fonts().words(["a very long name"], 16)

    cut = words.within(words.width / 2)

    assert cut.text.startswith("a very")
    assert cut.text.endswith("...")
    assert cut.width <= words.width / 2 + 1
    assert "" == words.within(2).text


def test_a_label_that_is_too_long_is_cut_to_the_picture() -> None:
    sheet = drawn(picture(), result(boxed("word " * 100, 100, 100, 300, 200)))

    found = painted(sheet.crop((0, 0, 600, 400)), COLOURS)
    assert found is not None
    assert found[2] <= 600


def test_a_region_without_a_confidence_shows_its_tags() -> None:
    box = BoundingBox(100, 100, 300, 200)

    bare = draw(picture(), result(Tag("cat", 0.7, regions=(Region(box),))))

    assert bare == draw(picture(), result(Tag("cat", 0.7, regions=(Region(box, 0.7),))))


# The list


def test_every_tag_is_listed_however_many_there_are() -> None:
    tags = [Tag(f"tag {number}", 1.0) for number in range(150)]

    sheet = drawn(picture(), result(*tags))

    few = drawn(picture(), result(*tags[:30]))
    per_column = few.width - 600
    assert sheet.height == few.height
    assert 5 * per_column == pytest.approx(sheet.width - 600, abs=60)


def test_a_confidence_has_a_bar_as_long_as_it_is_large() -> None:
    lengths = []
    for confidence in (0.0, 0.5, 1.0):
        sheet = drawn(picture(), result(Tag("same", confidence)))
        lengths.append(count(sheet, FAINT))

    assert lengths[0] > lengths[1] > lengths[2]
    assert lengths[0] - lengths[1] == pytest.approx(lengths[1] - lengths[2], rel=0.1)


def test_no_confidence_has_no_bar() -> None:
    without = drawn(picture(), result(Tag("same", None)))

    with_none_reached = drawn(picture(), result(Tag("same", 0.0)))
    assert count(without, FAINT) < count(with_none_reached, FAINT) / 4


def test_no_tags_is_said() -> None:
    silent, tagged = drawn(picture(), result()), drawn(picture(), result(Tag("no tags")))

    assert silent.height == tagged.height
    assert {(31, 35, 40)} <= {rgb for _, rgb in silent.crop((600, 60, 900, 120)).getcolors() or []}


def test_an_emulated_answer_says_so() -> None:
    true = drawn(picture(), result(Tag("cat", 0.9)))
    emulated = drawn(picture(), result(Tag("cat", 0.9), emulated=True))

    assert (0, True) == (count(true, AMBER), count(emulated, AMBER) > 100)


def test_the_providers_name_is_the_heading() -> None:
    one = drawn(picture(), result(provider="huawei-tagging-v2"))
    other = drawn(picture(), result(provider="tencent-detect-label"))

    assert one.crop((600, 0, 850, 45)).tobytes() != other.crop((600, 0, 850, 45)).tobytes()


# Fonts


def test_a_text_that_no_font_can_draw_is_replaced_by_another_language() -> None:
    tag = Tag(UNDRAWABLE, 0.5, names={"xx": UNDRAWABLE, "en": "cat"})

    assert draw(picture(), result(Tag("cat", 0.5))) == draw(picture(), result(tag))


def test_without_another_language_the_error_names_the_text_and_the_mend() -> None:
    with pytest.raises(errors.LocalResourceError) as caught:
        draw(picture(), result(Tag(f"cat {UNDRAWABLE}", 0.5)))

    assert "\\ufdd0" in str(caught.value)
    assert "--font FILE" in str(caught.value)
    assert "fonts-noto-cjk" in str(caught.value)


def test_half_a_surrogate_pair_can_be_drawn_by_no_font() -> None:
    with pytest.raises(errors.LocalResourceError, match="no font"):
        draw(picture(), result(boxed("\ud800", 1, 1, 50, 50)))


def test_control_characters_and_line_breaks_do_not_show() -> None:
    odd = Tag("tabby\n\u200bcat\u202e", 0.5)

    assert draw(picture(), result(Tag("tabby cat", 0.5))) == draw(picture(), result(odd))


@pytest.fixture
def chinese() -> str:
    try:
        words = Fonts().words(["猫狗眼睛"], 16)
    except errors.LocalResourceError:
        pytest.skip("no font on this machine has Chinese glyphs")
    assert isinstance(words.font.path, str)
    return words.font.path


def test_chinese_is_drawn_with_its_glyphs(chinese: str) -> None:
    cat, dog = draw(picture(), result(Tag("猫"))), draw(picture(), result(Tag("狗")))

    assert cat != dog


def test_chinese_labels_are_drawn_too(chinese: str) -> None:
    sheet = drawn(picture(), result(boxed("眼睛", 100, 100, 200, 200, confidence=0.93)))

    assert None is not painted(sheet.crop((100, 70, 200, 100)), COLOURS)


@pytest.mark.parametrize("way", ["argument", "variable"])
def test_a_chosen_font_comes_before_pillows_own(
    chinese: str, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = result(Tag("cat", 0.5))
    if way == "variable":
        monkeypatch.setenv("TAGGERS_FONT", chinese)

    chosen = draw(picture(), said, font=chinese if way == "argument" else None)

    monkeypatch.delenv("TAGGERS_FONT", raising=False)
    assert chosen != draw(picture(), said)


@pytest.mark.parametrize("way", ["argument", "variable"])
def test_a_chosen_font_that_is_none_is_an_error(
    way: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad = tmp_path / "letter.ttf"
    bad.write_text("Dear reader")
    if way == "variable":
        monkeypatch.setenv("TAGGERS_FONT", str(bad))

    with pytest.raises(errors.LocalResourceError, match=r"letter\.ttf is no font"):
        draw(picture(), result(), font=str(bad) if way == "argument" else None)


# Pillow


def test_without_pillow_the_error_says_how_to_install_it() -> None:
    said = run("""
import sys
sys.modules["PIL"] = None
from taggers import Image, Provenance, Result, errors
from taggers.draw import draw
image = Image.open("examples/photos/cat.jpg")
try:
    draw(image, Result(provider="x", image=image.facts, provenance=Provenance(plugin="x")))
except errors.LocalResourceError as error:
    print(error)
""")

    assert "pip install 'taggers[image]'" in said


def test_drawing_is_imported_without_pillow() -> None:
    assert "False\n" == run("import sys, taggers.draw; print('PIL' in sys.modules)")
