"""The ledger's file: its owner's alone, shared by processes and threads, and failing closed."""

from __future__ import annotations

import os
import sqlite3
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from crowd import purse

from taggers._ledger import Ledger
from taggers._spend import spending
from taggers.errors import LocalResourceError


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return spending(tmp_path / "state")


def _refusal(ledger: Ledger) -> LocalResourceError:
    with pytest.raises(LocalResourceError) as caught:
        purse(ledger).reserve(1)
    assert str(ledger.path) in caught.value.message
    assert "not sent" == caught.value.outcome
    return caught.value


def _reserved(ledger: Ledger) -> int:
    with ledger.write(durable=False) as connection:
        (micros,) = connection.execute("SELECT sum(reserved) FROM totals").fetchone()
        return int(micros or 0)


@pytest.mark.skipif(os.name != "posix", reason="permissions of another kind")
def test_the_file_and_its_folder_are_for_their_owner_alone(ledger: Ledger) -> None:
    purse(ledger).reserve(1)

    assert 0o700 == stat.S_IMODE(ledger.path.parent.stat().st_mode)
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in ledger.path.parent.iterdir()}
    names = [ledger.path.name + end for end in ("", "-wal", "-shm")]
    assert dict.fromkeys(names, 0o600) == modes


def test_a_reservation_waits_for_the_disk_and_a_settlement_does_not(ledger: Ledger) -> None:
    said: list[str] = []
    mine = purse(ledger)
    with ledger.write(durable=False) as connection:
        connection.set_trace_callback(said.append)

    reservation = mine.reserve(1)
    reserving = said[said.index("COMMIT") + 1 :]
    said.clear()
    assert reservation is not None
    reservation.settle("yes")

    assert "PRAGMA synchronous = FULL" == reserving[0]
    assert "COMMIT" == reserving[-1]
    assert "PRAGMA synchronous = NORMAL" == said[0]


@pytest.mark.parametrize("damage", [b"not a database, but a long enough text" * 99, b"short"])
def test_a_damaged_ledger_lets_nothing_through(ledger: Ledger, damage: bytes) -> None:
    ledger.path.parent.mkdir()
    ledger.path.write_bytes(damage)

    refusal = _refusal(ledger)

    assert "not a database" in refusal.message
    assert "move it away" in str(refusal.hint)


def test_a_ledger_with_damaged_pages_lets_nothing_through(ledger: Ledger) -> None:
    purse(ledger).reserve(1)
    ledger.close()
    pages = bytearray(ledger.path.read_bytes())
    pages[4096:] = os.urandom(len(pages) - 4096)
    ledger.path.write_bytes(pages)

    refusal = _refusal(ledger)

    assert "malformed" in refusal.message
    assert "move it away" in str(refusal.hint)


def test_a_ledger_that_was_moved_away_begins_anew(ledger: Ledger) -> None:
    purse(ledger).reserve(1)

    for path in list(ledger.path.parent.iterdir()):
        path.rename(path.with_name(f"old-{path.name}"))
    purse(ledger).reserve(2)

    assert 2 * 1_500 == _reserved(ledger)


def test_a_ledger_that_cannot_be_made_lets_nothing_through(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file where the folder should be")

    refusal = _refusal(spending(tmp_path / "state"))

    assert "folder in [store] of taggers.toml" in str(refusal.hint)


def test_a_ledger_of_a_newer_version_is_left_alone(ledger: Ledger) -> None:
    purse(ledger).reserve(1)
    with ledger.write(durable=False) as connection:
        connection.execute("PRAGMA user_version = 2")
    ledger.close()

    refusal = _refusal(ledger)

    assert "version 2" in refusal.message
    assert "newest taggers" in str(refusal.hint)


def test_a_ledger_that_another_process_holds_too_long_lets_nothing_through(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "l.sqlite3", "what was spent", spending(tmp_path).tables, busy_s=0.1)
    purse(ledger).reserve(1)
    other = sqlite3.connect(ledger.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")

    refusal = _refusal(ledger)
    other.close()

    assert "locked" in refusal.message
    assert "another process" in str(refusal.hint)
    assert purse(ledger).reserve(1) is not None


FULL_DISK = """
import resource, signal, sys
sys.path.insert(0, {tests!r})
from pathlib import Path
from crowd import purse
from taggers._spend import spending
from taggers.errors import LocalResourceError

ledger = spending(Path({folder!r}))
purse(ledger).reserve(1)
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (30_000, 30_000))
count = 1
try:
    while purse(ledger).reserve(1):
        count += 1
except LocalResourceError as error:
    print(count, error.outcome, flush=True)
"""


@pytest.mark.skipif(os.name != "posix", reason="limits of another kind")
def test_on_a_full_disk_nothing_is_let_through_and_nothing_lost(ledger: Ledger) -> None:
    program = FULL_DISK.format(tests=str(Path(__file__).parent), folder=str(ledger.path.parent))

    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)

    assert "not sent" == said.stdout.partition(" ")[2].strip(), said.stderr
    assert int(said.stdout.split()[0]) * 1_500 == _reserved(ledger)


def test_threads_share_a_ledger(ledger: Ledger) -> None:
    with ThreadPoolExecutor(16) as pool:
        made = list(pool.map(lambda _: purse(ledger).reserve(1), range(200)))

    assert None not in made
    assert 200 * 1_500 == _reserved(ledger)


FORK = """
import os, sys, threading
sys.path.insert(0, {tests!r})
from pathlib import Path
from crowd import purse
from taggers._spend import spending

ledger = spending(Path({folder!r}))
mine = purse(ledger)
mine.reserve(1)
done = threading.Event()

def write():
    while not done.is_set():
        mine.reserve(1).settle("no")

threads = [threading.Thread(target=write) for _ in range(3)]
for thread in threads:
    thread.start()
children = []
for _ in range(20):
    child = os.fork()
    if child == 0:
        mine.reserve(1)
        os._exit(0)
    children.append(child)
    mine.reserve(1)
done.set()
sys.exit(any(os.waitpid(child, 0)[1] for child in children))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
def test_a_process_forks_while_its_threads_write(ledger: Ledger) -> None:
    program = FORK.format(tests=str(Path(__file__).parent), folder=str(ledger.path.parent))

    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", program], capture_output=True, text=True, timeout=60
    )

    assert 0 == done.returncode, done.stderr
    assert (1 + 20 + 20) * 1_500 == _reserved(ledger)
