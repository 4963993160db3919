"""Pictures are made to fit their provider, and boxes come back in the original's frame."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image as Pillow
from PIL import ImageChops, ImageCms, ImageStat

from taggers import Frame, Image, Options, Result
from taggers._flow import Context, Flow, Send, call
from taggers._metadata import holds_any
from taggers._prepare import Fitted, fit, fits
from taggers._wire import Response
from taggers.errors import (
    ImageDimensions,
    InvalidInput,
    LocalResourceError,
    PayloadTooLarge,
    TaggersError,
    UnsupportedImage,
)
from taggers.plugin import (
    Accepts,
    BoundingBox,
    Provider,
    Region,
    Request,
    Tag,
    Work,
    evolve,
    fraction,
    sides,
)
from taggers.testing import png, settings

GREY, LIGHT = 60, 200
"""The background and the rectangle: far from black and white, so that no resampling is clipped."""
BOX = BoundingBox(64, 48, 192, 96)
"""Where the rectangle is in the upright picture of 480 × 320 px."""
WIDTH, HEIGHT = 480, 320
PLACE = b'{"found": [{"x": 1, "y": 2, "w": 3, "h": 4}]}'


def _read(body: Any) -> Iterator[Tag | Region]:
    for found in body["found"]:
        left, top, width, height = sides(found, "x", "y", "w", "h")
        place = Region(BoundingBox(left, top, width, height))
        yield Tag("rectangle", fraction(found.get("score")), regions=(place,))
        yield place


ACCEPTS = Accepts(formats=("jpeg", "png"), max_edge_px=2048, min_edge_px=10)
ACME = Provider(
    name="acme",
    title="Acme",
    vendor="Acme",
    request=lambda image, options, settings: Request(path="/", content=image.content),
    read=_read,
    accepts=ACCEPTS,
    endpoint="https://acme.example.com",
)


def _drawn(scale: int = 1) -> Pillow.Image:
    """The upright picture with its rectangle, so many times as large."""
    picture = Pillow.new("RGB", (WIDTH * scale, HEIGHT * scale), (GREY,) * 3)
    left, top = int(BOX.x) * scale, int(BOX.y) * scale
    size = int(BOX.width) * scale, int(BOX.height) * scale
    picture.paste((LIGHT,) * 3, (left, top, left + size[0], top + size[1]))
    return picture


LAID_DOWN = {
    1: None,
    2: Pillow.Transpose.FLIP_LEFT_RIGHT,
    3: Pillow.Transpose.ROTATE_180,
    4: Pillow.Transpose.FLIP_TOP_BOTTOM,
    5: Pillow.Transpose.TRANSPOSE,
    6: Pillow.Transpose.ROTATE_90,
    7: Pillow.Transpose.TRANSVERSE,
    8: Pillow.Transpose.ROTATE_270,
}
"""How the upright picture has to be turned so that each orientation turns it back."""


def _file(
    picture: Pillow.Image, format_: str, orientation: int = 1, *, gps: bool = False, **options: Any
) -> bytes:
    """The picture's file, lying as the EXIF orientation says."""
    exif, turn, made = Pillow.Exif(), LAID_DOWN[orientation], io.BytesIO()
    exif[0x0112] = orientation
    if gps:
        exif[0x010F] = "Camera of Alice"
        exif.get_ifd(0x8825)[1] = "N"
        exif.get_ifd(0x8825)[2] = (52.0, 31.0, 12.0)
    if orientation != 1 or gps:
        options["exif"] = exif
    lying = picture if turn is None else picture.transpose(turn)
    lying.save(made, format_, **options)
    return made.getvalue()


def _opened(content: bytes | None) -> Pillow.Image:
    return Pillow.open(io.BytesIO(content or b""))


def _seen(content: bytes) -> BoundingBox:
    """The rectangle in the picture as it lies in the file, to a fraction of a pixel."""
    picture = _opened(content).convert("L")
    width, height = picture.size
    across = list(picture.resize((width, 1), Pillow.Resampling.BOX).get_flattened_data())
    down = list(picture.resize((1, height), Pillow.Resampling.BOX).get_flattened_data())
    (left, breadth), (top, length) = _bump(across), _bump(down)
    return BoundingBox(left, top, breadth, length)


