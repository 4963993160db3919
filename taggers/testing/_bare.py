"""Replays exchanges in a process of its own, without network, clock, chance or environment.

    python -m taggers.testing._bare acme-tags < exchanges.json

reads a list of exchanges and prints what is asked and what comes of it, as one JSON list.
"""

from __future__ import annotations

import datetime
import json
import os
import platform
import random
import secrets
import subprocess
import sys
import time
import uuid
from collections import UserDict
from collections.abc import Mapping
from typing import Any

from .._model import Result
from .._provider import Provider
from .._registry import installed
from ._exchange import Exchange, Mismatch

__all__ = ["check_bare"]

SENSES = {
    time: ("time", "time_ns", "monotonic", "monotonic_ns", "perf_counter", "perf_counter_ns",
           "localtime", "gmtime", "ctime", "strftime", "sleep"),
    random: ("random", "randint", "choice", "uniform", "getrandbits", "shuffle", "sample"),
    secrets: ("token_hex", "token_bytes", "token_urlsafe", "randbelow", "choice"),
    uuid: ("uuid1", "uuid4"),
    os: ("getenv", "urandom"),
    platform: ("node", "platform", "uname"),
}  # fmt: skip
"""What is taken away, by module."""
GIVEN = {"time.gmtime": 1, "time.localtime": 1, "time.ctime": 1, "time.strftime": 2}
"""With so many arguments these look at no clock."""
DENIED = ("open", "os.listdir", "socket", "subprocess", "urllib")
"""Events of Python's audit, by how they begin, that become errors."""
TIMEOUT_S = 60
KEPT = ("PATH", "HOME", "PYTHONPATH", "VIRTUAL_ENV", "TAGGERS_PLUGINS", "SYSTEMROOT", "TMPDIR")
"""What is left of the environment, so that a value that was read from the rest at import shows."""


def check_bare(provider: Provider, recorded: list[Exchange]) -> None:
    """`request` and `read` are pure: without network, clock, chance and environment, in another
    process, the same is asked and the same comes of it."""
    expected = _replayed(provider, recorded)
    done = subprocess.run(  # noqa: S603, it is this very file
        [sys.executable, "-m", __name__, provider.name],
        input=json.dumps([_record(exchange) for exchange in recorded]),
        capture_output=True,
        text=True,
        check=False,
        timeout=TIMEOUT_S,
        env={
            **{name: os.environ[name] for name in KEPT if name in os.environ},
            "PYTHONIOENCODING": "utf-8",
        },
    )
    if done.returncode:
        raise Mismatch("it is not pure: " + done.stderr.strip().rpartition("\n")[2])
    for exchange, one, other in zip(recorded, expected, json.loads(done.stdout), strict=True):
        if one != other:
            raise Mismatch(f"{exchange.name}: in another process it asks or says something else")


def _record(exchange: Exchange) -> Mapping[str, Any]:
    return {
        "provider": exchange.provider,
        "about": exchange.about,
        "wire": exchange.wire,
        "settings": exchange.settings,
        "options": exchange.options,
        "image": exchange.image,
        "name": exchange.name,
    }


def _replayed(provider: Provider, recorded: list[Exchange]) -> list[Any]:
    """What is asked in each exchange, and what comes of it, as JSON values."""
    return [_shown(provider, exchange) for exchange in recorded]


def _shown(provider: Provider, exchange: Exchange) -> list[Any]:
    outcome, requests = exchange.play(provider)
    said = outcome.to_dict() if isinstance(outcome, Result) else repr(outcome)
    asked = [
        [request.method, request.url, dict(request.headers), request.content.sha256]
        for request in requests
    ]
    shown: list[Any] = json.loads(json.dumps([asked, said]))
    return shown


def _set_traps() -> None:
    """Puts traps in place of the senses. Until they are armed they pass on: a plugin that binds
    one when it is imported (`from time import time`) holds the trap."""
    for module, names in SENSES.items():
        for name in names:
            trap = _Trap(f"{module.__name__}.{name}", getattr(module, name))
            setattr(module, name, trap)
    vars(os)["environ"] = _Environment(os.environ)
    datetime.datetime, datetime.date = _Timeless, _Dateless  # type: ignore[misc]
    sys.addaudithook(_deny)


ARMED: list[str] = []
"""Not empty once the traps are armed."""


def _spring(what: str) -> None:
    if ARMED:
        raise SystemExit(f"it uses {what}")


class _Trap:
    def __init__(self, name: str, original: Any) -> None:
        self._name, self._original = name, original

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        if len(arguments) < GIVEN.get(self._name, 99):
            _spring(self._name)
        return self._original(*arguments, **named)


class _Environment(UserDict[str, str]):
    """The environment, in which nothing may be looked up once the traps are armed."""

    def __getitem__(self, name: str) -> str:
        _spring("os.environ")
        return super().__getitem__(name)

    def __contains__(self, name: object) -> bool:
        _spring("os.environ")
        return super().__contains__(name)


class _Timeless(datetime.datetime):
    @classmethod
    def now(cls, tz: Any = None) -> Any:
        _spring("datetime.now")
        return super().now(tz)

    utcnow = today = now


class _Dateless(datetime.date):
    @classmethod
    def today(cls) -> Any:
        _spring("date.today")
        return super().today()


def _deny(event: str, arguments: tuple[Any, ...]) -> None:
    if event.startswith(DENIED):
        _spring(f"{event}{arguments}")


def main() -> None:
    _set_traps()
    provider = installed().provider(sys.argv[1])
    recorded = [Exchange(**record) for record in json.load(sys.stdin)]
    _replayed(provider, recorded)  # imports what is imported late
    ARMED.append("yes")
    print(json.dumps(_replayed(provider, recorded)))


if __name__ == "__main__":
    main()
