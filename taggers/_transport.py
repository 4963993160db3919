"""Sends one request over HTTP, and says in our own errors what went wrong."""

from __future__ import annotations

import asyncio
import errno
import functools
import socket
import ssl
import urllib.request
from collections.abc import Iterator, Mapping
from typing import TypeVar
from urllib.parse import urlsplit

import aiohttp

from . import __version__
from ._httpx import httpx
from ._pool import Pool, Progress, Upload, by_name
from ._secret import bare
from ._wire import Prepared, Response
from .errors import (
    ConfigurationError,
    ConnectFailed,
    DnsFailure,
    LocalResourceError,
    MalformedResponse,
    OutcomeUnknown,
    ResponseTooLarge,
    TaggersError,
    TlsFailure,
    WriteInterrupted,
)

__all__ = ["Progress", "Transport"]

CLIENT_ERRORS = (httpx.HTTPError, aiohttp.ClientError)
HTTP_ERRORS = (httpx.HTTPError, aiohttp.ClientError, OSError)


class Transport:
    """Connections to servers. It belongs to one event loop; `aclose` closes them.

    `ca_bundle` is a file of certificates to trust besides certifi's (or those that SSL_CERT_FILE
    names). Certificates are always verified. Proxies are taken from the environment, as curl does,
    and not used for loopback. `connect_timeout_s` covers reaching the server and the TLS
    handshake.
    """

    def __init__(self, *, ca_bundle: str | None = None, connect_timeout_s: float = 5.0) -> None:
        self._ca_bundle = ca_bundle
        self._connect_timeout_s = connect_timeout_s
        self._pools: dict[tuple[str, str | None], Pool] = {}

    async def send(self, prepared: Prepared, max_bytes: int, progress: Progress) -> Response:
        """The answer to a request, of at most `max_bytes`; `progress` tells how far it got.

        Raises a `TransportError` or `ResponseError`, and `LocalResourceError` where this machine
        lacks descriptors.
        """
        began = asyncio.get_running_loop().time()
        answer = await self._answer(prepared, progress)
        if isinstance(answer, TaggersError):
            raise answer
        headers = by_name(answer.headers.raw)
        body = await _body(answer, headers, max_bytes, prepared.host)
        if isinstance(body, TaggersError):
            raise body
        return Response(
            status=answer.status_code,
            headers=headers,
            body=body,
            duration_s=asyncio.get_running_loop().time() - began,
            upload_s=None if progress.written is None else progress.written - began,
        )

    async def _answer(
        self, prepared: Prepared, progress: Progress
    ) -> httpx.Response | TaggersError:
        """The answer as it begins; or the error, as a value: what was caught holds the request with
        its headers, and would be the context of whatever is raised beside it."""
        try:
            return await self._pool(prepared.url).handle_async_request(_request(prepared, progress))
        except TaggersError as error:
            return error
        except (*HTTP_ERRORS, httpx.InvalidURL, ValueError) as error:
            return _because(_failure(error, prepared.host, progress), error)

    def tls(self) -> ssl.SSLContext:
        """The TLS context of all connections: it always verifies."""
        return _tls(self._ca_bundle)

    async def aclose(self) -> None:
        """Closes all connections. Calls under way end in an error."""
        pools, self._pools = list(self._pools.values()), {}
        for pool in pools:
            await pool.aclose()

    def _pool(self, url: str) -> Pool:
        parts = urlsplit(url)
        key = (parts.scheme, _proxy(parts.scheme, parts.hostname or ""))
        if key not in self._pools:
            context = self.tls() if parts.scheme == "https" else True
            self._pools[key] = Pool(context, key[1], self._connect_timeout_s)
        return self._pools[key]


@functools.lru_cache(maxsize=256)
def _origin_of(url: str) -> httpx.URL:
    return httpx.URL(url)


def _request(prepared: Prepared, progress: Progress) -> httpx.Request:
    """The request. Its target is the URL as it was signed: httpx would resolve "." and ".."."""
    headers = {
        "host": prepared.host,
        "user-agent": f"taggers/{__version__}",
        "accept": "*/*",
        "accept-encoding": "identity",
        **prepared.headers,
    }
    if prepared.content:
        headers["content-length"] = str(len(prepared.content))
    parts = urlsplit(prepared.url)
    return httpx.Request(
        prepared.method,
        _origin_of(f"{parts.scheme}://{parts.netloc}"),
        headers=headers,
        stream=Upload(prepared.content, progress),
        extensions={"target": prepared.url.encode(), "progress": progress},
    )


