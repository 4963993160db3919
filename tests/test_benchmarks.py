"""The benchmark's arithmetic, and one short heat of it, run as `make bench` runs it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from benchmarks.contender import Contender
from benchmarks.figure import Figure
from benchmarks.figures import FIGURES, ROUNDS
from benchmarks.report import row

ROOT = Path(__file__).parent.parent
OURS, THEIRS = Contender("ours", ()), Contender("theirs", ())
SAMPLES = {
    OURS: [{"cpu_s": 1.0}, {"cpu_s": 9.0}, {"cpu_s": 2.0}],
    THEIRS: [{"cpu_s": 2.0}, {"cpu_s": 4.0}, {"cpu_s": 8.0}],
}


def _figure(**how: Any) -> Figure:
    plain = {"heat": "h", "name": "n", "what": "a call", "against": "theirs", "goal": 0.5}
    return Figure(**{**plain, "ours": OURS, "theirs": THEIRS, **how})


@pytest.mark.parametrize(
    ("relation", "value", "least", "most"),
    [
        ("ratio", 0.5, 0.25, 2.25),
        ("inverse", 2.0, 4 / 9, 4.0),
        ("difference", -2.0, -6.0, 5.0),
        ("alone", 2.0, 1.0, 9.0),
    ],
)
def test_a_figure_relates_the_medians_and_spreads_over_the_rounds(
    relation: str, value: float, least: float, most: float
) -> None:
    reading = _figure(relation=relation).read(SAMPLES)

    assert (value, least, most) == (reading.value, reading.least, reading.most)


@pytest.mark.parametrize(
    ("goal", "at_least", "holds"),
    [(0.5, False, True), (0.49, False, False), (0.5, True, True), (0.51, True, False)],
)
def test_a_goal_that_is_just_reached_is_met(goal: float, at_least: bool, holds: bool) -> None:
    reading = _figure(goal=goal, at_least=at_least).read(SAMPLES)

    assert holds is reading.holds
    assert ("**miss**" in row(reading)) is not holds


def test_every_figure_has_a_name_of_its_own_and_its_heat_rounds() -> None:
    names = [figure.name for figure in FIGURES]

    assert len(names) == len(set(names))
    assert set(ROUNDS) == {figure.heat for figure in FIGURES}


def test_a_heat_prints_its_goal_beside_its_figure_and_writes_all_of_it_down(tmp_path: Path) -> None:
    file = tmp_path / "bench.json"

    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", "--only", "import", "--json", file],
        cwd=ROOT, capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip

    (figure,) = json.loads(file.read_text("utf-8"))["figures"]
    assert done.returncode == (not figure["holds"]), done.stderr
    assert "| `import taggers` | bare Python | ≤ 40 ms |" in done.stdout
