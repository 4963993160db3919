"""The fault server's process, on some port of loopback.

It tells its port through a pipe, serves until that is closed, and leaves the ledger behind.
"""

from __future__ import annotations

import asyncio
import contextlib
import email.utils
import socket
import ssl
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from multiprocessing.connection import Connection as Pipe
from pathlib import Path

from attrs import define, field

from .answers import KINDS, good
from .ledger import Ledger
from .plan import Plan, address
from .rules import Gatekeeper
from .wire import BODY_START, Connection, Exchange, call_of

__all__ = ["serve"]


@define(eq=False)
class Server:
    """Answers by a plan and writes down what happened."""

    plan: Plan
    ledger: Ledger
    keeper: Gatekeeper
    asked: Counter[int] = field(factory=Counter)
    open: set[asyncio.Task[None]] = field(factory=set)
    numbers: int = 0

    async def run(self, listener: socket.socket) -> None:
        """Serves whoever connects, until it is cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            stream, _ = await loop.sock_accept(listener)
            stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            serving = loop.create_task(self._serve(Connection(stream)))
            self.open.add(serving)
            serving.add_done_callback(self.open.discard)

    async def _serve(self, connection: Connection) -> None:
        with contextlib.suppress(OSError, TimeoutError, ValueError), connection.stream:
            while connection.stream.fileno() >= 0:
                async with asyncio.timeout(None if connection.unread else self.plan.idle_s):
                    exchange = await self._head(connection)
                if not await self._exchange(exchange):
                    return

    async def _head(self, connection: Connection) -> Exchange:
        """The next request, of which the head and what tells its call are read."""
        while b"\r\n\r\n" not in connection.unread:
            await connection.more()
        head, _, connection.unread[:] = connection.unread.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): value for name, _, value in (x.partition(": ") for x in lines)}
        self.numbers += 1
        exchange = Exchange(connection, self.ledger, self.numbers, first.split(" ")[1], headers)
        with contextlib.suppress(ConnectionError):
            await connection.until(min(BODY_START, exchange.length))
        exchange.call = call_of(connection.unread)
        if exchange.call is not None:
            self.asked[exchange.call] += 1
            exchange.request = self.asked[exchange.call]
        return exchange

    async def _exchange(self, exchange: Exchange) -> bool:
        """Whether the connection can go on after it."""
        exchange.note("in", exchange.call)
        self.keeper.inside += 1
        try:
            await self._answer(exchange)
        finally:
            self.keeper.inside -= 1
            exchange.note("out", exchange.status, exchange.delivered)
        return exchange.whole

    async def _answer(self, exchange: Exchange) -> None:
        if exchange.target.startswith("/v3/auth/tokens"):
            return await self._sign_in(exchange)
        strike = self.plan.strike(exchange.call or 0, exchange.request)
        if strike is not None:
            return await KINDS[strike.do](exchange, strike.says)
        await exchange.read()
        if refusal := self.keeper.refuse(exchange):
            date = email.utils.formatdate(self.keeper.clock(), usegmt=True)
            return await exchange.answer_json(refusal.said, refusal.status, date=date)
        if self.plan.latency_s:
            await asyncio.sleep(self.plan.latency_s)
        return await good(exchange)

    async def _sign_in(self, exchange: Exchange) -> None:
        """IAM's answer: a token in a header."""
        await exchange.read()
        exchange.note("token")
        ends = time.strftime("%Y-%m-%dT%H:%M:%S.000000Z", time.gmtime(time.time() + 86_400))
        token = {"x-subject-token": self.keeper.token()}
        await exchange.answer_json({"token": {"expires_at": ends}}, 201, **token)


async def _serve_tls(
    listeners: list[socket.socket], name: str, ledger: Ledger, certificate: Path
) -> None:
    """Serves with a certificate for this name, and notes who begins a request under it."""
    key = certificate.with_suffix(".key")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
         "-nodes", "-days", "2", "-subj", "/CN=taggers test", "-addext",
         f"subjectAltName={name}", "-keyout", str(key), "-out", str(certificate)],
        check=True, capture_output=True,
    )  # fmt: skip
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)

    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if await reader.read(1):
            ledger.note("in", time.time(), 1, None)
        writer.close()

    asyncio.get_running_loop().set_exception_handler(lambda *_: None)
    for listener in listeners:
        await asyncio.start_server(listen, sock=listener, ssl=context)


async def _main(pipe: Pipe, plan: Plan, ledger: Ledger, certificate: Path) -> None:
    server = Server(plan, ledger, Gatekeeper(plan.rules))
    listeners = list(_listeners(plan.hosts))
    running: list[asyncio.Task[None]] = []
    if plan.tls:
        await _serve_tls(listeners, plan.tls, ledger, certificate)
    else:
        running += [asyncio.create_task(server.run(listener)) for listener in listeners]
    pipe.send(listeners[0].getsockname()[1])
    await _closed(pipe)
    ending = [*running, *server.open]
    for task in ending:
        task.cancel()
    await asyncio.gather(*ending, return_exceptions=True)


async def _closed(pipe: Pipe) -> None:
    """Returns when the other end of the pipe is closed."""
    with contextlib.suppress(EOFError):
        await asyncio.to_thread(pipe.recv)


def _listeners(hosts: int) -> Iterator[socket.socket]:
    """One at each host, all at the same port."""
    port = 0
    for host in range(hosts):
        listener = socket.create_server((address(host), port), backlog=1024)
        # Little is taken in ahead of a fault: what it leaves unread stays with the client.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 16)
        listener.setblocking(False)
        port = listener.getsockname()[1]
        yield listener


def serve(pipe: Pipe, plan: Plan, path: Path) -> None:
    """Serves as the plan says, and writes the ledger to this path."""
    ledger = Ledger(path)
    asyncio.run(_main(pipe, plan, ledger, path.with_suffix(".certificate")))
    ledger.flush()
