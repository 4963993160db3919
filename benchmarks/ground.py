"""The folder in which the contenders run: pictures, a configuration, and 60 distributions."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path

from . import pictures
from .workers.task import PROJECT

__all__ = ["laid"]

DISTRIBUTIONS = 60
CONFIG = f"""\
default = "hw"

[providers.hw]
plugin = "huawei-tagging-v2"
project_id = "{PROJECT}"
endpoint = "${{BENCHMARK_URL}}"
"""


@contextlib.contextmanager
def laid() -> Iterator[Path]:
    """The folder, while it is needed."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        pictures.write_all(folder)
        (folder / "taggers.toml").write_text(CONFIG, "utf-8")
        for number in range(DISTRIBUTIONS):
            _install(folder / "distributions", f"example{number:02}")
        yield folder


def _install(folder: Path, name: str) -> None:
    """A distribution as pip leaves it, that brings a command and nothing to us."""
    about = folder / f"{name}-1.0.dist-info"
    about.mkdir(parents=True)
    text = "A distribution of the benchmark.\n" * 60
    (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n\n{text}")
    (about / "entry_points.txt").write_text(f"[console_scripts]\n{name} = {name}:main\n")
    (about / "RECORD").write_text(f"{name}.py,,\n")
    (about / "INSTALLER").write_text("pip\n")
