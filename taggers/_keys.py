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
from collections.abc import Mapping
from pathlib import Path

from attrs import define

from ._provider import CredentialsFile
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

    environment: Mapping[str, str]
    stored: Mapping[str, str]

    @classmethod
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
        sections = configparser.ConfigParser(interpolation=None)
        try:
            sections.read_string(path.read_text("utf-8"), str(path))
        except FileNotFoundError:
            if named:
                raise ConfigurationError(
                    f"{file.env} names {path}, which is not there", scope="credential"
                ) from None
            return {}
        except (OSError, UnicodeDecodeError, configparser.Error) as error:
            raise ConfigurationError(f"{path} cannot be read: {error}") from error
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


def read(path: Path) -> dict[str, str]:
    """The stored keys; none where there is no file."""
    try:
        about = path.stat()
        text = path.read_text("utf-8")
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path} cannot be read: {error}") from error
    if os.name == "posix" and stat.S_IMODE(about.st_mode) & 0o077:
        raise ConfigurationError(
            f"{path} can be read by others on this machine", hint=f"run: chmod 600 '{path}'"
        )
    try:
        keys = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"{path} is not TOML: {error}") from error
    if wrong := [name for name, value in keys.items() if not isinstance(value, str)]:
        raise ConfigurationError(f"{path}: {', '.join(wrong)} must be a text in quotes")
    return keys


def store(path: Path, name: str, value: str) -> None:
    """Adds or replaces one key. The file is written whole, readable by its owner alone."""
    if not re.fullmatch(r"[A-Z][A-Z0-9_]*", name):
        raise ConfigurationError(f"{name!r} is no variable name like HUAWEICLOUD_SDK_AK")
    keys = {**read(path), name: value}
    lines = (f"{name} = {json.dumps(keys[name])}\n" for name in sorted(keys))
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with tempfile.NamedTemporaryFile("w", dir=path.parent, delete=False) as file:
            file.writelines(lines)  # mkstemp gives 0600
        Path(file.name).replace(path)
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be written: {error}") from error
