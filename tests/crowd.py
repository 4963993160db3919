"""Processes that all want the same thing at the same time: money, or permits.

    python crowd.py spend FOLDER PROCESSES     until the cap of a yuan refuses
    python crowd.py reserve FOLDER PROCESSES   settles nothing, until it is killed
    python crowd.py send FOLDER PROCESSES      sends for some seconds, by 100 a second
    python crowd.py work FOLDER PROCESSES      works for some seconds, 10 at a time
    python crowd.py hold FOLDER PROCESSES      takes a permit and keeps it, until it is killed

Each process begins when all are there, and writes one line a time to stdout.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from taggers._ledger import Ledger
from taggers._money import Money
from taggers._permits import Permit, Permits, limits
from taggers._spend import Cap, Purse, Reservation, spending
from taggers.errors import BudgetExceeded

__all__ = ["CAP", "LONGER", "PRICE", "begin", "permits", "purse"]

LONGER = int(os.environ.get("TAGGERS_CROWD", "1"))
"""How many times longer than usual they go on."""
CAP = Cap("crowd", Money.parse(f"{LONGER} CNY"), "day")
PRICE = Money.parse("0.0015 CNY")
THREADS = 16


def begin(wish: str, folder: Path, processes: int) -> subprocess.Popen[str]:
    """Begins such processes; they live and die with the one that is returned, by its group."""
    return subprocess.Popen(
        [sys.executable, __file__, wish, str(folder), str(processes)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env={**os.environ, "TAGGERS_CROWD": str(LONGER)},
    )


def purse(ledger: Ledger, **changed: object) -> Purse:
    """A purse under the cap, of a provider `hw`."""
    usual = {"caps": (CAP,), "provider": "hw", "run": "1", "price": PRICE, "priced_as": "huawei"}
    return Purse(**{"ledger": ledger, **usual, **changed})


def permits(ledger: Ledger, **changed: object) -> Permits:
    """Permits for a service of no limits but those that are given."""
    usual = {"provider": "huawei", "endpoint": "https://example", "credential": "AK and SK"}
    return Permits(
        **{"ledger": ledger, **usual, "concurrency": None, "rate_per_s": None, **changed}
    )


def _spend(folder: Path) -> None:
    """Says what came of each reservation; each fourth ends in each of the ways."""
    ends = ("yes", "no", "maybe", "never")
    mine = purse(spending(folder))
    count = 0
    while (reservation := _reserved(mine)) is not None:
        end = ends[count % len(ends)]
        if end != "never":
            reservation.settle(end)
        _say(end)
        count += 1


def _reserved(mine: Purse) -> Reservation | None:
    try:
        return mine.reserve(1)
    except BudgetExceeded:
        return None


def _reserve(folder: Path) -> None:
    mine = purse(spending(folder), caps=(Cap("much", Money.parse("1000000 CNY"), "day"),))
    while mine.reserve(1):
        _say("reserved")


def _send(folder: Path) -> None:
    """Says when it sent something, in ns of the machine's ticks; an answer takes a moment."""

    def send(permit: Permit) -> None:
        at = time.monotonic_ns()
        _say(str(at))
        time.sleep(0.1)
        mine.sent(permit, at / 1e9)

    mine = permits(limits(folder), rate_per_s=100)
    _for_some_seconds(mine, send, 2.5 * LONGER)


def _work(folder: Path) -> None:
    """Says when it begins something and when it ends it."""

    def work(permit: Permit) -> None:
        _say("begin")
        time.sleep(0.05)
        _say("end")
        mine.sent(permit, None)

    mine = permits(limits(folder), concurrency=10)
    _for_some_seconds(mine, work, 1.0 * LONGER)


def _hold(folder: Path) -> None:
    permits(limits(folder)).take()
    _say("held")
    signal.pause()


def _for_some_seconds(mine: Permits, use: Callable[[Permit], None], seconds: float) -> None:
    ends = time.monotonic() + seconds

    def go_on() -> None:
        while time.monotonic() < ends:
            found = mine.take()
            if isinstance(found, Permit):
                use(found)
            else:
                time.sleep(found)

    with ThreadPoolExecutor(THREADS) as pool:
        for done in [pool.submit(go_on) for _ in range(THREADS)]:
            done.result()


def _say(line: str) -> None:
    """Writes a line at once, so that those of others do not get into it."""
    os.write(sys.stdout.fileno(), f"{line}\n".encode())


def _crowd(wish: Callable[[Path], None], folder: Path, processes: int) -> int:
    """Forks the processes; how many of them failed."""
    read, write = os.pipe()
    for _ in range(processes):
        if os.fork() == 0:
            os.close(write)
            os.read(read, 1)  # ends when the parent closes the other end
            wish(folder)
            os._exit(0)
    os.close(write)
    return sum(os.wait()[1] != 0 for _ in range(processes))


if __name__ == "__main__":
    WISHES = {"spend": _spend, "reserve": _reserve, "send": _send, "work": _work, "hold": _hold}
    sys.exit(_crowd(WISHES[sys.argv[1]], Path(sys.argv[2]), int(sys.argv[3])))