def _bump(levels: list[int]) -> tuple[float, float]:
    """Where the high part of a line of levels begins, and how long it is."""
    low, high = min(levels), max(levels)
    shares = [(level - low) / (high - low) for level in levels]
    half = [index for index, share in enumerate(shares) if share >= 0.5]
    first, last = half[0], half[-1]
    before = first - (shares[first] - 0.5) / (shares[first] - shares[first - 1]) + 0.5
    after = last + (shares[last] - 0.5) / (shares[last] - shares[last + 1]) + 0.5
    return before, after - before


def _flow(image: Image, provider: Provider = ACME, **options: Any) -> Flow:
    context = Context(now=lambda: 0.0, ticks=lambda: 0.0, roll=lambda: 0.0, nonce="n")
    return call(provider, image, Options(**options), settings(provider), context)


def _found(
    image: Image, provider: Provider, find: Callable[[bytes], BoundingBox] = _seen, **options: Any
) -> Result:
    """The result of a call to a provider that finds the rectangle in what it is sent."""
    flow = _flow(image, provider, **options)
    effect = next(flow)
    if isinstance(effect, Work):
        effect = flow.send(effect.call())
    assert isinstance(effect, Send)
    box = find(effect.prepared.body)
    body = f'{{"found": [{{"x": {box.x}, "y": {box.y}, "w": {box.width}, "h": {box.height}}}]}}'
    with pytest.raises(StopIteration) as stop:
        flow.send(Response(status=200, body=body.encode()))
    result: Result = stop.value.value
    return result


def _apart(one: BoundingBox, other: BoundingBox) -> float:
    """How far the edges of two boxes are apart at most."""
    pairs = (
        (one.x, other.x),
        (one.y, other.y),
        (one.x + one.width, other.x + other.width),
        (one.y + one.height, other.y + other.height),
    )
    return max(abs(first - second) for first, second in pairs)


@pytest.mark.parametrize("format_", ["jpeg", "png", "webp", "tiff", "avif"])
@pytest.mark.parametrize("max_edge_px", [480, 479, 333, 240, 237, 160])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_box_comes_back_in_the_originals_frame_to_half_a_pixel(
    orientation: int, max_edge_px: int, format_: str
) -> None:
    provider = evolve(ACME, accepts=evolve(ACCEPTS, max_edge_px=max_edge_px))
    image = Image.from_bytes(_file(_drawn(), format_, orientation))

    result = _found(image, provider)

    assert (WIDTH, HEIGHT) == (result.image.width, result.image.height)
    assert _apart(BOX, result.tags[0].regions[0].box) <= 0.5
    assert _apart(BOX, result.regions[0].box) <= 0.5
    assert () == result.warnings


@pytest.mark.parametrize("size", [(101, 67), (1001, 747), (997, 31), (31, 997), (513, 513)])
@pytest.mark.parametrize("max_edge_px", [50, 61, 63, 250, 500])
def test_a_box_over_the_whole_picture_is_that_of_the_whole_original(
    size: tuple[int, int], max_edge_px: int
) -> None:
    provider = evolve(ACME, accepts=Accepts(formats=("jpeg",), max_edge_px=max_edge_px))
    image = Image.from_bytes(_file(Pillow.new("RGB", size), "jpeg", 6))

    result = _found(image, provider, lambda sent: BoundingBox(0, 0, *_opened(sent).size))

    assert _apart(BoundingBox(0, 0, *size), result.regions[0].box) <= 1e-6
    assert () == result.warnings


@pytest.mark.parametrize("max_edge_px", [600, 479, 410])
@pytest.mark.parametrize("limits", [{"min_edge_px": 400}, {"max_aspect": 1.2}])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_box_comes_back_to_half_a_pixel_from_a_padded_picture(
    orientation: int, limits: dict[str, Any], max_edge_px: int
) -> None:
    provider = evolve(ACME, accepts=Accepts(formats=("jpeg",), max_edge_px=max_edge_px, **limits))
    content = _file(_drawn(), "jpeg", orientation)

    sent = fit(Image.from_bytes(content), provider.accepts)
    result = _found(Image.from_bytes(content), provider, _seen_left_of_white)

    assert "padded with white to" in " ".join(sent.notes)
    width, height = _opened(sent.image.content).size
    assert (width, height) == (sent.image.width, sent.image.height)
    assert "max_aspect" in limits or min(width, height) == 400
    assert (WIDTH, HEIGHT) == (result.image.width, result.image.height)
    assert _apart(BOX, result.regions[0].box) <= 0.5


