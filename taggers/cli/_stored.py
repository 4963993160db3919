"""Results that are there already: in files of JSON Lines, and in stores."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from .._database import is_database
from ..batch import Store, judgements, outcomes
from ..compare import Comparison, read_results
from ..errors import InvalidInput

if TYPE_CHECKING:
    from .._model import Result
    from ..compare import Failure
    from ..evaluate import Truth

__all__ = ["judged", "stored"]


def stored(files: Iterable[Path]) -> Comparison:
    """The comparison of what these files and stores have. Raises as `Comparison.read` does, and
    where a store cannot be read."""
    paths = list(files)
    found = [outcome for path in paths for outcome in _outcomes(path)]
    if not found:
        raise InvalidInput(
            f"there are no results in {', '.join(map(str, paths))}",
            hint="write results with `taggers tag … -f jsonl`, or with `taggers batch`",
        )
    return Comparison.of(found)


def judged(files: Iterable[Path]) -> Truth | None:
    """What people have judged, as the stores among these files have it; None without any."""
    from ..evaluate import Truth

    labels: dict[str, dict[str, bool]] = defaultdict(dict)
    stores = [path for path in files if is_database(path)]
    for one in (one for path in stores for one in judgements(Store.open(path))):
        if one.answer != "unsure":
            labels[one.picture][one.label] = one.answer == "yes"
    if not labels:
        return None
    vocabulary = frozenset(label for of in labels.values() for label in of)
    return Truth(name=" and ".join(map(str, stores)), labels=dict(labels), vocabulary=vocabulary)


def _outcomes(path: Path) -> Iterator[tuple[str, str, Result | Failure]]:
    return outcomes(Store.open(path)) if is_database(path) else read_results(path)
