"""The responder: a server in a process of its own, as little as can stand in for a vendor.

    python -m benchmarks.responder [--latency-s 0.2] [--core 1]

It prints its port, reads requests without keeping their bodies, and answers by method. `GET /cpu`
tells how many seconds of CPU it has used: it must have had time to spare, or it was measured.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from .answers import HUAWEI, TENCENT

__all__ = ["responding"]

ROOT = Path(__file__).parent.parent
LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.I)


def _answer(body: bytes, kind: str, status: str = "200 OK") -> bytes:
    head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n"
    return f'{head}x-request-id: 4f0c\r\nETag: "e"\r\n\r\n'.encode() + body


ANSWERS = {
    b"POST": _answer(HUAWEI, "application/json"),
    b"GET": _answer(TENCENT, "application/xml"),
    b"PUT": _answer(b"", "application/xml"),
    b"DELETE": b"HTTP/1.1 204 No Content\r\nx-request-id: 4f0c\r\n\r\n",
}


class _Connection(asyncio.Protocol):
    """One connection: heads are looked at, bodies are counted."""

    def __init__(self, latency_s: float) -> None:
        self._latency_s = latency_s
        self._head = b""
        self._left = 0
        self._answer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, received: bytes) -> None:
        if not self._left:
            head, end, received = (self._head + received).partition(b"\r\n\r\n")
            if not end:
                self._head = head
                return
            self._begin(head)
        self._left -= len(received)
        if not self._left:
            self._reply()

    def _begin(self, head: bytes) -> None:
        length = LENGTH.search(head)
        self._head, self._left = b"", int(length[1]) if length else 0
        method, target, _ = head.split(b" ", 2)
        used = repr(time.process_time()).encode()
        self._answer = _answer(used, "text/plain") if target == b"/cpu" else ANSWERS[method]
        if b"100-continue" in head:
            self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def _reply(self) -> None:
        if self._latency_s:
            asyncio.get_running_loop().call_later(
                self._latency_s, self._transport.write, self._answer
            )
        else:
            self._transport.write(self._answer)


async def _serve(latency_s: float) -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: _Connection(latency_s), "127.0.0.1", backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.to_thread(sys.stdin.read)  # until whoever started it is done


@contextlib.contextmanager
def responding(latency_s: float, core: int | None) -> Iterator[str]:
    """A responder's URL, while it runs."""
    command = [sys.executable, "-m", "benchmarks.responder", f"--latency-s={latency_s}"]
    if core is not None:
        command.append(f"--core={core}")
    process = subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        yield f"http://127.0.0.1:{int(process.stdout.readline())}"
    finally:
        process.stdin.close()
        process.wait()
        process.stdout.close()


def main() -> None:
    """Serves until its stdin ends."""
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--latency-s", type=float, default=0.0)
    arguments.add_argument("--core", type=int)
    given = arguments.parse_args()
    if given.core is not None:
        os.sched_setaffinity(0, {given.core})
    asyncio.run(_serve(given.latency_s))


if __name__ == "__main__":
    main()