async def _body(
    answer: httpx.Response, headers: Mapping[str, str], max_bytes: int, host: str
) -> bytes | TaggersError:
    """The answer's bytes as they came, or the error; more than `max_bytes` are not taken in."""
    status, declared = answer.status_code, headers.get("content-length", "")
    most = int(declared) if declared.isdigit() else 0
    pieces = bytearray()
    try:
        if most <= max_bytes:
            async for piece in answer.stream:  # type: ignore[union-attr]
                pieces += piece
                most = max(most, len(pieces))
                if most > max_bytes:
                    break
    except HTTP_ERRORS as error:
        if answer.is_success:
            cut = f"the answer of {host} is cut short"
            return _because(MalformedResponse(cut, status=status), error)
        return _because(OutcomeUnknown(f"{host} broke off in its answer", status=status), error)
    finally:
        await answer.aclose()
    if most > max_bytes:
        return ResponseTooLarge(f"{host} answers with over {max_bytes:,} bytes", status=status)
    return bytes(pieces)


def _failure(error: BaseException, origin: str, progress: Progress) -> TaggersError:
    """Which error it is that httpx reports. The causes tell what the outermost one does not."""
    causes = tuple(_chain(error))
    if progress.head_sent:
        return _broken_off(causes, origin, progress)
    if exhausted := next(
        (item for item in causes if getattr(item, "errno", 0) in _EXHAUSTED), None
    ):
        return LocalResourceError(f"this machine cannot open another connection: {exhausted}")
    if unresolved := _first(causes, aiohttp.ClientConnectorDNSError, socket.gaierror):
        return DnsFailure(f"{origin} does not resolve: {_reason(unresolved)}")
    if tls := _first(causes, ssl.SSLError, ssl.CertificateError, aiohttp.ClientSSLError):
        return TlsFailure(
            f"{origin} is not trusted: {_reason(tls)}",
            hint="if a proxy of your own signs its connections, pass its certificate as ca_bundle",
        )
    if _first(causes, httpx.InvalidURL, ValueError):
        return ConfigurationError(f"{origin} is no address that can be asked")
    return ConnectFailed(f"no connection to {origin}: {_reason(error)}")


def _broken_off(causes: Causes, origin: str, progress: Progress) -> TaggersError:
    """Which error it is that a request ended in after it had begun to be written."""
    if progress.body_left:
        return WriteInterrupted(f"{origin} broke off while the request was being sent")
    if no_http := _first(causes[::-1], aiohttp.http_exceptions.HttpProcessingError):
        return MalformedResponse(f"{origin} does not answer in HTTP ({type(no_http).__name__})")
    return OutcomeUnknown(f"{origin} broke off without an answer: it may have done the work")


Causes = tuple[BaseException, ...]
E = TypeVar("E", bound=BaseException)
_EXHAUSTED = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        inner = getattr(error, "os_error", None) or getattr(error, "certificate_error", None)
        if inner is not None:
            yield inner
        error = error.__cause__ or error.__context__


def _first(causes: Causes, *kinds: type[E]) -> E | None:
    return next((cause for cause in causes if isinstance(cause, kinds)), None)


def _reason(error: BaseException) -> str:
    """The cause in words; not in aiohttp's own, which name the URL with its query."""
    causes = tuple(_chain(error))
    if _first(causes, aiohttp.ConnectionTimeoutError):
        return "it takes too long"
    if refused := _first(causes, aiohttp.ClientHttpProxyError):
        return f"the proxy answers HTTP {refused.status}"
    plain = (
        cause for cause in causes if not isinstance(cause, httpx.HTTPError | aiohttp.ClientError)
    )
    told = _first(tuple(plain), OSError)
    return (told.strerror or str(told)) if told else type(error).__name__


def _because(failure: TaggersError, error: BaseException) -> TaggersError:
    """The failure with the reason that this machine gave as its cause; the client's own errors,
    which hold the URL with its query and the headers, are left behind."""
    causes = tuple(_chain(error))
    plain = _first(tuple(it for it in causes if not isinstance(it, CLIENT_ERRORS)), OSError)
    kinds = " from ".join(type(cause).__name__ for cause in causes)
    failure.__cause__ = bare(plain) if plain else ConnectionError(kinds)
    return failure


@functools.lru_cache(maxsize=8)
def _tls(ca_bundle: str | None) -> ssl.SSLContext:
    """The process's one TLS context (25 ms to make); it always verifies."""
    context = httpx.create_ssl_context()
    try:
        if ca_bundle:
            context.load_verify_locations(cafile=ca_bundle)
    except OSError as error:
        raise ConfigurationError(f"ca_bundle {ca_bundle!r} cannot be read: {error}") from error
    return context


@functools.lru_cache(maxsize=256)
def _proxy(scheme: str, host: str) -> str | None:
    """The proxy that the environment names for this host."""
    proxies: Mapping[str, str] = urllib.request.getproxies()
    if host == "localhost" or host.startswith("127.") or host == "::1":
        return None
    if urllib.request.proxy_bypass(host):
        return None
    found = proxies.get(scheme) or proxies.get("all")
    if found and "://" not in found:
        return f"http://{found}"
    if found and urlsplit(found).scheme not in ("http", "https"):
        raise ConfigurationError(
            f"the proxy for {host} is neither http nor https: set {scheme}_proxy, or no_proxy"
        )
    return found
