"""Colours as people see and name them."""

from __future__ import annotations

import functools
import math

import webcolors  # type: ignore[import-untyped]
from attrs import frozen

from ._words import PALETTE

__all__ = ["RGB", "Oklab", "oklab", "word"]

RGB = tuple[int, ...]
"""Red, green and blue, from 0 to 255, in sRGB."""

GREYISH = 0.035
"""The chroma under which a colour is called black, grey or white, or by one of the pale words."""


@frozen
class Oklab:
    """A colour in Oklab, where distances are about as large as they look.

    `lightness` is 0 to 1; `a` (green to red) and `b` (blue to yellow) reach to about ±0.3.
    """

    lightness: float
    a: float
    b: float

    @property
    def chroma(self) -> float:
        """The distance from grey: 0 is grey, 0.03 a hint of colour, 0.3 the strongest there is."""
        return math.hypot(self.a, self.b)


@functools.cache
def _linear(level: int) -> float:
    """The light of one sRGB channel, from 0 to 1 (IEC 61966-2-1)."""
    value = level / 255
    return value / 12.92 if value <= 0.04045 else math.pow((value + 0.055) / 1.055, 2.4)


def oklab(rgb: RGB) -> Oklab:
    """The colour in Oklab (Björn Ottosson, "A perceptual color space for image processing", 2020,
    https://bottosson.github.io/posts/oklab/, with its constants of 2021)."""
    red, green, blue = (_linear(level) for level in rgb)
    long = math.cbrt(0.4122214708 * red + 0.5363325363 * green + 0.0514459929 * blue)
    medium = math.cbrt(0.2119034982 * red + 0.6806995451 * green + 0.1073969566 * blue)
    short = math.cbrt(0.0883024619 * red + 0.2817188376 * green + 0.6299787005 * blue)
    return Oklab(
        0.2104542553 * long + 0.7936177850 * medium - 0.0040720468 * short,
        1.9779984951 * long - 2.4285922050 * medium + 0.4505937099 * short,
        0.0259040371 * long + 0.7827717662 * medium - 0.8086757660 * short,
    )


@functools.cache
def word(rgb: RGB) -> str:
    """The word of the palette for this colour. Remembered: give it rounded colours."""
    seen = oklab(rgb)
    greyish = seen.chroma < GREYISH
    names, distance = _candidates(greyish), _pale_distance if greyish else _distance
    return min(names, key=lambda candidate: distance(seen, candidate[1]))[0]


@functools.cache
def _candidates(greyish: bool) -> tuple[tuple[str, Oklab], ...]:
    """The words that a greyish or a colourful pixel may be called; the palest are among both."""
    every = (
        (name, oklab(webcolors.name_to_rgb(css)))
        for name, covered in PALETTE.items()
        for css in covered
    )
    fits = _names_greyish if greyish else _names_colourful
    return tuple((name, colour) for name, colour in every if fits(colour))


def _names_greyish(colour: Oklab) -> bool:
    return colour.chroma < 0.05


def _names_colourful(colour: Oklab) -> bool:
    # Whatever its hue, a very dark colour looks black and a very light one white or beige.
    return colour.chroma > GREYISH or not 0.1 < colour.lightness < 0.9


def _pale_distance(seen: Oklab, named: Oklab) -> float:
    light = (seen.lightness - named.lightness) / 2
    return math.hypot(light, seen.a - named.a, seen.b - named.b)


def _distance(seen: Oklab, named: Oklab) -> float:
    """How far a colour is from one with a name, with hue counting twice.

    Names follow the hue: a shadow on something brown is still called brown, although it is nearer
    to dark grey. So the distance is split into lightness, chroma and hue, as CIE94 does.
    """
    one, other = _tint(seen), _tint(named)
    light = (seen.lightness - named.lightness) / 2
    chroma = math.hypot(*one) - math.hypot(*other)
    hue = math.sqrt(max(math.dist(one, other) ** 2 - chroma**2, 0.0))
    return math.hypot(light, chroma / 2, hue)


def _tint(colour: Oklab) -> tuple[float, float]:
    """`a` and `b`, evened out for lightness: a shadow makes them smaller, and not the hue."""
    scale = math.sqrt(max(colour.lightness, 0.15))
    return colour.a / scale, colour.b / scale
