"""A small real server on 127.0.0.1 that answers with what was recorded."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

from .._shared import forget
from .._wire import Response

__all__ = ["Replayer"]

PATIENCE_S = 10.0


class Replayer:
    """Answers the n-th request with the n-th response, and all later ones with the last.

    `requests` are method and path of all that came in whole, in order. The request `held` (from 0)
    is not answered before the server closes: `reached` is set when it has come in.
    """

    def __init__(self, responses: Sequence[Response], held: int | None = None) -> None:
        self.requests: list[tuple[str, str]] = []
        self.reached = threading.Event()
        self._responses, self._held = responses, held
        self._changed, self._closing = threading.Condition(), threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def wait_for(self, count: int) -> bool:
        """Whether so many requests have come in, after a while."""
        with self._changed:
            return self._changed.wait_for(lambda: len(self.requests) >= count, PATIENCE_S)

    def __enter__(self) -> Self:
        forget(self.url)
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._closing.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        replayer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            timeout = PATIENCE_S
            wbufsize = -1  # head and body in one piece

            def _answer(self) -> None:
                self.rfile.read(int(self.headers.get("content-length", 0)))
                response = replayer._taken(self.command, self.path)
                if response is None:
                    self.close_connection = True
                    return
                self.send_response(response.status)
                for name, value in response.headers.items():
                    self.send_header(name, value)
                self.send_header("content-length", str(len(response.body)))
                self.end_headers()
                self.wfile.write(response.body)

            do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = _answer  # noqa: N815

            def log_message(self, format: str, *args: Any) -> None:
                """Says nothing."""

        return Handler

    def _taken(self, method: str, target: str) -> Response | None:
        """The answer to a request; None, once the server closes, for the one that is held."""
        with self._changed:
            number = len(self.requests)
            self.requests.append((method, target.partition("?")[0]))
            self._changed.notify_all()
        if number == self._held:
            self.reached.set()
            self._closing.wait(PATIENCE_S)
            return None
        return self._responses[min(number, len(self._responses) - 1)]
