"""An answer comes, and it is not what it should be: too large, a web page, an error."""

from __future__ import annotations

from collections.abc import Iterator

from ..checks import ends, grows_at_most, requests, within
from ..outcome import Task
from ..plan import Plan, Strike
from ..scenario import CONFIG, Check, Scenario
from ..verdict import Seen

__all__ = ["SCENARIOS"]


def _always(do: str, **says: object) -> tuple[Plan, ...]:
    return (Plan(strikes=(Strike(do=do, requests=None, says=says),)),)


def _says(text: str) -> Check:
    def check(seen: Seen) -> Iterator[str]:
        if silent := [x.message for x in seen.outcomes if text not in x.message]:
            yield f"{len(silent)} errors do not say {text!r}, as in: {silent[0]}"

    return check


def _named(seen: Seen) -> Iterator[str]:
    """The vendor's code and the id of its answer stand in the error."""
    if bare := [x for x in seen.outcomes if not (x.code and x.request_id)]:
        yield f"{len(bare)} errors without the code or the request id"


SCENARIOS = [
    *(
        Scenario(
            fault="F8",
            about=about,
            figure="64 MB more at most, 1 s at most",
            plans=_always(do, **says),
            task=Task(config=CONFIG, warm_up=True, at_once=2),
            calls=1000,
            few=10,
            checks=(
                ends(kind),
                grows_at_most(64),
                within(1.0),
                requests(a_call=1),
            ),
        )
        for about, do, says, kind in (
            ("a gzip bomb, 1 MB that becomes 1 GB", "bomb", {"coding": "gzip"}, "ResponseTooLarge"),
            ("what is called brotli", "bomb", {"coding": "br"}, "MalformedResponse"),
            ("gzip within gzip", "bomb", {"coding": "gzip, gzip"}, "MalformedResponse"),
            ("1 GB of JSON", "flood", {"of": "json"}, "ResponseTooLarge"),
            ("1 GB in chunks", "flood", {"of": "chunks"}, "ResponseTooLarge"),
            ("1 GB of headers", "flood", {"of": "headers"}, "MalformedResponse"),
        )
    ),
    Scenario(
        fault="F11",
        about="a web page with HTTP 200",
        figure="0 read as no tags; the hint is there",
        plans=_always("body"),
        checks=(ends("MalformedResponse"), requests(a_call=1), _says("web page")),
    ),
    *(
        Scenario(
            fault="F29",
            about=f"{about} with HTTP 200",
            figure="0 untyped, 0 read as no tags",
            plans=_always("body", text=text),
            checks=(ends("MalformedResponse"), requests(a_call=1)),
        )
        for about, text in (
            ("JSON of another shape", '{"result": {"labels": []}}'),
            ("NaN", '{"result": {"tags": [{"tag": "cat", "confidence": NaN}]}}'),
        )
    ),
    *(
        Scenario(
            fault="F4",
            about=f"a page with HTTP {status} of a machine in between, after the work",
            figure="unknown, not asked again",
            plans=_always("status", status=status, works=True),
            alone=15,
            checks=(ends("OutcomeUnknown"), requests(a_call=1)),
        )
        for status in (500, 502, 504)
    ),
    Scenario(
        fault="F31",
        about="an unknown code",
        figure="typed, all of them; code and request id shown",
        plans=_always("error", code="XYZ.9999", text="Something new", status=400),
        checks=(ends("UnknownVendorError"), requests(a_call=1), _named),
    ),
    Scenario(
        fault="F32",
        about="the API is retired",
        figure="the hint is there",
        plans=_always("error", code="APIG.0101", text="The API does not exist", status=404),
        checks=(
            ends("EndpointGone", also=("CircuitOpen",)),
            requests(a_call=1),
            _says("closed this service"),
        ),
    ),
]
