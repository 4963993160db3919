"""Faults on demand: which calls go wrong, and how."""

from __future__ import annotations

import random
import threading
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from attrs import define, field, fields, frozen

from .._dialect import Dialect
from .._registry import nearest
from ..errors import ConfigurationError

__all__ = [
    "KINDS",
    "Fault",
    "Faults",
    "Limits",
    "load_faults",
    "read_fault",
    "read_limits",
]

T = TypeVar("T")

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


def _kind(_: Any, __: Any, value: Any) -> None:
    if value not in KINDS:
        raise ConfigurationError(f"there is no fault {value!r}{nearest(str(value), KINDS)}")


def _number(least: float, most: float, *, whole: bool = False) -> Any:
    """A validator: a number in this range, or None where that is the default."""

    def check(_: Any, attribute: Any, value: Any) -> None:
        if value is None and attribute.default is None:
            return
        kinds = int if whole else (int, float)
        if isinstance(value, bool) or not isinstance(value, kinds) or not least <= value <= most:
            kind = "whole number" if whole else "number"
            upto = "" if most == INFINITE else f" to {most:g}"
            raise ConfigurationError(
                f"{attribute.name} must be a {kind} from {least:g}{upto}, not {value!r}"
            )

    return check


INFINITE = float("inf")


@frozen(kw_only=True)
class Fault:
    """One way in which calls go wrong.

    `do` is one of `KINDS`. It happens to calls of `only` (a dialect's name; None: all), after the
    first `after` of those, at most `times` times (None: always), each with the probability `rate`,
    `latency_s` seconds late.
    """

    do: str = field(validator=_kind)
    only: str | None = None
    after: int = field(default=0, validator=_number(0, INFINITE, whole=True))
    times: int | None = field(default=None, validator=_number(1, INFINITE, whole=True))
    rate: float = field(default=1.0, validator=_number(0, 1))
    latency_s: float = field(default=0.0, validator=_number(0, 3600))
    code: str | None = None


@frozen(kw_only=True)
class Limits:
    """A vendor's limits: calls in any whole second, and calls at a time; None: none."""

    rate_per_s: int | None = field(default=None, validator=_number(1, INFINITE, whole=True))
    concurrency: int | None = field(default=None, validator=_number(1, INFINITE, whole=True))


@define
class _Striking:
    """A fault in force: how many calls it could have befallen, and how many it did."""

    fault: Fault
    seen: int = 0
    struck: int = 0


@define
class _Traffic:
    """The calls of one vendor: in the current second, and under way."""

    second: int = 0
    in_second: int = 0
    inside: int = 0


