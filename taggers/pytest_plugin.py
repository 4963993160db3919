"""For everybody who has taggers and pytest installed: a fixture, and every check of a provider.

pytest --taggers-provider acme-tags       beside the tests that are found anyway
pytest --taggers-provider acme-tags --taggers-exchanges folder
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from .emulator import Emulator
    from .testing import Case

__all__ = ["taggers_emulator"]


@pytest.fixture
def taggers_emulator() -> Iterator[Emulator]:
    """The vendors on this machine, for one test: see `taggers.emulator.Emulator`."""
    from .emulator import Emulator

    with Emulator() as emulator:
        yield emulator


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--taggers-provider`, which may be given several times, and `--taggers-exchanges`."""
    group = parser.getgroup("taggers")
    group.addoption(
        "--taggers-exchanges",
        type=Path,
        metavar="DIR",
        help="where the exchanges are, if not in exchanges/ beside the provider's module",
    )
    group.addoption(
        "--taggers-provider",
        action="append",
        default=[],
        metavar="NAME",
        help="check this installed provider, with the exchanges beside its module",
    )


def pytest_collection_modifyitems(
    session: pytest.Session, config: pytest.Config, items: list[pytest.Item]
) -> None:
    """Adds the checks of the providers that were asked for."""
    for name in config.getoption("--taggers-provider"):
        items += _Provider.from_parent(session, name=name, nodeid=f"taggers::{name}").collect()


class _Provider(pytest.Collector):
    """All checks of one provider."""

    def collect(self) -> list[pytest.Item]:
        from .errors import TaggersError
        from .testing import cases

        try:
            found = cases(self.name, self.config.getoption("--taggers-exchanges"))
        except TaggersError as error:
            raise pytest.UsageError(str(error)) from error
        return [_Check.from_parent(self, name=str(case), case=case) for case in found]


class _Check(pytest.Item):
    """One check of one provider."""

    def __init__(self, *, case: Case, **more: Any) -> None:
        super().__init__(**more)
        self._case = case

    def runtest(self) -> None:
        self._case.check()

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        from .testing import Mismatch

        if isinstance(excinfo.value, Mismatch):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[str, None, str]:
        return "taggers", None, f"{self.parent.name if self.parent else ''}: {self.name}"
