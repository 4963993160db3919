"""A vendor's errors as a table: which code means which of our errors."""

from __future__ import annotations

import contextlib
import fnmatch
import re
from collections.abc import Callable, Mapping
from email.utils import parsedate_to_datetime
from typing import Any, NamedTuple

from attrs import field, frozen

from ._wire import Response
from .errors import (
    Authentication,
    Billed,
    EndpointGone,
    Fallback,
    InvalidRequest,
    MalformedResponse,
    NotSupported,
    OutcomeUnknown,
    PayloadTooLarge,
    PermissionDenied,
    RateLimited,
    Retry,
    Scope,
    TaggersError,
    Unavailable,
    UnknownVendorError,
)

__all__ = ["Errors", "Rule", "VendorError", "Window"]


class VendorError(NamedTuple):
    """What an error body says: the vendor's code, message and request id, as far as given.

    A vendor without codes of its own has the code "": the HTTP status stands for it, as in "429".
    """

    code: str
    message: str = ""
    request_id: str | None = None


class Window(NamedTuple):
    """A vendor's window for throttling: its length, and the calls that it allows in it."""

    seconds: float
    limit: int | None = None


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


@frozen(kw_only=True)
class Rule:
    """One line of an error table: these codes mean this kind of error.

    `codes` are words, which may hold `*`. `status` and `message` (a regular expression) only tell
    the meanings of one code apart. `hint` says what to do. What is None is the usual answer of the
    kind.
    """

    kind: type[TaggersError]
    codes: tuple[str, ...] = field(converter=_words)
    status: tuple[int, ...] = ()
    message: str | None = None
    retry: Retry | None = None
    billed: Billed | None = None
    fallback: Fallback | None = None
    scope: Scope | None = None
    hint: str | None = None

    def names(self, found: VendorError) -> bool:
        """Whether the error's code stands in this line."""
        return any(fnmatch.fnmatchcase(found.code, code) for code in self.codes)

    def fits(self, found: VendorError, status: int) -> bool:
        """Whether this line is about the error."""
        return (
            self.names(found)
            and (not self.status or status in self.status)
            and (self.message is None or bool(re.search(self.message, found.message, re.I)))
        )


_BY_STATUS: Mapping[int, type[TaggersError]] = {
    401: Authentication,
    403: PermissionDenied,
    404: EndpointGone,
    408: Unavailable,
    410: EndpointGone,
    413: PayloadTooLarge,
    429: RateLimited,
    501: NotSupported,
    503: Unavailable,
}


@frozen(kw_only=True)
class Errors:
    """A vendor's errors as a table: the code decides, then the HTTP status, never the text alone.

    * `where`: finds code, message and request id, texts or whole numbers, in a decoded answer;
      None: it is no error. A `LookupError`, `TypeError`, `ValueError` or `AttributeError` out of it
      means the same;
    * `rules`: the first that fits is taken;
    * `request_id_header`: where the vendor's id of a call stands; or `request_id_in(body)`: finds
      it in a decoded answer, also a good one;
    * `window`: the throttling window that the vendor's message names.
    """

    where: Callable[[Any], VendorError | None] = lambda body: None
    rules: tuple[Rule, ...] = ()
    request_id_header: str | None = None
    request_id_in: Callable[[Any], str | None] = lambda body: None
    window: Callable[[str], Window | None] = lambda message: None

    def find(
        self, body: Any, response: Response, redact: Callable[[str], str] = str
    ) -> TaggersError | None:
        """The error that this answer is; None for a good one.

        `body` is None where it could not be read; `redact` takes the secrets out of the vendor's
        text, which may quote the key.
        """
        found = None if body is None else self.said(body)
        if found is None and response.ok:
            return None
        request_id = self.request_id(response, body, found, redact)
        if found is None:
            return self._by_status(response, request_id)
        found = found._replace(code=found.code or str(response.status))
        for rule in self.rules:
            if rule.fits(found, response.status):
                return self._by_rule(rule, found, response, request_id, redact)
        return UnknownVendorError(
            redact(found.message) or "no message",
            code=found.code,
            status=response.status,
            request_id=request_id,
            hint="taggers does not know this code; please report it",
        )

    def said(self, body: Any) -> VendorError | None:
        """What `where` finds, as texts; nothing in a body of a shape that it does not expect."""
        try:
            found = self.where(body)
        except (LookupError, TypeError, ValueError, AttributeError):
            return None
        code = _text(found.code) if found else None
        if found is None or code is None:
            return None
        return VendorError(code, _text(found.message) or "", _text(found.request_id))

    def request_id(
        self,
        response: Response,
        body: Any = None,
        found: VendorError | None = None,
        redact: Callable[[str], str] = str,
    ) -> str | None:
        """The vendor's id of the call, which its support asks for."""
        header = response.headers.get(self.request_id_header) if self.request_id_header else None
        within = None
        if body is not None:
            with contextlib.suppress(LookupError, TypeError, ValueError, AttributeError):
                within = _text(self.request_id_in(body))
        said = header or (found.request_id if found else None) or within
        return redact(said) if said else None

    def _by_rule(
        self,
        rule: Rule,
        found: VendorError,
        response: Response,
        request_id: str | None,
        redact: Callable[[str], str],
    ) -> TaggersError:
        window = self.window(found.message)
        judged = {name: getattr(rule, name) for name in ("retry", "billed", "fallback", "scope")}
        return rule.kind(
            redact(found.message) or found.code,
            code=found.code,
            status=response.status,
            request_id=request_id,
            retry_after_s=retry_after_s(response) or (window.seconds if window else None),
            hint=rule.hint,
            **({"limit": window.limit} if window and issubclass(rule.kind, RateLimited) else {}),
            **_answered(rule.kind),
            **{name: value for name, value in judged.items() if value is not None},
        )

    def _by_status(self, response: Response, request_id: str | None) -> TaggersError:
        status = response.status
        kind = _BY_STATUS.get(status) or _by_hundred(status)
        return kind(
            f"the vendor answered HTTP {status} without a code",
            status=status,
            request_id=request_id,
            retry_after_s=retry_after_s(response),
            **_answered(kind),
        )


def _text(value: Any) -> str | None:
    """A vendor's text, or its whole number as text; None where it is neither."""
    return str(value) if isinstance(value, str | int) else None


def _by_hundred(status: int) -> type[TaggersError]:
    """The kind of error of a status that says nothing more; a redirect is never followed.

    A 500 or 502 without the vendor's code may be a balancer's, behind which the work was done.
    """
    if status < 400:
        return MalformedResponse
    return InvalidRequest if status < 500 else OutcomeUnknown


def _answered(kind: type[TaggersError]) -> dict[str, str]:
    """What an error means that would say "not sent" if it were ours: the vendor rejected it."""
    return {"outcome": "rejected"} if kind.outcome == "not sent" else {}


def retry_after_s(response: Response) -> float | None:
    """The Retry-After header in seconds; a date in it is compared with that of the answer."""
    text = response.headers.get("retry-after", "")
    if text.isascii() and text.isdigit():
        return float(text)
    try:
        then, now = (parsedate_to_datetime(date) for date in (text, response.headers["date"]))
        return max(0.0, (then - now).total_seconds())
    except (LookupError, TypeError, ValueError):
        return None
