"""What can be measured in a picture, as plain numbers."""

from __future__ import annotations

from collections import Counter
from typing import Any

from PIL import Image, ImageFilter, ImageStat

from taggers.plugin import Image as Picture

from ._colours import RGB, Oklab, oklab, word
from ._counts import Counts, quantile, total
from ._tone import tone

__all__ = ["measure"]

COPY_PX = 512
"""The longer edge of the copy in which contrast and sharpness are measured."""
COLOUR_PX = 128
"""The longer edge of the copy in which colours are counted, and lightness is measured."""


def measure(picture: Picture) -> dict[str, Any]:
    """The numbers that `basic.read` makes tags of; fractions from 0 to 1 unless it says otherwise.

    * `aspect`: width divided by height of the upright picture;
    * `colours`: the `share` of the pixels that each word of the palette covers, largest first;
    * `tone`: see `_tone.tone`;
    * `lightness`: the pixels' mean lightness in Oklab, which is 0.6 for a medium grey;
    * `luma`: of the pixels' luma (Rec. 601, gamma-encoded) the standard `deviation`, and the `low`
      and `high` between which all but the extreme 0.1 % at either end lie;
    * `acuity`: the steepest changes from pixel to pixel (99.9 % of the Laplacian's magnitudes are
      below), as a part of the range from `low` to `high`. It may pass 1. None where the picture
      is plain, or less than 3 pixels high or wide.
    """
    copy = picture.pixels(COPY_PX)
    grey = copy.convert("L")
    luma = _luma(grey)
    small = copy.copy()
    small.thumbnail((COLOUR_PX, COLOUR_PX))
    counts = _counts(small)
    seen = [(count, oklab(rgb)) for count, rgb in counts]
    return {
        "aspect": round(copy.width / copy.height, 4),
        "colours": _colours(counts),
        "tone": tone(seen),
        "lightness": _lightness(seen),
        "luma": luma,
        "acuity": _acuity(grey, luma["high"] - luma["low"]),
    }


def _counts(picture: Image.Image) -> Counts[RGB]:
    found = picture.getcolors(picture.width * picture.height)
    assert found is not None, "there are at most as many colours as pixels"
    return sorted((count, rgb) for count, rgb in found if isinstance(rgb, tuple))


def _colours(counts: Counts[RGB]) -> list[dict[str, Any]]:
    pixels: Counter[str] = Counter()
    for count, rgb in counts:
        pixels[word(_rounded(rgb))] += count
    return [
        {"name": name, "share": round(count / pixels.total(), 4)}
        for name, count in pixels.most_common()
    ]


def _rounded(rgb: RGB) -> RGB:
    """The nearest of 32 levels in each channel, of which the ends are still 0 and 255."""
    return tuple(round(round(level * 31 / 255) * 255 / 31) for level in rgb)


def _lightness(seen: Counts[Oklab]) -> float:
    return round(sum(count * colour.lightness for count, colour in seen) / total(seen), 4)


def _luma(grey: Image.Image) -> dict[str, float]:
    levels = [(count, level) for level, count in enumerate(grey.histogram())]
    return {
        "deviation": round(ImageStat.Stat(grey).stddev[0] / 255, 4),
        "low": round(quantile(levels, 0.001) / 255, 4),
        "high": round(quantile(levels, 0.999) / 255, 4),
    }


def _acuity(grey: Image.Image, luma_range: float) -> float | None:
    if min(grey.size) < 3 or luma_range < 0.1:
        return None
    # The Laplacian, halved and moved up so that it fits 8 bits; beyond ±255 it is cut off, which
    # is as sharp as anything gets.
    laplacian = ImageFilter.Kernel((3, 3), (0, 1, 0, 1, -4, 1, 0, 1, 0), scale=2, offset=128)
    inner = grey.filter(laplacian).crop((1, 1, grey.width - 1, grey.height - 1))
    steps = [(count, abs(level - 128) * 2) for level, count in enumerate(inner.histogram())]
    return round(quantile(steps, 0.999) / 255 / luma_range, 4)
