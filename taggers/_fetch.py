"""Downloads a picture from a URL that somebody else chose, from public addresses only.

The address that is connected to is judged, not the name: so a name that resolves to a private
address, or to another one the second time, leads nowhere. Proxies are not used, because a proxy
would resolve the name itself. No cookies, keys or passwords are sent.
"""

from __future__ import annotations

import ipaddress
import re
import socket
import ssl
from collections.abc import Callable
from typing import Any
from urllib.parse import SplitResult, urljoin, urlsplit

import aiohttp
from yarl import URL

from . import __version__
from .errors import ConnectFailed, DnsFailure, ImageSource, PayloadTooLarge, TlsFailure, UnsafeUrl

__all__ = ["Fetcher", "is_public"]

MAX_REDIRECTS = 5
MAX_URL_LENGTH = 8192
CONNECT_TIMEOUT_S = 5.0


def is_public(address: str) -> bool:
    """Whether the IP address belongs to the public internet and to a single host in it.

    IPv6 addresses that hold an IPv4 address (mapped, compatible, NAT64, 6to4, Teredo) never do.
    """
    found = ipaddress.ip_address(address.partition("%")[0])
    if any(found in network for network in _NOT_PUBLIC if network.version == found.version):
        return False
    special = found.is_multicast or found.is_reserved or found.is_unspecified or found.is_loopback
    private = found.is_private or found.is_link_local or getattr(found, "is_site_local", False)
    return found.is_global and not special and not private


_NOT_PUBLIC = tuple(
    ipaddress.ip_network(network)
    for network in (
        "192.88.99.0/24", "::/96", "::ffff:0:0/96", "::ffff:0:0:0/96", "64:ff9b::/96",
        "64:ff9b:1::/48", "2001::/23", "2002::/16", "100::/64", "fec0::/10",
    )
)  # fmt: skip
"""What Python counts as global and is not, or is in another way: relays and translations."""


class Fetcher:
    """Downloads what flows ask for. Each request has a connection of its own.

    `tls` makes the context for https when it is first needed; `allows` says which IP addresses may
    be connected to (a test allows its own server); `resolver` replaces the system's.
    """

    def __init__(
        self,
        tls: Callable[[], ssl.SSLContext],
        *,
        allows: Callable[[str], bool] = is_public,
        resolver: aiohttp.abc.AbstractResolver | None = None,
    ) -> None:
        self._tls = tls
        self._allows = allows
        self._resolver = resolver

    async def get(self, url: str, max_bytes: int) -> bytes:
        """The bytes at the URL, after at most five redirects, each judged as the first URL is.

        Raises `UnsafeUrl`, `PayloadTooLarge`, `ImageSource` for another status than 200, and the
        errors of connecting, all with the scope "image".
        """
        for _ in range(MAX_REDIRECTS + 1):
            parts = _checked(url)
            answer = await self._answer(url, parts, max_bytes)
            if isinstance(answer, Exception):
                raise answer
            moved, content = answer
            if moved is None:
                return content
            url = urljoin(url, moved)
        raise ImageSource(f"{_host(parts)} redirects more than {MAX_REDIRECTS} times", **_NOT_SENT)

    async def _answer(
        self, url: str, parts: SplitResult, max_bytes: int
    ) -> tuple[str | None, bytes] | Exception:
        """As `_ask`; or the error, as a value: what was caught holds the whole URL, whose query may
        be a signature, and would be the context of whatever is raised beside it."""
        try:
            async with self._session() as session:
                return await self._ask(session, url, parts, max_bytes)
        except (aiohttp.ClientError, OSError, ValueError) as error:
            return _failure(error, parts)

    def _session(self) -> aiohttp.ClientSession:
        return aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                resolver=self._resolver or aiohttp.ThreadedResolver(),
                socket_factory=self._socket,
                use_dns_cache=False,
                happy_eyeballs_delay=None,  # which would swallow what the guard raises
            ),
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_TIMEOUT_S),
            auto_decompress=False,
            headers={
                "accept": "image/*",
                "accept-encoding": "identity",
                "user-agent": f"taggers/{__version__}",
            },
        )

    def _socket(self, found: Any) -> socket.socket:
        """A socket for this address, made just before it is connected to it; the guard."""
        family, kind, protocol, _, address = found
        if not self._allows(address[0]):
            raise _Refused(address[0])
        return socket.socket(family, kind, protocol)

    async def _ask(
        self, session: aiohttp.ClientSession, url: str, parts: SplitResult, max_bytes: int
    ) -> tuple[str | None, bytes]:
        """Where the URL has moved to, or the bytes there."""
        context = self._tls() if parts.scheme.lower() == "https" else True
        async with session.get(
            URL(url, encoded=url.isascii()), allow_redirects=False, ssl=context
        ) as answer:
            if answer.status in (301, 302, 303, 307, 308):
                return answer.headers.get("location", ""), b""
            if answer.status != 200:
                raise ImageSource(f"{_host(parts)} answers HTTP {answer.status}", **_NOT_SENT)
            return None, await _content(answer, parts, max_bytes)


