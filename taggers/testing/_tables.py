"""Checks of a provider's error table."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from .._faults import Errors, Rule, VendorError
from .._provider import Provider
from .._wire import Response
from ..errors import TaggersError, UnknownVendorError
from ._exchange import Exchange, Mismatch
from ._leaves import leaves, replaced

__all__ = ["check_table"]

UNKNOWN = "TAGGERS-0000"
UNKNOWN_STATUS = "599"
"""What no table holds: a code, and a status in place of one."""


def check_table(provider: Provider, recorded: list[Exchange]) -> None:
    """Every code becomes its line's kind of error, and one that nobody knows becomes an
    `UnknownVendorError`; no line is hidden behind another.

    The codes are put into an error of the vendor's that one of the exchanges shows.
    """
    errors = provider.errors
    if not errors.rules:
        return
    body, response = _shown(provider, recorded)
    for rule in errors.rules:
        for code in rule.codes:
            _check_rule(errors, rule, code.replace("*", "0"), body, response)
    shown = errors.said(body)
    unknown = UNKNOWN if shown and shown.code else UNKNOWN_STATUS
    found = _found(errors, unknown, body, response)
    if not isinstance(found, UnknownVendorError) and not _takes(errors, unknown):
        raise Mismatch(f"an unknown code becomes {type(found).__name__}")


def _shown(provider: Provider, recorded: list[Exchange]) -> tuple[Any, Response]:
    """An error of the vendor's, decoded, and the answer that it is."""
    for exchange in recorded:
        for response in exchange.responses:
            with contextlib.suppress(TaggersError):
                body = provider.decode(response.body)
                if _stands_in(body, provider.errors.said(body)):
                    return body, response
    raise Mismatch("no exchange shows one of the vendor's errors: record or write one")


def _stands_in(body: Any, error: VendorError | None) -> bool:
    """Whether the error's code, if it has one, is a leaf, in whose place another can be put."""
    if error is None:
        return False
    return not error.code or any(error.code in str(value) for _, value in leaves(body))


def _check_rule(errors: Errors, rule: Rule, code: str, body: Any, response: Response) -> None:
    if rule.message is not None:
        return  # what the vendor says decides, which only an exchange can show
    status = rule.status[0] if rule.status else response.status
    found = _found(errors, code, body, Response(status=status))
    first = next(_named(errors, code, status), rule)
    if first is not rule and first.kind is not rule.kind:
        raise Mismatch(f"the line of {code} is never reached: another one before it takes it")
    if found is not None and found.code != code:
        raise Mismatch(
            f"{code} could not be put into the recorded error, which then has the code "
            f"{found.code!r}: `where` finds another one, or an exchange should show it"
        )
    if type(found) is not rule.kind:
        raise Mismatch(f"{code} becomes {type(found).__name__}, and not {rule.kind.__name__}")


def _named(errors: Errors, code: str, status: int) -> Iterator[Rule]:
    found = VendorError(code)
    return (rule for rule in errors.rules if rule.message is None and rule.fits(found, status))


def _found(errors: Errors, code: str, body: Any, response: Response) -> TaggersError | None:
    """The error that the answer is with this code in place of its own, and without its message,
    which might decide for another line; with this status, where the vendor has no codes."""
    shown = errors.said(body)
    assert shown is not None
    if not shown.code:
        return errors.find(body, Response(status=int(code)))
    for path, value in leaves(body):
        if str(value) == shown.code:
            number = int(code) if isinstance(value, int) and code.isdigit() else code
            body = replaced(body, path, number)
        elif value == shown.message:
            body = replaced(body, path, "-")
        elif isinstance(value, str) and shown.code in value:
            body = replaced(body, path, value.replace(shown.code, code))
    return errors.find(body, response)


def _takes(errors: Errors, code: str) -> bool:
    return any(rule.names(VendorError(code)) for rule in errors.rules)
