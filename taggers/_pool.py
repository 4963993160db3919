"""Connections to servers, and the bytes that go over them.

httpx is the API and aiohttp what moves the bytes: httpx's own async pool spends a core at 64 calls
at a time, and stays dead after cancellations.
"""

from __future__ import annotations

import asyncio
import base64
import select
import ssl
from collections.abc import AsyncIterator, Iterable
from contextvars import ContextVar
from typing import Any

import aiohttp
from attrs import define
from yarl import URL

from ._body import Body
from ._httpx import httpx

__all__ = ["Pool", "Progress", "Upload", "by_name"]

KEEP_ALIVE_S = 4.0
"""Shorter than any vendor's, so that a request seldom meets a connection being closed."""


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


_progress: ContextVar[Progress] = ContextVar("_progress")


class Pool(httpx.AsyncBaseTransport):
    """Connections to servers of one scheme, through one proxy or none, as aiohttp keeps them."""

    def __init__(self, context: ssl.SSLContext | bool, proxy: str | None, connect_s: float) -> None:
        self._proxy = _through(proxy) if proxy else {}
        self._session = aiohttp.ClientSession(
            connector=_Connector(
                ssl=context, limit=0, ttl_dns_cache=60, keepalive_timeout=KEEP_ALIVE_S
            ),
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(sock_connect=connect_s),
            auto_decompress=False,
            request_class=_Sending,
            skip_auto_headers=("accept-encoding", "accept", "content-type", "user-agent"),
        )
        # aiohttp would send a GET again by itself when a kept-alive connection turns out closed.
        # Only the core may do that: what was sent may have been billed.
        self._session._retry_connection = False

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """The answer as it begins. Of the request's `extensions` "target" is the whole URL, sent as
        it is, and "progress" is told how far it gets."""
        body: Any = request.stream
        _progress.set(request.extensions["progress"])
        answer = await self._session.request(
            request.method,
            URL(request.extensions["target"].decode(), encoded=True),
            headers=by_name(request.headers.raw),
            data=body if body.size else None,
            allow_redirects=False,
            **self._proxy,
        )
        return httpx.Response(
            answer.status, headers=answer.raw_headers, stream=_Answer(answer), request=request
        )

    async def aclose(self) -> None:
        await self._session.close()


class _Sending(aiohttp.ClientRequest):
    """A request that notes when it goes out."""

    async def send(self, conn: Any) -> aiohttp.ClientResponse:
        progress = _progress.get()
        progress.head_sent, progress.written = True, self.loop.time()
        return await super().send(conn)


class _Answer(httpx.AsyncByteStream):
    """An answer's body, as it comes."""

    def __init__(self, answer: aiohttp.ClientResponse) -> None:
        self._answer = answer

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self._answer.content.iter_any()

    async def aclose(self) -> None:
        self._answer.release()
        await self._answer.wait_for_close()


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


class Upload(httpx.AsyncByteStream, aiohttp.Payload):
    """A request's body on its way, for both libraries, which notes when its last piece was handed
    over to the connection."""

    def __init__(self, body: Body, progress: Progress) -> None:
        super().__init__(body)
        self._size, self._progress = len(body), progress
        progress.body_left = bool(self._size)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        left = len(self._value)
        for piece in self._value:
            left -= len(piece)
            self._progress.body_left = left > 0
            yield piece
        self._progress.written = asyncio.get_running_loop().time()

    async def write(self, writer: aiohttp.abc.AbstractStreamWriter) -> None:
        async for piece in self:
            await writer.write(piece)

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        return bytes(self._value).decode(encoding, errors)


def by_name(raw: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """Headers by their names in lower case; one that comes several times is put together."""
    headers: dict[str, str] = {}
    for name, content in raw:
        key, value = name.decode("latin-1").lower(), _text(content)
        headers[key] = f"{headers[key]}, {value}" if key in headers else value
    return headers


def _text(content: bytes) -> str:
    try:
        return content.decode()
    except UnicodeDecodeError:
        return content.decode("latin-1")


def _through(proxy: str) -> dict[str, Any]:
    """How aiohttp is told of a proxy: the user and password of its URL stand in a header."""
    plain = httpx.Proxy(proxy)
    told: dict[str, Any] = {"proxy": str(plain.url)}
    if plain.auth is not None:
        # aiohttp makes it Proxy-Authorization; its argument `proxy_auth` is deprecated.
        token = base64.b64encode(":".join(plain.auth).encode()).decode()
        told["proxy_headers"] = {"authorization": f"Basic {token}"}
    return told