def _seen_left_of_white(content: bytes) -> BoundingBox:
    picture = _opened(content).convert("L")
    inside = picture.point(lambda level: 255 * (level < 230)).getbbox()
    made = io.BytesIO()
    picture.crop(inside).save(made, "png")
    return _seen(made.getvalue())


def test_a_relative_box_of_a_padded_picture_is_one_of_the_original() -> None:
    content = _file(Pillow.new("RGB", (1080, 6000)), "jpeg")

    fitted = fit(Image.from_bytes(content), Accepts(formats=("jpeg",), max_aspect=5))
    restored = fitted.restored(Region(BoundingBox(0.1, 0.2, 0.8, 0.4, "relative")))

    assert ("padded with white to 1200 × 6000", "re-encoded as jpeg") == fitted.notes
    assert isinstance(restored, Region)
    assert restored.box.unit == "relative"
    assert _apart(BoundingBox(0.1 / 0.9, 0.2, 0.8 / 0.9, 0.4), restored.box) <= 1e-9


def test_relative_boxes_stay_as_they_are() -> None:
    box = BoundingBox(0.1, 0.2, 0.3, 0.4, "relative")

    restored = Fitted(Image("x"), frame=Frame(2, 2)).restored(Region(box))

    assert Region(box) == restored


def test_what_was_done_stands_in_the_provenance() -> None:
    provider = evolve(ACME, accepts=evolve(ACCEPTS, max_edge_px=400))
    content = _file(_drawn(), "webp", 6, gps=True)

    result = _found(Image.from_bytes(content), provider)

    assert (
        "turned upright",
        "resized from 480 × 320 to 400 × 267",
        "re-encoded from webp to jpeg",
        "metadata removed",
    ) == result.provenance.prepared
    assert ("webp", 480, 320) == (result.image.format, result.image.width, result.image.height)
    assert Image.from_bytes(content).sha256 == result.image.sha256
    assert result == Result.from_dict(result.to_dict())


@pytest.mark.parametrize("format_", ["jpeg", "png"])
def test_a_picture_that_is_fine_and_holds_no_metadata_is_sent_byte_for_byte(format_: str) -> None:
    image = Image.from_bytes(_file(_drawn(), format_))

    effect = next(_flow(image))

    assert isinstance(effect, Send)
    assert image.content == effect.prepared.body


def test_prepare_never_sends_the_bytes_as_they_are() -> None:
    image = Image.from_bytes(_file(_drawn(), "jpeg", 6, gps=True))

    effect = next(_flow(image, prepare="never"))

    assert isinstance(effect, Send)
    assert image.content == effect.prepared.body


def test_another_word_for_prepare_is_refused() -> None:
    with pytest.raises(InvalidInput, match="prepare must be 'auto' or 'never', not 'sometimes'"):
        Options(prepare="sometimes")  # type: ignore[arg-type]


def test_a_provider_on_this_machine_gets_the_picture_itself() -> None:
    image = Image.from_bytes(_file(_drawn(), "jpeg", 6, gps=True))
    seen: list[Image] = []

    def steps(picture: Image, *_: Any) -> Any:
        seen.append(picture)
        return (yield Work(lambda: {"found": []}))

    local = evolve(ACME, request=None, steps=steps, endpoint=None)
    next(_flow(image, local))

    assert [image] == seen


# Metadata.


@pytest.mark.parametrize("format_", ["jpeg", "png", "webp"])
def test_where_a_photo_was_taken_is_not_uploaded_and_no_pixel_changes(format_: str) -> None:
    accepts = evolve(ACCEPTS, formats=("jpeg", "png", "webp"))
    profile = b"\0" * 16 + b"RGB " + b"\0" * 200
    content = _file(
        _drawn(), format_, gps=True, comment="by Alice", icc_profile=profile, xmp=b"<x>Alice</x>"
    )

    fitted = fit(Image.from_bytes(content), accepts)

    sent = fitted.image.content or b""
    assert ("metadata removed",) == fitted.notes
    assert b"Alice" in content
    assert b"Alice" not in sent
    assert {} == dict(_opened(sent).getexif())
    assert profile == _opened(sent).info["icc_profile"]
    assert _opened(content).tobytes() == _opened(sent).tobytes()
    assert not holds_any(sent, format_)


