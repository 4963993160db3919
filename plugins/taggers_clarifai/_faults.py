"""Every status code of Clarifai that a prediction can meet.

Sources: docs.clarifai.com/resources/api-overview/status-codes, and status_code.proto of the gRPC
API (checked 2026-11). Which HTTP status goes with a code is not documented, so the code decides.
Whether a call that failed inside Clarifai is billed is not documented either: those are not
repeated without being asked.
"""

from __future__ import annotations

import re
from typing import Any

from taggers.plugin import Errors, Rule, VendorError, Window, errors

__all__ = ["ERRORS"]

_GOOD = ("10000", "10001", "10002")
"""The codes of success; the last two only warn that an API or a client is deprecated."""
_OF_INPUTS = ("10010", "10020")
"""Mixed success and failure: the reason stands at the picture's own output."""


def _where(body: Any) -> VendorError | None:
    """The error in an answer: at its top, or at the output of the picture."""
    if not isinstance(body, dict):
        return None
    top, outputs = _status(body), body.get("outputs")
    if top is not None and top.code not in (*_GOOD, *_OF_INPUTS):
        return top
    listed = outputs if isinstance(outputs, list) else ()
    for found in filter(None, map(_status, listed)):
        if found.code not in _GOOD:
            return found
    return None if top is None or top.code in _GOOD else top


def _status(place: Any) -> VendorError | None:
    """What a `status` says; its code is a number, in some of the documents a name."""
    status = place.get("status") if isinstance(place, dict) else None
    if not isinstance(status, dict) or not status.get("code"):
        return None
    says = [status.get(name) for name in ("description", "details")]
    text = ": ".join(one for one in says if isinstance(one, str) and one)
    return VendorError(str(status["code"]), text)


def _request_id(body: Any) -> str | None:
    status = body.get("status") if isinstance(body, dict) else None
    said = status.get("req_id") if isinstance(status, dict) else None
    return said if isinstance(said, str) else None


def _window(message: str) -> Window | None:
    """The window of the limit, which counts requests per second. (The vendor's documents advise
    to wait about 15 s, checked 2026-11.)"""
    return Window(1.0) if re.search(r"requests per second", message) else None


_MODEL = "check user_id and app_id, which are those of the model's owner, and model_id"

_RULES = (
    Rule(
        kind=errors.Authentication,
        codes="11001 11002 11008 11009 11200",
        hint="check pat: a personal access token; a key of one app opens only that app's models",
    ),
    Rule(
        kind=errors.Authentication,
        codes="11102",
        message=r"authorization header",
        hint="check pat",
    ),
    Rule(kind=errors.PermissionDenied, codes="11007", hint="the token lacks a scope: Predict"),
    Rule(kind=errors.PermissionDenied, codes="21201 25601", hint=_MODEL),
    Rule(
        kind=errors.PermissionDenied,
        codes="11104 50001",
        hint="the account has to consent to this in Clarifai's portal",
    ),
    Rule(kind=errors.AccountSuspended, codes="11000 69000 69001"),
    Rule(kind=errors.QuotaExhausted, codes="11003 11004 11006"),
    Rule(kind=errors.NotSubscribed, codes="60*"),
    # A name stands in the documents (Rate Limits, checked 2026-11), a number in all real answers.
    Rule(kind=errors.RateLimited, codes="11005 CONN_THROTTLED"),
    # Models that Clarifai withdraws are made private, and then do not exist for others.
    Rule(kind=errors.EndpointGone, codes="21200 25600 25903", hint=_MODEL),
    Rule(kind=errors.EndpointGone, codes="10050 11101 40036"),
    Rule(
        kind=errors.Unavailable,
        codes="10030 21101 21103 21107 21351 21352 21354 21355 25604 39997 40030 40031 41000 98014",
    ),
    Rule(
        kind=errors.ConfigurationError,
        codes="211* 21350 21353",
        hint="the model is not trained, or not deployed",
        scope="endpoint",
    ),
    Rule(
        kind=errors.ImageSource,
        codes="30002 30106 30210 39996 47101 47102",
        hint="Clarifai could not get the picture",
    ),
    Rule(kind=errors.UnsupportedImage, codes="30101 30300 46003 47104"),
    Rule(kind=errors.PayloadTooLarge, codes="30105 40033 47103"),
    Rule(
        kind=errors.InvalidRequest,
        codes="30104 39999 47105",
        scope="image",
        fallback="if-capable",
    ),
    Rule(
        kind=errors.InvalidRequest,
        codes="10060 11100 11102 11103 11105 21202 21203 214* 25602 25603 40001",
    ),
    Rule(kind=errors.NotSupported, codes="10040"),
    Rule(kind=errors.OutcomeUnknown, codes="10070 30001 30003 40032 40035 40037 98009"),
    Rule(
        kind=errors.ServerFault,
        codes="10010 10020 21313 25607 25608 4001* 4002* 40034 41* 43* 44* 45* 47106 51* 98* 99*",
        retry="ask",
        billed="maybe",
    ),
)

ERRORS = Errors(where=_where, rules=_RULES, request_id_in=_request_id, window=_window)
