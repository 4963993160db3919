"""Whether a confidence is what it says: of tags with 0.9, nine in ten should be right."""

from __future__ import annotations

import numpy as np

from ._marks import Marks
from ._scores import Bin, Calibration

__all__ = ["BINS", "calibration"]

BINS = 10
"""Of equal width, as in C. Guo et al., "On Calibration of Modern Neural Networks", ICML 2017."""


def calibration(marks: Marks) -> Calibration:
    """The reliability curve and the expected calibration error of a provider, over those of its
    tags that are known to be right or wrong and have a confidence; none where no tag can be
    wrong."""
    sure = ~np.isnan(marks.confidence) & marks.refutable
    confidence, right = marks.confidence[sure], marks.right[sure]
    edges = np.linspace(0, 1, BINS + 1)[:-1]
    place = np.digitize(confidence, edges) - 1
    bins = tuple(
        Bin(
            low=float(edge),
            confidence=float(confidence[place == number].mean()),
            precision=float(right[place == number].mean()),
            n=int((place == number).sum()),
        )
        for number, edge in enumerate(edges)
        if (place == number).any()
    )
    n = int(sure.sum())
    apart = sum(abs(one.confidence - one.precision) * one.n for one in bins)
    return Calibration(name=marks.name, error=apart / n if n else None, n=n, bins=bins)
