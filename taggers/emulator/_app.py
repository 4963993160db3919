"""The emulator as an ASGI application: the vendors' doors, and a control plane beside them.

Requests go to the vendors as bytes, so that an answer can be as wrong as a fault wants it; what
stands under `/_emulator/` is an ordinary web service.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import anyio.to_thread
from attrs import frozen

from .._dialect import Incoming
from .._wire import Response
from ._control import CONTROL, control
from ._faults import Fault
from ._service import Service

__all__ = ["App"]

Scope = Mapping[str, Any]
Receive = Callable[[], Awaitable[Mapping[str, Any]]]
Send = Callable[[Mapping[str, Any]], Awaitable[None]]

MAX_BODY_BYTES = 16 * 1024 * 1024
DRIP_BYTES, DRIP_S = 8, 0.05
PAGE = b"<!DOCTYPE html><html><body>Please log in to use this network.</body></html>"


class App:
    """The application. Faults that break a connection need uvicorn underneath."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self._control = control(service)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            raise RuntimeError(f"the emulator does not speak {scope['type']}")
        if scope["path"].startswith(CONTROL):
            await self._control(scope, receive, send)  # type: ignore[arg-type]
        else:
            await self._serve(scope, receive, send)

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        incoming = await _incoming(scope, receive)
        if incoming is None:
            await _Answer(send).write(Response(status=413, body=b"too large for the emulator"))
            return
        reply = await anyio.to_thread.run_sync(self.service.respond, incoming)
        answer = _Answer(send, head_only=scope["method"] == "HEAD")
        if reply.response is None:
            answer.reset()
        elif reply.fault is None:
            await answer.write(reply.response)
        else:
            await answer.go_wrong(reply.response, reply.fault, receive)


async def _incoming(scope: Scope, receive: Receive) -> Incoming | None:
    """The whole request; None where it is larger than any vendor would take."""
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            break
        body += message.get("body", b"")
        if len(body) > MAX_BODY_BYTES:
            return None
        if not message.get("more_body"):
            break
    target = scope.get("raw_path") or scope["path"].encode()
    if target.startswith(b"http"):  # a client that takes the emulator for its proxy
        target = b"/" + target.split(b"/", 3)[3]
    if scope["query_string"]:
        target += b"?" + scope["query_string"]
    return Incoming(
        method=scope["method"],
        target=target.decode("latin-1"),
        headers={name.decode("latin-1"): text.decode("latin-1") for name, text in scope["headers"]},
        body=bytes(body),
    )


@frozen
class _Answer:
    """One answer on its way out, right or wrong."""

    send: Send
    head_only: bool = False

    async def write(self, response: Response, *, cut: bool = False, drip: bool = False) -> None:
        """Sends it: whole, or only half of what its length promises, or a few bytes at a time."""
        body = response.body
        await self._begin(response, len(body))
        if self.head_only:
            body = b""
        if cut:
            await self._more(body[: len(body) // 2])
            self._abort()
            return
        step = DRIP_BYTES if drip else len(body) or 1
        for start in range(0, len(body), step):
            await self._more(body[start : start + step])
            await asyncio.sleep(DRIP_S if drip else 0)
        await self.send({"type": "http.response.body", "body": b""})

    async def go_wrong(self, response: Response, fault: Fault, receive: Receive) -> None:
        """Sends it as the fault wants it."""
        if fault.latency_s:
            await asyncio.sleep(fault.latency_s)
        match fault.do:
            case "reset-after":
                self.reset()
            case "silence":
                while (await receive())["type"] != "http.disconnect":
                    pass
            case "html":
                page = {"content-type": "text/html"}
                await self.write(Response(status=200, headers=page, body=PAGE))
            case "malformed":
                short = response.body[: len(response.body) // 2]
                await self.write(Response(status=200, headers=response.headers, body=short))
            case do:
                await self.write(response, cut=do == "truncate", drip=do == "drip")

    def reset(self) -> None:
        """Ends the connection with RST."""
        if stream := self._transport().get_extra_info("socket"):
            stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._abort()

    def _abort(self) -> None:
        self._transport().abort()

    def _transport(self) -> Any:
        """The connection beneath: ASGI has no word for it, so this reaches into uvicorn."""
        cycle = getattr(self.send, "__self__", None)
        if cycle is None:
            raise RuntimeError("this fault needs uvicorn directly beneath the emulator")
        return cycle.transport

    async def _begin(self, response: Response, length: int) -> None:
        headers = {**response.headers, "content-length": str(length)}
        listed = [(_cased(name), value.encode("latin-1")) for name, value in headers.items()]
        start = {"type": "http.response.start", "status": response.status, "headers": listed}
        await self.send(start)

    async def _more(self, body: bytes) -> None:
        await self.send({"type": "http.response.body", "body": body, "more_body": True})


def _cased(name: str) -> bytes:
    """A header's name as the vendors write it: one of their SDKs finds no other "Content-Type"."""
    return (name if name.startswith("x-") or name != name.lower() else name.title()).encode()
