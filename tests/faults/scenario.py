"""A scenario: one fault, what is done about it, and the figure that it has to show."""

from __future__ import annotations

import contextlib
import math
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from attrs import evolve, frozen

from .outcome import Task
from .plan import Plan, address
from .running import full_port, serving, work
from .verdict import Seen

__all__ = ["CONFIG", "KEYS", "Check", "Scenario", "Verdict", "run"]

KEYS = """\
ak = "${SOAK_AK}"
sk = "${SOAK_SK}"
"""
CONFIG = f"""\
default = "hw"

[providers.hw]
plugin = "huawei-tagging-v2"
endpoint = "http://127.0.0.1:{{port}}"
project_id = "soak"
{KEYS}"""
PLAIN = Task(config=CONFIG)

Check = Callable[[Seen], Iterator[str]]
"""Says what a scenario misses of its figure."""


@frozen(kw_only=True)
class Scenario:
    """One fault.

    * `fault`: its number in the list; `about`: what happens; `figure`: what has to be seen;
    * `plans`: the servers; `task`: what the `processes` do;
    * `calls`: how many in `make soak`, and `few` in the tests;
    * `alone`: every so many calls ask a host of their own, which is fewer than open a breaker;
    * `checks`: what it has to show besides, which no scenario may miss; `paid_twice`: whether it is
      asked for that calls of unknown outcome are made once more.
    """

    fault: str
    about: str
    figure: str
    plans: tuple[Plan, ...] = (Plan(),)
    task: Task = PLAIN
    processes: int = 1
    alone: int | None = None
    calls: int = 1000
    few: int = 60
    checks: tuple[Check, ...] = ()
    paid_twice: bool = False

    @property
    def name(self) -> str:
        return f"{self.fault} {self.about}"

    @property
    def peer(self) -> bool:
        """Whether it is another client that is looked at, which promises nothing."""
        return self.task.job == "peer"


@frozen
class Verdict:
    """What came of a scenario."""

    scenario: Scenario
    seen: Seen
    misses: tuple[str, ...]


def run(scenario: Scenario, calls: int) -> Verdict:
    """Runs a scenario with so many calls."""
    with tempfile.TemporaryDirectory() as name, contextlib.ExitStack() as servers:
        folder = Path(name)
        hosts = math.ceil(calls / scenario.alone) if scenario.alone else 1
        served = [
            servers.enter_context(serving(evolve(plan, hosts=hosts), folder, f"server{number}"))
            for number, plan in enumerate(scenario.plans)
        ]
        known = {f"port{n + 1 if n else ''}": str(s.port) for n, s in enumerate(served)}
        known |= {"full": str(servers.enter_context(full_port())), "folder": name}
        task = _filled(evolve(scenario.task, calls=calls, hosts=hosts), known)
        reports = work(task, folder, scenario.processes)
        servers.close()
        books = [server.book for server in served]
        books += [report.book for report in reports if report.book is not None]
        seen = Seen(calls, books, reports)
    return Verdict(scenario, seen, tuple(_misses(scenario, seen)))


def _spread(config: str, hosts: int) -> str:
    """The configuration with so many services in place of hw."""
    if hosts == 1:
        return config
    services = (
        config.replace("providers.hw]", f"providers.hw{host}]").replace("127.0.0.1", address(host))
        for host in range(hosts)
    )
    return "\n".join(services).replace('default = "hw"\n', "")


def _filled(task: Task, known: dict[str, str]) -> Task:
    """The task with what is known of the servers in place of {port} and the like."""

    def fill(text: str) -> str:
        for name, value in known.items():
            text = text.replace("{" + name + "}", value)
        return text

    return evolve(
        task,
        config=fill(_spread(task.config, task.hosts)),
        address=fill(task.address),
        ca_bundle=task.ca_bundle and fill(task.ca_bundle),
    )


def _misses(scenario: Scenario, seen: Seen) -> Iterator[str]:
    if scenario.peer:
        return
    if seen.lost:
        kinds = dict(seen.errors)
        yield f"{seen.lost} calls lost; they ended in {kinds}"
    if seen.twice and not scenario.paid_twice:
        yield f"{seen.twice} calls billed twice"
    if seen.unknown < seen.unknown_there:
        yield f"{seen.unknown_there} of unknown outcome in the ledger, {seen.unknown} reported"
    yield from list(seen.untrue())[:3]
    for check in scenario.checks:
        yield from check(seen)
