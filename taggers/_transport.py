"""The driver: does what a flow asks for, over HTTP. The only user of httpx and aiohttp.

httpx is the API and aiohttp, through httpx-aiohttp, what moves the bytes: httpx's own async pool
spends a core at 64 calls at a time, and stays dead after cancellations.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import errno
import functools
import socket
import ssl
import urllib.request
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextvars import ContextVar
from typing import Any, TypeVar
from urllib.parse import urlsplit

import aiohttp
import anyio.to_thread
import httpx
from attrs import define
from httpx_aiohttp import AiohttpTransport
from yarl import URL

from . import __version__
from ._fetch import Fetcher
from ._flow import Download, Effect, Flow, Send, Sleep
from ._model import Result
from ._wire import Prepared, Response
from .errors import (
    ConfigurationError,
    ConnectFailed,
    DeadlineExceeded,
    DnsFailure,
    LocalResourceError,
    MalformedResponse,
    OutcomeUnknown,
    ResponseTooLarge,
    TaggersError,
    TlsFailure,
    WriteInterrupted,
)

__all__ = ["Transport"]

KEEP_ALIVE_S = 4.0
"""Shorter than any vendor's, so that a request seldom meets a connection being closed."""
CHUNK_BYTES = 256 * 1024
HTTP_ERRORS = (httpx.HTTPError, aiohttp.ClientError, OSError)


class Transport:
    """Drives flows. It belongs to one event loop; `aclose` closes its connections.

    `ca_bundle` is a file of certificates to trust besides the system's. Certificates are always
    verified. Proxies are taken from the environment, as curl does, and not used for loopback.
    `connect_timeout_s` covers reaching the server and the TLS handshake; `clean_up_s` is what a
    call that failed or was cancelled may still take to tidy up (to delete an upload). `fetcher`
    does the downloads.
    """

    def __init__(
        self,
        *,
        ca_bundle: str | None = None,
        connect_timeout_s: float = 5.0,
        clean_up_s: float = 5.0,
        fetcher: Fetcher | None = None,
    ) -> None:
        self._ca_bundle = ca_bundle
        self._connect_timeout_s = connect_timeout_s
        self._clean_up_s = clean_up_s
        self._pools: dict[tuple[str, str | None], _Pool] = {}
        self._under_way = 0
        self._closed = False
        self._fetcher = fetcher or Fetcher(lambda: _tls(ca_bundle))

    async def run(self, flow: Flow, deadline_s: float) -> Result:
        """The flow's result, or the error in which it ends, at most `deadline_s` from now.

        Only what a job has to tidy up after that may take longer, `clean_up_s` in all.
        """
        self._under_way += 1
        try:
            return await self._drive(flow, deadline_s)
        finally:
            self._under_way -= 1
            if self._closed and not self._under_way:
                await self.aclose()

    async def aclose(self) -> None:
        """Closes all connections. Calls under way end in an error, and may still tidy up."""
        self._closed = True
        pools, self._pools = list(self._pools.values()), {}
        with anyio.CancelScope(shield=True):
            for pool in pools:
                await pool.aclose()

    async def _drive(self, flow: Flow, deadline_s: float) -> Result:
        ends = asyncio.get_running_loop().time() + deadline_s
        last = ends + self._clean_up_s
        resume: Callable[[], Effect] = functools.partial(next, flow)
        while True:
            try:
                effect = resume()
            except StopIteration as stop:
                result: Result = stop.value
                return result
            try:
                outcome = await self._within(ends, effect)
            except asyncio.CancelledError as cancelled:
                await self._wind_down(flow, cancelled)
                raise
            if isinstance(outcome, DeadlineExceeded):
                ends = last
            resume = functools.partial(flow.send, outcome)

    async def _wind_down(self, flow: Flow, cancelled: BaseException) -> None:
        """Lets a cancelled flow tidy up, however often it is cancelled meanwhile."""
        tidying = asyncio.create_task(self._tidy(flow, cancelled))
        with anyio.CancelScope(shield=True):
            while not tidying.done():
                with contextlib.suppress(asyncio.CancelledError):
                    await asyncio.shield(tidying)

    async def _tidy(self, flow: Flow, cancelled: BaseException) -> None:
        ends = asyncio.get_running_loop().time() + self._clean_up_s
        resume: Callable[[], Effect] = functools.partial(flow.throw, cancelled)
        try:
            while True:
                outcome = await self._within(ends, resume())
                resume = functools.partial(flow.send, outcome)
        except (StopIteration, asyncio.CancelledError, TaggersError):
            return

    async def _within(self, ends: float, effect: Effect) -> Any:
        """The effect's outcome; errors and the end of the time are outcomes, cancelling is not."""
        progress = _Progress()
        try:
            async with asyncio.timeout_at(ends):
                return await self._do(effect, progress)
        except TimeoutError:
            if isinstance(effect, Sleep):
                return None  # the request after it finds that no time is left
            sending = effect.prepared if isinstance(effect, Send) else effect
            where = getattr(sending, "host", "this machine")
            return DeadlineExceeded(
                f"time ran out while waiting for {where}", sent=progress.may_have_arrived
            )
        except TaggersError as error:
            return error

    async def _do(self, effect: Effect, progress: _Progress) -> Any:
        if isinstance(effect, Send):
            return await self._send(effect.prepared, effect.max_bytes, progress)
        if isinstance(effect, Sleep):
            return await asyncio.sleep(effect.seconds)
        if isinstance(effect, Download):
            return await self._fetcher.get(effect.url, effect.max_bytes)
        try:
            return await anyio.to_thread.run_sync(effect.call, abandon_on_cancel=True)
        except Exception as error:
            return error

    async def _send(self, prepared: Prepared, max_bytes: int, progress: _Progress) -> Response:
        began = asyncio.get_running_loop().time()
        _progress.set(progress)
        try:
            pool = self._pool(prepared.url)
            request = _request(prepared, progress, self._connect_timeout_s)
            answer = await pool.handle_async_request(request)
        except TaggersError:
            raise
        except (*HTTP_ERRORS, httpx.InvalidURL, ValueError) as error:
            raise _failure(error, _origin(prepared), progress) from error
        body = await _body(answer, max_bytes, _origin(prepared))
        return Response(
            status=answer.status_code,
            headers={name.lower(): value for name, value in answer.headers.items()},
            body=body,
            duration_s=asyncio.get_running_loop().time() - began,
        )

    def _pool(self, url: str) -> _Pool:
        parts = urlsplit(url)
        key = (parts.scheme, _proxy(parts.scheme, parts.hostname or ""))
        if key not in self._pools:
            context = _tls(self._ca_bundle) if parts.scheme == "https" else False
            self._pools[key] = _Pool(context, key[1])
        return self._pools[key]


