"""A pytest fixture, for everybody who has taggers installed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from .emulator import Emulator

__all__ = ["taggers_emulator"]


@pytest.fixture
def taggers_emulator() -> Iterator[Emulator]:
    """The vendors on this machine, for one test: see `taggers.emulator.Emulator`."""
    from .emulator import Emulator

    with Emulator() as emulator:
        yield emulator