def test_a_gifs_comment_is_not_uploaded_and_its_frames_are() -> None:
    plain = _special("gif")
    content = plain[:13] + plain[13:].replace(b"!\xf9", b"!\xfe\x05Alice\0!\xf9", 1)

    fitted = fit(Image.from_bytes(content), Accepts(formats=("gif",)))

    assert len(plain) + 9 == len(content)
    assert plain == fitted.image.content


@pytest.mark.parametrize("options", [{"progressive": True}, {"quality": 95, "subsampling": 0}])
def test_a_progressive_photograph_keeps_its_pixels(photos: Path, options: dict[str, Any]) -> None:
    content = _file(_opened((photos / "cat.jpg").read_bytes()), "jpeg", gps=True, **options)

    sent = fit(Image.from_bytes(content), ACCEPTS).image.content

    assert len(sent or b"") < len(content)
    assert _opened(content).tobytes() == _opened(sent).tobytes()


def test_a_picture_that_is_too_large_only_by_its_metadata_keeps_its_pixels() -> None:
    plain = _file(_drawn(), "jpeg")
    accepts = evolve(ACCEPTS, max_bytes=len(plain))

    fitted = fit(Image.from_bytes(_file(_drawn(), "jpeg", gps=True)), accepts)

    assert plain == fitted.image.content


@pytest.mark.parametrize("format_", ["jpeg", "png", "webp"])
def test_what_stands_after_a_pictures_end_is_not_uploaded(format_: str) -> None:
    content = _file(_drawn(), format_)
    accepts = evolve(ACCEPTS, formats=(format_,))

    fitted = fit(Image.from_bytes(content + b"a film, and where it was taken"), accepts)

    assert content == fitted.image.content


def test_the_second_picture_in_a_phones_jpeg_is_not_uploaded() -> None:
    made = io.BytesIO()
    _drawn().save(made, "mpo", save_all=True, append_images=[_drawn().resize((99, 99))])
    both = Image.from_bytes(made.getvalue())

    whole = fit(both, ACCEPTS)
    small = fit(both, evolve(ACCEPTS, max_edge_px=240))

    assert ("metadata removed",) == whole.notes
    assert "JPEG" == _opened(whole.image.content).format
    assert _opened(both.content).tobytes() == _opened(whole.image.content).tobytes()
    assert (240, 160) == _opened(small.image.content).size


@pytest.mark.parametrize("format_", ["tiff", "avif"])
def test_formats_whose_metadata_cannot_be_cut_out_are_written_anew(format_: str) -> None:
    accepts = evolve(ACCEPTS, formats=("jpeg", format_))

    fitted = fit(Image.from_bytes(_file(_drawn(), format_)), accepts)

    assert (f"re-encoded from {format_} to jpeg", "metadata removed") == fitted.notes


def test_metadata_that_is_asked_for_is_uploaded_also_with_a_turned_picture() -> None:
    lying = Image.from_bytes(_file(_drawn(), "jpeg", 6, gps=True))
    upright = Image.from_bytes(_file(_drawn(), "jpeg", gps=True))

    turned = fit(lying, ACCEPTS, keep_metadata=True)

    exif = _opened(turned.image.content).getexif()
    assert fits(upright, ACCEPTS, keep_metadata=True)
    assert ("turned upright", "re-encoded as jpeg") == turned.notes
    assert (1, "Camera of Alice") == (exif[0x0112], exif[0x010F])
    assert (52.0, 31.0, 12.0) == exif.get_ifd(0x8825)[2]


def test_any_prefix_and_any_flipped_byte_of_a_picture_is_fitted_or_refused() -> None:
    accepts = evolve(ACCEPTS, formats=("jpeg", "png", "webp"))
    for format_ in ("jpeg", "png", "webp", "tiff", "gif"):
        whole = _file(_drawn().resize((48, 32)), format_, gps=format_ != "gif")
        broken = [whole[:length] for length in range(0, len(whole), 11)]
        broken += [
            whole[:at] + bytes([whole[at] ^ 0xFF]) + whole[at + 1 :]
            for at in range(0, len(whole), 3)
        ]
        for content in broken:
            try:
                fit(Image.from_bytes(content), accepts)
                fit(Image.from_bytes(content), accepts, keep_metadata=True)
            except InvalidInput:
                continue


# Formats and colours.


