"""The same call on raw sockets: as little Python as does the work, nothing checked or kept."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import socket
import time
from typing import Any
from urllib.parse import urlsplit

from .crowd import in_tasks
from .meter import Meter
from .task import PROJECT, Task

PATH = f"/v2/{PROJECT}/image/tagging"
SIGNED = "host;x-project-id;x-sdk-date"


def _request(host: str, content: bytes) -> tuple[bytes, bytes]:
    """A signed request's head and body."""
    body = b'{"image":"' + base64.b64encode(content) + b'"}'
    date = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    listed = f"host:{host}\nx-project-id:{PROJECT}\nx-sdk-date:{date}\n"
    canonical = f"POST\n{PATH}/\n\n{listed}\n{SIGNED}\n{hashlib.sha256(body).hexdigest()}"
    text = f"SDK-HMAC-SHA256\n{date}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    made = hmac.new(b"benchmark-secret-key", text.encode(), hashlib.sha256).hexdigest()
    head = (
        f"POST {PATH} HTTP/1.1\r\nhost: {host}\r\ncontent-length: {len(body)}\r\n"
        f"content-type: application/json\r\nx-project-id: {PROJECT}\r\nx-sdk-date: {date}\r\n"
        f"authorization: SDK-HMAC-SHA256 Access=BENCHMARKAK, SignedHeaders={SIGNED}, "
        f"Signature={made}\r\n\r\n"
    )
    return head.encode(), body


async def _received(stream: socket.socket) -> bytes:
    """An answer's body."""
    loop = asyncio.get_running_loop()
    answer = await loop.sock_recv(stream, 65536)
    head, _, body = answer.partition(b"\r\n\r\n")
    length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
    while len(body) < length:
        body += await loop.sock_recv(stream, 65536)
    return body


def _tags(body: bytes) -> list[Any]:
    """The answer's objects: name, confidence and boxes."""
    return [
        (
            tag["tag"],
            float(tag["confidence"]) / 100,
            [tuple(place["bounding_box"].values()) for place in tag["instances"]],
        )
        for tag in json.loads(body)["result"]["tags"]
    ]


async def _measure(task: Task) -> None:
    loop = asyncio.get_running_loop()
    content, host = task.picture.read_bytes(), urlsplit(task.url).netloc
    address = (urlsplit(task.url).hostname, urlsplit(task.url).port)
    idle: list[socket.socket] = []
    for _ in range(task.at_a_time):
        idle.append(stream := socket.socket())
        stream.setblocking(False)
        await loop.sock_connect(stream, address)

    async def work() -> None:
        stream = idle.pop()
        head, body = _request(host, content)
        await loop.sock_sendall(stream, head)
        await loop.sock_sendall(stream, body)
        assert len(_tags(await _received(stream))) == 20
        idle.append(stream)

    await in_tasks(work, task.warm_up, task.at_a_time)
    with Meter(task).running():
        await in_tasks(work, task.calls, task.at_a_time)


if __name__ == "__main__":
    asyncio.run(_measure(Task.given()))
