"""What providers say about the same pictures, side by side.

    from taggers import Tagger
    from taggers.compare import align, compare, report, summarise

    with Tagger() as tagger:
        comparison = compare(tagger, ["cat.jpg", "dog.jpg"], ["hw", "tx"])
    summary = summarise(comparison, align(comparison.every_result()), prices(load()))
    print(summary.agreement.pairs)
    Path("report.html").write_text(report(summary), "utf-8")

Agreement is not accuracy: who is right is `taggers.evaluate`'s matter.
"""

from __future__ import annotations

from ._agreement import Agreement, Figure, PairAgreement, agreement, alpha, jaccard, overlap
from ._aliases import Suggestion, accepted, read_aliases, suggestions
from ._boxes import BoxAgreement, PairBoxes, box_agreement, iou, match
from ._comparison import Comparison, Failure, Picture, compare
from ._figures import Pricing, ProviderFigures, figures, prices
from ._labels import STEPS, Alignment, Label, Link, Spelling, align, normal
from ._lexicon import WordNet
from ._ranking import Ranking, ranking, rbo
from ._report import report
from ._summary import Summary, summarise

__all__ = [
    "STEPS",
    "Agreement",
    "Alignment",
    "BoxAgreement",
    "Comparison",
    "Failure",
    "Figure",
    "Label",
    "Link",
    "PairAgreement",
    "PairBoxes",
    "Picture",
    "Pricing",
    "ProviderFigures",
    "Ranking",
    "Spelling",
    "Suggestion",
    "Summary",
    "WordNet",
    "accepted",
    "agreement",
    "align",
    "alpha",
    "box_agreement",
    "compare",
    "figures",
    "iou",
    "jaccard",
    "match",
    "normal",
    "overlap",
    "prices",
    "ranking",
    "rbo",
    "read_aliases",
    "report",
    "suggestions",
    "summarise",
]
