"""What a fault server does to its callers: plain data, the same in every run."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from attrs import frozen

__all__ = ["SECRET", "SPARED", "Plan", "Rules", "Strike", "address", "hit", "mixed"]


SECRET = "EXAMPLE-SK-OF-THE-SOAK"
"""With which every request is signed."""
SPARED = 4_000_000
"""Calls from this number on always go well: they warm up, or look whether all is in order."""


@frozen(kw_only=True)
class Strike:
    """One way in which requests go wrong.

    `do` is a kind of `answers.KINDS`, `says` its details. It befalls a `share` of the calls, and of
    each the first `requests` requests (None: all of them).
    """

    do: str
    share: float = 1.0
    requests: int | None = 1
    says: Mapping[str, Any] = {}


@frozen(kw_only=True)
class Rules:
    """What the vendor insists on with everybody; None: it does not.

    * `rate_per_s`: so many requests in any second, at most; `concurrency`: so many at a time;
    * `throttle_status`: how it says that there were more;
    * `outage_s`: from and until when nothing works, in seconds after the first request;
    * `clock_s`: how far its clock is ahead; `fresh_s`: how old a signature may be;
    * `token_lives`: how often each token may be used before it has run out.
    """

    rate_per_s: int | None = None
    concurrency: int | None = None
    throttle_status: int = 429
    outage_s: tuple[float, float] | None = None
    clock_s: float = 0.0
    fresh_s: float | None = None
    token_lives: int | None = None


@frozen(kw_only=True)
class Plan:
    """A server's whole behaviour.

    The strikes share the calls out among themselves, by `seed`; those from `SPARED` on go well.
    `latency_s` is how long the work on a picture takes; it listens at so many `hosts` (see
    `address`); `idle_s` is when an unused connection is closed; `tls` is the name in its
    certificate, which nobody else vouches for.
    """

    strikes: tuple[Strike, ...] = ()
    rules: Rules = Rules()
    seed: int = 6
    latency_s: float = 0.0
    idle_s: float = 60.0
    tls: str | None = None
    hosts: int = 1

    def strike(self, call: int, request: int) -> Strike | None:
        """What happens to the `request`-th request (from 1) of a call; None: it goes well."""
        if call >= SPARED:
            return None
        roll = hit(self.seed, call)
        for strike in self.strikes:
            if roll < strike.share:
                spared = strike.requests is not None and request > strike.requests
                return None if spared else strike
            roll -= strike.share
        return None


def address(host: int) -> str:
    """The address of a server's `host`-th host, from 0. All are this machine; to taggers each is a
    service of its own, with a breaker of its own."""
    return f"127.0.{host // 250}.{1 + host % 250}"


def hit(seed: int, call: int) -> float:
    """A call's lot, from 0 to 1."""
    digest = hashlib.blake2b(f"{seed} {call}".encode(), digest_size=8).digest()
    return int.from_bytes(digest) / 2**64


def mixed(share: float, kinds: Mapping[str, Mapping[str, Any]]) -> tuple[Strike, ...]:
    """Strikes of several kinds that befall this share of the calls together."""
    return tuple(
        Strike(do=kind.partition(" ")[0], share=share / len(kinds), says=says)
        for kind, says in kinds.items()
    )
