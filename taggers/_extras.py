"""Libraries that come with an extra, and are imported when they are used."""

from __future__ import annotations

import contextlib
import importlib
from collections.abc import Iterator

from .errors import LocalResourceError

__all__ = ["check_extra", "from_extra"]


@contextlib.contextmanager
def from_extra(extra: str, purpose: str) -> Iterator[None]:
    """Makes a `LocalResourceError` that says what to install, of an import that fails within."""
    try:
        yield
    except ImportError as error:
        raise LocalResourceError(
            f"{purpose} takes a library that is missing: {error}",
            hint=f"run: pip install 'taggers[{extra}]'",
        ) from error


def check_extra(extra: str, purpose: str, *libraries: str) -> None:
    """Raises as `from_extra` does where one of these libraries is missing: for what would otherwise
    come to light only after something was paid for."""
    with from_extra(extra, purpose):
        for library in libraries:
            importlib.import_module(library)
