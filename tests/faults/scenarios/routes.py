"""A route has another target: what it is asked, and what that may cost."""

from __future__ import annotations

from collections.abc import Iterator

from ..checks import ends, requests
from ..outcome import Task
from ..plan import Plan, Strike
from ..scenario import CONFIG, Check, Scenario
from ..verdict import Seen

__all__ = ["SCENARIOS"]

SECOND = CONFIG.partition("[providers.hw]")[2].replace("{port}", "{port2}")
ROUTE = f"""\
{CONFIG.replace('"hw"', '"both"')}
[providers.second]{SECOND}
[routes.both]
strategy = "fallback"
targets = ["hw", "second"]
"""


def _plans(**strike: object) -> tuple[Plan, Plan]:
    """A first server of which every answer goes wrong, and a second that works."""
    return Plan(strikes=(Strike(requests=None, **strike),)), Plan()  # type: ignore[arg-type]


def _first_gets(most: int) -> Check:
    """The first server gets no more requests than this."""

    def check(seen: Seen) -> Iterator[str]:
        if len(seen.book.requests) > most:
            yield f"the first target got {len(seen.book.requests)} requests, {most} were allowed"

    return check


SCENARIOS = [
    Scenario(
        fault="F14",
        about="a route's first target is down",
        figure="all answered by the second; the first is let alone",
        plans=_plans(do="error", says={"code": "APIG.0202", "status": 502}),
        task=Task(config=ROUTE),
        checks=(ends(None), _first_gets(60), requests(a_call=1.1, more=36)),
    ),
    Scenario(
        fault="F4",
        about="a route, RST after the body: the second may not be asked",
        figure="unknown, 0 billed twice",
        plans=_plans(do="after", share=0.1),
        task=Task(config=ROUTE),
        checks=(ends("OutcomeUnknown", None), requests(a_call=1)),
    ),
    Scenario(
        fault="F4",
        about="a route with paid_fallback, RST after the body",
        figure="all answered; what may be billed twice is reported",
        plans=_plans(do="after", share=0.1),
        task=Task(config=ROUTE + "paid_fallback = true\n"),
        checks=(ends(None),),
        paid_twice=True,
    ),
    Scenario(
        fault="F16",
        about="the quota of a route's first target is used up",
        figure="the second may not be asked; at most 10 calls more",
        plans=_plans(do="error", says={"code": "AIS.0032"}),
        task=Task(config=ROUTE),
        checks=(ends("QuotaExhausted"), requests(11)),
    ),
]