def _special(kind: str) -> bytes:
    if kind == "gif":
        made = io.BytesIO()
        frames = [_drawn().quantize(2), Pillow.new("P", (WIDTH, HEIGHT))]
        frames[0].save(made, "gif", save_all=True, append_images=frames[1:])
        return made.getvalue()
    if kind == "CMYK":
        return _file(_drawn().convert("CMYK"), "jpeg")
    if kind == "16 bits":
        deep = _drawn().convert("L").convert("I").point(lambda level: level * 257)
        return _file(deep.convert("I;16"), "png")
    clear = _drawn().convert("RGBA")
    clear.putalpha(_drawn().convert("L").point(lambda level: 255 if level > 100 else 0))
    return _file(clear, "png")


@pytest.mark.parametrize(
    ("kind", "notes", "background"),
    [
        ("gif", ("re-encoded from the first frame of gif to jpeg",), GREY),
        ("CMYK", ("CMYK made RGB", "re-encoded as jpeg"), GREY),
        ("16 bits", ("16 bits a colour made 8", "re-encoded from png to jpeg"), GREY),
        ("alpha", ("transparency laid over white", "re-encoded from png to jpeg"), 255),
    ],
)
def test_unusual_pictures_are_written_as_plain_ones(
    kind: str, notes: tuple[str, ...], background: int
) -> None:
    fitted = fit(Image.from_bytes(_special(kind)), ACCEPTS)

    sent = _opened(fitted.image.content)
    levels = sent.getpixel((5, 5)), sent.getpixel((160, 96))
    assert notes == fitted.notes
    assert ("JPEG", "RGB") == (sent.format, sent.mode)
    assert all(
        abs(seen - level) <= 3
        for pixel, level in zip(levels, (background, LIGHT), strict=True)
        for seen in pixel  # type: ignore[union-attr]
    )


def test_heic_is_read_where_its_extra_is_installed() -> None:
    pillow_heif = pytest.importorskip("pillow_heif")
    made = io.BytesIO()
    pillow_heif.from_pillow(_drawn()).save(made, quality=90)

    result = _found(Image.from_bytes(made.getvalue()), ACME)

    assert ("re-encoded from heic to jpeg", "metadata removed") == result.provenance.prepared
    assert _apart(BOX, result.regions[0].box) <= 0.5


WITHOUT_HEIF = """
import sys
sys.modules["pillow_heif"] = None
from taggers import Image, errors
from taggers._prepare import fit
from taggers.plugin import Accepts
try:
    image = Image("a.heic", content=b"\\0\\0\\0\\x1cftypheic", format="heic")
    fit(image, Accepts(formats=("jpeg",)))
except errors.UnsupportedImage as error:
    print(error)
"""


def test_without_its_extra_heic_is_refused_and_the_extra_named() -> None:
    said = _run(WITHOUT_HEIF)

    assert "a.heic is a heic; taken are jpeg; run: pip install 'taggers[heic]'\n" == said


# Limits.


@pytest.mark.parametrize("limit", ["max_bytes", "max_base64_bytes"])
@pytest.mark.parametrize("over", [0, 1])
def test_the_limit_of_bytes_is_kept_to_the_byte(limit: str, over: int) -> None:
    noise = Pillow.frombytes("RGB", (120, 90), os.urandom(120 * 90 * 3))
    image = Image.from_bytes(_file(noise, "jpeg", quality=95))
    size = len(image.content or b"")
    encoded = (size + 2) // 3 * 4
    most = (size if limit == "max_bytes" else encoded) - over
    accepts = evolve(ACCEPTS, **{limit: most})

    fitted = fit(image, accepts)

    accepts.check(fitted.image)
    assert (over == 0) is (image is fitted.image)


@pytest.mark.parametrize("most", [2_000, 9_999, 50_000, 299_999])
def test_the_limit_of_pixels_is_kept(most: int) -> None:
    image = Image.from_bytes(_file(Pillow.new("RGB", (600, 500)), "jpeg"))
    accepts = Accepts(formats=("jpeg",), max_pixels=most)

    fitted = fit(image, accepts)

    accepts.check(fitted.image)
    assert (fitted.image.width or 0) * (fitted.image.height or 0) > 0.2 * most


def test_too_many_bytes_cost_quality_first_and_pixels_then() -> None:
    noise = Pillow.frombytes("RGB", (300, 200), os.urandom(300 * 200 * 3))
    image = Image.from_bytes(_file(noise, "jpeg", quality=98))

    worse = fit(image, evolve(ACCEPTS, max_bytes=60_000))
    smaller = fit(image, evolve(ACCEPTS, max_bytes=10_000))

    assert ("re-encoded as jpeg",) == worse.notes
    assert "resized from 300 × 200 to" in smaller.notes[0]
    assert len(worse.image.content or b"") <= 60_000
    assert 5_000 < len(smaller.image.content or b"") <= 10_000


