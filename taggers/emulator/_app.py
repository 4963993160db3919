"""The emulator as an ASGI application: the vendors' doors, and a control plane beside them.

Requests go to the vendors as bytes, so that an answer can be as wrong as a fault wants it; what
stands under `/_emulator/` is an ordinary web service.
"""

from __future__ import annotations

import asyncio
import functools
import socket
import struct
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import anyio.to_thread
from attrs import evolve, frozen

from .._dialect import Incoming
from .._wire import Response
from ._control import CONTROL, control
from ._faults import Fault
from ._service import Service, Visit

__all__ = ["App"]

Scope = Mapping[str, Any]
Receive = Callable[[], Awaitable[Mapping[str, Any]]]
Send = Callable[[Mapping[str, Any]], Awaitable[None]]

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
        if scope["path"] == CONTROL or scope["path"].startswith(f"{CONTROL}/"):
            await self._control(scope, receive, send)  # type: ignore[arg-type]
            return
        visit = self.service.enter(_head(scope))
        try:
            await self._serve(visit, receive, _Answer(send, head_only=scope["method"] == "HEAD"))
        except asyncio.CancelledError:  # the emulator stops while an answer is on its way
            pass
        finally:
            self.service.leave(visit)

    async def _serve(self, visit: Visit, receive: Receive, answer: _Answer) -> None:
        fault = visit.fault
        if fault is not None and fault.latency_s:
            await asyncio.sleep(fault.latency_s)
        if fault is not None and fault.do == "reset-before":
            self.service.note_unread(visit)
            await answer.reset(receive)
            return
        body, whole = await _body(receive, visit.max_body_bytes)
        if body is None:
            self.service.note_unread(visit)
            return
        incoming = evolve(visit.head, body=body)
        response = await anyio.to_thread.run_sync(
            functools.partial(self.service.respond, visit, incoming, whole=whole)
        )
        if fault is None:
            await answer.write(response)
        else:
            await answer.go_wrong(response, fault, receive)


def _head(scope: Scope) -> Incoming:
    """The request without its body. A client that takes the emulator for its proxy names the host
    in the target."""
    target = scope.get("raw_path") or scope["path"].encode()
    if target.startswith((b"http://", b"https://")):
        target = b"/" + b"/".join(target.split(b"/")[3:])
    if scope["query_string"]:
        target += b"?" + scope["query_string"]
    return Incoming(
        method=scope["method"],
        target=target.decode("latin-1"),
        headers={name.decode("latin-1"): text.decode("latin-1") for name, text in scope["headers"]},
    )


async def _body(receive: Receive, max_bytes: int) -> tuple[bytes | None, bool]:
    """The body, and whether that is all of it: what is above the limit is read and dropped. None
    where the client went away before its end."""
    body, length = bytearray(), 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None, False
        length += len(message.get("body", b""))
        if length <= max_bytes:
            body += message.get("body", b"")
        if not message.get("more_body"):
            break
    return bytes(body), length <= max_bytes


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


@frozen
class _Answer:
    """One answer on its way out, right or wrong."""

    send: Send
    head_only: bool = False

    async def write(self, response: Response, *, cut: bool = False, drip: bool = False) -> None:
        """Sends it: whole, or only half of what its length promises, for an abort to come, or a few
        bytes at a time."""
        body = response.body
        await self._begin(response, len(body))
        if self.head_only:
            body = b""
        if cut:
            await self._more(body[: len(body) // 2])
            return
        step = DRIP_BYTES if drip else len(body) or 1
        for start in range(0, len(body), step):
            await self._more(body[start : start + step])
            await asyncio.sleep(DRIP_S if drip else 0)
        await self.send({"type": "http.response.body", "body": b""})

    async def go_wrong(self, response: Response, fault: Fault, receive: Receive) -> None:
        """Sends it as the fault wants it."""
        match fault.do:
            case "reset-after":
                await self.reset(receive)
            case "truncate":
                await self.write(response, cut=True)
                await self._abort(receive)
            case "silence":
                await _disconnected(receive)
            case "html":
                page = {**response.headers, "content-type": "text/html"}
                await self.write(Response(status=200, headers=page, body=PAGE))
            case "malformed":
                short = response.body[: len(response.body) // 2]
                await self.write(Response(status=200, headers=response.headers, body=short))
            case do:
                await self.write(response, drip=do == "drip")

    async def reset(self, receive: Receive) -> None:
        """Ends the connection with RST."""
        if stream := self._transport().get_extra_info("socket"):
            stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        await self._abort(receive)

    async def _abort(self, receive: Receive) -> None:
        """Ends the connection. The server must have seen that before this answer is over: it would
        take it for one that was forgotten, and say so."""
        self._transport().abort()
        await _disconnected(receive)

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
