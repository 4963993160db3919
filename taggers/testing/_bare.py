"""Replays exchanges in a process of its own, without network, clock, chance or environment.

    python -m taggers.testing._bare acme-tags < exchanges.json

reads a list of exchanges and prints what is asked and what comes of it, as one JSON list.
"""

from __future__ import annotations

import datetime
import hashlib
import json
import os
import random
import secrets
import subprocess
import sys
import time
import uuid
from collections.abc import Mapping
from typing import Any, Never

from .._model import Result
from .._provider import Provider
from .._registry import installed
from ._exchange import Exchange, Mismatch

__all__ = ["check_bare"]

SENSES = {
    time: ("time", "time_ns", "monotonic", "monotonic_ns", "perf_counter", "sleep"),
    random: ("random", "randint", "choice", "uniform", "getrandbits", "shuffle", "sample"),
    secrets: ("token_hex", "token_bytes", "token_urlsafe", "randbelow", "choice"),
    uuid: ("uuid1", "uuid4"),
    os: ("getenv", "urandom"),
}
"""What is taken away, by module."""
DENIED = ("open", "os.listdir", "socket", "subprocess", "urllib")
"""Events of Python's audit, by how they begin, that become errors."""
TIMEOUT_S = 60


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
        env={**os.environ, "PYTHONIOENCODING": "utf-8"},
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
        [request.method, request.url, dict(request.headers), _digest(request.body)]
        for request in requests
    ]
    shown: list[Any] = json.loads(json.dumps([asked, said]))
    return shown


def _digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def _take_senses() -> None:
    for module, names in SENSES.items():
        for name in names:
            setattr(module, name, _Taken(f"{module.__name__}.{name}"))
    vars(os)["environ"] = _Nothing("os.environ")
    datetime.datetime, datetime.date = _Timeless, _Dateless  # type: ignore[misc]
    sys.addaudithook(_deny)


class _Taken:
    def __init__(self, name: str) -> None:
        self._name = name

    def __call__(self, *arguments: Any, **named: Any) -> Never:
        raise SystemExit(f"it uses {self._name}")


class _Nothing(_Taken):
    def __getitem__(self, name: str) -> Never:
        self()

    def get(self, name: str, default: Any = None) -> Never:
        self()


class _Timeless(datetime.datetime):
    @classmethod
    def now(cls, tz: Any = None) -> Never:
        raise SystemExit("it uses datetime.now")

    utcnow = today = now


class _Dateless(datetime.date):
    @classmethod
    def today(cls) -> Never:
        raise SystemExit("it uses date.today")


def _deny(event: str, arguments: tuple[Any, ...]) -> None:
    if event.startswith(DENIED):
        raise SystemExit(f"it uses {event}{arguments}")


def main() -> None:
    provider = installed().provider(sys.argv[1])
    recorded = [Exchange(**record) for record in json.load(sys.stdin)]
    _replayed(provider, recorded)  # imports what is imported late
    _take_senses()
    print(json.dumps(_replayed(provider, recorded)))


if __name__ == "__main__":
    main()
