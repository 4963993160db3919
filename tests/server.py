"""A scripted HTTP server on 127.0.0.1: it misbehaves as told, and remembers what it was asked.

    with Server(break_off("head"), answer(b"{}")) as server:
        ...

Each request takes the script's next step; the last step answers all that follow. A step is a
function of an `Exchange`: it reads as much of the request, and writes as much, as it likes.
"""

from __future__ import annotations

import contextlib
import gzip
import json
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import TracebackType
from typing import Any, Literal, Self

from attrs import define

PATIENCE_S = 10.0
"""How long anything here waits before a test fails for it."""


@define
class Received:
    """One request as it came in: its raw target, its header lines in order, its body so far."""

    method: str
    target: str
    lines: list[tuple[str, str]]
    body: bytes = b""

    @property
    def headers(self) -> dict[str, str]:
        """The headers by lower-case name."""
        return {name.lower(): value for name, value in self.lines}


@define
class Exchange:
    """One request on one connection: what a step reads from and writes to."""

    server: Server
    stream: socket.socket
    unread: bytearray
    request: Received | None = None
    whole: bool = False

    def read_head(self) -> Received:
        """The request without its body. From here on it counts as received."""
        while b"\r\n\r\n" not in self.unread:
            self._more()
        head, _, self.unread[:] = self.unread.partition(b"\r\n\r\n")
        first, *lines = head.decode("ascii").split("\r\n")
        method, target, _ = first.split(" ")
        pairs = [line.partition(": ")[::2] for line in lines]
        self.request = Received(method, target, pairs)
        with self.server.changed:
            self.server.requests.append(self.request)
            self.server.changed.notify_all()
        return self.request

    def read(self) -> Received:
        """The whole request."""
        request = self.request or self.read_head()
        if self.whole:
            return request
        length = int(request.headers.get("content-length", "0"))
        while len(self.unread) < length:
            self._more()
        request.body, self.unread[:] = bytes(self.unread[:length]), self.unread[length:]
        self.whole = True
        return request

    def write(self, content: bytes) -> None:
        """Sends these bytes."""
        self.stream.sendall(content)

    def pause(self, seconds: float) -> None:
        """Lets time pass, but not after the server was told to close."""
        self.server.closing.wait(seconds)

    def wait_for_end(self) -> None:
        """Returns when the client has hung up or the server closes."""
        while self.stream.recv(1 << 16):
            pass

    def close(self) -> None:
        """Ends the connection: with FIN, or with RST where something is left unread."""
        self.stream.close()

    def reset(self) -> None:
        """Ends the connection with RST."""
        self.stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.stream.close()

    def _more(self) -> None:
        piece = self.stream.recv(1 << 16)
        if not piece:
            raise ConnectionError("the client has hung up")
        self.unread += piece


Step = Callable[[Exchange], object]


