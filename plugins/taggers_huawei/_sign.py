"""SDK-HMAC-SHA256, the signature of Huawei Cloud's API gateway, as a pure function.

Source: Huawei Cloud, "API Request Signing Guide", signature algorithm (checked 2026-11).
"""

from __future__ import annotations

import hashlib
import hmac
import time
from collections.abc import Mapping
from urllib.parse import parse_qsl, unquote, urlsplit

from taggers.plugin import Prepared, encode

__all__ = ["canonical", "sign", "signature"]


def sign(prepared: Prepared, access_key: str, secret_key: str, now: float) -> Prepared:
    """The request with its X-Sdk-Date and Authorization headers; `now` is a Unix time in s.

    Signed are the host, the date and what the caller has put into `x-project-id` and
    `x-security-token`: proxies may change any other header on the way.
    """
    date = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(now))
    signed = {"host": prepared.host, "x-sdk-date": date} | {
        name: prepared.headers[name]
        for name in ("x-project-id", "x-security-token")
        if name in prepared.headers
    }
    made = signature(prepared.method, prepared.url, signed, prepared.content.sha256, secret_key)
    return prepared.with_headers(
        {
            "x-sdk-date": date,
            "authorization": f"SDK-HMAC-SHA256 Access={access_key}, "
            f"SignedHeaders={';'.join(sorted(signed))}, Signature={made}",
        }
    )


def signature(
    method: str, url: str, headers: Mapping[str, str], body_sha256: str, secret_key: str
) -> str:
    """The signature in hex over exactly these headers, of which x-sdk-date must be one, and a body
    of this SHA-256 in hex."""
    headers = {name.lower(): value.strip() for name, value in headers.items()}
    # A client that does not sign its body says so in this header (the vendor's SDK, for forms).
    body_sha256 = headers.get("x-sdk-content-sha256") or body_sha256
    request = canonical(method, url, headers, body_sha256)
    digest = hashlib.sha256(request.encode()).hexdigest()
    text = f"SDK-HMAC-SHA256\n{headers['x-sdk-date']}\n{digest}"
    return hmac.new(secret_key.encode(), text.encode(), hashlib.sha256).hexdigest()


def canonical(method: str, url: str, headers: Mapping[str, str], body_sha256: str) -> str:
    """The request as both sides write it down to sign it; header names are in lower case."""
    names = sorted(headers)
    listed = "".join(f"{name}:{headers[name]}\n" for name in names)
    return "\n".join(
        [method.upper(), _path(url), _query(url), listed, ";".join(names), body_sha256]
    )


def _path(url: str) -> str:
    """The encoded path. It ends in a slash here, and only here: the request is sent without."""
    path = encode(unquote(urlsplit(url).path), safe="/")
    return path if path.endswith("/") else path + "/"


def _query(url: str) -> str:
    # A "+" in a query means a space only in HTML forms; here it is a plus.
    text = urlsplit(url).query.replace("+", "%2B")
    pairs = sorted(parse_qsl(text, keep_blank_values=True))
    return "&".join(f"{encode(name)}={encode(value)}" for name, value in pairs)
