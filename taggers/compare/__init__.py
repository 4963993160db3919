"""What providers say, side by side.

from taggers import Tagger
from taggers.compare import compare

with Tagger() as tagger:
    comparison = compare(tagger, ["cat.jpg"], ["hw", "tx"])
"""

from __future__ import annotations

from ._agreement import (
    Agreement,
    Figure,
    PairAgreement,
    agreement,
    alpha,
    jaccard,
    masi,
    overlap,
)
from ._boxes import BoxAgreement, Matching, PairBoxes, box_agreement, iou, match
from ._comparison import Comparison, Failure, Picture, compare
from ._ranking import Ranking, ranking, rbo, top

__all__ = [
    "Agreement",
    "BoxAgreement",
    "Comparison",
    "Failure",
    "Figure",
    "Matching",
    "PairAgreement",
    "PairBoxes",
    "Picture",
    "Ranking",
    "agreement",
    "alpha",
    "box_agreement",
    "compare",
    "iou",
    "jaccard",
    "masi",
    "match",
    "overlap",
    "ranking",
    "rbo",
    "top",
]
