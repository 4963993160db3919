"""What the options before the command say: which configuration, and which vendors."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click
from attrs import frozen

if TYPE_CHECKING:
    from .._config import Config

__all__ = ["Setup", "pass_setup"]


@frozen
class Setup:
    """The options before the command."""

    context: click.Context
    path: str | None = None
    emulate: bool = False
    fixtures: str | None = None
    faults: str | None = None
    no_profile: bool = False

    @property
    def words(self) -> list[str]:
        """The options as they are typed, but for those that leave something out."""
        named = {"--config": self.path, "--fixtures": self.fixtures, "--faults": self.faults}
        values = [word for name, value in named.items() if value for word in (name, value)]
        return [*(["--emulate"] if self.emulate else []), *values]

    def config(self) -> Config:
        """The configuration. Where vendors are emulated, it asks an emulator that runs until the
        command ends."""
        from .._config_file import load

        config = load(self.path)
        if self.no_profile:
            config.profile = None
        if (self.fixtures or self.faults) and not self.emulate:
            raise click.UsageError("--fixtures and --faults go with --emulate")
        if not self.emulate:
            return config
        from ..emulator import Emulator

        emulator = Emulator(
            fixtures=Path(self.fixtures) if self.fixtures else (),
            faults=Path(self.faults) if self.faults else (),
        )
        return self.context.with_resource(emulator).redirect(config)


pass_setup = click.make_pass_decorator(Setup)
