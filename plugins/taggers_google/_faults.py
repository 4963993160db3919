"""Every error code of Google's image annotation: of a whole call, and of the one picture in it.

Sources: google.api.ErrorReason in googleapis/googleapis (reasons, checked 2026-11); google.rpc.Code
and the API design guide's "Errors" (names, numbers, statuses; not read again); which text comes
with which from answers that others recorded. Whether a call that failed inside Google is billed is
not documented: those are not repeated without being asked.
"""

from __future__ import annotations

from typing import Any

from taggers.plugin import Errors, Rule, VendorError, errors

__all__ = ["ERRORS"]

_RULES = (
    # Of a whole call: the status, and the reason where Google gives one.
    Rule(kind=errors.Authentication, codes="*.API_KEY_INVALID", hint="check api_key"),
    Rule(
        kind=errors.Authentication,
        codes="UNAUTHENTICATED*",
        message=r"API keys are not supported",
        hint="Google takes no API key here: set access_token",
    ),
    Rule(
        kind=errors.TokenExpired,
        codes="UNAUTHENTICATED.ACCESS_TOKEN_EXPIRED",
        hint="make a new access_token, with `gcloud auth print-access-token`",
    ),
    Rule(
        kind=errors.Authentication,
        codes="UNAUTHENTICATED*",
        hint="check access_token: it lives for an hour",
    ),
    Rule(
        kind=errors.NotSubscribed,
        codes="PERMISSION_DENIED.SERVICE_DISABLED PERMISSION_DENIED.BILLING_DISABLED",
        hint="enable the Cloud Vision API and billing in the project",
    ),
    Rule(
        kind=errors.NotSubscribed,
        codes="PERMISSION_DENIED",
        message=r"billing|has not been used|is disabled",
        hint="enable the Cloud Vision API and billing in the project",
    ),
    Rule(kind=errors.AccountSuspended, codes="PERMISSION_DENIED.CONSUMER_SUSPENDED"),
    Rule(
        kind=errors.PermissionDenied,
        codes="PERMISSION_DENIED.API_KEY_*_BLOCKED",
        hint="the key's restrictions forbid this API, or this machine",
    ),
    Rule(
        kind=errors.PermissionDenied,
        codes="PERMISSION_DENIED*",
        message=r"quota project",
        hint="a user's token needs quota_project",
    ),
    Rule(kind=errors.PermissionDenied, codes="PERMISSION_DENIED*"),
    Rule(kind=errors.QuotaExhausted, codes="RESOURCE_EXHAUSTED.RESOURCE_QUOTA_EXCEEDED"),
    Rule(kind=errors.RateLimited, codes="RESOURCE_EXHAUSTED*"),
    Rule(
        kind=errors.PayloadTooLarge,
        codes="INVALID_ARGUMENT*",
        message=r"payload size exceeds",
    ),
    Rule(
        kind=errors.InvalidRequest,
        codes="INVALID_ARGUMENT* FAILED_PRECONDITION* OUT_OF_RANGE* ALREADY_EXISTS*",
    ),
    Rule(kind=errors.EndpointGone, codes="NOT_FOUND*"),
    Rule(kind=errors.NotSupported, codes="UNIMPLEMENTED*"),
    Rule(kind=errors.Unavailable, codes="UNAVAILABLE* ABORTED*"),
    Rule(kind=errors.OutcomeUnknown, codes="DEADLINE_EXCEEDED* CANCELLED*"),
    Rule(
        kind=errors.ServerFault,
        codes="INTERNAL* UNKNOWN* DATA_LOSS*",
        retry="ask",
        billed="maybe",
    ),
    # Of one picture, inside a 200: the number of the same status. Its 7 is about the picture.
    Rule(
        kind=errors.ImageSource,
        codes="4 5 7 12 14",
        message=r"\bURL\b|opening file",
        retry="inline-once",
        hint="Google could not fetch the URL; send the picture itself",
    ),
    Rule(kind=errors.UnsupportedImage, codes="3", message=r"\bimage\b"),
    Rule(kind=errors.InvalidRequest, codes="3 6 9 11"),
    Rule(kind=errors.NotFound, codes="5"),
    Rule(kind=errors.PermissionDenied, codes="7 16", scope="image"),
    Rule(kind=errors.RateLimited, codes="8"),
    Rule(kind=errors.NotSupported, codes="12"),
    Rule(kind=errors.Unavailable, codes="10 14"),
    Rule(kind=errors.OutcomeUnknown, codes="1 4"),
    Rule(kind=errors.ServerFault, codes="2 13 15", retry="ask", billed="maybe"),
)


def _where(body: Any) -> VendorError | None:
    """The error of the call, or of the one picture that was sent."""
    if not isinstance(body, dict):
        return None
    if isinstance(error := body.get("error"), dict):
        return _of_call(error)
    return _of_picture(body.get("responses"))


def _of_call(error: dict[str, Any]) -> VendorError | None:
    """The code is the status, as in PERMISSION_DENIED, or with the reason where there is one, as in
    PERMISSION_DENIED.BILLING_DISABLED."""
    status, message = error.get("status"), str(error.get("message") or "")
    if not isinstance(status, str) or not status:
        return None
    details = error.get("details")
    details = details if isinstance(details, list) else []
    reasons = [detail.get("reason") for detail in details if isinstance(detail, dict)]
    reason = next((reason for reason in reasons if reason), None)
    return VendorError(f"{status}.{reason}" if reason else status, message)


def _of_picture(answers: Any) -> VendorError | None:
    """The error of a picture of which nothing else is said."""
    answer = answers[0] if isinstance(answers, list) and len(answers) == 1 else None
    if not isinstance(answer, dict) or any(answer[name] for name in answer if name != "error"):
        return None
    error = answer.get("error")
    if not isinstance(error, dict) or not error.get("code"):
        return None
    return VendorError(str(error["code"]), str(error.get("message") or ""))


ERRORS = Errors(where=_where, rules=_RULES)