class Server:
    """The server, in threads of its own.

    `requests` are all that were received, in order; `accepted` is how many connections there were;
    `busiest` how many requests were being answered at a time, at most.
    """

    def __init__(self, *script: Step, tls: ssl.SSLContext | None = None) -> None:
        self.script: Sequence[Step] = script
        self.requests: list[Received] = []
        self.accepted = self.busy = self.busiest = 0
        self.changed = threading.Condition()
        self.closing = threading.Event()
        self._taken = 0
        self._tls = tls
        self._streams: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        # Little is taken in ahead of the script: what a step leaves unread stays with the client.
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 16)
        self.host = f"127.0.0.1:{self._listener.getsockname()[1]}"
        self.url = f"{'https' if tls else 'http'}://{self.host}"

    def __enter__(self) -> Self:
        self._start(self._accept)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.closing.set()
        _close(self._listener)
        with self.changed:
            streams = tuple(self._streams)
        for stream in streams:
            _hang_up(stream)
        for thread in self._threads:
            thread.join(PATIENCE_S)

    def wait_until(self, holds: Callable[[], bool]) -> bool:
        """Waits until this holds; False if it does not in time. It is asked again whenever a
        connection or a request comes or goes."""
        with self.changed:
            return self.changed.wait_for(holds, PATIENCE_S)

    def wait_until_received(self, count: int) -> bool:
        """Waits until so many requests have come in."""
        return self.wait_until(lambda: len(self.requests) >= count)

    def wait_until_left(self) -> bool:
        """Waits until no connection is open."""
        return self.wait_until(lambda: not self._streams)

    def _start(self, work: Callable[..., None], *arguments: Any) -> None:
        thread = threading.Thread(target=work, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                stream, _ = self._listener.accept()
                with self.changed:
                    self._streams.add(stream)
                    self.accepted += 1
                    self.changed.notify_all()
                self._start(self._serve, stream)

    def _serve(self, stream: socket.socket) -> None:
        with contextlib.suppress(OSError):  # clients that hang up are what many tests are about
            self._answer_all(_secured(stream, self._tls) if self._tls else stream)
        with self.changed:
            self._streams.discard(stream)
            self.changed.notify_all()
        _close(stream)

    def _answer_all(self, stream: socket.socket) -> None:
        unread = bytearray()
        with contextlib.closing(stream):
            whole = True
            while whole and _has_begun(stream, unread):
                exchange = Exchange(self, stream, unread)
                with self._counted():
                    self._next()(exchange)
                whole = exchange.whole

    @contextlib.contextmanager
    def _counted(self) -> Iterator[None]:
        with self.changed:
            self.busy += 1
            self.busiest = max(self.busiest, self.busy)
            self.changed.notify_all()
        try:
            yield
        finally:
            with self.changed:
                self.busy -= 1
                self.changed.notify_all()

    def _next(self) -> Step:
        with self.changed:
            step = self.script[min(self._taken, len(self.script) - 1)]
            self._taken += 1
            return step


def _secured(stream: socket.socket, context: ssl.SSLContext) -> socket.socket:
    """The connection under TLS. The plain socket stays open, to be hung up from elsewhere."""
    return context.wrap_socket(stream.dup(), server_side=True)


def _has_begun(stream: socket.socket, unread: bytearray) -> bool:
    """Whether another request comes in. It is not read, so that a step may leave it unread."""
    if unread or stream.fileno() < 0:
        return stream.fileno() >= 0
    if isinstance(stream, ssl.SSLSocket):  # which cannot peek
        unread += stream.recv(1 << 16)
        return bool(unread)
    return bool(stream.recv(1, socket.MSG_PEEK))


def _hang_up(stream: socket.socket) -> None:
    with contextlib.suppress(OSError):
        stream.shutdown(socket.SHUT_RDWR)


def _close(stream: socket.socket) -> None:
    _hang_up(stream)
    stream.close()


def closed_port() -> str:
    """The URL of a port where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return f"http://127.0.0.1:{listener.getsockname()[1]}"


def written(
    body: bytes,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    length: int | None = None,
) -> bytes:
    """An answer's bytes; `length` is what its Content-Length claims."""
    claimed = {"content-length": str(len(body) if length is None else length), **(headers or {})}
    lines = "".join(f"{name}: {value}\r\n" for name, value in claimed.items())
    return f"HTTP/1.1 {status} Scripted\r\n{lines}\r\n".encode() + body


def answer(body: bytes = b"{}", status: int = 200, **headers: str) -> Step:
    """A plain answer; `content_type="text/html"` sets that header."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda exchange: (exchange.read(), exchange.write(written(body, status, named)))


def answer_json(value: Any, status: int = 200) -> Step:
    return answer(json.dumps(value).encode(), status, content_type="application/json")


def answer_by(reply: Callable[[Received], Any]) -> Step:
    """An answer in JSON that depends on the request."""
    return lambda exchange: exchange.write(written(json.dumps(reply(exchange.read())).encode()))


def answer_gzip(plain: bytes, *, cut: int | None = None) -> Step:
    """An answer that is compressed though nobody asked; `cut` bytes of it at most."""
    return answer(gzip.compress(plain)[:cut], content_encoding="gzip")


def answer_early(status: int) -> Step:
    """An answer to the head while the body is still being sent, of which no more is read."""
    return lambda exchange: (
        exchange.read_head(),
        exchange.write(written(b"", status)),
        exchange.server.closing.wait(PATIENCE_S),
    )


def silence() -> Step:
    """Takes the request and never answers."""
    return lambda exchange: (exchange.read(), exchange.wait_for_end())


def break_off(
    after: Literal["nothing", "head", "request"] = "request",
    wrote: bytes = b"",
    *,
    reset: bool = False,
) -> Step:
    """Reads the request so far, writes the beginning of an answer, and ends the connection."""

    def step(exchange: Exchange) -> None:
        if after == "head":
            exchange.read_head()
        elif after == "request":
            exchange.read()
        exchange.write(wrote)
        exchange.reset() if reset else exchange.close()

    return step


def drip(at_once: bytes, slowly: bytes, pause_s: float = 0.05) -> Step:
    """Answers with one part at once and the other byte by byte, over and over."""

    def step(exchange: Exchange) -> None:
        exchange.read()
        exchange.write(at_once)
        while not exchange.server.closing.is_set():
            for byte in slowly:
                exchange.write(bytes([byte]))
                exchange.pause(pause_s)

    return step


def pour(start: bytes, piece: bytes, times: int) -> Step:
    """Answers with a start and then so many times the same piece, as fast as it is taken."""

    def step(exchange: Exchange) -> None:
        exchange.read()
        exchange.write(start)
        for _ in range(times):
            exchange.write(piece)

    return step
