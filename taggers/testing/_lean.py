"""An exchange that says the same with fewer words."""

from __future__ import annotations

from typing import Any

from attrs import evolve

from .._model import Result
from .._provider import Provider
from ..errors import TaggersError
from ._exchange import Exchange, Mismatch, _without_defaults
from ._shorten import items, kinds, lists, shortened

__all__ = ["item_count", "lean"]

MAX_LISTS = 100


def lean(whole: Exchange, provider: Provider) -> Exchange:
    """The exchange with those lists cut short without which it says the same, only less often."""
    short, said = whole, whole.play(provider)[0]
    for index, step in enumerate(whole.wire):
        chosen: list[str] = []
        for place in lists(step["response"])[:MAX_LISTS]:
            shorter = shortened(step["response"], [*chosen, place])
            tried = _with_response(short, index, shorter)
            if item_count(tried) < item_count(short) and _says_the_same(tried, said, provider):
                short, chosen = tried, [*chosen, place]
    return short


def _with_response(exchange: Exchange, index: int, response: dict[str, Any]) -> Exchange:
    wire = list(exchange.wire)
    wire[index] = {**wire[index], "response": response}
    return evolve(exchange, wire=tuple(wire))


def _says_the_same(short: Exchange, said: Result | TaggersError, provider: Provider) -> bool:
    """Whether a shortened exchange says nothing that the whole one did not, of the same kinds."""
    try:
        left = short.play(provider)[0]
    except Mismatch:
        return False
    if not isinstance(left, Result) or not isinstance(said, Result):
        return type(left) is type(said)
    alike = set(kinds(_without_defaults(left))) == set(kinds(_without_defaults(said)))
    return alike and _things(left) <= _things(said)


def _things(result: Result) -> set[Any]:
    """What there is in a result, without the numbers that depend on how much was found."""
    places = {*result.regions, *(place for tag in result.tags for place in tag.regions)}
    names = {*(tag.name for tag in result.tags), *(one.name for one in result.verdicts)}
    return {*places, *names, *(match.path for match in result.matches), *result.warnings}


def item_count(exchange: Exchange) -> int:
    """How many items there are in all lists of an exchange's answers, besides each first one."""
    return sum(items(step["response"]) for step in exchange.wire)
