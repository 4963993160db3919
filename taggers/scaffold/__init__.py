"""A distribution with a provider of your own, as files that are ready to be installed.

    create(Plan(name="acme-tags", format="xml"), into=Path())

makes `taggers-acme-tags/`: it installs, passes its tests and is listed at once. What only the
vendor's documents can tell is marked with TODO.
"""

from __future__ import annotations

import importlib.util
import tempfile
from pathlib import Path

from .._registry import installed
from ..errors import ConfigurationError
from ._files import files
from ._plan import AUTHS, FORMATS, INPUTS, Plan

__all__ = ["AUTHS", "FORMATS", "INPUTS", "Plan", "create", "files"]


def create(plan: Plan, into: Path) -> Path:
    """Writes the plan's files and returns their folder, a new one in `into`.

    Raises `ConfigurationError` where the name or the folder is taken, or where nothing can be
    written; then there is nothing half-written.
    """
    _free(plan)
    folder = into / plan.distribution
    try:
        with tempfile.TemporaryDirectory(dir=into, prefix=".taggers-") as aside:
            made = Path(aside) / folder.name
            _write(files(plan), made)
            if folder.is_dir():
                folder.rmdir()  # only an empty one lets itself be removed
            made.rename(folder)
    except OSError as error:
        if folder.exists():
            raise ConfigurationError(f"{folder} is there already") from error
        raise ConfigurationError(f"{folder} cannot be made: {error.strerror}") from error
    return folder


def _free(plan: Plan) -> None:
    """Raises `ConfigurationError` where another plugin has the name."""
    registry = installed()
    if plan.name in registry.names():
        distribution = registry.distribution(plan.name)[0]
        raise ConfigurationError(f"there is a provider {plan.name!r} already, from {distribution}")
    if importlib.util.find_spec(plan.module) is not None:
        raise ConfigurationError(f"there is a module {plan.module} already: choose another name")


def _write(texts: dict[str, str], folder: Path) -> None:
    for name, text in texts.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8", newline="\n")