@define
class Faults:
    """The faults in force, first to last, and the limits of each vendor's traffic.

    `known` are the dialects by name: a fault for another one, or with a code that the vendor does
    not have, is a mistake.
    """

    limits: Limits = field(factory=Limits)
    seed: int = 0
    now: Callable[[], float] = field(default=lambda: 0.0, repr=False)
    known: Mapping[str, Dialect] = field(factory=dict, repr=False)
    _striking: list[_Striking] = field(factory=list, init=False)
    _traffic: dict[str, _Traffic] = field(factory=dict, init=False)
    _random: random.Random = field(init=False, repr=False)
    _lock: threading.Lock = field(factory=threading.Lock, init=False, repr=False)

    def __attrs_post_init__(self) -> None:
        self._random = random.Random(self.seed)  # noqa: S311, it has to repeat

    def add(self, fault: Fault) -> None:
        """Puts a fault behind those already there. Raises `ConfigurationError`."""
        self._check(fault)
        with self._lock:
            self._striking.append(_Striking(fault))

    def clear(self) -> None:
        """Takes all faults away, and starts counting anew."""
        with self._lock:
            self._striking.clear()
            for traffic in self._traffic.values():
                traffic.second = traffic.in_second = 0
            self._random.seed(self.seed)

    def listed(self) -> list[tuple[Fault, int]]:
        """The faults, each with how often it has struck."""
        with self._lock:
            return [(item.fault, item.struck) for item in self._striking]

    def strike(self, dialect: str) -> Fault | None:
        """The fault that befalls the next call of this dialect, if any."""
        with self._lock:
            fitting = [item for item in self._striking if item.fault.only in (None, dialect)]
            for item in fitting:
                item.seen += 1
            chosen = next((item for item in fitting if self._strikes(item)), None)
            if chosen is None:
                return None
            chosen.struck += 1
            return chosen.fault

    def _strikes(self, item: _Striking) -> bool:
        fault = item.fault
        return (
            item.seen > fault.after
            and (fault.times is None or item.struck < fault.times)
            and (fault.rate >= 1 or self._random.random() < fault.rate)
        )

    def enter(self, vendor: str) -> str | None:
        """Lets a call in; or says which limit it breaks, as the vendor writes it."""
        with self._lock:
            traffic = self._traffic.setdefault(vendor, _Traffic())
            second = int(self.now())
            if second != traffic.second:
                traffic.second, traffic.in_second = second, 0
            traffic.in_second += 1
            traffic.inside += 1
            rate, at_once = self.limits.rate_per_s, self.limits.concurrency
            if rate is not None and traffic.in_second > rate:
                return f"limit:{rate},time:1 second"
            if at_once is not None and traffic.inside > at_once:
                return f"limit:{at_once},time:1 second"
            return None

    def leave(self, vendor: str) -> None:
        """Lets a call out that came in, whether it was let pass or not."""
        with self._lock:
            self._traffic[vendor].inside -= 1

    def _check(self, fault: Fault) -> None:
        if fault.only is not None and fault.only not in self.known:
            close = nearest(str(fault.only), self.known)
            raise ConfigurationError(f"only: there is no service {fault.only!r}{close}")
        if (fault.do == "code") != (fault.code is not None):
            raise ConfigurationError('code goes with do = "code", and that needs one')
        if fault.code is not None and not self._has(fault.only, fault.code):
            raise ConfigurationError(f"code: no such service answers {fault.code!r}")

    def _has(self, only: str | None, code: str) -> bool:
        """Whether one of the services that are meant has this code."""
        meant = [self.known[only]] if only else list(self.known.values())
        return any(dialect.has_code(code) for dialect in meant)


def load_faults(path: Path) -> tuple[list[Fault], Limits]:
    """The `[[faults]]` and `[limits]` of a TOML file. Raises `ConfigurationError`."""
    try:
        document = tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigurationError(f"{path}: {error}") from error
    for key in document:
        if key not in ("faults", "limits"):
            close = nearest(key, ("faults", "limits"))
            raise ConfigurationError(f"{path}: {key}: there is no such key{close}")
    tables = document.get("faults", [])
    if not isinstance(tables, list):
        raise ConfigurationError(f"{path}: faults: must be tables like [[faults]]")
    faults = [read_fault(table, f"{path}: faults[{i}]") for i, table in enumerate(tables)]
    return faults, read_limits(document.get("limits", {}), f"{path}: limits")


def read_fault(table: Any, place: str = "fault") -> Fault:
    """The fault that a table describes. Raises `ConfigurationError`."""
    if isinstance(table, dict) and "do" not in table:
        raise ConfigurationError(f"{place}.do: is missing; it is one of {', '.join(KINDS)}")
    return _read(Fault, table, place)


def read_limits(table: Any, place: str = "limits") -> Limits:
    """The limits that a table describes. Raises `ConfigurationError`."""
    return _read(Limits, table, place)


def _read(kind: type[T], table: Any, place: str) -> T:
    if not isinstance(table, dict):
        raise ConfigurationError(f"{place}: must be a table, not {table!r}")
    known = [attribute.name for attribute in fields(kind)]  # type: ignore[arg-type]
    for key in table:
        if key not in known:
            raise ConfigurationError(f"{place}.{key}: there is no such key{nearest(key, known)}")
    try:
        return kind(**table)
    except ConfigurationError as error:
        raise ConfigurationError(f"{place}: {error.message}") from error
