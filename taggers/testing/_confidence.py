"""What confidences and places a finding has, and whether they are counted in one scale."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from .._model import Region, Tag, Verdict
from .._numbers import number
from .._provider import Provider
from ..errors import TaggersError
from ._exchange import Exchange, Mismatch
from ._leaves import Path, leaves, place, replaced, said

__all__ = ["check_scale", "confidences", "counts_in_one_scale", "fractions", "regions"]

LIKELY = 0.1


def confidences(finding: Any) -> Iterator[float | None]:
    yield from (getattr(finding, name, None) for name in ("confidence", "similarity"))
    yield from (region.confidence for region in regions(finding))
    if isinstance(finding, Verdict):
        yield from finding.scores.values()


def regions(finding: Any) -> Iterator[Region]:
    if isinstance(finding, Region):
        yield finding
    elif isinstance(finding, Tag):
        yield from finding.regions


def counts_in_one_scale(provider: Provider, exchange: Exchange, body: Any) -> None:
    """A confidence is the vendor's number divided by one scale, also where it is 0, 1 or negative;
    and no tag is left out for a low one."""
    before = said(provider, body)
    for path, value in leaves(body):
        scale = _scale(provider, body, path, value)
        for new in () if scale is None else (0, 1, 0.5, scale / 4, -scale / 4):
            written = _like(value, new)
            after = said(provider, replaced(body, path, written))
            if _count(after) < _count(before):
                raise Mismatch(f"with {written!r} in {place(path)}, something is left out")
            if scale is not None and not _among(new / scale, fractions(after)):
                raise Mismatch(f"{written!r} in {place(path)} is not the confidence {new / scale}")


def check_scale(provider: Provider, bodies: list[Any]) -> None:
    """Some exchange shows a confidence that is likely: if all are low, the scale is too large."""
    found = [one for body in bodies for one in fractions(said(provider, body))]
    if found and max(found) < LIKELY:
        raise Mismatch(
            f"no exchange shows a confidence above {LIKELY}, the highest is {max(found):g}: is the "
            "scale that of the vendor?"
        )


def _scale(provider: Provider, body: Any, path: Path, value: Any) -> float | None:
    """What the number at a place is divided by to be a confidence; None where it becomes none."""
    try:
        less = (number(value) or 0) * 0.99
    except ValueError:
        return None
    was = fractions(said(provider, body))
    now = fractions(said(provider, replaced(body, path, _like(value, less))))
    gone, come = was - now, now - was
    if len(gone) != 1 or len(come) != 1:
        return None
    old, new = next(iter(gone)), next(iter(come))
    return float(f"{less / new:.6g}") if new and math.isclose(0.99 * old, new) else None


def _among(wanted: float, found: Iterable[float]) -> bool:
    return any(math.isclose(wanted, one, abs_tol=1e-9) for one in found)


def _like(value: Any, new: float) -> Any:
    """The number as a text where the other one is a text."""
    return str(new) if isinstance(value, str) else new


def _count(found: list[Any] | TaggersError) -> int:
    return 0 if isinstance(found, TaggersError) else len(found)


def fractions(found: list[Any] | TaggersError) -> Counter[float]:
    """The confidences of tags and places; votes of neighbours are means of several numbers."""
    items = [] if isinstance(found, TaggersError) else found
    return Counter(
        number
        for item in items
        if isinstance(item, Tag | Region) and getattr(item, "source", None) != "neighbours"
        for number in confidences(item)
        if number is not None
    )
