"""`make bench`: every figure as a table; the exit code is 1 where a goal is missed.

    python -m benchmarks [--only NAME] [--json FILE] [--write]

`--only` takes a figure or a heat; `--write` puts the table into the README.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from . import cores, ground, heat
from .figure import Figure, Reading, Samples
from .figures import FIGURES, ROUNDS
from .report import HEAD, as_json, machine, row

README = Path(__file__).parent.parent / "README.md"
BEGIN, END = "<!-- bench -->\n", "<!-- /bench -->\n"
BUSY = 0.9
"""A responder that works for more of the time than this is what was measured."""


def _wanted(only: str | None) -> list[Figure]:
    """The figures of a name or a heat."""
    return [figure for figure in FIGURES if only in (None, "", figure.name, figure.heat)]


def _measured(figures: Sequence[Figure]) -> tuple[list[Reading], dict[str, Samples]]:
    """Every figure, printed as its heat is over; none of a heat in which a contender fails."""
    readings: list[Reading] = []
    heats: dict[str, Samples] = {}
    with ground.laid() as folder:
        for name in dict.fromkeys(figure.heat for figure in figures):
            began = time.monotonic()
            own = [figure for figure in figures if figure.heat == name]
            contenders = [contender for figure in own for contender in figure.contenders]
            try:
                heats[name] = heat.run(contenders, ROUNDS[name], folder)
            except RuntimeError as error:
                print(f"    {name}: {error}", file=sys.stderr, flush=True)
                continue
            fresh = [figure.read(heats[name]) for figure in own]
            print("".join(map(row, fresh)), end="", flush=True)
            print(f"    {name}: {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)
            readings += fresh
    return readings, heats


def _busiest(heats: dict[str, Samples]) -> float:
    """The largest part of its time for which the responder worked."""
    samples = (run for heat in heats.values() for runs in heat.values() for run in runs)
    return max((sample.get("responder_busy", 0.0) for sample in samples), default=0.0)


def _write(about: str, readings: Sequence[Reading]) -> None:
    """Puts the table into the README, in the order of the figures."""
    before, _, rest = README.read_text("utf-8").partition(BEGIN)
    table = HEAD + "".join(map(row, readings))
    after = rest.partition(END)[2]
    README.write_text(f"{before}{BEGIN}{table}\nMeasured on {about}.\n{END}{after}", "utf-8")


def main() -> None:
    """Measures what is asked for."""
    arguments = argparse.ArgumentParser(description="taggers beside its peers, on the same work")
    arguments.add_argument("--only", help="a figure or a heat: raw-10, huawei, json, …")
    arguments.add_argument("--json", type=Path, help="where to put all that was measured")
    arguments.add_argument("--write", action="store_true", help="the table, into the README")
    given = arguments.parse_args()
    figures = _wanted(given.only)
    if not figures:
        names = dict.fromkeys(name for figure in FIGURES for name in (figure.heat, figure.name))
        sys.exit(f"there is no figure {given.only!r}; there are {', '.join(names)}")
    about = machine()
    cores.pin(cores.CLIENT)
    print(HEAD, end="", flush=True)
    readings, heats = _measured(figures)
    busiest = _busiest(heats)
    print(f"\nMeasured on {about}. The responder was busy for {busiest:.0%} of the time at most.")
    if given.json:
        made = as_json(about, readings, heats)
        given.json.write_text(json.dumps(made, indent=1, ensure_ascii=False), "utf-8")
    if given.write:
        _write(about, readings)
    held = [reading for reading in readings if reading.holds]
    sys.exit(busiest > BUSY or len(held) < len(figures))


if __name__ == "__main__":
    main()
