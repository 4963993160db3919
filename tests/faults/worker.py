"""A process that calls taggers, does a task, and sends its report."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import resource
import tempfile
import threading
import time
from collections.abc import Awaitable, Callable
from functools import partial
from multiprocessing.connection import Connection as Pipe
from pathlib import Path
from typing import Any

from attrs import evolve

from taggers import AsyncTagger, Policy, Result, TaggersError
from taggers import _driver as _driver  # loaded now, and not within the first call
from taggers._transport import Transport

from .batches import JOBS as BATCHES
from .outcome import Outcome, Report, Task, Tried
from .peers import Quota, ask
from .pictures import picture
from .plan import SPARED

__all__ = ["work"]


async def call(tagger: AsyncTagger, number: int, task: Task) -> Outcome:
    """The outcome of one call."""
    native = {"padding": "x" * task.padding} if task.padding else {}
    provider = f"hw{number % task.hosts}" if task.hosts > 1 else None
    began = time.monotonic()
    try:
        result = await tagger.tag(picture(number), native=native, provider=provider)
    except TaggersError as error:
        return _failed(number, error, time.monotonic() - began)
    except Exception as error:
        took_s = time.monotonic() - began
        return Outcome(
            call=number, error=type(error).__name__, typed=False, message=repr(error), took_s=took_s
        )
    return _answered(number, result, time.monotonic() - began)


def _failed(number: int, error: TaggersError, took_s: float) -> Outcome:
    return Outcome(
        call=number,
        error=type(error).__name__,
        billed=error.billed,
        tried=_tried(error.attempts),
        took_s=took_s,
        code=error.code,
        request_id=error.request_id,
        message=str(error),
    )


def _answered(number: int, result: Result, took_s: float) -> Outcome:
    return Outcome(
        call=number,
        right=[f"call {number}"] == [tag.name for tag in result.tags],
        billed="yes",
        tried=_tried(result.provenance.attempts),
        took_s=took_s,
        message="; ".join(result.warnings),
    )


def _tried(attempts: Any) -> tuple[Tried, ...]:
    return tuple(Tried(attempt.error, attempt.billed, attempt.units) for attempt in attempts)


async def _each(task: Task, work: Callable[[int], Awaitable[Outcome]]) -> list[Outcome]:
    """The outcomes of all calls, `at_once` at a time and not more than `per_s` begun a second."""
    numbers = iter(range(task.first, task.first + task.calls))
    began, outcomes = time.monotonic(), []

    async def some() -> None:
        for number in numbers:
            if task.per_s:
                due = began + (number - task.first) / task.per_s
                await asyncio.sleep(max(0.0, due - time.monotonic()))
            outcomes.append(await work(number))

    await asyncio.gather(*(some() for _ in range(min(task.at_once, task.calls))))
    return outcomes


async def tag(tagger: AsyncTagger, task: Task) -> tuple[list[Outcome], dict[str, Any]]:
    """Makes the calls, and nothing else."""
    return await _each(task, lambda number: call(tagger, number, task)), {}


async def pause(tagger: AsyncTagger, task: Task) -> tuple[list[Outcome], dict[str, Any]]:
    """Makes the calls, each some time after the one before it, so that connections grow old."""
    least_s, most_s = task.details["pause_s"]
    lots = random.Random(task.first)

    async def later(number: int) -> Outcome:
        outcome = await call(tagger, number, task)
        await asyncio.sleep(lots.uniform(least_s, most_s))
        return outcome

    return await _each(task, later), {}


async def cancel(tagger: AsyncTagger, task: Task) -> tuple[list[Outcome], dict[str, Any]]:
    """Cancels each call after a moment; then 20 calls that are let be."""
    lots = random.Random(task.first)

    async def cancelled(number: int) -> Outcome:
        calling = asyncio.create_task(call(tagger, number, task))
        await asyncio.wait([calling], timeout=lots.uniform(0, task.details["within_s"]))
        calling.cancel()
        try:
            return await calling
        except asyncio.CancelledError:
            return Outcome(call=number, error="CancelledError", billed="maybe")

    before = _open_things()
    outcomes = await _each(task, cancelled)
    answered = sum(outcome.error is None for outcome in await _spared(tagger, task, 20))
    return outcomes, {"before": before, "after": _open_things(), "follow_up": answered}


async def starve(tagger: AsyncTagger, task: Task) -> tuple[list[Outcome], dict[str, Any]]:
    """Makes the first half of the calls when no descriptor is left, the others afterwards."""
    half = task.calls // 2
    resource.setrlimit(resource.RLIMIT_NOFILE, (128, 128))
    held: list[int] = []
    with contextlib.suppress(OSError):
        while True:
            held.append(os.open(os.devnull, os.O_RDONLY))
    poor, _ = await tag(tagger, evolve(task, calls=half))
    for descriptor in held:
        os.close(descriptor)
    rest, _ = await tag(tagger, evolve(task, first=task.first + half, calls=task.calls - half))
    return poor + rest, {}


async def peer(tagger: AsyncTagger, task: Task) -> tuple[list[Outcome], dict[str, Any]]:
    """Makes the calls by another client's rules."""
    transport, quota = Transport(), Quota()
    try:
        work = partial(ask, transport, quota, task.address, task=task)
        return await _each(task, work), {}
    finally:
        await transport.aclose()


JOBS = {job.__name__: job for job in (tag, pause, cancel, starve, peer)}


async def _spared(tagger: AsyncTagger, task: Task, count: int) -> list[Outcome]:
    """The outcomes of calls of which the plan spares every one."""
    return await asyncio.gather(
        *(call(tagger, SPARED + task.first * 100 + number, task) for number in range(count))
    )


def _open_things() -> dict[str, int]:
    """What a call may leave behind."""
    return {
        "tasks": len(asyncio.all_tasks()),
        "threads": threading.active_count(),
        "descriptors": len(list(Path("/proc/self/fd").iterdir())),
    }


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


async def _report(task: Task, path: Path) -> Report:
    policy = Policy(**task.policy)
    async with AsyncTagger.from_config(path, policy=policy, ca_bundle=task.ca_bundle) as tagger:
        if task.warm_up:
            await _spared(tagger, task, task.hosts)
        base_mb = _peak_mb()
        outcomes, facts = await JOBS[task.job](tagger, task)
    return Report(outcomes=tuple(outcomes), base_mb=base_mb, peak_mb=_peak_mb(), facts=facts)


def work(pipe: Pipe, task: Task) -> None:
    """Does the task, and sends its report."""
    random.seed()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "taggers.toml")
        path.write_text(task.config, "utf-8")
        batches = BATCHES.get(task.job)
        pipe.send(batches(task, path) if batches else asyncio.run(_report(task, path)))
