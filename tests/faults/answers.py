"""The ways in which an answer goes wrong: what a server does with one request.

Each kind reads and writes as much as it likes. Where it does the work it says so with `bill`;
`says` are the details of the plan.
"""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from .wire import Exchange, written

__all__ = ["KINDS", "good", "tags_of"]

Says = Mapping[str, Any]
Kind = Callable[[Exchange, Says], Awaitable[None]]
KINDS: dict[str, Kind] = {}
PAGE = b"<!DOCTYPE html><html><body>Please sign in to the network</body></html>"
MEGABYTE = 1 << 20


def _kind(name: str) -> Callable[[Kind], Kind]:
    def add(kind: Kind) -> Kind:
        KINDS[name] = kind
        return kind

    return add


def tags_of(call: int | None) -> dict[str, Any]:
    """The answer to a call: its only tag names the call, so that nobody gets another one's."""
    tag = {"tag": f"call {call}", "confidence": "98.5", "type": "object", "instances": []}
    return {"result": {"tags": [tag]}}


async def good(exchange: Exchange) -> None:
    """Does the work and answers."""
    await exchange.read()
    await exchange.bill()
    await exchange.answer_json(tags_of(exchange.call))


async def _worked(exchange: Exchange) -> bytes:
    """Reads the request and does the work; the body of the answer that it would have."""
    await exchange.read()
    await exchange.bill()
    return json.dumps(tags_of(exchange.call)).encode()


async def _break(exchange: Exchange, says: Says) -> None:
    if says.get("by") == "fin":
        await exchange.connection.finish()
    else:
        exchange.connection.reset()


@_kind("before")
async def _before(exchange: Exchange, says: Says) -> None:
    """Ends the connection when the head is read."""
    await _break(exchange, says)


@_kind("within")
async def _within(exchange: Exchange, says: Says) -> None:
    """Ends the connection when some of the body is read."""
    await exchange.connection.until(min(exchange.length // 2, 1 << 16))
    await _break(exchange, says)


@_kind("after")
async def _after(exchange: Exchange, says: Says) -> None:
    """Ends the connection instead of an answer. The work is done, or not."""
    await exchange.read()
    if says.get("works", True):
        await exchange.bill()
    await exchange.ledger.commit()
    await _break(exchange, says)


@_kind("cut")
async def _cut(exchange: Exchange, says: Says) -> None:
    """Ends the connection within the answer: in its head, its body, its chunks or its gzip."""
    body = await _worked(exchange)
    half = len(body) // 2
    parts = {
        "head": written(body)[:20],
        "body": written(body[:half], length=len(body)),
        "chunks": b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n%x\r\n%s\r\n"
        % (half, body[:half]),
        "gzip": written(gzip.compress(body)[:-12], headers={"content-encoding": "gzip"}),
    }
    exchange.status = None if says["at"] == "head" else 200
    await exchange.connection.write(parts[says["at"]])
    if says["at"] == "gzip":
        return  # as long as it says, and yet only a part: the connection goes on
    await _break(exchange, says)


@_kind("drip")
async def _drip(exchange: Exchange, says: Says) -> None:
    """Writes its answer's head or body byte by byte, without end."""
    await _worked(exchange)
    start = b"HTTP/1.1 200 OK\r\n"
    if says["part"] == "body":
        start += b"content-length: 100000\r\n\r\n"
    elif says["part"] == "endless":
        start += b"transfer-encoding: chunked\r\n\r\n"
    piece = b"1\r\n \r\n" if says["part"] == "endless" else b"x"
    exchange.status = None if says["part"] == "head" else 200
    await exchange.connection.write(start)
    while True:
        await exchange.connection.write(piece)
        await asyncio.sleep(says.get("pause_s", 0.2))


@_kind("silence")
async def _silence(exchange: Exchange, says: Says) -> None:
    """Does the work and says nothing."""
    await _worked(exchange)
    await exchange.connection.ended()


@_kind("slow")
async def _slow(exchange: Exchange, says: Says) -> None:
    """Answers well, after a while."""
    await exchange.read()
    await asyncio.sleep(says["seconds"])
    await good(exchange)


@_kind("bomb")
async def _bomb(exchange: Exchange, says: Says) -> None:
    """Answers with little that becomes much: in one coding or in several."""
    await _worked(exchange)
    coding = says["coding"]
    body = _bomb_of(coding)
    exchange.status = 200
    await exchange.connection.write(written(body, headers={"content-encoding": coding}))
    exchange.delivered = True


_BOMBS: dict[str, bytes] = {}


def _bomb_of(coding: str) -> bytes:
    """1 GB of spaces, compressed as often as the coding says. What is called br need not be any:
    nobody who did not ask for it may try."""
    if coding not in _BOMBS:
        zeros = gzip.compress(b" " * 64 * MEGABYTE, 9) * 16
        _BOMBS[coding] = gzip.compress(zeros, 9) if "," in coding else zeros
    return _BOMBS[coding]


@_kind("flood")
async def _flood(exchange: Exchange, says: Says) -> None:
    """Answers with 1 GB: of JSON with its length or without, or of headers."""
    await _worked(exchange)
    starts = {
        "json": b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n[" % (1024 * MEGABYTE),
        "chunks": b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n",
        "headers": b"HTTP/1.1 200 OK\r\n",
    }
    pieces = {
        "json": b'"x",' * 16384,
        "chunks": b"10000\r\n" + b" " * 65536 + b"\r\n",
        "headers": b"x-flood: " + b"y" * 1000 + b"\r\n",
    }
    exchange.status = 200
    await exchange.connection.write(starts[says["of"]])
    for _ in range(16384):
        await exchange.connection.write(pieces[says["of"]])


@_kind("body")
async def _body(exchange: Exchange, says: Says) -> None:
    """A whole answer with 200 that is not the documented one."""
    await _worked(exchange)
    text = says.get("text")
    kind = {"content-type": "application/json" if text else "text/html"}
    await exchange.answer(text.encode() if text else PAGE, 200, kind)


@_kind("error")
async def _error(exchange: Exchange, says: Says) -> None:
    """The vendor's own error: by its code, its text and the status. It costs nothing."""
    await exchange.read()
    said = {"error_code": says["code"], "error_msg": says.get("text", "The request failed.")}
    await exchange.answer_json(said, says.get("status", 400), **says.get("headers", {}))


@_kind("status")
async def _status(exchange: Exchange, says: Says) -> None:
    """A status and a page of some machine in between; what is behind it may have done the work."""
    await exchange.read()
    if says.get("works"):
        await exchange.bill()
    await exchange.answer(PAGE, says["status"], {"content-type": "text/html"})


@_kind("close")
async def _close(exchange: Exchange, says: Says) -> None:
    """Answers well, and ends the connection without having said so."""
    await good(exchange)
    exchange.connection.reset() if says.get("by") == "rst" else exchange.connection.stream.close()
