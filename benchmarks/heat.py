"""A heat: contenders who take turns, so that what else the machine does falls on all of them."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from pathlib import Path

from .contender import Contender, Sample
from .cores import RESPONDER
from .figure import Samples
from .responder import responding

__all__ = ["run"]


def run(contenders: Iterable[Contender], rounds: int, folder: Path) -> Samples:
    """What each contender measures, round by round."""
    contenders = list(dict.fromkeys(contenders))
    samples: dict[Contender, list[Sample]] = {contender: [] for contender in contenders}
    with contextlib.ExitStack() as stack:
        urls = {
            latency_s: stack.enter_context(responding(latency_s, RESPONDER))
            for latency_s in {contender.latency_s for contender in contenders}
        }
        for _ in range(rounds):
            for contender in contenders:
                samples[contender].append(contender.run(urls[contender.latency_s], folder))
    return samples
