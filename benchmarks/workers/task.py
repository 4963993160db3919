"""What a worker is told to do: the command line that all have in common."""

from __future__ import annotations

import argparse
from pathlib import Path

from attrs import frozen

__all__ = ["Task"]

PROJECT, BUCKET = "0123456789abcdef", "photos-1250000000"


@frozen
class Task:
    """So many calls to the responder at `url`, `at_a_time`, about one picture.

    `latency_s` is how long the responder takes for each.
    """

    url: str
    picture: Path
    vendor: str
    calls: int
    at_a_time: int
    latency_s: float

    @classmethod
    def given(cls) -> Task:
        """The task on the command line."""
        arguments = argparse.ArgumentParser()
        arguments.add_argument("--url", default="")
        arguments.add_argument("--picture", type=Path, default=Path())
        arguments.add_argument("--vendor", choices=("huawei", "tencent"), default="huawei")
        arguments.add_argument("--calls", type=int, default=1)
        arguments.add_argument("--at-a-time", type=int, default=1)
        arguments.add_argument("--latency-s", type=float, default=0.0)
        return cls(**vars(arguments.parse_args()))

    @property
    def warm_up(self) -> int:
        """How many calls come before those that are measured."""
        return 2 * self.at_a_time
