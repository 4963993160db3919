"""Every way in which a call can fail, as one tree.

    TaggersError
    ├ LocalError                 the mend is on this side
    │ ├ ConfigurationError       a setting is missing, wrong or not allowed
    │ ├ PluginError              a plugin is missing or broken
    │ ├ LocalResourceError       this machine lacks something: a file, a descriptor, a library
    │ ├ InvalidInput             this picture or option cannot be sent
    │ │ ├ UnsupportedImage       not a picture, damaged, or of a format the provider does not take
    │ │ ├ ImageDimensions        too small or too large in pixels
    │ │ ├ PayloadTooLarge        too large in bytes
    │ │ └ UnsafeUrl              a URL that taggers will not follow
    │ ├ BudgetExceeded           a spend cap would be passed
    │ └ CircuitOpen              the endpoint failed often and is left alone for a while
    ├ TransportError             no complete answer arrived
    │ ├ NotSent                  the request was provably not fully written
    │ │ ├ ConnectFailed
    │ │ ├ DnsFailure
    │ │ ├ TlsFailure
    │ │ └ WriteInterrupted
    │ ├ DeadlineExceeded         time ran out; `sent` says how far the request got
    │ └ OutcomeUnknown           sent, and no answer: the vendor may have done and billed it
    ├ ResponseError              an answer arrived that cannot be used
    │ ├ MalformedResponse
    │ └ ResponseTooLarge
    └ ProviderError              the vendor answered with an error
      ├ InvalidRequest · NotSupported · NotFound · EndpointGone · ImageSource
      ├ Authentication           the key, token or signature was refused
      │ ├ TokenExpired
      │ ├ ClockSkew
      │ └ CredentialLocked
      ├ PermissionDenied · NotSubscribed · AccountSuspended · QuotaExhausted
      ├ RateLimited · Unavailable · ServerFault
      └ UnknownVendorError       a code that no table of ours holds

A vendor's refusal of a picture is the same class as our own (`ImageDimensions`, say), because the
mend is the same; `outcome` then reads "rejected" instead of "not sent", and `code` is the vendor's.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from ._model import Attempt

__all__ = [
    "AccountSuspended", "Authentication", "BudgetExceeded", "CircuitOpen", "ClockSkew",
    "ConfigurationError", "ConnectFailed", "CredentialLocked", "DeadlineExceeded", "DnsFailure",
    "EndpointGone", "ImageDimensions", "ImageSource", "InvalidInput", "InvalidRequest",
    "LocalError", "LocalResourceError", "MalformedResponse", "NotFound", "NotSent",
    "NotSubscribed", "NotSupported", "OutcomeUnknown", "PayloadTooLarge", "PermissionDenied",
    "PluginError", "ProviderError", "QuotaExhausted", "RateLimited", "ResponseError",
    "ResponseTooLarge", "ServerFault", "TaggersError", "TlsFailure", "TokenExpired",
    "TransportError", "Unavailable", "UnknownVendorError", "UnsafeUrl", "UnsupportedImage",
    "WriteInterrupted",
]  # fmt: skip

Outcome = Literal["not sent", "rejected", "unknown", "unreadable"]
Billed = Literal["no", "maybe", "yes"]
Scope = Literal["call", "image", "credential", "account", "endpoint", "process"]
Fallback = Literal["yes", "no", "opt-in", "if-capable"]
Retry = Literal[
    "never", "once", "backoff(2)", "backoff(3)", "window",
    "refresh-once", "clock-once", "inline-once", "ask",
]  # fmt: skip


class TaggersError(Exception):
    """Something went wrong in a call, and this says what, to whom and what to do.

    Five attributes answer what a caller has to decide. Each class has its usual answer, and a
    vendor's table may set another for one of its codes:

    * `outcome`: how far the call got: "not sent", "rejected", "unknown" or "unreadable";
    * `billed`: "no", "maybe" or "yes";
    * `scope`: what else it affects: this "call", this "image", the "credential", the "account",
      the "endpoint" or the whole "process";
    * `retry`: whether asking again can help, and how;
    * `fallback`: whether a route may ask its next provider.

    Besides: `message`, `hint` (what to do), `provider`, `code` (the vendor's), `status` (HTTP),
    `request_id`, `retry_after_s` (or None), `attempts` (all, first to last), `warnings`, such as
    an upload that could not be deleted either, and `left`: which targets of a route were not asked,
    or failed before, and why.
    """

    outcome: Outcome = "rejected"
    billed: Billed = "no"
    scope: Scope = "call"
    retry: Retry = "never"
    fallback: Fallback = "no"

    provider: str | None = None
    code: str | None = None
    status: int | None = None
    request_id: str | None = None
    retry_after_s: float | None = None
    hint: str | None = None
    attempts: tuple[Attempt, ...] = ()
    warnings: tuple[str, ...] = ()
    left: Mapping[str, str] = MappingProxyType({})

    def __init__(self, message: str, **facts: Any) -> None:
        super().__init__(message)
        self.message = message
        for name, value in facts.items():
            if not hasattr(type(self), name):
                raise TypeError(f"{type(self).__name__} has no {name!r}")
            setattr(self, name, value)

    def __str__(self) -> str:
        says = f"{self.provider}: {self.message}" if self.provider else self.message
        facts = (
            self.code,
            f"HTTP {self.status}" if self.status else None,
            f"request {self.request_id}" if self.request_id else None,
        )
        known = ", ".join(fact for fact in facts if fact)
        hint = f"{'' if says.endswith('?') else ';'} {self.hint}" if self.hint else ""
        return says + (f" ({known})" if known else "") + hint

    def note_attempts(self, earlier: tuple[Attempt, ...]) -> None:
        """Notes what was sent before. Where that may be billed, so may the call, and a route goes
        on only where that was asked for."""
        self.attempts = (*earlier, *self.attempts)
        billed = {attempt.billed for attempt in earlier} - {"no"}
        if billed and self.billed != "yes":
            self.billed = "yes" if "yes" in billed else "maybe"
        if billed and self.fallback in ("yes", "if-capable"):
            self.fallback = "opt-in"

    def to_dict(self) -> dict[str, Any]:
        """The error as JSON-ready facts, for logs and for one record per failed picture."""
        names = (
            "message", "hint", "provider", "code", "status", "request_id",
            "retry_after_s", "outcome", "billed", "scope",
        )  # fmt: skip
        facts = {name: getattr(self, name) for name in names}
        counted = {
            "attempts": len(self.attempts),
            "warnings": list(self.warnings),
            "left": dict(self.left),
        }
        return {"kind": type(self).__name__, **facts, **counted}


class LocalError(TaggersError):
    """The mend is on this side. Nothing was sent, unless `code` shows that the vendor noticed."""

    outcome: Outcome = "not sent"


class ConfigurationError(LocalError):
    """A setting is missing, wrong or not allowed; the message names its place.

    Its `scope` is "credential" where it is the key that is missing or may not be sent.
    """

    scope: Scope = "process"


class PluginError(LocalError):
    """A plugin is missing, broken or named twice; the message names its distribution."""

    scope: Scope = "process"


class LocalResourceError(LocalError):
    """This machine lacks something: a readable file, a descriptor, disk space, a library."""

    scope: Scope = "process"


class InvalidInput(LocalError):
    """This picture or option cannot be sent; the message gives the limit."""

    scope: Scope = "image"
    fallback: Fallback = "if-capable"


class UnsupportedImage(InvalidInput):
    """Not a picture, a damaged one, or one of a format that the provider does not take."""


class ImageDimensions(InvalidInput):
    """The picture is too small or too large in pixels for the provider."""


class PayloadTooLarge(InvalidInput):
    """The picture is too large in bytes for the provider, which often counts them after base64."""


class UnsafeUrl(InvalidInput):
    """The URL is of a kind that taggers will not follow, or points into a private network."""

    fallback: Fallback = "no"


class BudgetExceeded(LocalError):
    """Sending this call could pass a spend cap."""

    scope: Scope = "account"
    fallback: Fallback = "yes"


class CircuitOpen(LocalError):
    """The endpoint failed often lately and is left alone until `retry_after_s` has passed."""

    scope: Scope = "endpoint"
    fallback: Fallback = "yes"


class TransportError(TaggersError):
    """No complete answer arrived."""

    scope: Scope = "endpoint"


class NotSent(TransportError):
    """The request was provably not fully written, so it was not billed and may be sent again."""

    outcome: Outcome = "not sent"
    retry: Retry = "backoff(2)"
    fallback: Fallback = "yes"


class ConnectFailed(NotSent):
    """No connection: the port is closed, there is no route, or connecting took too long."""


class DnsFailure(NotSent):
    """The host's name did not resolve."""


class TlsFailure(NotSent):
    """The server's certificate or its TLS was refused. There is no way to switch this off."""

    retry: Retry = "never"


class WriteInterrupted(NotSent):
    """The connection broke before the whole body was written."""


class DeadlineExceeded(TransportError):
    """The call's time ran out. `sent` is False where the vendor cannot have had the request."""

    sent: bool = True
    outcome: Outcome = "unknown"
    billed: Billed = "maybe"
    fallback: Fallback = "opt-in"

    def __init__(self, message: str, **facts: Any) -> None:
        super().__init__(message, **facts)
        if not self.sent:
            self.outcome, self.billed, self.fallback = "not sent", "no", "yes"


class OutcomeUnknown(TransportError):
    """The request was sent and no complete answer came: it may have been done and billed."""

    outcome: Outcome = "unknown"
    billed: Billed = "maybe"
    scope: Scope = "call"
    retry: Retry = "ask"
    fallback: Fallback = "opt-in"


class ResponseError(TaggersError):
    """An answer arrived that cannot be used. It counts as billed and is not asked for again."""

    outcome: Outcome = "unreadable"
    billed: Billed = "yes"


class MalformedResponse(ResponseError):
    """The answer is not of the documented shape; `path` is the place, as in `result.tags[0]`."""

    path: str | None = None


class ResponseTooLarge(ResponseError):
    """The answer is larger, deeper or more numerous than any true answer of this provider."""


class ProviderError(TaggersError):
    """The vendor answered with an error."""


class InvalidRequest(ProviderError):
    """The vendor found the request wrong: an option of `native`, or a fault of the plugin."""


class NotSupported(ProviderError):
    """The provider cannot do what was asked."""

    fallback: Fallback = "if-capable"


class NotFound(ProviderError):
    """What the request names does not exist at the vendor."""


class EndpointGone(ProviderError):
    """The API does not exist there: wrong region or path, or the vendor has closed it."""

    scope: Scope = "endpoint"
    fallback: Fallback = "yes"


class ImageSource(ProviderError):
    """The vendor could not get the picture from the URL or key that it was given."""

    scope: Scope = "image"
    fallback: Fallback = "yes"


class Authentication(ProviderError):
    """The key, token or signature was refused. Asked once only: repeated failures lock the key."""

    scope: Scope = "credential"


class TokenExpired(Authentication):
    """The token has run out; a new one is needed."""

    retry: Retry = "refresh-once"


class ClockSkew(Authentication):
    """This machine's clock is too far from the vendor's for its signatures to be taken."""

    scope: Scope = "process"
    retry: Retry = "clock-once"


class CredentialLocked(Authentication):
    """The vendor has locked the key for a while after too many failures."""


class PermissionDenied(ProviderError):
    """The key is good but may not do this."""

    scope: Scope = "credential"


class NotSubscribed(ProviderError):
    """The service is not switched on for this account (or not in this region)."""

    scope: Scope = "account"
    fallback: Fallback = "opt-in"


class AccountSuspended(ProviderError):
    """The account is frozen, restricted or in arrears."""

    scope: Scope = "account"
    fallback: Fallback = "opt-in"


class QuotaExhausted(ProviderError):
    """A quota for a longer period is used up; asking again before it ends is waste."""

    scope: Scope = "account"
    fallback: Fallback = "opt-in"


class RateLimited(ProviderError):
    """Too many calls: more than `limit` in `retry_after_s` seconds, where the vendor says so."""

    limit: int | None = None
    scope: Scope = "endpoint"
    retry: Retry = "window"
    fallback: Fallback = "opt-in"


class Unavailable(ProviderError):
    """The vendor is not able to serve just now, and did not do the work."""

    scope: Scope = "endpoint"
    retry: Retry = "backoff(3)"
    fallback: Fallback = "yes"


class ServerFault(ProviderError):
    """Something broke at the vendor."""

    scope: Scope = "endpoint"
    retry: Retry = "backoff(2)"
    fallback: Fallback = "yes"


class UnknownVendorError(ProviderError):
    """The vendor used a code that taggers does not know. Please report it: code and message."""
