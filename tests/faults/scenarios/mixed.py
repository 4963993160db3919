"""Faults of all kinds, some of the calls; and what other clients make of the same."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..checks import ends, requests
from ..outcome import Task
from ..plan import Plan, mixed
from ..scenario import CONFIG, Scenario
from .breaking import BREAKS

__all__ = ["SCENARIOS"]

THROTTLED = "policy user over ratelimit,limit:1000,time:1 second"
ALL = {
    **BREAKS,
    "cut gzip": {"at": "gzip"},
    "body page": {},
    "error unavailable": {"code": "APIG.0202", "status": 502},
    "error fault": {"code": "AIS.0506", "status": 500},
    "error throttled": {"code": "APIG.0308", "status": 429, "text": THROTTLED},
    "error unknown": {"code": "XYZ.9999", "status": 400},
    "status 503": {"status": 503},
    "status 502": {"status": 502, "works": True},
    "status 504": {"status": 504, "works": True},
    "silence": {},
}
CALM = {kind: says for kind, says in ALL.items() if kind != "error throttled"}
"""Without throttling: many throttles in a second make a long queue, and no other figure."""
KINDS = ("OutcomeUnknown", "MalformedResponse", "UnknownVendorError", "DeadlineExceeded", None)
QUICK = {"deadline_s": 2.5}


def _share(share: float, kinds: Mapping[str, Mapping[str, Any]] = ALL) -> tuple[Plan, ...]:
    return (Plan(strikes=mixed(share, kinds)),)


SCENARIOS = [
    Scenario(
        fault="mixed",
        about="5 % of all kinds",
        figure="0 billed twice",
        plans=_share(0.05),
        task=Task(config=CONFIG, policy=QUICK),
        calls=6000,
        few=300,
        checks=(ends(*KINDS), requests(a_call=1.1, more=36)),
    ),
    Scenario(
        fault="mixed",
        about="40 % of all kinds",
        figure="0 billed twice",
        plans=_share(0.4, CALM),
        task=Task(config=CONFIG, policy=QUICK),
        # With one host the breaker opens within the first calls, and the others are not sent.
        alone=15,
        calls=6000,
        few=150,
        checks=(ends(*KINDS),),
    ),
    Scenario(
        fault="mixed",
        about='5 % of all kinds, with unknown = "retry-once"',
        figure="billed twice only where it says so",
        plans=_share(0.05),
        task=Task(config=CONFIG, policy={**QUICK, "unknown": "retry-once"}),
        calls=6000,
        few=300,
        paid_twice=True,
    ),
    *(
        Scenario(
            fault="peers",
            about=f"{about}: 5 % of all kinds",
            figure="for comparison",
            plans=_share(0.05),
            task=Task(config=CONFIG, job="peer", details={"policy": policy}),
            calls=6000,
            few=200,
        )
        for about, policy in (
            ("retry everything, 3 times", "everything"),
            ("as cos-python-sdk-v5 1.9.44", "cos_sdk"),
            ("as botocore 1.44, standard mode", "botocore_standard"),
        )
    ),
]
