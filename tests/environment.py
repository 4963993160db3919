"""A virtual environment for plugins under test: it sees all that is installed here, and what is
installed there stays there."""

from __future__ import annotations

import os
import subprocess
import sysconfig
import venv
from pathlib import Path

from attrs import frozen

__all__ = ["Environment", "call"]

_OFFLINE = ("--quiet", "--no-deps", "--no-build-isolation", "--disable-pip-version-check")


@frozen
class Environment:
    """The environment in a folder, which `make` fills."""

    folder: Path

    @classmethod
    def make(cls, folder: Path) -> Environment:
        """A new environment, into which plugins are installed by `install`."""
        venv.create(folder)
        ours = sysconfig.get_path("purelib")
        site = sysconfig.get_path("purelib", "venv", {"base": str(folder)})
        Path(site, "_ours.pth").write_text(f"import site; site.addsitedir({ours!r})\n", "utf-8")
        return cls(folder)

    @property
    def python(self) -> Path:
        """Its interpreter."""
        return self.folder / ("Scripts" if os.name == "nt" else "bin") / "python"

    def install(self, *plugins: Path) -> None:
        """Installs these folders in editable mode, with nothing from the network."""
        editable = [part for plugin in plugins for part in ("--editable", str(plugin))]
        done = self.run("pip", "install", *_OFFLINE, *editable)
        assert 0 == done.returncode, done.stdout

    def run(
        self, module: str, *arguments: str | Path, cwd: Path | None = None
    ) -> subprocess.CompletedProcess[str]:
        """What `python -m` says of a module; stdout and stderr as one."""
        return call(self.python, "-m", module, *arguments, cwd=cwd or self.folder)


def call(*command: str | Path, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """What a command says; stdout and stderr as one."""
    return subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=300,
    )