@pytest.mark.parametrize(
    ("image", "accepts", "kind", "says"),
    [
        (png(9, 8), ACCEPTS, ImageDimensions, "9 × 8 px; the shorter edge must be at least 10"),
        (png(640, 480), evolve(ACCEPTS, max_bytes=300), PayloadTooLarge, "bytes, above 300"),
        (_file(_drawn(), "webp")[:300], ACCEPTS, UnsupportedImage, "webp; taken are jpeg, png"),
        (_file(_drawn(), "jpeg", 6)[:900], ACCEPTS, UnsupportedImage, "damaged or cut short"),
    ],
)
def test_what_cannot_be_made_to_fit_is_refused_with_the_limit_that_it_breaks(
    image: bytes, accepts: Accepts, kind: type[TaggersError], says: str
) -> None:
    flow = _flow(Image.from_bytes(image), evolve(ACME, accepts=accepts))

    with pytest.raises(kind, match=says) as caught:
        flow.send(_outcome(next(flow)))

    assert "not sent" == caught.value.outcome


def _outcome(effect: Any) -> Any:
    """What the driver would send back for some work."""
    try:
        return effect.call()
    except TaggersError as error:
        return error


# Large JPEGs, which are never whole in memory.


@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize(
    ("size", "limits"),
    [
        ((600, 800), {}),
        ((333, 517), {"max_edge_px": 400}),
        ((401, 1031), {"max_aspect": 2}),
    ],
)
def test_a_large_jpeg_is_written_as_a_small_one_is(
    monkeypatch: pytest.MonkeyPatch,
    size: tuple[int, int],
    limits: dict[str, Any],
    orientation: int,
    mode: str,
) -> None:
    colours = Pillow.effect_mandelbrot(size, (-2, -1.5, 1, 1.5), 50), Pillow.linear_gradient("L")
    drawn = Pillow.merge("RGB", (colours[0], *(colours[1].resize(size),) * 2)).convert(mode)
    image = Image.from_bytes(_file(drawn, "jpeg", orientation, gps=True, quality=95))
    accepts = Accepts(formats=("jpeg",), **limits)

    small = fit(image, accepts)
    monkeypatch.setattr("taggers._pixels.LARGE_PIXELS", 0)
    large = fit(image, accepts)

    one, other = _opened(small.image.content), _opened(large.image.content)
    assert (large.image.width, large.image.height) == other.size
    assert small.notes == large.notes
    assert one.size == other.size
    apart = ImageChops.difference(one.convert("RGB"), other.convert("RGB"))
    assert max(ImageStat.Stat(apart).mean) < 2


def test_a_large_jpeg_comes_under_a_limit_of_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    noise = Pillow.frombytes("RGB", (601, 799), os.urandom(601 * 799 * 3))
    image = Image.from_bytes(_file(noise, "jpeg", 6))
    monkeypatch.setattr("taggers._pixels.LARGE_PIXELS", 0)

    sent = fit(image, Accepts(formats=("jpeg",), max_bytes=20_000)).image

    assert 10_000 < len(sent.content or b"") <= 20_000
    assert (sent.width, sent.height) == _opened(sent.content).size


@pytest.mark.parametrize("height", [255, 256, 257, 271, 4096 + 256])
def test_the_strips_of_a_large_jpeg_join_without_a_seam(
    monkeypatch: pytest.MonkeyPatch, height: int
) -> None:
    noise = Pillow.frombytes("L", (50, height), os.urandom(50 * height))
    image = Image.from_bytes(_file(noise, "jpeg", 3, quality=95))
    monkeypatch.setattr("taggers._pixels.LARGE_PIXELS", 0)

    sent = _opened(fit(image, Accepts(formats=("jpeg",))).image.content).convert("L")

    levels = noise.get_flattened_data(), sent.get_flattened_data()
    off = [abs(int(was) - int(now)) for was, now in zip(*levels, strict=True)]
    assert sum(off) / len(off) < 8
    assert max(off[-50 * 16 :]) < 80


