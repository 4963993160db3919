"""A check of jobs of several requests: nothing is lost of the answers on the way."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from attrs import evolve, frozen

from .._decode import Decoder
from .._provider import Provider
from ..errors import TaggersError
from ._exchange import Exchange, Mismatch
from ._leaves import another, leaves, place, reason_for, replaced
from ._reads import unraw

__all__ = ["check_on_the_way"]


def check_on_the_way(provider: Provider, exchange: Exchange, body: Any) -> None:
    """Every leaf of an answer that is not itself read changes what is asked later or what is found,
    or is named in `Provider.ignores` with the reason."""
    before = _happened(provider, exchange)
    for answer in _on_the_way(provider, exchange, body):
        for path, value in leaves(answer):
            decode: Any = _Instead(provider.decode, answer, replaced(answer, path, another(value)))
            if _happened(evolve(provider, decode=decode), exchange) != before:
                continue
            if reason_for(provider.ignores, place(path)) is None:
                raise Mismatch(
                    f"{place(path)}, in an answer on the way, is lost: nothing depends on it. Use "
                    "it, or name it in Provider.ignores with the reason"
                )


def _on_the_way(provider: Provider, exchange: Exchange, body: Any) -> Iterator[Any]:
    """The answers of a job, decoded, but for the one that is read."""
    for response in exchange.responses if provider.steps else ():
        try:
            found = provider.decode(response.body)
        except TaggersError:
            continue  # an empty one, to an upload or a removal
        if found != body and provider.errors.said(found) is None:
            yield found


def _happened(provider: Provider, exchange: Exchange) -> Any:
    """What is found, and what was asked on the way there."""
    try:
        outcome, requests = exchange.play(provider)
    except Mismatch as more:
        return str(more)
    said = repr(outcome) if isinstance(outcome, TaggersError) else unraw(outcome)
    return said, [(request.url, request.body) for request in requests]


@frozen
class _Instead:
    """Decodes as the provider does, but makes another body of one."""

    decode: Decoder
    was: Any
    now: Any

    @property
    def max_bytes(self) -> int:
        return self.decode.max_bytes

    def __call__(self, body: bytes) -> Any:
        found = self.decode(body)
        return self.now if found == self.was else found
