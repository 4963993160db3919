"""The checks of one provider, as cases that can be run one by one."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from attrs import field, frozen

from .._model import Result
from .._provider import Provider
from .._registry import installed, nearest
from ._asks import ASKS, check_hosts, check_limits
from ._bare import check_bare
from ._calls import CALLS, check_echo
from ._confidence import check_scale
from ._emulated import check_round_trip
from ._exchange import Exchange, Mismatch, exchanges
from ._fuzz import check_fuzzed
from ._on_the_way import check_on_the_way
from ._price import check_price
from ._reads import READS, check_ignores
from ._tables import check_table

__all__ = ["Case", "cases", "exchanges_of"]

FUZZED = 200
"""How many answers are made up for each provider; the variable TAGGERS_FUZZ sets another number."""


@frozen
class Case:
    """One check of one provider, or of one of its exchanges."""

    name: str
    _run: Callable[[], object] = field(repr=False)

    def __str__(self) -> str:
        return self.name

    def check(self) -> None:
        """Raises `Mismatch` with what is wrong, and where."""
        self._run()


def cases(provider: str, folder: Path | None = None) -> list[Case]:
    """Every check for an installed provider.

    Its exchanges are those in `folder`; without one, in the folder `exchanges` beside its module.
    Raises `PluginError` where there is no such provider, or where it is broken.
    """
    found = installed().provider(provider)
    return list(_cases(found, folder or _beside(found)))


def exchanges_of(provider: Provider) -> list[Exchange]:
    """The exchanges of a provider that lie beside its module."""
    return [one for one in exchanges(_beside(provider)) if one.provider == provider.name]


def _beside(provider: Provider) -> Path:
    """The folder of the exchanges beside the module that brings a provider."""
    module = sys.modules[installed().module(provider.name)]
    return Path(module.__file__ or ".").parent / "exchanges"


def _cases(provider: Provider, folder: Path) -> Iterator[Case]:
    beside = exchanges(folder)  # of all providers of the plugin: they may share an error table
    recorded = [one for one in beside if one.provider == provider.name]
    good = [one for one in recorded if one.result is not None]
    yield Case("has an exchange with a result", partial(_check_some, provider, good, folder))
    yield Case("shares its folder with none but its plugin's", partial(_check_owned, beside))
    for one in recorded:
        yield Case(f"{one.name}: has the recorded outcome", partial(one.check, provider))
    for one in good:
        yield from _of_result(provider, one)
    for one in recorded:
        for name, check in CALLS.items():
            yield Case(f"{one.name}: {name}", partial(check, provider, one))
    yield from _of_provider(provider, recorded, good, beside)


def _check_some(provider: Provider, good: list[Exchange], folder: Path) -> None:
    if not good and provider.endpoint is not None:
        raise Mismatch(
            f"no exchange of {provider.name} with a result is in {folder}, of which checks could "
            "be made: name another folder with --taggers-exchanges, or as the second argument"
        )


def _check_owned(beside: list[Exchange]) -> None:
    """Every exchange names a provider that there is: one with a misspelt name is never checked."""
    names = installed().names()
    for one in beside:
        if one.provider not in names:
            raise Mismatch(
                f"{one.name}: there is no provider {one.provider!r}{nearest(one.provider, names)}"
            )


def _of_result(provider: Provider, one: Exchange) -> Iterator[Case]:
    for name, check in READS.items():
        yield Case(f"{one.name}: {name}", partial(_check_read, check, provider, one))
    if provider.steps:
        yield Case(f"{one.name}: loses nothing on the way",
                   partial(_check_read, check_on_the_way, provider, one))  # fmt: skip
    for name, asks in ASKS.items():
        yield Case(f"{one.name}: {name}", partial(asks, provider, one))
    dialects = installed().dialects()
    if any(dialect.provider == provider for dialect in dialects):
        run = partial(check_round_trip, provider, one, dialects)
        yield Case(f"{one.name}: comes back from the emulator", run)


def _check_read(
    check: Callable[[Provider, Exchange, Any], None], provider: Provider, one: Exchange
) -> None:
    check(provider, one, _body(provider, one))


def _body(provider: Provider, one: Exchange) -> Any:
    """The answer that the exchange's result is read from."""
    outcome = one.replay(provider)
    if not isinstance(outcome, Result):
        raise Mismatch(f"a result was recorded, and this came: {outcome}")
    return outcome.raw


def _of_provider(
    provider: Provider, recorded: list[Exchange], good: list[Exchange], beside: list[Exchange]
) -> Iterator[Case]:
    yield Case("has a true list of what it ignores",
               lambda: check_ignores(provider, [_body(provider, one) for one in good]))  # fmt: skip
    yield Case("has a scale that fits",
               lambda: check_scale(provider, [_body(provider, one) for one in good]))  # fmt: skip
    yield Case("has an error table that works", partial(check_table, provider, beside))
    yield Case("has a price that can be looked up", partial(check_price, provider))
    yield Case("is pure", partial(check_bare, provider, recorded))
    count = int(os.environ.get("TAGGERS_FUZZ", FUZZED))
    for one in recorded[:1]:
        yield Case("sends its keys to its own hosts", partial(check_hosts, provider, one))
        yield Case("refuses what breaks its limits", partial(check_limits, provider, one))
        yield Case("hides secrets that are echoed", partial(check_echo, provider, one))
        yield Case("bears any answer", partial(check_fuzzed, provider, recorded, count))