@define
class _Progress:
    """How far one request got: whether its head went out, and whether its body was all handed
    over. A request of which a part is missing cannot have been done."""

    head_sent: bool = False
    body_left: bool = False

    @property
    def may_have_arrived(self) -> bool:
        return self.head_sent and not self.body_left


_progress: ContextVar[_Progress] = ContextVar("_progress")


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
    first, and keep the connection for as long as the server does not take it."""

    def _release(self, key: Any, protocol: Any, *, should_close: bool = False) -> None:
        broken = should_close or protocol.should_close
        if broken and protocol.transport is not None:
            protocol.transport.abort()
        super()._release(key, protocol, should_close=broken)


async def _head_sent(*_: Any) -> None:
    _progress.get().head_sent = True


class _Body(httpx.AsyncByteStream):
    """A request's body, which notes when its last piece was handed to the connection."""

    def __init__(self, content: bytes, progress: _Progress) -> None:
        self._content, self._progress = memoryview(content), progress
        progress.body_left = True

    async def __aiter__(self) -> AsyncIterator[bytes]:
        last = (len(self._content) - 1) // CHUNK_BYTES
        for index in range(last + 1):
            self._progress.body_left = index < last
            yield self._content[index * CHUNK_BYTES : (index + 1) * CHUNK_BYTES]  # type: ignore[misc]


class _Url(httpx.URL):
    """A URL as it was signed; httpx would resolve "." and ".." in its path."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self._signed = url

    def __str__(self) -> str:
        return self._signed


def _request(prepared: Prepared, progress: _Progress, connect_timeout_s: float) -> httpx.Request:
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
    request = httpx.Request(prepared.method, prepared.url, headers=headers, stream=stream)
    request.url = _Url(prepared.url)
    request.extensions["timeout"] = {"connect": connect_timeout_s}
    return request


async def _body(answer: httpx.Response, max_bytes: int, origin: str) -> bytes:
    """The answer's bytes as they came; more than `max_bytes` are not taken in."""
    status, declared = answer.status_code, answer.headers.get("content-length", "")
    too_large = ResponseTooLarge(f"{origin} answers with over {max_bytes:,} bytes", status=status)
    pieces = bytearray()
    try:
        if declared.isdigit() and int(declared) > max_bytes:
            raise too_large
        async for piece in answer.stream:  # type: ignore[union-attr]
            pieces += piece
            if len(pieces) > max_bytes:
                raise too_large
    except HTTP_ERRORS as error:
        if answer.is_success:
            cut = f"the answer of {origin} is cut short"
            raise MalformedResponse(cut, status=status) from error
        raise OutcomeUnknown(f"{origin} broke off in its answer", status=status) from error
    finally:
        await answer.aclose()
    return bytes(pieces)


def _failure(error: BaseException, origin: str, progress: _Progress) -> TaggersError:
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


def _broken_off(causes: Causes, origin: str, progress: _Progress) -> TaggersError:
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
