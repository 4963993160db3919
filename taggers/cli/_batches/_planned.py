"""A plan as a person reads it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from ...batch import CALL_S, LOCAL_CALL_S, Plan, Reason
from .._terminal import duration, many, safe, table

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["show"]


def show(found: Plan, out: Console) -> None:
    """Prints a plan."""
    parts = [
        *([many(found.known, "is in the store", "are in the store")] if found.known else []),
        many(found.copies, "is a copy of another", "are copies of others"),
        f"{found.unread:,} cannot be read",
    ]
    out.print(f"{many(found.found, 'picture')} found; {', '.join(parts)}")
    for line in _why("cannot be read", found.unreadable):
        out.print(line)
    shown = table("provider", "calls", "refused", "units", "cost", "at most", "takes")
    for column in shown.columns[1:]:
        column.justify = "right"
    for one in found.providers:
        shown.add_row(
            safe(one.name),
            f"{one.calls:,}",
            f"{sum(reason.count for reason in one.refused.values()):,}",
            f"{one.units:,}",
            "?" if one.cost is None else str(one.cost),
            "?" if one.most is None else str(one.most),
            duration(one.time_s),
        )
    out.print(shown)
    for one in found.providers:
        for line in _why(f"refused by {safe(one.name)}", one.refused):
            out.print(line)
    if found.cheapest and len(found.providers) > 1:
        out.print(f"The cheapest that takes the most: {safe(found.cheapest)}")
    for line in found.caps:
        out.print(safe(line))
    for line in _notes(found):
        out.print(line, style="dim")


def _why(what: str, reasons: Mapping[str, Reason]) -> Iterator[str]:
    for kind, reason in reasons.items():
        yield f"{reason.count:,} {what}: {safe(kind)}, such as {safe(reason.example)}"


def _notes(found: Plan) -> Iterator[str]:
    if unknown := [one.name for one in found.providers if one.cost is None]:
        yield f"No price is known for {safe(', '.join(unknown))}: write it into [prices]."
    days = [one.as_of for one in found.providers if one.as_of]
    if days:
        yield f"Prices: of public lists as of {min(days)}, without free units, discounts and taxes."
    yield (
        f"Time: at the declared limits, with calls of {CALL_S:g} s, or {LOCAL_CALL_S:g} s where "
        "they stay on this machine."
    )
