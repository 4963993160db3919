"""How right providers are, where it is known what is in the pictures.

from pathlib import Path

import numpy
from taggers.compare import Comparison, align
from taggers.evaluate import bench, read_truth

with open("results.jsonl", encoding="utf-8") as lines:
    comparison = Comparison.read(lines, "results.jsonl")
alignment = align(result for name in comparison.providers for _, result in comparison.results(name))
truth = read_truth(Path("truth.csv"))
found = bench(comparison, alignment, truth, random=numpy.random.default_rng(1))

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
