"""Keys, tokens, signatures and clocks."""

from __future__ import annotations

from collections.abc import Iterator

from ..checks import ends, requests
from ..outcome import Task
from ..plan import Plan, Rules, Strike
from ..scenario import CONFIG, KEYS, Scenario
from ..verdict import Seen

__all__ = ["SCENARIOS"]

SIGNED_IN = CONFIG.replace(
    KEYS,
    """\
user = "someone"
domain = "somewhere"
password = "${SOAK_PASSWORD}"
iam_endpoint = "http://127.0.0.1:{port}"
""",
)


def _refused(text: str) -> tuple[Plan, ...]:
    said = {"code": "APIGW.0301", "status": 401}
    said["text"] = f"Incorrect IAM authentication information: {text}"
    return (Plan(strikes=(Strike(do="error", requests=None, says=said),)),)


def _two_tokens(seen: Seen) -> Iterator[str]:
    if 2 != (tokens := seen.book.count("token")):
        yield f"{tokens} tokens were asked for, and not 2: the first, and one after it had run out"


SCENARIOS = [
    Scenario(
        fault="F18",
        about="the token runs out within the run",
        figure="1 IAM call, 0 failed",
        plans=(Plan(rules=Rules(token_lives=120)),),
        task=Task(config=SIGNED_IN),
        calls=200,
        few=200,
        checks=(ends(None), _two_tokens),
    ),
    Scenario(
        fault="F19",
        about="the key is wrong",
        figure="1 attempt a process",
        plans=_refused("ak EXAMPLE-AK not exist"),
        checks=(ends("Authentication"), requests(1)),
    ),
    Scenario(
        fault="F20",
        about="the key is locked",
        figure="0 calls after the first",
        plans=_refused("AK access failed to reach the limit,forbidden"),
        checks=(ends("CredentialLocked"), requests(1)),
    ),
    Scenario(
        fault="F21",
        about="the clock is an hour off",
        figure="1 request more, 0 loops",
        plans=(Plan(rules=Rules(clock_s=3600, fresh_s=900)),),
        checks=(ends(None), requests(a_call=1, more=1)),
    ),
    Scenario(
        fault="F22",
        about="signatures are good for 1.5 s, and calls are asked again after 2 s",
        figure="0 rejected",
        plans=(
            Plan(
                rules=Rules(fresh_s=1.5),
                strikes=(
                    Strike(
                        do="error",
                        share=0.03,
                        says={
                            "code": "APIG.0202",
                            "status": 503,
                            "headers": {"retry-after": "2"},
                        },
                    ),
                ),
            ),
        ),
        task=Task(config=CONFIG, at_once=100),
        calls=1000,
        few=60,
        checks=(ends(None),),
    ),
]
