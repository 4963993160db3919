"""Batches over a library: killed at any moment, side by side on one store, and very long ones."""

from __future__ import annotations

import os
import random
import re
import subprocess
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import Any

from attrs import evolve

from taggers import ImageFacts, Provenance, Result, Tag
from taggers._model import Attempt
from taggers.batch import Errand, Journal, Picture, Place, Store
from taggers.emulator import Emulator, Fault, Fixture

from .ledger import Asked, Book
from .library import DIED, Library, answers, call_of
from .outcome import Outcome, Report, Task
from .pictures import picture

__all__ = ["JOBS"]

EMULATED = "huawei-tagging-v2"
PHOTOS = Path(__file__).parents[2] / "examples" / "photos"
TOLD = Fixture(tags=tuple(Tag(f"thing {n}", 1 - n / 50) for n in range(20)), choose=5)
"""What the emulator says of a picture: which of these, the picture's bytes decide."""
PASSES = 12
"""So many runs are tried at most to finish what has failed."""
MEANWHILE = 16
"""So many calls more may be over when a signal comes."""
GROUP = 20_000
"""So many results are written at a time where a store is made."""


def killed(task: Task, config: Path) -> Report:
    """Batches that are killed again and again, and one that goes on to the end."""
    library = Library(config, "hw", task.at_once)
    library.fill(_own_pictures(task))
    told, kills = _killed(library, task)
    told |= library.run()
    if task.details.get("again"):
        told |= library.run("--retry-unknown")
    return _report(library, told, {"kills": kills})


def emulated(task: Task, config: Path) -> Report:
    """The example photographs, each many times and never twice the same, through the emulator with
    faults; what is unknown in the end is asked again, until nothing is."""
    faults = [Fault(**fault) for fault in task.details["faults"]]
    by_content = {sha256(photo).hexdigest(): call_of(name) for name, photo in _photographs(task)}
    with Emulator(faults=faults, fixtures=[TOLD], seed=6) as emulator:
        config.write_text(f"{emulator.toml()}\n[policy]\ndeadline_s = 2.5\n", "utf-8")
        os.environ.update(emulator.environment())
        library = Library(config, EMULATED, task.at_once, ("--keep-metadata",))
        library.fill(_photographs(task))
        told, kills = _killed(library, task)
        told |= _until_nothing(library, "failed")
        twice = _twice(_emulated_book(emulator, by_content))
        told |= _until_nothing(library, "unknown", "--retry-unknown")
    book = _emulated_book(emulator, by_content)
    facts = {"kills": kills, "twice_unasked": twice, "strangers": _strangers(library, emulator)}
    return evolve(_report(library, told, facts), book=book)


def shared(task: Task, config: Path) -> Report:
    """Two batches on one store, and before them one that is not told to share it."""
    library = Library(config, "hw", task.at_once)
    library.fill(_own_pictures(task))
    with Store.open(library.store, make=True) as store:
        journal = Journal.open(store, "another one")
        with library.start() as alone:
            told = set(answers(alone))
        with library.start("--share") as one, library.start("--share", "--quiet") as other:
            told |= set(answers(one))
            told |= set(answers(other))
        journal.close()
    runs = library.asked("SELECT run, count(*) FROM calls GROUP BY run")
    ended = [process.returncode for process in (alone, one, other)]
    return _report(library, told, {"ended": ended, "said": library.said, "runs": len(runs)})


def known(task: Task, config: Path) -> Report:
    """A batch over very many pictures, of which only those of the task are not in its store."""
    library = Library(config, "hw", task.at_once)
    library.fill(_own_pictures(task))
    count = task.details["pictures"]
    names = config.parent / "names"
    with names.open("w") as file, Store.open(library.store, make=True) as store:
        journal = Journal.open(store, "before")
        places = _places(config.parent / "known", count)
        while group := list(islice(places, GROUP)):
            _keep(journal, group)
            file.writelines(f"{place.source}\n" for place in group)
        file.writelines(f"{path}\n" for path in sorted(library.folder.iterdir()))
        journal.close()
    return _measured(library, names)


def tiny(task: Task, config: Path) -> Report:
    """A batch over a folder with very many files that are copies of few pictures."""
    library = Library(config, "hw", task.at_once)
    copies = task.details["files"] // task.calls
    library.fill(
        (f"{name[:-4]}-{copy}.png", content)
        for name, content in _own_pictures(task)
        for copy in range(copies)
    )
    return _measured(library)


JOBS: Mapping[str, Callable[[Task, Path], Report]] = {
    job.__name__: job for job in (killed, emulated, shared, known, tiny)
}


def _own_pictures(task: Task) -> Iterator[tuple[str, bytes]]:
    """A picture for each call, by which the server knows it."""
    for call in range(task.first, task.first + task.calls):
        yield f"{call}.png", picture(call).content or b""


def _photographs(task: Task) -> Iterator[tuple[str, bytes]]:
    photos = [path.read_bytes() for path in sorted(PHOTOS.glob("*.jpg"))]
    for call in range(task.first, task.first + task.calls):
        yield f"{call}.jpg", photos[call % len(photos)] + f" {call}".encode()


