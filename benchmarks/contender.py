"""A contender: a program that does a heat's work, run in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

from attrs import frozen

__all__ = ["Contender", "Sample", "command", "worker"]

ROOT = Path(__file__).parent.parent

Sample = dict[str, float]
"""What one run measured, by name: see `workers.meter.Meter`. `process_cpu_s` and `process_wall_s`
are those of the whole process, from its start to its end."""


@frozen
class Contender:
    """A program and its arguments, in which {url} and {folder} are the responder's URL and the
    folder with the pictures. `latency_s` is how long the responder takes for an answer.
    A worker `measures_itself`, and prints that as JSON; of a command only the process is."""

    name: str
    program: tuple[str, ...]
    latency_s: float = 0.0
    measures_itself: bool = False

    def run(self, url: str, folder: Path) -> Sample:
        """What one run of it measures. Raises `RuntimeError` where it fails."""
        arguments = [part.format(url=url, folder=folder) for part in self.program]
        began = time.perf_counter()
        process = subprocess.Popen(
            arguments,
            cwd=ROOT,
            env=_environment(url, folder),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        said, complaint = _read(process)
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise RuntimeError(f"{self.name} failed:\n{complaint.decode(errors='replace')}")
        return {
            **(json.loads(said) if self.measures_itself else {}),
            "process_cpu_s": used.ru_utime + used.ru_stime,
            "process_wall_s": time.perf_counter() - began,
        }


def worker(
    script: str, *, latency_s: float = 0.0, picture: str = "200kb", **task: str | int
) -> Contender:
    """A contender that is a script of `workers`, with its task."""
    given = {
        "url": "{url}",
        "picture": f"{{folder}}/{picture}.jpg",
        "latency-s": latency_s,
        **{name.replace("_", "-"): value for name, value in task.items()},
    }
    options = tuple(f"--{name}={value}" for name, value in given.items())
    name = " ".join((script, picture, *map(str, task.values())))
    program = (sys.executable, "-m", f"benchmarks.workers.{script}", *options)
    return Contender(name, program, latency_s, measures_itself=True)


def command(*program: str) -> Contender:
    """A contender that is a command: "python" and "taggers" are those of this environment."""
    path = str(Path(sys.executable).with_name(program[0]))
    return Contender(" ".join(program), (path, *program[1:]))


def _environment(url: str, folder: Path) -> dict[str, str]:
    """That of this process, without proxies and folders of the user's, and with 60 distributions
    more."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "LC_ALL") if name in os.environ}
    return {
        **kept,
        "HOME": str(folder),
        "PYTHONPATH": f"{ROOT}{os.pathsep}{folder / 'distributions'}",
        "HUAWEICLOUD_SDK_AK": "BENCHMARKAK",
        "HUAWEICLOUD_SDK_SK": "benchmark-secret-key",
        "BENCHMARK_URL": url,
    }


def _read(process: subprocess.Popen[bytes]) -> tuple[bytes, bytes]:
    """What a process says, and complains of, until its end."""
    assert process.stdout is not None
    assert process.stderr is not None
    with process.stdout, process.stderr:
        return process.stdout.read(), process.stderr.read()
