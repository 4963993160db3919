"""The connection breaks, or the answer never ends: the billing rule."""

from __future__ import annotations

from ..checks import ends, exactly_known, leaves_nothing, requests, within
from ..outcome import Task
from ..plan import Plan, Strike, mixed
from ..scenario import CONFIG, Scenario

__all__ = ["BREAKS", "SCENARIOS"]

LARGE = Task(config=CONFIG, padding=6_000_000, at_once=4)
KEPT = f"""{CONFIG}
[store]
share_limits = true

[prices]
huawei-tagging-v2 = "0.01 CNY"

[budgets.day]
cap = "1000 CNY"
per = "day"
"""
BREAKS = {
    "before": {},
    "before fin": {"by": "fin"},
    "within": {},
    "within fin": {"by": "fin"},
    "after": {},
    "after fin": {"by": "fin"},
    "after idle": {"works": False},
    "cut head": {"at": "head"},
    "cut body": {"at": "body"},
    "cut chunks": {"at": "chunks", "by": "fin"},
}
"""Every place in which a connection may break."""
BILLED_AND_UNREADABLE = (ends("MalformedResponse"), requests(a_call=1))


def _always(do: str, **says: object) -> tuple[Plan, ...]:
    return (Plan(strikes=(Strike(do=do, requests=None, says=says),)),)


def _once(do: str, **says: object) -> tuple[Plan, ...]:
    return (Plan(strikes=(Strike(do=do, share=0.1, says=says),)),)


SCENARIOS = [
    *(
        Scenario(
            fault="F4",
            about=f"{how} {where} the body",
            figure="asked again; 0 billed twice",
            plans=_once(kind, by=by),
            task=LARGE,
            few=12,
            calls=500,
            checks=(ends(None),),
        )
        for kind, where in (("before", "before"), ("within", "in"))
        for how, by in (("RST", "rst"), ("FIN", "fin"))
    ),
    *(
        Scenario(
            fault="F4",
            about=f"{how} after the body",
            figure="unknown, not asked again",
            plans=_always("after", by=by),
            alone=15,
            checks=(ends("OutcomeUnknown"), requests(a_call=1), exactly_known),
        )
        for how, by in (("RST", "rst"), ("FIN", "fin"))
    ),
    Scenario(
        fault="F4",
        about="the vendor crashes before the work",
        figure="unknown, not asked again",
        plans=_always("after", works=False),
        alone=15,
        checks=(ends("OutcomeUnknown"), requests(a_call=1), exactly_known),
    ),
    Scenario(
        fault="F4",
        about="breaks of all kinds, 10 %",
        figure="0 billed twice in 40,000",
        plans=(Plan(strikes=mixed(0.1, BREAKS)),),
        calls=40_000,
        few=600,
        checks=(ends("OutcomeUnknown", "MalformedResponse", None),),
    ),
    Scenario(
        fault="F5",
        about="unused connections are closed after 5 s",
        figure="at most 0.01 % unknown",
        plans=(Plan(idle_s=5.0),),
        task=Task(
            config=CONFIG,
            job="pause",
            details={"pause_s": (3.0, 5.5)},
            at_once=667,
            per_s=150,
            warm_up=True,
        ),
        alone=15,
        calls=10_000,
        few=0,
        checks=(ends(None, also=("OutcomeUnknown",)), requests(a_call=1)),
    ),
    Scenario(
        fault="F5",
        about="connections are closed after the answer, unannounced",
        figure="0 lost",
        plans=_always("close"),
        checks=(ends(None, also=("OutcomeUnknown",)),),
    ),
    *(
        Scenario(
            fault="F6",
            about=about,
            figure="within the deadline + 0.1 s",
            plans=_always(do, **says),
            task=Task(config=CONFIG, at_once=100, policy={"deadline_s": 1.0}, warm_up=True),
            alone=15,
            calls=calls,
            few=60,
            checks=(ends("DeadlineExceeded"), within(1.1), requests(a_call=1)),
        )
        for about, do, says, calls in (
            ("no answer", "silence", {}, 2500),
            ("a dripped head", "drip", {"part": "head"}, 2500),
            ("a dripped body", "drip", {"part": "body"}, 2500),
            ("a body without end", "drip", {"part": "endless"}, 2500),
        )
    ),
    *(
        Scenario(
            fault="F7",
            about=about,
            figure="0 untyped, 0 accepted",
            plans=_always("cut", at=at, by=by),
            checks=BILLED_AND_UNREADABLE,
        )
        for about, at, by in (
            ("a 200 cut short", "body", "fin"),
            ("a 200 cut short by RST", "body", "rst"),
            ("chunks without end", "chunks", "fin"),
            ("gzip cut short", "gzip", "fin"),
        )
    ),
    Scenario(
        fault="F7",
        about="an answer cut in its head",
        figure="0 untyped, 0 accepted",
        plans=_always("cut", at="head", by="fin"),
        alone=15,
        checks=(ends("OutcomeUnknown", also=("MalformedResponse",)), requests(a_call=1)),
    ),
    Scenario(
        fault="F9",
        about="cancelled at any moment",
        figure="0 leaks, 20 of 20 follow-up calls",
        plans=(Plan(latency_s=0.002),),
        task=Task(config=CONFIG, job="cancel", details={"within_s": 0.012}, at_once=10),
        calls=100_000,
        few=500,
        checks=(ends("CancelledError", None), leaves_nothing),
    ),
    Scenario(
        fault="F9",
        about="cancelled, with limits and a cap that processes share",
        figure="0 leaks, 20 of 20 follow-up calls",
        plans=(Plan(latency_s=0.002),),
        task=Task(config=KEPT, job="cancel", details={"within_s": 0.1}),
        processes=2,
        calls=4000,
        few=200,
        checks=(ends("CancelledError", None), leaves_nothing),
    ),
]
