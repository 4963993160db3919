"""Spend caps."""

from __future__ import annotations

from typing import Literal

from attrs import frozen

from ._money import Money

__all__ = ["Cap"]


@frozen
class Cap:
    """A spend cap."""

    name: str
    money: Money
    per: Literal["run", "day", "month"]
    providers: tuple[str, ...] | None = None
    routes: tuple[str, ...] | None = None
