"""What providers are worth, where it is known what is in the pictures.

    from taggers.compare import Comparison, align
    from taggers.evaluate import bench, read_truth

    comparison = Comparison.read("results.jsonl")
    alignment = align(comparison.every_result())
    found = bench(comparison, alignment, read_truth("truth.csv"), random=1)
    for quality in found.qualities:
        print(quality.name, quality.precision, quality.recall)

`bench` measures how right they are, `tune` finds thresholds that hold a precision, and `ensemble`
lets them vote. What the truth does not say is unknown: a tag of which nothing is known is neither
right nor wrong. Each number comes with what it stands on, and nobody is called better where that
may be chance. Most of it needs the extra `eval`.
"""

from __future__ import annotations

from ._bench import Bench, bench
from ._ensemble import Decision, Ensemble, Vote, ensemble
from ._evidence import Evidence, Judged, evidence
from ._fusion import Drawn, Fused, fuse
from ._known import Known, Unmatched, known
from ._panel import Panel, Reliability, panel
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
from ._truth_files import read_judgements, read_truth
from ._tune import Cut, Tuned, Tuning, tune

__all__ = [
    "Bench",
    "Bin",
    "Calibration",
    "Cut",
    "Decision",
    "Detection",
    "Difference",
    "Drawn",
    "Ensemble",
    "Estimate",
    "Evidence",
    "Fused",
    "Judged",
    "Known",
    "LabelQuality",
    "Macro",
    "Panel",
    "Quality",
    "Reliability",
    "Truth",
    "Tuned",
    "Tuning",
    "Unmatched",
    "Vote",
    "bench",
    "ensemble",
    "evidence",
    "fuse",
    "known",
    "panel",
    "read_judgements",
    "read_truth",
    "tune",
]
