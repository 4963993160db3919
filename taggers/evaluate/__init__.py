"""What providers are worth, where it is known what is in the pictures."""

from __future__ import annotations

from ._ensemble import Decision, Ensemble, Vote, ensemble
from ._evidence import Evidence, Judged, evidence
from ._fusion import Drawn, Fused, fuse
from ._panel import Panel, Reliability, panel
from ._truth import Truth
from ._truth_files import read_truth
from ._tune import Cut, Tuned, Tuning, tune

__all__ = [
    "Cut",
    "Decision",
    "Drawn",
    "Ensemble",
    "Evidence",
    "Fused",
    "Judged",
    "Panel",
    "Reliability",
    "Truth",
    "Tuned",
    "Tuning",
    "Vote",
    "ensemble",
    "evidence",
    "fuse",
    "panel",
    "read_truth",
    "tune",
]
