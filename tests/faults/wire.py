"""One connection and one request on it, as raw as a fault needs them."""

from __future__ import annotations

import asyncio
import base64
import json
import re
import socket
import struct
import time
from collections.abc import Mapping
from typing import Any

from attrs import define, field

from .ledger import Ledger

__all__ = ["BODY_START", "Connection", "Exchange", "call_of", "picture_size", "written"]

BODY_START = 64
"""So many bytes of a body tell whose it is."""
EDGE = 4096
_PICTURE = re.compile(rb"iVBORw0KGgo[A-Za-z0-9+/]{21}")


def picture_size(call: int) -> tuple[int, int]:
    """The width and height in pixels by which a call's picture is told from the others."""
    return 1 + call % EDGE, 1 + call // EDGE


def call_of(body: bytes | bytearray) -> int | None:
    """The call that a body, or its beginning, belongs to: it is the size of its picture."""
    found = _PICTURE.search(body)
    if found is None:
        return None
    width, height = struct.unpack(">II", base64.b64decode(found[0])[16:24])
    return (height - 1) * EDGE + width - 1


@define(eq=False)
class Connection:
    """A client's connection: a socket that does not block, and what was read ahead of it."""

    stream: socket.socket
    unread: bytearray = field(factory=bytearray)

    async def more(self) -> None:
        """Reads on. Raises `ConnectionError` where the client has hung up."""
        piece = await asyncio.get_running_loop().sock_recv(self.stream, 1 << 16)
        if not piece:
            raise ConnectionError("the client has hung up")
        self.unread += piece

    async def until(self, length: int) -> None:
        """Reads until so many bytes are there."""
        while len(self.unread) < length:
            await self.more()

    async def write(self, content: bytes) -> None:
        await asyncio.get_running_loop().sock_sendall(self.stream, content)

    async def ended(self) -> None:
        """Returns when the client hangs up; what it sends until then is dropped."""
        while await asyncio.get_running_loop().sock_recv(self.stream, 1 << 16):
            pass

    def reset(self) -> None:
        """Ends the connection with RST."""
        self.stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.stream.close()

    async def finish(self) -> None:
        """Ends the connection with FIN, and closes it a moment later."""
        self.stream.shutdown(socket.SHUT_WR)
        await asyncio.sleep(0.02)
        self.stream.close()


@define(eq=False)
class Exchange:
    """One request, of which the head was read: its call and how many requests that made so far."""

    connection: Connection
    ledger: Ledger
    number: int
    target: str
    headers: Mapping[str, str]
    call: int | None = None
    request: int = 1
    body: bytes = b""
    whole: bool = False
    status: int | None = None
    delivered: bool = False

    @property
    def length(self) -> int:
        """How many bytes the body has."""
        return int(self.headers.get("content-length", "0"))

    async def read(self) -> bytes:
        """The whole body."""
        if not self.whole:
            unread = self.connection.unread
            await self.connection.until(self.length)
            self.body, unread[: self.length] = bytes(unread[: self.length]), b""
            self.whole = True
            self.note("whole")
        return self.body

    def note(self, event: str, *facts: Any) -> None:
        """Puts an event of this request into the ledger."""
        self.ledger.note(event, time.time(), self.number, *facts)

    async def bill(self) -> None:
        """Does the work: from here on it is billed, and on disk."""
        self.note("billed")
        await self.ledger.commit()

    async def answer(
        self, body: bytes, status: int = 200, headers: Mapping[str, str] | None = None
    ) -> None:
        """Sends a whole answer."""
        await self.ledger.commit()
        self.status = status
        await self.connection.write(written(body, status, headers))
        self.delivered = True

    async def answer_json(self, said: Any, status: int = 200, **headers: str) -> None:
        """Sends a whole answer in JSON."""
        kind = {"content-type": "application/json", "x-request-id": f"soak-{self.number}"}
        await self.answer(json.dumps(said).encode(), status, {**kind, **headers})


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