class _Refused(ValueError):
    """This address is not connected to."""


_NOT_SENT: dict[str, Any] = {"outcome": "not sent", "scope": "image"}


async def _content(answer: aiohttp.ClientResponse, parts: SplitResult, max_bytes: int) -> bytes:
    too_large = PayloadTooLarge(f"the picture at {_host(parts)} has over {max_bytes:,} bytes")
    if (answer.content_length or 0) > max_bytes:
        raise too_large
    pieces = bytearray()
    async for piece in answer.content.iter_any():
        pieces += piece
        if len(pieces) > max_bytes:
            raise too_large
    return bytes(pieces)


def _checked(url: str) -> SplitResult:
    """The URL's parts. Raises `UnsafeUrl` for what nobody would write to name a public picture."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise UnsafeUrl("a URL that cannot be read is not followed") from None
    if parts.scheme.lower() not in ("http", "https"):
        raise UnsafeUrl(f"a URL of the scheme {parts.scheme!r} is not followed")
    if not host or port == 0 or len(url) > MAX_URL_LENGTH or _ODD.search(url):
        raise UnsafeUrl("a URL without a host, or with odd characters, is not followed")
    if "@" in parts.netloc:
        raise UnsafeUrl(f"a URL with a user's name or password is not followed: {host}")
    if _is_odd_number(host):
        raise UnsafeUrl(f"{host} is an IP address in disguise, which is not followed")
    return parts


_ODD = re.compile(r"[\x00-\x20\x7f\\]")


def _is_odd_number(host: str) -> bool:
    """Whether the host is an IP address in another form than its plain one: decimal, octal, hex,
    shortened, in other scripts' digits, with a zone."""
    try:
        ipaddress.ip_address(host)
        return "%" in host
    except ValueError:
        last = host.rstrip(".\u3002\uff0e\uff61").replace("\u3002", ".").rpartition(".")[2]
        numeric = last[:1].isnumeric() and (last.isnumeric() or last.lower().startswith("0x"))
        return ":" in host or "%" in host or numeric


def _host(parts: SplitResult) -> str:
    return parts.hostname or "?"


def _failure(error: BaseException, parts: SplitResult) -> Exception:
    host, seen = _host(parts), error
    causes = [error]
    while (seen := seen.__cause__ or seen.__context__) and seen not in causes:  # type: ignore[assignment]
        causes.append(seen)
    if refused := next((cause for cause in causes if isinstance(cause, _Refused)), None):
        return UnsafeUrl(f"{host} is at {refused}, which is not a public address")
    if any(
        isinstance(cause, aiohttp.ClientConnectorDNSError | socket.gaierror) for cause in causes
    ):
        return DnsFailure(f"{host} does not resolve", scope="image")
    if any(isinstance(cause, ssl.SSLError | aiohttp.ClientSSLError) for cause in causes):
        return TlsFailure(f"{host} is not trusted", scope="image")
    if isinstance(error, aiohttp.ClientConnectionError | OSError):
        return ConnectFailed(f"no picture from {host}: {type(error).__name__}", scope="image")
    return ImageSource(f"{host} does not answer as a web server does", **_NOT_SENT)
