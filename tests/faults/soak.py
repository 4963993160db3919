"""`make soak`: every scenario with its big numbers, as a table; the exit code is 1 for any miss.

    python -m faults.soak [--only F4] [--few] [--write]

`--few` takes the tests' small numbers; `--write` puts the table into docs/reliability.md.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from .scenario import Scenario, Verdict, run
from .scenarios import SCENARIOS

__all__ = ["main", "row"]

PAGE = Path(__file__).parents[2] / "docs" / "reliability.md"
BEGIN, END = "<!-- soak -->\n", "<!-- /soak -->\n"
HEAD = (
    "| fault | calls | no answer | lost | billed twice | unknown (by the ledger) | p99 "
    "| figure | verdict |\n"
    "|---|---:|---:|---:|---:|---:|---:|---|---|\n"
)


def row(verdict: Verdict) -> str:
    """A scenario's line of the table."""
    scenario, seen = verdict.scenario, verdict.seen
    cells = (
        scenario.name,
        f"{seen.calls:,}",
        f"{seen.unanswered:,}",
        f"{seen.lost:,}",
        f"{seen.twice:,}",
        "not said" if scenario.peer else f"{seen.unknown:,} ({seen.unknown_there:,})",
        _time(seen.p99_s),
        scenario.figure,
        "–" if scenario.peer else "miss" if verdict.misses else "holds",
    )
    return f"| {' | '.join(cells)} |\n"


def _time(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:.2f} s"


def _wanted(only: str | None) -> list[Scenario]:
    """The scenarios of a fault (F4), or those whose name has these words."""
    if only is None:
        return SCENARIOS
    return [x for x in SCENARIOS if only == x.fault or (" " in only and only in x.name)]


def _run(scenarios: Sequence[Scenario], few: bool) -> tuple[str, bool]:
    """The table, printed as it grows, and whether all holds."""
    table, holds = HEAD, True
    print(HEAD, end="")
    for scenario in scenarios:
        calls = scenario.few if few else scenario.calls
        if not calls:
            continue
        began = time.monotonic()
        try:
            verdict = run(scenario, calls)
        except RuntimeError as error:
            print(f"    {scenario.name}: {error}", file=sys.stderr)
            holds = False
            continue
        line = row(verdict)
        print(line, end="", flush=True)
        for miss in verdict.misses:
            print(f"    {scenario.name}: {miss}", file=sys.stderr)
        peak_mb = max((report.peak_mb for report in verdict.seen.reports), default=0)
        memory = f", {peak_mb:.0f} MB at most" if peak_mb else ""
        print(f"    {time.monotonic() - began:.1f} s{memory}", file=sys.stderr, flush=True)
        table, holds = table + line, holds and not verdict.misses
    return table, holds


def _write(table: str) -> None:
    page = PAGE.read_text("utf-8")
    before, _, rest = page.partition(BEGIN)
    PAGE.write_text(before + BEGIN + table + END + rest.partition(END)[2], "utf-8")


def main() -> None:
    """Runs the scenarios that are asked for."""
    arguments = argparse.ArgumentParser(description="what taggers promises, over real sockets")
    arguments.add_argument("--only", help="a fault, as in F4, or words of a scenario's name")
    arguments.add_argument("--few", action="store_true", help="with the tests' small numbers")
    arguments.add_argument("--write", action="store_true", help="into docs/reliability.md")
    given = arguments.parse_args()
    table, holds = _run(_wanted(given.only or None), given.few)
    if given.write:
        _write(table)
    sys.exit(not holds)


if __name__ == "__main__":
    main()
