"""The file of a recorded exchange: written whole or not at all, and never with a secret in it."""

from __future__ import annotations

import datetime
import json
import tempfile
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from .. import __version__
from .._flow import EMULATOR_HEADER
from .._resolve import Target
from ..errors import LocalResourceError, Scope
from ._exchange import Exchange, Mismatch
from ._leaks import leak
from ._record import Record, example_address, own_host
from ._recording import NotRecorded, Recording

__all__ = ["LeakedSecret", "provenance", "refuse_to_replace", "write"]


class LeakedSecret(NotRecorded):
    """A secret or an id of the account still stands in the exchange: nothing was written."""

    scope: Scope = "credential"


def write(path: Path, made: Record, about: str, *, force: bool = False) -> None:
    """Writes an exchange where it replays as it is written; `about` says where it is from.

    Raises `LeakedSecret` where something hidden still stands in it, `NotRecorded` where it does not
    replay, and `LocalResourceError` where there is a file already, or none can be.
    """
    items = "1 item" if made.left_out == 1 else f"{made.left_out} items"
    left = f"; {items} of its lists left out" if made.left_out else ""
    content = {"about": about + left, **made.content}
    if found := leak(content, made.hidden):
        name, encoding = found
        raise LeakedSecret(
            f"{name} still stands in the exchange ({encoding}): nothing was written",
            hint="the vendor repeats it; write this exchange by hand, without it",
        )
    refuse_to_replace(path, force=force)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=path.parent, prefix=".") as folder:
            fresh = Path(folder) / path.name
            fresh.write_bytes(_text(content))
            Exchange.load(fresh).check(made.provider)
            fresh.replace(path)
    except Mismatch:  # whose message shows the exchange
        raise NotRecorded("the exchange does not replay as it is written") from None
    except OSError as error:
        raise LocalResourceError(f"{path} cannot be written: {error.strerror}") from error


def refuse_to_replace(path: Path, *, force: bool) -> None:
    """Raises `LocalResourceError` where there is such a file already."""
    if path.exists() and not force:
        raise LocalResourceError(
            f"there is a file {path} already", hint="--force replaces it", scope="call"
        )


def _text(content: dict[str, Any]) -> bytes:
    """The file's bytes: as people read it, unless half of a surrogate pair stands in it."""
    try:
        return (json.dumps(content, indent=1, ensure_ascii=False) + "\n").encode()
    except UnicodeEncodeError:
        return (json.dumps(content, indent=1) + "\n").encode()


def provenance(
    seen: Recording, target: Target, distribution: tuple[str, str | None], date: datetime.date
) -> str:
    """Where an exchange is from, in a line; `distribution` is the plugin's, with its version."""
    versions = dict([("taggers", __version__), distribution])
    software = " and ".join(f"{name} {version or ''}".strip() for name, version in versions.items())
    emulated = any(EMULATOR_HEADER in one.response.headers for one in seen.answered)
    line = f"recorded on {date} with {software} from {_host(target)}"
    return f"{line}, emulated" if emulated else line


def _host(target: Target) -> str:
    """The host that was asked, as far as it tells nothing of the user."""
    if own_host(target):
        return "another host"
    address = target.settings.get("endpoint") or example_address(target)
    return urlsplit(address or "").hostname or ""