def test_the_colour_profile_of_a_large_jpeg_is_kept() -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    image = Image.from_bytes(
        _file(Pillow.new("RGB", (2100, 2000), "red"), "jpeg", 6, icc_profile=profile)
    )

    sent = _opened(fit(image, Accepts(formats=("jpeg",))).image.content)

    assert profile == sent.info["icc_profile"]
    assert (2000, 2100) == sent.size[::-1] or (2100, 2000) == sent.size
    red, green, blue = sent.convert("RGB").getpixel((9, 9))  # type: ignore[misc]
    assert (red > 250, green < 5, blue < 5) == (True, True, True)


# Without Pillow, and with little memory. Both need an interpreter of their own.


def _run(program: str, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert 0 == done.returncode, done.stderr
    return done.stdout


WITHOUT_PILLOW = """
import sys
sys.modules["PIL"] = None
from taggers import Image, errors
from taggers._prepare import fit
from taggers.plugin import Accepts
for name in sys.argv[1:]:
    try:
        print(*fit(Image.open(name), Accepts(formats=("jpeg", "png"), max_edge_px=480)).notes)
    except errors.TaggersError as error:
        print(type(error).__name__, error.message.partition(" ")[2], "|", error.hint)
"""


def test_without_pillow_metadata_goes_and_what_needs_decoding_is_refused(tmp_path: Path) -> None:
    files = {
        "gps.jpg": _file(_drawn(), "jpeg", gps=True),
        "clear.png": _special("alpha"),
        "large.jpg": _file(_drawn(2), "jpeg"),
        "lying.jpg": _file(_drawn(), "jpeg", 6),
    }
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)

    said = _run(WITHOUT_PILLOW, *(str(tmp_path / name) for name in files)).splitlines()

    assert ["metadata removed", ""] == said[:2]
    assert "ImageDimensions is 960 × 640 px; the longer edge may be at most 480" in said[2]
    assert f"{LocalResourceError.__name__} needs turning upright, and Pillow is missing" in said[3]
    assert all("| run: pip install 'taggers[image]'" in line for line in said[2:])


MEMORY = """
import re, sys
from pathlib import Path
from taggers import Image
from taggers._prepare import fit
from taggers.plugin import Accepts
accepts = Accepts(formats=("jpeg",), max_edge_px=int(sys.argv[2]), max_base64_bytes=10 << 20)
def peak_bytes():
    return int(re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1]) * 1024
image, before = Image.open(sys.argv[1]), peak_bytes()
print(*fit(image, accepts).notes)
print(peak_bytes() - before)
"""
# Not getrusage: its ru_maxrss begins with the memory of the process that forked.


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no /proc")
@pytest.mark.parametrize(
    ("mode", "progressive"), [("RGB", False), ("RGB", True), ("L", False), ("CMYK", False)]
)
@pytest.mark.parametrize("max_edge_px", [2048, 3000, 4096])
def test_a_photo_of_12_megapixels_is_made_to_fit_in_100_mb(
    tmp_path: Path, max_edge_px: int, progressive: bool, mode: str
) -> None:
    noise = Pillow.frombytes("RGB", (400, 300), os.urandom(400 * 300 * 3))
    photo = noise.resize((4032, 3024), Pillow.Resampling.BICUBIC).convert(mode)
    content = _file(photo, "jpeg", 6, gps=True, progressive=progressive)
    (tmp_path / "photo.jpg").write_bytes(content)

    notes, peak_bytes = _run(MEMORY, str(tmp_path / "photo.jpg"), str(max_edge_px)).splitlines()

    assert "turned upright" in notes
    assert int(peak_bytes) < 100_000_000


def test_a_photo_of_108_megapixels_is_made_smaller_without_decoding_all_of_it() -> None:
    image = Image.from_bytes(_file(Pillow.new("L", (12_000, 9_000)), "jpeg", 6))
    accepts = Accepts(formats=("jpeg",), max_edge_px=4096)

    sent = fit(image, accepts).image

    accepts.check(sent)
    assert (4096, 3072) == _opened(sent.content).size


def test_what_would_have_to_be_decoded_whole_and_is_too_large_says_so() -> None:
    image = Image.from_bytes(_file(Pillow.new("L", (12_000, 9_000)), "png"))

    with pytest.raises(ImageDimensions, match="may be at most 4096") as caught:
        fit(image, Accepts(formats=("jpeg", "png"), max_edge_px=4096))

    assert "more than 64 million pixels" in (caught.value.hint or "")
