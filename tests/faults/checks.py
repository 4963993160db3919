"""Figures that scenarios have to show."""

from __future__ import annotations

from collections.abc import Iterator

from .scenario import Check
from .verdict import Seen

__all__ = [
    "attempts",
    "divided",
    "ends",
    "exactly_known",
    "grows_at_most",
    "in_a_second_at_most",
    "in_flight_at_most",
    "killed",
    "leaves_nothing",
    "none_unasked",
    "one_probe",
    "peaks_at_most",
    "refused_alone",
    "requests",
    "starts_within",
    "uses",
    "whole",
    "within",
]


def ends(*kinds: str | None, also: tuple[str, ...] = ()) -> Check:
    """Every call ends in one of these, and some in each; None is an answer. It may end in one of
    those in `also`, too."""

    def check(seen: Seen) -> Iterator[str]:
        if strange := set(seen.errors) - {*kinds, *also}:
            yield f"calls ended in {sorted(map(str, strange))}: {dict(seen.errors)}"
        if missing := [kind for kind in kinds if kind not in seen.errors]:
            yield f"no call ended in {missing}: {dict(seen.errors)}"

    return check


def requests(most: int | None = None, *, a_call: float | None = None, more: int = 0) -> Check:
    """At most so many requests reach the server; or so many for each call, and some more."""

    def check(seen: Seen) -> Iterator[str]:
        limit = most if most is not None else int((a_call or 0) * seen.calls) + more
        if seen.requests > limit:
            yield f"{seen.requests} requests, {limit} at most were allowed"

    return check


def attempts(most: int) -> Check:
    """No call makes more requests than this, and some make as many."""

    def check(seen: Seen) -> Iterator[str]:
        made = max((len(asked) for asked in seen.book.by_call.values()), default=0)
        if made != most:
            yield f"a call made {made} requests, {most} were configured"

    return check


def within(seconds: float) -> Check:
    """Every call is over after so many seconds."""

    def check(seen: Seen) -> Iterator[str]:
        if late := sum(outcome.took_s > seconds for outcome in seen.outcomes):
            yield f"{late} calls took longer than {seconds} s; the slowest {seen.slowest_s:.3f} s"

    return check


def grows_at_most(megabytes: float) -> Check:
    """No worker's memory peaks higher above where it began."""

    def check(seen: Seen) -> Iterator[str]:
        grown = max(report.peak_mb - report.base_mb for report in seen.reports)
        if grown > megabytes:
            yield f"memory grew by {grown:.0f} MB, {megabytes:.0f} MB at most were allowed"

    return check


def in_flight_at_most(limit: int) -> Check:
    """No more requests than this are with the server at a time."""

    def check(seen: Seen) -> Iterator[str]:
        for book in seen.books:
            if (most := book.in_flight()) > limit:
                yield f"{most} requests in flight at a time, {limit} at most were allowed"

    return check


def uses(rate_per_s: int) -> Check:
    """Of a limit of so many requests in any second at least 90 % are used."""

    def check(seen: Seen) -> Iterator[str]:
        span_s = seen.book.span_s()
        done = sum(asked.billed for asked in seen.book.requests)
        if span_s > 5 and (used := done / span_s / rate_per_s) < 0.9:
            yield f"{used:.0%} of the limit used, 90 % at least were wanted"

    return check


def in_a_second_at_most(limit: int) -> Check:
    """No more requests than this come to the server in any second."""

    def check(seen: Seen) -> Iterator[str]:
        if (most := seen.book.busiest()) > limit:
            yield f"{most} requests in a second, {limit} at most were allowed"

    return check


def exactly_known(seen: Seen) -> Iterator[str]:
    """Unknown is what the ledger says is unknown, and nothing else."""
    if seen.unknown != seen.unknown_there:
        yield f"{seen.unknown} reported as unknown, {seen.unknown_there} in the ledger"


def leaves_nothing(seen: Seen) -> Iterator[str]:
    """Cancelled calls leave no task, thread or descriptor behind, and the next calls succeed."""
    for report in seen.reports:
        before, after = report.facts["before"], report.facts["after"]
        # Connections that are kept, the store's files, and the threads that wait for work: no leak.
        spare = {"tasks": 0, "threads": 40, "descriptors": 20}
        for kind, count in after.items():
            if count > before[kind] + spare[kind]:
                yield f"{count} {kind} are left, of {before[kind]}"
        if 20 != report.facts["follow_up"]:
            yield f"{report.facts['follow_up']} of 20 follow-up calls succeed"


def one_probe(seen: Seen) -> Iterator[str]:
    """After a time in which nobody asked, one request tries, and no other until it is answered."""
    asked = seen.book.requests
    for before, probe, after in zip(asked, asked[1:], asked[2:], strict=False):
        quiet = probe.came - before.came > 5
        if quiet and probe.left is not None and after.came < probe.left:
            yield f"request {after.number} came while {probe.number} tried"


def killed(every: int) -> Check:
    """A batch was killed every so many calls, and each time no more calls are unknown for that than
    were under way."""

    def check(seen: Seen) -> Iterator[str]:
        for report in seen.reports:
            calls, kills = seen.calls // len(seen.reports), report.facts["kills"]
            if kills < max(1, calls // every):
                yield f"after {kills} kills nothing was left to do"
            if (died := report.facts["died"]) > report.facts["at_once"]:
                yield f"a kill made {died} calls unknown, {report.facts['at_once']} were under way"

    return check


def none_unasked(seen: Seen) -> Iterator[str]:
    """Nothing is billed twice before somebody asks for it, and each answer in the store is one that
    the emulator gave."""
    for report in seen.reports:
        if twice := report.facts["twice_unasked"]:
            yield f"{twice} pictures were billed twice, and nobody had asked for it"
        if strangers := report.facts["strangers"]:
            yield f"{strangers} answers are in the store that the emulator did not give"


def whole(seen: Seen) -> Iterator[str]:
    """The stores are sound, and no process broke."""
    for report in seen.reports:
        if not report.facts["sound"]:
            yield "SQLite finds a store damaged"
        if report.facts["broke"]:
            yield f"a batch broke: {report.facts['broke']}"


def refused_alone(seen: Seen) -> Iterator[str]:
    """The batch that was not told to share its store refused, and said why; the others ran."""
    for report in seen.reports:
        if [4, 0, 0] != report.facts["ended"] or "is at work on" not in report.facts["said"]:
            yield f"the batches ended with {report.facts['ended']}: {report.facts['said']}"


def divided(seen: Seen) -> Iterator[str]:
    """Both batches have asked something, where it was enough for two."""
    for report in seen.reports:
        if seen.calls >= 1000 and report.facts["runs"] != 2:
            yield f"{report.facts['runs']} batches did all the work"


def peaks_at_most(megabytes: float) -> Check:
    """No process takes more memory."""

    def check(seen: Seen) -> Iterator[str]:
        peak = max(report.peak_mb for report in seen.reports)
        if peak > megabytes:
            yield f"memory peaked at {peak:.0f} MB, {megabytes:.0f} MB at most were allowed"

    return check


def starts_within(seconds: float) -> Check:
    """The first request comes so soon after its process was started."""

    def check(seen: Seen) -> Iterator[str]:
        took_s = seen.book.requests[0].came - seen.reports[0].facts["began"]
        if took_s > seconds:
            yield f"the first call came after {took_s:.1f} s, {seconds:g} s at most were allowed"

    return check
