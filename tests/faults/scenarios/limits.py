"""The vendor's limits, outages and quotas, and what a run may cost."""

from __future__ import annotations

from collections.abc import Iterator

from ..checks import (
    attempts,
    ends,
    in_a_second_at_most,
    in_flight_at_most,
    one_probe,
    requests,
    uses,
)
from ..outcome import Task
from ..plan import Plan, Rules, Strike
from ..scenario import CONFIG, Scenario
from ..verdict import Seen

__all__ = ["SCENARIOS"]

SHARED = CONFIG + "\n[store]\nshare_limits = true\n"
FAILING = Strike(do="error", share=0.05, requests=None, says={"code": "APIG.0202", "status": 502})

CAPPED = (
    CONFIG
    + """
[prices]
huawei-tagging-v2 = "0.01 CNY"

[budgets.day]
cap = "1 CNY"
per = "day"
"""
)
CAP_UNITS = 100


def _within_cap(seen: Seen) -> Iterator[str]:
    billed = sum(asked.billed for asked in seen.book.requests)
    if billed > CAP_UNITS:
        yield f"{billed} units billed, {CAP_UNITS} at most were allowed"
    if seen.answered + seen.unknown < CAP_UNITS:
        yield f"{seen.answered} answers and {seen.unknown} unknown, of a cap of {CAP_UNITS} units"


SCENARIOS = [
    *(
        Scenario(
            fault="F12",
            about=f"throttled with HTTP {status}",
            figure="0 failed, 90 % of the limit used",
            plans=(Plan(rules=Rules(rate_per_s=200, throttle_status=status)),),
            task=Task(config=CONFIG, at_once=20),
            calls=5000,
            few=450,
            checks=(ends(None), uses(200)),
        )
        for status in (429, 400)
    ),
    *(
        Scenario(
            fault="F12",
            about=f"100 a second declared, {processes} process{'es' if processes > 1 else ''}",
            figure="never over 100, 90 % used",
            task=Task(config=SHARED.replace("[store]", "rate_per_s = 100\n\n[store]"), at_once=20),
            processes=processes,
            calls=2000,
            few=220,
            checks=(ends(None), in_a_second_at_most(100), uses(100)),
        )
        for processes in (1, 4)
    ),
    *(
        Scenario(
            fault="F13",
            about=f"10 at a time, {processes} process{'es' if processes > 1 else ''}",
            figure="never over 10",
            plans=(Plan(latency_s=0.01),),
            task=Task(config=SHARED, at_once=40),
            processes=processes,
            calls=4000,
            few=200,
            checks=(ends(None), in_flight_at_most(10)),
        )
        for processes in (1, 4)
    ),
    Scenario(
        fault="F13",
        about="10 declared, and the vendor takes 5",
        figure="0 failed",
        plans=(Plan(latency_s=0.01, rules=Rules(concurrency=5)),),
        task=Task(config=CONFIG, at_once=20),
        calls=4000,
        few=200,
        checks=(ends(None),),
    ),
    Scenario(
        fault="F14",
        about="an outage of 18 s, and calls that do not stop",
        figure="requests at most 1.1 × offered + 36; one probe at a time",
        plans=(Plan(latency_s=0.05, rules=Rules(outage_s=(2.0, 20.0))),),
        task=Task(config=CONFIG, at_once=200, per_s=100),
        calls=6000,
        few=400,
        checks=(ends("CircuitOpen", "Unavailable", None), requests(a_call=1.1, more=36), one_probe),
    ),
    *(
        Scenario(
            fault="F15",
            about=f"5 % of the calls always fail, {most} attempts are configured",
            figure=f"at most {most} requests a call",
            plans=(Plan(strikes=(FAILING,)),),
            task=Task(config=CONFIG, policy={"attempts": most}),
            checks=(ends("Unavailable", None), attempts(most)),
        )
        for most in (1, 2, 3)
    ),
    Scenario(
        fault="F16",
        about="the month's quota is used up",
        figure="at most 10 calls more",
        plans=(Plan(strikes=(Strike(do="error", requests=None, says={"code": "AIS.0032"}),)),),
        checks=(ends("QuotaExhausted"), requests(11)),
    ),
    Scenario(
        fault="F17",
        about="50 processes on one cap of 100 units, 10 % break",
        figure="billed at most the cap",
        plans=(Plan(strikes=(Strike(do="after", share=0.1),)),),
        task=Task(config=CAPPED, at_once=4),
        processes=50,
        calls=500,
        few=0,
        checks=(ends("BudgetExceeded", "OutcomeUnknown", None), _within_cap),
    ),
    Scenario(
        fault="F17",
        about="3 processes on one cap of 100 units",
        figure="billed at most the cap",
        task=Task(config=CAPPED, at_once=4),
        processes=3,
        calls=0,
        few=150,
        checks=(ends("BudgetExceeded", None), _within_cap),
    ),
]
