"""Where secrets come from: the environment, then the user's own `keys.toml`.

`keys.toml` holds the same names as the environment would, one a line, in a file that only its
owner can read:

    HUAWEICLOUD_SDK_AK = "…"
"""

from __future__ import annotations

import configparser
import json
import os
import re
import stat
import tempfile
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from attrs import define, field

from ._provider import CredentialsFile
from ._secret import no_variables
from .errors import ConfigurationError

__all__ = ["Keys", "keys_path", "state_folder", "user_folder"]


def user_folder() -> Path:
    """The folder of the user's own settings; the variable TAGGERS_HOME replaces it."""
    if home := os.environ.get("TAGGERS_HOME"):
        return Path(home)
    import platformdirs

    return platformdirs.user_config_path("taggers", appauthor=False)


def state_folder() -> Path:
    """The folder of what taggers itself remembers; it stands in TAGGERS_HOME where that is set."""
    if home := os.environ.get("TAGGERS_HOME"):
        return Path(home) / "state"
    import platformdirs

    return platformdirs.user_state_path("taggers", appauthor=False)


def keys_path() -> Path:
    """The file that holds the user's stored keys."""
    return user_folder() / "keys.toml"


@define
class Keys:
    """The environment, with the stored keys behind it."""

    environment: Mapping[str, str] = field(repr=False)
    stored: Mapping[str, str] = field(repr=False)

    @classmethod
    @no_variables()
    def load(cls, environment: Mapping[str, str] | None = None) -> Keys:
        """Reads `keys.toml`. Raises `ConfigurationError` where it is damaged or open to others."""
        return cls(os.environ if environment is None else environment, read(keys_path()))

    def find(self, name: str) -> tuple[str, str] | None:
        """The value of a name and where it stands: "environment" or "keys.toml"."""
        if self.environment.get(name):
            return self.environment[name], "environment"
        if self.stored.get(name):
            return self.stored[name], "keys.toml"
        return None

    def of_vendor(self, file: CredentialsFile | None) -> dict[str, tuple[str, str]]:
        """The names in a vendor's own file of keys, each with its value and the file.

        There may be none at the usual place. A file that its variable names must be there and have
        the section; otherwise, and where one is damaged, raises `ConfigurationError`.
        """
        if file is None:
            return {}
        named = self.environment.get(file.env)
        path = Path(named or file.path).expanduser()
        if not path.exists():
            if named:
                raise ConfigurationError(
                    f"{file.env} names {path}, which is not there", scope="credential"
                )
            return {}
        sections = _sections(path)
        if sections.has_section(file.section):
            values = sections[file.section].items()
            return {name: (value, str(path)) for name, value in values if value}
        if named:
            others = "".join(f"[{name}] " for name in sections.sections())
            raise ConfigurationError(
                f"{path}, which {file.env} names, has no section [{file.section}]"
                + (f"; it has {others.rstrip()}" if others else ""),
                scope="credential",
            )
        return {}


@no_variables()
def _sections(path: Path) -> configparser.ConfigParser:
    """What stands in an INI file. Raises `ConfigurationError`, which quotes none of its lines."""
    sections = configparser.ConfigParser(interpolation=None)
    try:
        sections.read_string(path.read_text("utf-8"), str(path))
        return sections
    except OSError as error:
        why = error.strerror or type(error).__name__
    except UnicodeDecodeError:
        why = "it is not UTF-8"
    except configparser.Error as error:
        line = (
            getattr(error, "lineno", None) or next(iter(getattr(error, "errors", ())), (None,))[0]
        )
        where = f" in line {line}" if line else ""
        why = f"it is not INI{where} ({type(error).__name__})"
    raise ConfigurationError(f"{path} cannot be read: {why}")


def read(path: Path) -> dict[str, str]:
    """The stored keys; none where there is no file."""
    try:
        mode, content = path.stat().st_mode, path.read_bytes()
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be read: {error}") from error
    if os.name == "posix" and stat.S_IMODE(mode) & 0o077:
        raise ConfigurationError(
            f"{path} can be read by others on this machine", hint=f"run: chmod 600 '{path}'"
        )
    keys = _parsed(path, content)
    if wrong := [name for name, value in keys.items() if not isinstance(value, str)]:
        raise ConfigurationError(f"{path}: {', '.join(wrong)} must be a text in quotes")
    return keys


def _parsed(path: Path, content: bytes) -> dict[str, Any]:
    """What stands in a TOML file. The error's cause would hold all of it."""
    try:
        return tomllib.loads(content.decode())
    except tomllib.TOMLDecodeError as error:
        why = f"is not TOML: {error}"
    except UnicodeDecodeError:
        why = "is not UTF-8"
    raise ConfigurationError(f"{path} {why}")


@no_variables()
def store(path: Path, name: str, value: str) -> None:
    """Adds or replaces one key. The file is written whole, readable by its owner alone."""
    if not re.fullmatch(r"[A-Z][A-Z0-9_]*", name):
        raise ConfigurationError(f"{name!r} is no variable name like HUAWEICLOUD_SDK_AK")
    keys = {**read(path), name: value}
    lines = (f"{name} = {json.dumps(keys[name])}\n" for name in sorted(keys))
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with _beside(path) as file:
            file.writelines(lines)
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be written: {error}") from error


@contextmanager
def _beside(path: Path) -> Iterator[IO[str]]:
    """A file that only its owner can read, and that takes the path's place when it is whole."""
    file = tempfile.NamedTemporaryFile("w", dir=path.parent, delete=False)  # noqa: SIM115
    try:
        with file:
            yield file
        Path(file.name).replace(path)
    except BaseException:
        Path(file.name).unlink()
        raise
