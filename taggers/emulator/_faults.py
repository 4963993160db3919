"""Faults on demand: which calls go wrong, and how."""

from __future__ import annotations

import random
import threading
import tomllib
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from attrs import define, field, fields, frozen

from .._registry import nearest
from ..errors import ConfigurationError

__all__ = ["KINDS", "Fault", "Faults", "Limits", "load_faults", "read_fault"]

KINDS = {
    "code": "the vendor's error `code`",
    "throttle": "the vendor's error for too many calls",
    "expire-tokens": "every token given out so far has run out",
    "slow": "only the latency",
    "reset-before": "the connection is reset before the body is read: nothing is done or billed",
    "reset-after": "the call is done and billed, and the connection reset instead of an answer",
    "silence": "no answer ever",
    "drip": "the answer comes a few bytes at a time",
    "truncate": "half of the answer comes, and the connection is closed",
    "malformed": "the answer is cut short and its length says so: it is whole, and wrong",
    "html": "a web page with HTTP 200, as from a proxy",
}


def _kind(_: Any, __: Any, value: str) -> None:
    if value not in KINDS:
        raise ConfigurationError(f"there is no fault {value!r}{nearest(value, KINDS)}")


@frozen(kw_only=True)
class Fault:
    """One way in which calls go wrong.

    `do` is one of `KINDS`. It happens to calls of `only` (a dialect's name; None: all), from call
    number `after` + 1 on, at most `times` times (None: always), each with the probability `rate`,
    `latency_s` seconds late.
    """

    do: str = field(validator=_kind)
    only: str | None = None
    after: int = 0
    times: int | None = None
    rate: float = 1.0
    latency_s: float = 0.0
    code: str | None = None


@frozen(kw_only=True)
class Limits:
    """A vendor's limits: calls in any whole second, and calls at a time; None: none."""

    rate_per_s: int | None = None
    concurrency: int | None = None


@define
class Faults:
    """The faults in force, first to last, and how often each has struck."""

    limits: Limits = field(factory=Limits)
    seed: int = 0
    now: Callable[[], float] = field(default=lambda: 0.0, repr=False)
    _faults: list[tuple[Fault, int]] = field(factory=list, init=False)
    _random: random.Random = field(init=False, repr=False)
    _lock: threading.Lock = field(factory=threading.Lock, init=False, repr=False)
    _calls: int = 0
    _second: int = 0
    _in_second: int = 0
    _inside: int = 0

    def __attrs_post_init__(self) -> None:
        self._random = random.Random(self.seed)  # noqa: S311, it has to repeat

    def add(self, fault: Fault) -> None:
        """Puts a fault behind those already there."""
        with self._lock:
            self._faults.append((fault, 0))

    def clear(self) -> None:
        """Takes all faults away, and starts counting anew."""
        with self._lock:
            self._faults, self._calls = [], 0
            self._random.seed(self.seed)

    def listed(self) -> list[tuple[Fault, int]]:
        """The faults, each with how often it has struck."""
        with self._lock:
            return list(self._faults)

    def strike(self, dialect: str) -> Fault | None:
        """The fault that befalls the next call of this dialect, if any."""
        with self._lock:
            self._calls += 1
            for index, (fault, struck) in enumerate(self._faults):
                if self._fits(fault, struck, dialect):
                    self._faults[index] = (fault, struck + 1)
                    return fault
            return None

    def _fits(self, fault: Fault, struck: int, dialect: str) -> bool:
        return (
            fault.only in (None, dialect)
            and self._calls > fault.after
            and (fault.times is None or struck < fault.times)
            and (fault.rate >= 1 or self._random.random() < fault.rate)
        )

    def enter(self) -> str | None:
        """Lets a call in; or says which limit it breaks, as the vendor writes it."""
        with self._lock:
            second = int(self.now())
            if second != self._second:
                self._second, self._in_second = second, 0
            self._in_second += 1
            self._inside += 1
            rate, at_once = self.limits.rate_per_s, self.limits.concurrency
            if rate is not None and self._in_second > rate:
                return f"limit:{rate},time:1 second"
            if at_once is not None and self._inside > at_once:
                return f"limit:{at_once},time:1 second"
            return None

    def leave(self) -> None:
        """Lets a call out that came in, whether it was let pass or not."""
        with self._lock:
            self._inside -= 1


def load_faults(path: Path) -> list[Fault]:
    """The `[[faults]]` tables of a TOML file. Raises `ConfigurationError` with the place."""
    try:
        tables = tomllib.loads(path.read_text("utf-8")).get("faults", [])
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigurationError(f"{path}: {error}") from error
    return list(_read(tables, str(path)))


def read_fault(table: Mapping[str, Any], place: str = "fault") -> Fault:
    """The fault that a table describes. Raises `ConfigurationError`."""
    known = [attribute.name for attribute in fields(Fault)]
    for key in table:
        if key not in known:
            raise ConfigurationError(f"{place}.{key}: there is no such key{nearest(key, known)}")
    if "do" not in table:
        raise ConfigurationError(f"{place}.do: is missing; it is one of {', '.join(KINDS)}")
    return Fault(**table)


def _read(tables: Iterable[Mapping[str, Any]], path: str) -> Iterable[Fault]:
    return (read_fault(table, f"{path}: faults[{index}]") for index, table in enumerate(tables))
