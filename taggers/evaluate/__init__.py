"""How right providers are, where it is known what is in the pictures.

    from taggers.compare import Comparison, align
    from taggers.evaluate import bench, read_truth

    comparison = Comparison.read("results.jsonl")
    alignment = align(comparison.every_result())
    found = bench(comparison, alignment, read_truth("truth.csv"), random=1)
    for quality in found.qualities:
        print(quality.name, quality.precision, quality.recall)

What the truth does not say is unknown: a tag of which nothing is known is neither right nor wrong.
Each number comes with what it stands on, and nobody is called better where that may be chance.

It needs the extra `eval`.
"""

from __future__ import annotations

from ._bench import Bench, bench
from ._known import Known, Unmatched, known
from ._scores import (
    Bin,
    Calibration,
    Detection,
    Difference,
    Estimate,
    LabelQuality,
    Macro,
    Quality,
)
from ._truth import Truth
from ._truth_files import read_truth

__all__ = [
    "Bench",
    "Bin",
    "Calibration",
    "Detection",
    "Difference",
    "Estimate",
    "Known",
    "LabelQuality",
    "Macro",
    "Quality",
    "Truth",
    "Unmatched",
    "bench",
    "known",
    "read_truth",
]
