"""Sends one request over HTTP. The only user of httpx and aiohttp.

httpx is the API and aiohttp, through httpx-aiohttp, what moves the bytes: httpx's own async pool
spends a core at 64 calls at a time, and stays dead after cancellations.
"""

from __future__ import annotations

import asyncio
import base64
import errno
import functools
import select
import socket
import ssl
import urllib.request
from collections.abc import AsyncIterator, Iterator, Mapping
from contextvars import ContextVar
from typing import Any, TypeVar
from urllib.parse import urlsplit

import aiohttp
import httpx
from attrs import define
from httpx_aiohttp import AiohttpTransport
from yarl import URL

from . import __version__
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

KEEP_ALIVE_S = 4.0
"""Shorter than any vendor's, so that a request seldom meets a connection being closed."""
CHUNK_BYTES = 256 * 1024
CLIENT_ERRORS = (httpx.HTTPError, aiohttp.ClientError)
HTTP_ERRORS = (httpx.HTTPError, aiohttp.ClientError, OSError)


@define
class Progress:
    """How far one request got: whether its head went out, and whether its body was all handed
    over. A request of which a part is missing cannot have been done. `written` is the event loop's
    time at which the last of it went out."""

    head_sent: bool = False
    body_left: bool = False
    written: float | None = None

    @property
    def may_have_arrived(self) -> bool:
        return self.head_sent and not self.body_left


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
        self._pools: dict[tuple[str, str | None], _Pool] = {}

    async def send(self, prepared: Prepared, max_bytes: int, progress: Progress) -> Response:
        """The answer to a request, of at most `max_bytes`; `progress` tells how far it got.

        Raises a `TransportError` or `ResponseError`, and `LocalResourceError` where this machine
        lacks descriptors.
        """
        began = asyncio.get_running_loop().time()
        _progress.set(progress)
        answer = await self._answer(prepared, progress)
        if isinstance(answer, TaggersError):
            raise answer
        body = await _body(answer, max_bytes, _origin(prepared))
        if isinstance(body, TaggersError):
            raise body
        return Response(
            status=answer.status_code,
            headers={name.lower(): value for name, value in answer.headers.items()},
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
            return await self._pool(prepared.url).handle_async_request(
                _request(prepared, progress, self._connect_timeout_s)
            )
        except TaggersError as error:
            return error
        except (*HTTP_ERRORS, httpx.InvalidURL, ValueError) as error:
            return _because(_failure(error, _origin(prepared), progress), error)

    def tls(self) -> ssl.SSLContext:
        """The TLS context of all connections: it always verifies."""
        return _tls(self._ca_bundle)

    async def aclose(self) -> None:
        """Closes all connections. Calls under way end in an error."""
        pools, self._pools = list(self._pools.values()), {}
        for pool in pools:
            await pool.aclose()

    def _pool(self, url: str) -> _Pool:
        parts = urlsplit(url)
        key = (parts.scheme, _proxy(parts.scheme, parts.hostname or ""))
        if key not in self._pools:
            context = self.tls() if parts.scheme == "https" else False
            self._pools[key] = _Pool(context, key[1])
        return self._pools[key]


_progress: ContextVar[Progress] = ContextVar("_progress")


class _Pool(AiohttpTransport):
    """Connections to servers of one scheme, through one proxy or none."""

    def __init__(self, context: ssl.SSLContext | bool, proxy: str | None) -> None:
        # `verify=False` builds no second TLS context here; https connections get ours, below.
        super().__init__(verify=context, proxy=_with_password(proxy) if proxy else None)
        self._context = context
        self._session: _Session | None = None

    def get_client(self) -> Any:
        if self._session is None:
            self._session = _Session(self._context)
        return self._session

    async def aclose(self) -> None:
        if self._session is not None:
            await self._session.aclose()


class _Session:
    """An aiohttp session that sends a URL exactly as it was signed, and sends it once."""

    def __init__(self, context: ssl.SSLContext | bool) -> None:
        trace = aiohttp.TraceConfig()
        trace.on_request_headers_sent.append(_head_sent)
        self._session = aiohttp.ClientSession(
            connector=_Connector(
                ssl=context or True, limit=0, ttl_dns_cache=60, keepalive_timeout=KEEP_ALIVE_S
            ),
            cookie_jar=aiohttp.DummyCookieJar(),
            trace_configs=[trace],
            skip_auto_headers=("accept-encoding", "accept", "content-type", "user-agent"),
        )
        # aiohttp would send a GET again by itself when a kept-alive connection turns out closed.
        # Only the core may do that: what was sent may have been billed.
        self._session._retry_connection = False

    def request(self, *, url: str, **arguments: Any) -> Any:
        return self._session.request(url=URL(url, encoded=True), **arguments)

    async def aclose(self) -> None:
        await self._session.close()


class _Connector(aiohttp.TCPConnector):
    """Drops a connection at once where a call broke off. aiohttp would send the rest of its buffer
    first, and keep the connection for as long as the server does not take it.

    Nor does it use one again that the server has closed since, of which the event loop has not
    heard yet: what is sent there is of unknown outcome.
    """

    async def _get(self, key: Any, traces: Any) -> Any:
        while (kept := await super()._get(key, traces)) is not None:
            if not _readable(kept.transport):
                return kept
            kept.close()
        return None

    def _release(self, key: Any, protocol: Any, *, should_close: bool = False) -> None:
        broken = should_close or protocol.should_close
        if broken and protocol.transport is not None:
            protocol.transport.abort()
        super()._release(key, protocol, should_close=broken)


def _readable(transport: asyncio.BaseTransport | None) -> bool:
    """Whether something has come on a connection on which nothing is due: its end, mostly."""
    stream: Any = transport.get_extra_info("socket") if transport else None
    if stream is None or stream.fileno() < 0:
        return True
    if not hasattr(select, "poll"):  # Windows
        return bool(select.select([stream.fileno()], [], [], 0)[0])
    look = select.poll()
    look.register(stream.fileno(), select.POLLIN)
    return bool(look.poll(0))


async def _head_sent(*_: Any) -> None:
    progress = _progress.get()
    progress.head_sent, progress.written = True, asyncio.get_running_loop().time()


class _Body(httpx.AsyncByteStream):
    """A request's body, which notes when its last piece was handed to the connection."""

    def __init__(self, content: bytes, progress: Progress) -> None:
        self._content, self._progress = memoryview(content), progress
        progress.body_left = True

    async def __aiter__(self) -> AsyncIterator[bytes]:
        last = (len(self._content) - 1) // CHUNK_BYTES
        for index in range(last + 1):
            self._progress.body_left = index < last
            yield self._content[index * CHUNK_BYTES : (index + 1) * CHUNK_BYTES]  # type: ignore[misc]
        self._progress.written = asyncio.get_running_loop().time()


class _Url(httpx.URL):
    """A URL as it was signed; httpx would resolve "." and ".." in its path. Of its parts only the
    origin is known, which is read once."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        super().__init__(_origin_of(f"{parts.scheme}://{parts.netloc}"))
        self._signed = url

    def __str__(self) -> str:
        return self._signed


@functools.lru_cache(maxsize=256)
def _origin_of(url: str) -> httpx.URL:
    return httpx.URL(url)


def _request(prepared: Prepared, progress: Progress, connect_timeout_s: float) -> httpx.Request:
    headers = {
        "host": prepared.host,
        "user-agent": f"taggers/{__version__}",
        "accept": "*/*",
        "accept-encoding": "identity",
        **prepared.headers,
    }
    stream = None
    if prepared.body:
        headers["content-length"] = str(len(prepared.body))
        stream = _Body(prepared.body, progress)
    url = _Url(prepared.url)
    request = httpx.Request(prepared.method, url, headers=headers, stream=stream)
    request.url = url  # which it has copied
    request.extensions["timeout"] = {"connect": connect_timeout_s}
    return request


async def _body(answer: httpx.Response, max_bytes: int, origin: str) -> bytes | TaggersError:
    """The answer's bytes as they came, or the error; more than `max_bytes` are not taken in."""
    status, declared = answer.status_code, answer.headers.get("content-length", "")
    too_large = ResponseTooLarge(f"{origin} answers with over {max_bytes:,} bytes", status=status)
    pieces = bytearray()
    try:
        if declared.isdigit() and int(declared) > max_bytes:
            return too_large
        async for piece in answer.stream:  # type: ignore[union-attr]
            pieces += piece
            if len(pieces) > max_bytes:
                return too_large
    except HTTP_ERRORS as error:
        if answer.is_success:
            cut = f"the answer of {origin} is cut short"
            return _because(MalformedResponse(cut, status=status), error)
        return _because(OutcomeUnknown(f"{origin} broke off in its answer", status=status), error)
    finally:
        await answer.aclose()
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


def _origin(prepared: Prepared) -> str:
    """Whom a message names: the host, never the URL, whose query may hold a signature."""
    return prepared.host


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


def _with_password(proxy: str) -> httpx.Proxy:
    """The proxy, with the user and password of its URL in a header."""
    plain = httpx.Proxy(proxy)
    if plain.auth is None:
        return plain
    # aiohttp makes it Proxy-Authorization; its argument `proxy_auth` is deprecated.
    token = base64.b64encode(":".join(plain.auth).encode()).decode()
    return httpx.Proxy(plain.url, headers={"authorization": f"Basic {token}"})
