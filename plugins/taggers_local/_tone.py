"""Whether a picture has colours, or is grey, or toned as old prints are."""

from __future__ import annotations

import math
from collections.abc import Iterator
from statistics import fmean

from ._colours import Oklab
from ._counts import Counts, quantile, total

__all__ = ["tone"]


def tone(colours: Counts[Oklab]) -> dict[str, float]:
    """The numbers that tell a toned print from a coloured picture.

    A toned print maps each lightness to one colour. So the pixels are sorted by lightness into 20
    bins, of which those with less than 0.2 % of the pixels are left out:

    * `chroma`: 99 % of the pixels have at most this (see `Oklab`);
    * `spread`: the standard deviation of the colours in a bin, for the bin where it is largest;
    * `drift`: how far a bin's mean colour lies from the mean hue, at most;
    * `hue_deg`: the mean hue: 0 is pink, 90 yellow, 180 green, 270 blue;
    * `bins`: how many bins there are.
    """
    bins = list(_bins(colours))
    means = [_mean(pixels) for pixels in bins]
    a, b = (fmean(axis) for axis in zip(*means, strict=True))
    hue = math.atan2(b, a)
    return {
        "chroma": round(quantile([(count, colour.chroma) for count, colour in colours], 0.99), 4),
        "spread": round(max(map(_deviation, bins, means)), 4),
        "drift": round(max(_off(mean, hue) for mean in means), 4),
        "hue_deg": round(math.degrees(hue) % 360, 1),
        "bins": len(bins),
    }


def _bins(colours: Counts[Oklab]) -> Iterator[Counts[Oklab]]:
    by_lightness: dict[int, Counts[Oklab]] = {}
    for count, colour in colours:
        by_lightness.setdefault(min(int(colour.lightness * 20), 19), []).append((count, colour))
    enough = total(colours) * 0.002
    for _, pixels in sorted(by_lightness.items()):
        if total(pixels) >= enough:
            yield pixels


def _mean(pixels: Counts[Oklab]) -> tuple[float, float]:
    return (
        sum(count * colour.a for count, colour in pixels) / total(pixels),
        sum(count * colour.b for count, colour in pixels) / total(pixels),
    )


def _deviation(pixels: Counts[Oklab], mean: tuple[float, float]) -> float:
    squares = (count * math.dist((colour.a, colour.b), mean) ** 2 for count, colour in pixels)
    return math.sqrt(sum(squares) / total(pixels))


def _off(mean: tuple[float, float], hue: float) -> float:
    """How far a colour is from the nearest one of this hue, grey being of every hue."""
    along = max(mean[0] * math.cos(hue) + mean[1] * math.sin(hue), 0.0)
    return math.dist(mean, (along * math.cos(hue), along * math.sin(hue)))
