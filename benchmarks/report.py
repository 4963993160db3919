"""What came out: a Markdown table with every goal beside its figure, and all of it as JSON."""

from __future__ import annotations

import contextlib
import datetime
import importlib.metadata
import os
import platform
import statistics
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from .figure import Figure, Reading, Samples

__all__ = ["HEAD", "as_json", "machine", "row"]

HEAD = (
    "| figure | against | goal | reach for | measured | spread | |\n"
    "|---|---|---:|---:|---:|---:|---|\n"
)
PEERS = (
    "taggers",
    "aiohttp",
    "httpx",
    "huaweicloudsdkimage",
    "cos-python-sdk-v5",
    "pillow",
    "duckdb",
)


def row(reading: Reading) -> str:
    """A figure's line of the table."""
    figure = reading.figure
    bound = "≥" if figure.at_least else "≤"
    reach = "" if figure.reach is None else f"{figure.reach:g}{_unit(figure)}"
    cells = (
        figure.what,
        figure.against,
        f"{bound} {figure.goal:g}{_unit(figure)}",
        reach,
        f"{_number(reading.value)}{_unit(figure)}",
        f"{_number(reading.least)}–{_number(reading.most)}",
        "holds" if reading.holds else "**miss**",
    )
    return f"| {' | '.join(cells)} |\n"


def _unit(figure: Figure) -> str:
    return " ×" if figure.unit == "×" else figure.unit


def _number(value: float) -> str:
    return f"{value:.2f}" if abs(value) < 10 else f"{value:.0f}"


def machine() -> str:
    """The machine and the peers' versions, as a sentence."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    versions = ", ".join(_versions())
    return (
        f"{_processor()}, {cores} cores, {platform.system()}, Python {platform.python_version()}; "
        f"{versions}; {datetime.date.today():%Y-%m-%d}"
    )


def _versions() -> Iterator[str]:
    """The peers that are installed: a heat may need none of the others."""
    for name in PEERS:
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            yield f"{name} {importlib.metadata.version(name)}"


def _processor() -> str:
    about = Path("/proc/cpuinfo")
    lines = about.read_text("utf-8").splitlines() if about.exists() else []
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, platform.processor() or platform.machine())


def as_json(
    about: str, readings: Iterable[Reading], heats: Mapping[str, Samples]
) -> dict[str, Any]:
    """Everything that was measured."""
    return {
        "machine": about,
        "figures": [_figure(reading) for reading in readings],
        "heats": {
            heat: {
                contender.name: {"median": _medians(runs), "rounds": list(runs)}
                for contender, runs in samples.items()
            }
            for heat, samples in heats.items()
        },
    }


def _figure(reading: Reading) -> dict[str, Any]:
    figure = reading.figure
    return {
        "name": figure.name, "figure": figure.what, "against": figure.against,
        "goal": figure.goal, "at_least": figure.at_least, "reach": figure.reach,
        "unit": figure.unit.strip(), "value": reading.value, "least": reading.least,
        "most": reading.most, "holds": reading.holds,
    }  # fmt: skip


def _medians(runs: Iterable[Mapping[str, float]]) -> dict[str, float]:
    runs = list(runs)
    return {name: statistics.median(run[name] for run in runs) for name in runs[0]}
