"""What a worker is told to do, and what it says of each call: values that cross processes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import field, frozen

from .ledger import Book

__all__ = ["Outcome", "Report", "Task", "Tried"]


@frozen(kw_only=True)
class Task:
    """Calls to make.

    * `config`: the text of a taggers.toml, with {port} (and {port2}, …) for the servers' ports;
    * `address`: where other clients ask;
    * `job`: what is done, a name in `worker.JOBS` or `batches.JOBS`, with its `details`;
    * `first`, `calls`: the numbers of the calls;
    * `at_once`: how many are under way at most; `per_s`: how many are begun in a second;
    * `policy`: arguments of `Policy`; `padding`: bytes that make the request's body larger;
    * `warm_up`: whether each service answers a call first, so that its key is known to be good;
    * `hosts`: how many services there are, hw0, hw1, …, which are asked in turn; 1: hw alone.
    """

    config: str
    address: str = "http://127.0.0.1:{port}"
    job: str = "tag"
    first: int = 0
    calls: int = 1
    at_once: int = 10
    per_s: float | None = None
    policy: Mapping[str, Any] = {}
    padding: int = 0
    warm_up: bool = False
    hosts: int = 1
    ca_bundle: str | None = None
    details: Mapping[str, Any] = {}


@frozen
class Tried:
    """One attempt, as taggers reports it."""

    error: str | None
    billed: str
    units: int


@frozen(kw_only=True)
class Outcome:
    """How a call ended: with `error` None in an answer, which is `right` where it is the call's
    own. `typed` errors are taggers'; `took_s` is what the caller waited."""

    call: int
    error: str | None = None
    right: bool = True
    typed: bool = True
    billed: str = "no"
    tried: tuple[Tried, ...] = ()
    took_s: float = 0.0
    code: str | None = None
    request_id: str | None = None
    message: str = ""

    @property
    def surely(self) -> int:
        """Units that taggers reports as billed."""
        return sum(tried.units for tried in self.tried if tried.billed == "yes")

    @property
    def perhaps(self) -> int:
        """Units of which taggers reports that they may be billed."""
        return sum(tried.units for tried in self.tried if tried.billed == "maybe")


@frozen(kw_only=True)
class Report:
    """What a worker has to say: the outcomes, and what its process was like; and the `book` of a
    server of its own."""

    outcomes: tuple[Outcome, ...]
    base_mb: float
    peak_mb: float
    facts: Mapping[str, Any] = field(factory=dict)
    book: Book | None = None
