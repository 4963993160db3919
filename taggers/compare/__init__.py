"""What providers say, side by side.

from taggers import Tagger
from taggers.compare import compare

with Tagger() as tagger:
    comparison = compare(tagger, ["cat.jpg"], ["hw", "tx"])
"""

from __future__ import annotations

from ._comparison import Comparison, Failure, Picture, compare

__all__ = ["Comparison", "Failure", "Picture", "compare"]