def _killed(library: Library, task: Task) -> tuple[set[int], int]:
    """What batches say is answered that are killed every so many calls; how many were."""
    lots = random.Random(task.first)
    wanted = max(2, task.calls // task.details["kill_every"])
    most = max(task.calls // (wanted + 1) - MEANWHILE, MEANWHILE // 2)
    told: set[int] = set()
    for kills in range(wanted):
        more, at_work = library.killed(lots.randrange(most), lots)
        told |= more
        if not at_work:
            return told, kills
    return told, wanted


def _until_nothing(library: Library, state: str, *options: str) -> set[int]:
    """Runs batches until no call is in this state, which new faults may bring some into."""
    told = library.run(*options)
    for _ in range(PASSES):
        if not library.asked("SELECT 1 FROM calls WHERE state IN ('failed', ?) LIMIT 1", state):
            break
        told |= library.run(*options)
    return told


def _report(library: Library, told: Iterable[int], facts: Mapping[str, Any]) -> Report:
    """What the store says; with what was told of it, and is not in it, as lost."""
    outcomes = {outcome.call: outcome for outcome in library.outcomes()}
    for call in told:
        if call not in outcomes or outcomes[call].error is not None:
            outcomes[call] = Outcome(call=call, error="Forgotten", typed=False)
    died = library.asked("SELECT count(*) FROM calls WHERE message = ? GROUP BY run", DIED)
    more = {
        "at_once": library.at_once,
        "died": max((count for (count,) in died), default=0),
        "sound": library.sound(),
        "broke": library.said[-500:] if "Traceback" in library.said else "",
    }
    return Report(
        outcomes=tuple(outcomes.values()), base_mb=0.0, peak_mb=0.0, facts={**facts, **more}
    )


def _measured(library: Library, names: Path | None = None) -> Report:
    """Runs a batch to its end, and says when it began, and how much memory it took at most."""
    began = time.time()
    with (names or Path(os.devnull)).open("rb") as file:
        process = library.start(source="-" if names else "", names=file)
        peak_mb = _peak_mb(process)
        told = set(answers(process))
    facts = {"began": began, "took_s": time.time() - began, "ended": [process.returncode]}
    return evolve(_report(library, told, facts), peak_mb=peak_mb)


def _peak_mb(process: subprocess.Popen[bytes]) -> float:
    """The most memory that a process has taken when it ends, in MB. (What `wait4` says of it counts
    also what its parent had when it was forked.)"""
    peak_kb = 0
    while process.poll() is None:
        found = re.search(r"VmHWM:\s*(\d+)", Path(f"/proc/{process.pid}/status").read_text())
        peak_kb = int(found[1]) if found else peak_kb
        time.sleep(0.01)
    return peak_kb / 1024


def _emulated_book(emulator: Emulator, by_content: Mapping[str, int]) -> Book:
    """The emulator's journal as a ledger's book."""
    unanswered = ("reset-before", "reset-after", "silence")
    return Book.of(
        Asked(
            number=seen.number,
            call=by_content.get(seen.picture or ""),
            came=seen.at,
            whole=seen.picture is not None,
            billed=seen.units,
            status=None if seen.fault in unanswered else seen.status,
        )
        for seen in emulator.journal
    )


def _twice(book: Book) -> int:
    return sum(book.billed(call) > 1 for call in book.by_call)


def _strangers(library: Library, emulator: Emulator) -> int:
    """How many answers of the store the emulator has not given, about this picture, at this
    price."""
    given = {seen.request_id: (seen.picture, seen.units) for seen in emulator.journal}
    kept = library.asked(
        "SELECT request_id, sha256, units FROM calls JOIN pictures USING (picture) "
        "WHERE state = 'done'"
    )
    return len(kept) - len({id_ for id_, *facts in kept if given.get(id_) == tuple(facts)})


def _places(folder: Path, count: int) -> Iterator[Place]:
    """So many names of files that are there. They share 1,000 files, through links to their
    folder."""
    (folder / "files").mkdir(parents=True)
    files = [folder / "files" / f"{number:03}.png" for number in range(1000)]
    for path in files:
        path.write_bytes(b"not looked at")
    about = [(path.name, path.stat()) for path in files]
    for number in range(count // len(files)):
        link = folder / f"{number:04}"
        link.symlink_to("files")
        for name, status in about:
            yield Place(source=f"{link}/{name}", size=status.st_size, mtime_ns=status.st_mtime_ns)


def _keep(journal: Journal, places: Iterable[Place]) -> None:
    """Writes down a result for a picture at each of these places."""
    results = [_result(place.source) for place in places]
    errands = [
        Errand(picture=Picture(key=said.image.sha256 or ""), provider="hw", place=place)
        for place, said in zip(places, results, strict=True)
    ]
    calls = journal.begin(errands)
    journal.settle([(call or 0, said) for call, said in zip(calls, results, strict=True)])


def _result(name: str) -> Result:
    return Result(
        provider="hw",
        image=ImageFacts(source=name, sha256=sha256(name.encode()).hexdigest()),
        tags=tuple(Tag(label, 0.9) for label in ("cat", "sofa", "window", "plant", "indoors")),
        provenance=Provenance(
            plugin=EMULATED,
            billable_units=1,
            attempts=(Attempt(provider="hw", status=200, units=1, billed="yes"),),
        ),
    )
