"""What goes over the wire: a provider's `Request` becomes bytes, once.

    Request ─ prepare ─► Prepared ─ (signed, sent) ─► Response ─ (_decode) ─► body

The bytes of a `Prepared` are final: they are signed and sent as they are.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any
from urllib.parse import SplitResult, quote, urlsplit, urlunsplit

from attrs import evolve, field, frozen

from ._body import Body, as_body
from ._secret import names_only, without_query
from .errors import ConfigurationError

__all__ = ["Prepared", "Request", "Response", "encode", "prepare"]


def encode(text: str, *, safe: str = "") -> str:
    """Percent-encodes everything but `A-Z a-z 0-9 - _ . ~` and `safe`; a space becomes %20."""
    return quote(text, safe=safe + "~")


@frozen(kw_only=True)
class Request:
    """What a provider wants to ask, declared: the core makes the bytes, signs and sends them.

    * `path`: decoded, joined to the provider's endpoint as it is; a slash or a colon in it stays
      one, as in "images:annotate";
    * `query`: decoded names and values; a list gives the name several times;
    * `json`: the body as JSON values, with `Base64` for pictures; or `form`: the body as a form
      (multipart/form-data) of texts and files; or `content`: the body's bytes;
    * `units`: what the vendor bills for this request if it succeeds; 0 for free ones.
    """

    path: str
    method: str = "POST"
    query: Mapping[str, str | Sequence[str]] = field(factory=dict, repr=names_only)
    headers: Mapping[str, str] = field(factory=dict, repr=names_only)
    json: Any = field(default=None, repr=False)
    form: Mapping[str, str | bytes] = field(factory=dict, repr=False)
    content: bytes | None = field(default=None, repr=False)
    units: int = 1


def _sendable(_: Any, attribute: Any, headers: Mapping[str, str]) -> None:
    for name, value in headers.items():
        if not _TOKEN.fullmatch(name) or not value.isascii() or not value.isprintable():
            raise ConfigurationError(f"the header {name!r} holds a character that cannot be sent")


_TOKEN = re.compile(r"[a-z0-9!#$%&'*+.^_`|~-]+")


@frozen(kw_only=True)
class Prepared:
    """A request as it will be sent: an absolute URL, headers with lower-case names, and bytes.

    Of a large `content` a signature takes the `sha256`, which needs no copy; `body` is one.

    Raises `ConfigurationError` for a header that cannot be sent, such as a key with a line break.
    """

    method: str
    url: str = field(repr=lambda url: repr(without_query(url)))
    headers: Mapping[str, str] = field(repr=False, validator=_sendable)
    content: Body = field(alias="body", default=Body(), converter=as_body)

    @property
    def body(self) -> bytes:
        """All bytes of the content."""
        return bytes(self.content)

    @property
    def host(self) -> str:
        """What the Host header holds: the port is part of it unless it is the scheme's own."""
        parts = urlsplit(self.url)
        return _host(parts.scheme, parts.netloc)

    def with_headers(self, headers: Mapping[str, str]) -> Prepared:
        """The same request with these headers set; names are lower-cased."""
        added = {name.lower(): value for name, value in headers.items()}
        return evolve(self, headers={**self.headers, **added})


@lru_cache(maxsize=256)
def _host(scheme: str, netloc: str) -> str:
    parts = SplitResult(scheme, netloc, "", "", "")
    default = {"https": 443, "http": 80}.get(scheme)
    host = parts.hostname or ""
    host = f"[{host}]" if ":" in host else host
    return host if parts.port in (None, default) else f"{host}:{parts.port}"


@frozen(kw_only=True)
class Response:
    """What the server answered: the status, headers with lower-case names, and the whole body.

    `duration_s` is how long it all took, and `upload_s` how long until the request had gone out;
    None where that is not known.
    """

    status: int
    headers: Mapping[str, str] = field(factory=dict, repr=False)
    body: bytes = field(default=b"", repr=lambda body: f"<{len(body)} bytes>")
    duration_s: float = 0.0
    upload_s: float | None = None

    @property
    def ok(self) -> bool:
        """Whether the status is 2xx."""
        return 200 <= self.status < 300


def prepare(request: Request, endpoint: str) -> Prepared:
    """The request as bytes for this endpoint, an absolute URL that may have a path of its own.

    Raises `ConfigurationError` where the endpoint is no such URL or a header cannot be sent.
    """
    base = _split(endpoint)
    path = base.path.rstrip("/") + encode("/" + request.path.lstrip("/"), safe="/:")
    query = "&".join(
        f"{encode(name)}={encode(value)}"
        for name, values in request.query.items()
        for value in ([values] if isinstance(values, str) else values)
    )
    headers = {name.lower(): value for name, value in request.headers.items()}
    body = as_body(request.content or b"")
    if request.json is not None:
        body = Body.of_json(request.json)
        headers.setdefault("content-type", "application/json;charset=UTF-8")
    elif request.form:
        boundary, body = Body.of_form(request.form)
        headers["content-type"] = f"multipart/form-data; boundary={boundary}"
    return Prepared(
        method=request.method,
        url=urlunsplit((base.scheme, base.netloc, path, query, "")),
        headers=headers,
        body=body,
    )


@lru_cache(maxsize=256)
def _split(endpoint: str) -> SplitResult:
    try:
        base = urlsplit(endpoint)
        strange = base.port == 0 or base.query or base.fragment or "@" in base.netloc
        if _ENDPOINT.fullmatch(endpoint) and base.hostname and not strange:
            return base
    except ValueError:  # a port above 65535, a bracket left open
        pass
    raise ConfigurationError(
        f"endpoint {without_query(endpoint)!r} must be a URL like https://host or http://host:port/path"
    )


_ENDPOINT = re.compile(r"https?://[!-~]+", re.I)
