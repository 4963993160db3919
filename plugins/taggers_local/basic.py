"""What can honestly be said of a picture without a model: its colours, light, sharpness and shape.

Nothing here sees objects. Every tag is a property of the whole picture, measured on a small copy,
and the same bytes always get the same tags.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from taggers.plugin import (
    Accepts,
    Image,
    Offers,
    Options,
    Provider,
    Settings,
    Steps,
    Tag,
    Work,
    errors,
)

from ._words import CHINESE

__all__ = ["PROVIDER", "look", "read"]


def steps(image: Image, options: Options, settings: Settings, nonce: str) -> Steps:
    return (yield Work(partial(look, image)))


def look(image: Image) -> dict[str, Any]:
    """The picture's measures, as `_look.measure` lists them.

    Raises `LocalResourceError` where Pillow or webcolors is missing, and `UnsupportedImage` for a
    picture that cannot be decoded.
    """
    try:
        from ._look import measure
    except ImportError as error:
        raise errors.LocalResourceError(
            f"Pillow and webcolors are needed to look at pictures: {error}",
            hint="run: pip install 'taggers[local]'",
        ) from error
    return measure(image)


def read(body: Any) -> Iterator[Tag]:
    """The tags, each with a confidence that says how far the measure bears it out.

    * a colour: the share of the picture's pixels that have it;
    * greyscale, sepia, monochrome, dark, dim, bright, low and high contrast, blurred, sharp: how
      far the measure is past its threshold: 0.5 at the threshold, 1 at the far end of its range
      (for dim, which lies between two thresholds: in their middle);
    * the format: none, because it is counted and not judged.
    """
    yield from _colours(body["colours"])
    yield from _tone(body["tone"])
    yield from _brightness(body["lightness"])
    yield from _contrast(body["luma"])
    yield from _sharpness(body["acuity"])
    yield _orientation(body["aspect"])


def _colours(colours: Any) -> Iterator[Tag]:
    for colour in colours:
        if colour["share"] >= 0.05:
            yield _tag("colour", colour["name"], colour["share"])


def _tone(tone: Any) -> Iterator[Tag]:
    """At most one tag. A toned picture varies in lightness, and all its colours are of one hue."""
    chroma, varies = tone["chroma"], max(tone["spread"] / 0.012, tone["drift"] / 0.02)
    if chroma < 0.012:
        yield _tag("tone", "greyscale", _past(chroma, 0.012, 0))
    elif varies < 1:
        brownish = chroma < 0.08 and 30 <= tone["hue_deg"] <= 110 and tone["bins"] >= 4
        yield _tag("tone", "sepia" if brownish else "monochrome", _past(varies, 1, 0))


def _brightness(lightness: float) -> Iterator[Tag]:
    if lightness < 0.38:
        yield _tag("brightness", "dark", _past(lightness, 0.38, 0))
    elif lightness < 0.5:
        edge = 0.38 if lightness < 0.44 else 0.5
        yield _tag("brightness", "dim", _past(lightness, edge, 0.44))
    elif lightness > 0.73:
        yield _tag("brightness", "bright", _past(lightness, 0.73, 1))


def _contrast(luma: Any) -> Iterator[Tag]:
    """Low where few tones are used at all; high where the pixels' tones lie far apart."""
    used = luma["high"] - luma["low"]
    if used < 0.4:
        yield _tag("contrast", "low contrast", _past(used, 0.4, 0))
    elif luma["deviation"] > 0.27:
        yield _tag("contrast", "high contrast", _past(luma["deviation"], 0.27, 0.5))


def _sharpness(acuity: float | None) -> Iterator[Tag]:
    """Sharp where anything is: a background out of focus does not make a photograph blurred.

    It is judged at 512 px: what is soft only at the full size of a large picture passes as sharp.
    """
    if acuity is None:
        return
    if acuity < 0.25:
        yield _tag("sharpness", "blurred", _past(acuity, 0.25, 0))
    elif acuity > 0.5:
        yield _tag("sharpness", "sharp", _past(acuity, 0.5, 1))


def _orientation(aspect: float) -> Tag:
    if aspect >= 2:
        return _tag("orientation", "panorama", None)
    if aspect > 1.05:
        return _tag("orientation", "landscape format", None)
    if aspect < 1 / 1.05:
        return _tag("orientation", "portrait format", None)
    return _tag("orientation", "square", None)


def _past(value: float, threshold: float, end: float) -> float:
    """How far a value is from a threshold (0.5) to the end of its range (1)."""
    return round(0.5 + 0.5 * min((value - threshold) / (end - threshold), 1.0), 4)


def _tag(category: str, name: str, confidence: float | None) -> Tag:
    chinese = CHINESE.get(name)  # a stored answer may hold a word that this version does not use
    return Tag(
        name=name,
        confidence=confidence,
        kind="property",
        category=(category,),
        names={"en": name} | ({"zh": chinese} if chinese else {}),
        categories={"en": (category,), "zh": (CHINESE[category],)},
    )


PROVIDER = Provider(
    name="local-basic",
    title="Colours, light and sharpness, measured on this machine",
    vendor="taggers",
    steps=steps,
    read=read,
    accepts=Accepts(
        formats=("jpeg", "png", "gif", "bmp", "webp", "tiff"),
        sources=("content",),
        max_pixels=64_000_000,  # as `Image.pixels`
    ),
    # Each takes up to half a GB where a picture is as large as `Image.pixels` allows.
    offers=Offers(kinds=("property",), languages=("en", "zh"), concurrency=4, unit=None),
)
