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

from ._agreement import Agreement, Figure, PairAgreement, agreement, alpha, jaccard, masi, overlap
from ._aliases import accepted, read_aliases
from ._align import align
from ._boxes import BoxAgreement, Matching, PairBoxes, box_agreement, iou, match
from ._comparison import Comparison, Failure, Picture, compare, read_results
from ._figures import Pricing, ProviderFigures, figures, prices
from ._labels import STEPS, Alignment, Label, Link, Spelling, Step, normal
from ._lexicon import WordNet
from ._ranking import Ranking, ranking, rbo, top
from ._record import recorded_labels
from ._report import report
from ._suggestions import Suggestion, suggestions
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
    "Matching",
    "PairAgreement",
    "PairBoxes",
    "Picture",
    "Pricing",
    "ProviderFigures",
    "Ranking",
    "Spelling",
    "Step",
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
    "masi",
    "match",
    "normal",
    "overlap",
    "prices",
    "ranking",
    "rbo",
    "read_aliases",
    "read_results",
    "recorded_labels",
    "report",
    "suggestions",
    "summarise",
    "top",
]
