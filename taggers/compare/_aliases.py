"""`aliases.toml`: labels that mean the same because the user says so.

    [aliases]
    cup = ["mug", "coffee cup", "杯子"]

The name before each list is the one that they all go by.
"""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

from .._extras import from_extra
from .._registry import nearest
from ..errors import ConfigurationError, LocalResourceError
from ._labels import normal

__all__ = ["accepted", "read_aliases"]


def read_aliases(path: Path) -> dict[str, tuple[str, ...]]:
    """The aliases of a file, by the name that they go by.

    Raises `ConfigurationError` with every mistake and its place, and `LocalResourceError` where the
    file cannot be read.
    """
    try:
        document = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise LocalResourceError(f"{path} cannot be read: {error.strerror}") from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigurationError(f"{path}: {error}") from error
    faults = list(_faults(document))
    if faults:
        raise ConfigurationError("\n".join(f"{path}: {fault}" for fault in faults))
    return {name: tuple(texts) for name, texts in document.get("aliases", {}).items()}


def accepted(text: str, name: str, aliases: Collection[str]) -> str:
    """The text of a file in which these aliases go by a name, too; all else in it stays as it is.

    Where one of them is listed already, the others come beside it, under the name that is there.
    Raises `ConfigurationError` where they are in two lists.
    """
    with from_extra("eval", "writing aliases"):
        import tomlkit
    document = tomlkit.parse(text)
    table = document.setdefault("aliases", tomlkit.table())
    home = _home(table, [name, *aliases]) or name
    listed = table.setdefault(home, tomlkit.array())
    known = {normal(home), *map(normal, listed)}
    for one in (name, *aliases):
        if normal(one) not in known:
            listed.append(one)
            known.add(normal(one))
    return tomlkit.dumps(document)


def _home(groups: Mapping[str, Collection[str]], texts: Collection[str]) -> str | None:
    """The name that one of these texts goes by already."""
    wanted = {*map(normal, texts)}
    homes = [name for name, listed in groups.items() if wanted & {*map(normal, (name, *listed))}]
    if len(homes) > 1:
        raise ConfigurationError(
            f"they are in the lists of {' and '.join(map(repr, homes))} already",
            hint="make one list of these in the file, if all of that means the same",
        )
    return homes[0] if homes else None


def _faults(document: Mapping[str, Any]) -> Iterator[str]:
    for key in document:
        if key != "aliases":
            proposal = nearest(key, ["aliases"]) or "; names stand below [aliases]"
            yield f"{key}: there is no such key{proposal}"
    groups = document.get("aliases", {})
    if not isinstance(groups, dict):
        yield f"aliases: must be a table, not {groups!r}"
        return
    home: dict[str, str] = {}
    for name, texts in groups.items():
        if not isinstance(texts, list) or not all(map(_is_text, (name, *texts))):
            yield f'aliases.{name}: must be a list of texts as in ["mug"], not {texts!r}'
            continue
        for text in dict.fromkeys(map(normal, (name, *texts))):
            if (first := home.setdefault(text, name)) != name:
                yield f"aliases.{name}: {text!r} belongs to {first!r} already; put both into one"


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())
