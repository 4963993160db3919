"""Batches: processes that are killed, that share a store, and that have very much to do."""

from __future__ import annotations

from ..checks import (
    divided,
    ends,
    killed,
    none_unasked,
    peaks_at_most,
    refused_alone,
    starts_within,
    whole,
)
from ..outcome import Task
from ..plan import Plan
from ..scenario import CONFIG, Scenario

__all__ = ["SCENARIOS"]

SLOW = (Plan(latency_s=0.05),)
FAULTS = (
    {"do": "code", "only": "huawei-tagging-v2", "code": "AIS.0502"},
    {"do": "reset-before"},
    {"do": "reset-after"},
    {"do": "truncate"},
    {"do": "malformed"},
    {"do": "html"},
    {"do": "slow", "latency_s": 0.3},
    {"do": "silence"},
)
"""All kinds that the emulator has; together they befall 5 % of the calls."""


def _emulated() -> tuple[dict[str, object], ...]:
    rates = [0.0025 if fault["do"] == "silence" else 0.0068 for fault in FAULTS]
    return tuple({**fault, "rate": rate} for fault, rate in zip(FAULTS, rates, strict=True))


SCENARIOS = [
    Scenario(
        fault="F36",
        about="a batch, SIGKILL at 200 random moments",
        figure="0 lost, 0 sent twice; unknown at most those under way",
        plans=SLOW,
        task=Task(config=CONFIG, job="killed", at_once=8, details={"kill_every": 30}),
        processes=2,
        calls=6000,
        few=116,
        checks=(ends(None, also=("OutcomeUnknown",)), killed(30), whole),
    ),
    Scenario(
        fault="F36",
        about="a batch, SIGKILL at 20 random moments, and then --retry-unknown",
        figure="all answered; billed twice only what was unknown",
        plans=SLOW,
        task=Task(
            config=CONFIG, job="killed", at_once=8, details={"kill_every": 30, "again": True}
        ),
        calls=600,
        few=58,
        checks=(ends(None), killed(30), whole),
        paid_twice=True,
    ),
    Scenario(
        fault="F36",
        about="20,000 photographs, 5 % of all kinds of the emulator, 10 × SIGKILL, --retry-unknown",
        figure="complete; 0 billed twice before --retry-unknown; store and ledger agree",
        plans=(),
        task=Task(
            config="",
            job="emulated",
            at_once=8,
            details={"kill_every": 2000, "faults": _emulated()},
        ),
        calls=20_000,
        few=120,
        checks=(ends(None), killed(2000), whole, none_unasked),
        paid_twice=True,
    ),
    Scenario(
        fault="F36",
        about="1,000,000 pictures are in the store, and one is not",
        figure="150 MB at most; the first call 6 s after the start at most",
        task=Task(config=CONFIG, job="known", details={"pictures": 1_000_000}),
        calls=1,
        few=0,
        checks=(peaks_at_most(150), starts_within(6), whole),
    ),
    Scenario(
        fault="F36",
        about="200,000 tiny files in a folder, 20 pictures",
        figure="150 MB at most; 20 calls",
        task=Task(config=CONFIG, job="tiny", at_once=64, details={"files": 200_000}),
        calls=20,
        few=0,
        checks=(ends(None), peaks_at_most(150), whole),
    ),
    Scenario(
        fault="F37",
        about="two batches share a store",
        figure="0 sent twice; without --share the second refuses",
        plans=SLOW,
        task=Task(config=CONFIG, job="shared", at_once=8),
        calls=4000,
        few=40,
        checks=(ends(None), refused_alone, divided, whole),
    ),
]
