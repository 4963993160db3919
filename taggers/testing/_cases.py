"""The checks of one provider, as cases that can be run one by one."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from attrs import field, frozen

from .._provider import Provider
from .._registry import installed
from ._exchange import Exchange, exchanges

__all__ = ["Case", "cases"]


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
    recorded = [one for one in exchanges(folder or _beside(found)) if one.provider == provider]
    return list(_cases(found, recorded))


def _beside(provider: Provider) -> Path:
    """The folder of the exchanges beside the module that brings a provider."""
    module = sys.modules[installed().module(provider.name)]
    return Path(module.__file__ or ".").parent / "exchanges"


def _cases(provider: Provider, recorded: list[Exchange]) -> Iterator[Case]:
    for one in recorded:
        yield Case(f"{one.name}: has the recorded outcome", partial(one.check, provider))
