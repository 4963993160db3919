"""The vendor's limits, outages and quotas, and what a run may cost."""

from __future__ import annotations

from ..checks import ends, in_flight_at_most, requests, uses
from ..outcome import Task
from ..plan import Plan, Rules, Strike
from ..scenario import CONFIG, Scenario

__all__ = ["SCENARIOS"]

SHARED = CONFIG + "\n[store]\nshare_limits = true\n"
UNAVAILABLE = {"code": "APIG.0202", "text": "Backend unavailable", "status": 502}

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
            checks=(ends(None),),
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
            few=250,
            checks=(ends(None), uses(100)),
        )
        for processes in (1, 4)
    ),
    *(
        Scenario(
            fault="F13",
            about=f"10 at a time, {processes} process{'es' if processes > 1 else ''}",
            figure="never over 10",
            plans=(Plan(latency_s=0.01, rules=Rules(concurrency=10)),),
            task=Task(config=SHARED, at_once=40),
            processes=processes,
            calls=4000,
            few=400,
            checks=(ends(None), in_flight_at_most(10)),
        )
        for processes in (1, 4)
    ),
    Scenario(
        fault="F15",
        about="5 % of the calls always fail",
        figure="never more requests than attempts",
        plans=(
            Plan(strikes=(Strike(do="error", share=0.05, requests=None, says=UNAVAILABLE),)),
        ),
        checks=(ends("Unavailable", None), requests(a_call=1.1, more=3)),
    ),
    Scenario(
        fault="F16",
        about="the month's quota is used up",
        figure="at most 10 calls more",
        plans=(
            Plan(strikes=(Strike(do="error", requests=None, says={"code": "AIS.0032"}),)),
        ),
        checks=(ends("QuotaExhausted"), requests(11)),
    ),
]
