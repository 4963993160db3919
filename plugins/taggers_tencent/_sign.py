"""q-sign-algorithm=sha1, the signature of Tencent COS and Cloud Infinite, as pure functions.

Source: Tencent Cloud, "Request Signature", product document 436/7778 (checked 2026-11).
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Mapping
from typing import NamedTuple
from urllib.parse import parse_qsl, unquote, urlsplit, urlunsplit

from taggers.plugin import Prepared, encode, evolve

__all__ = ["Signature", "pairs", "presign", "sign", "signature"]

EARLY_S, VALID_S = 60, 900


class Signature(NamedTuple):
    """A signature in hex, and the two values on the way to it that the vendor also publishes."""

    sign_key: str
    http_string_sha1: str
    signature: str


def sign(prepared: Prepared, secret_id: str, secret_key: str, now: float) -> Prepared:
    """The request with its Authorization header; `now` is a Unix time in s.

    Signed are the host, every parameter, and the security token where there is one.
    """
    fields = _fields(prepared, secret_id, secret_key, now)
    return prepared.with_headers(
        {"authorization": "&".join(f"{name}={value}" for name, value in fields.items())}
    )


def presign(
    prepared: Prepared, secret_id: str, secret_key: str, now: float, token: str | None = None
) -> Prepared:
    """The request with its signature, and the session token of a temporary key, in its URL. Until
    the signature ends, the URL alone is enough to send it."""
    if token:
        prepared = _with_query(prepared, {"x-cos-security-token": token})
    return _with_query(prepared, _fields(prepared, secret_id, secret_key, now))


def _with_query(prepared: Prepared, parameters: Mapping[str, str]) -> Prepared:
    added = [f"{encode(name)}={encode(value)}" for name, value in parameters.items()]
    parts = urlsplit(prepared.url)
    query = "&".join([parts.query, *added] if parts.query else added)
    return evolve(prepared, url=urlunsplit(parts._replace(query=query)))


def _fields(prepared: Prepared, secret_id: str, secret_key: str, now: float) -> dict[str, str]:
    """The seven fields of a signature, in their order."""
    parts = urlsplit(prepared.url)
    parameters = pairs(parse_qsl(parts.query.replace("+", "%2B"), keep_blank_values=True))
    signed = {"host": prepared.host, **prepared.headers}
    headers = pairs((name, signed[name]) for name in _SIGNED if name in signed)
    key_time = f"{int(now) - EARLY_S};{int(now) + VALID_S}"
    made = signature(
        prepared.method, unquote(parts.path), parameters, headers, secret_key, key_time
    )
    return {
        "q-sign-algorithm": "sha1",
        "q-ak": secret_id,
        "q-sign-time": key_time,
        "q-key-time": key_time,
        "q-header-list": ";".join(name for name, _ in headers),
        "q-url-param-list": ";".join(name for name, _ in parameters),
        "q-signature": made.signature,
    }


_SIGNED = ("host", "x-cos-security-token")


def signature(
    method: str,
    path: str,
    parameters: Iterable[tuple[str, str]],
    headers: Iterable[tuple[str, str]],
    secret_key: str,
    key_time: str,
) -> Signature:
    """The signature of a request; `path` is decoded, `parameters` and `headers` as `pairs` makes
    them, `key_time` is "start;end" in Unix seconds."""
    http_string = "\n".join(
        [method.lower(), path or "/", _joined(parameters), _joined(headers), ""]
    )
    sign_key = _hmac(secret_key, key_time)  # used on as hex text, not as the bytes it stands for
    http_string_sha1 = hashlib.sha1(http_string.encode()).hexdigest()  # noqa: S324, the vendor's
    text = f"sha1\n{key_time}\n{http_string_sha1}\n"
    return Signature(sign_key, http_string_sha1, _hmac(sign_key, text))


def pairs(pairs: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Names encoded and in lower case, values encoded once, in the order of the names."""
    return sorted((encode(name).lower(), encode(value)) for name, value in pairs)


def _joined(pairs: Iterable[tuple[str, str]]) -> str:
    return "&".join(f"{name}={value}" for name, value in pairs)


def _hmac(key: str, text: str) -> str:
    return hmac.new(key.encode(), text.encode(), hashlib.sha1).hexdigest()
