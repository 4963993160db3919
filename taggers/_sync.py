"""`Tagger`: `AsyncTagger` for programs without an event loop."""

from __future__ import annotations

import contextlib
import os
import threading
import weakref
from collections.abc import Awaitable, Callable, Iterable, Iterator
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar, Unpack

from ._client import AsyncTagger, TagOptions
from ._config_file import load
from ._image import Image, Source
from ._model import Result
from ._standing import Standing
from .errors import TaggersError

if TYPE_CHECKING:
    from anyio.from_thread import BlockingPortal

__all__ = ["Tagger"]

T = TypeVar("T")
TIDY_UP_S = 10.0
"""How long an interrupted call may take to end: more than the driver gives it to clean up."""


class Tagger:
    """`AsyncTagger` for programs without an event loop: the same arguments, the same answers.

        with Tagger("local-basic") as tagger:
            print(tagger.tag("cat.jpg").tags)

    It may be used from several threads. From the first call until it is closed it runs an event
    loop in a thread of its own.
    """

    def __init__(self, provider: str | None = None, **arguments: Any) -> None:
        self._tagger = AsyncTagger(provider, **arguments)
        self._starting = threading.Lock()
        self._portal: BlockingPortal | None = None
        self._running = contextlib.ExitStack()
        self._at_exit = weakref.finalize(self, self._running.close)

    @classmethod
    def from_config(
        cls,
        path: str | os.PathLike[str] | None = None,
        *,
        provider: str | None = None,
        **arguments: Any,
    ) -> Self:
        """As `AsyncTagger.from_config`."""
        return cls(provider, config=load(path), **arguments)

    def check(self, provider: str | None = None) -> None:
        """As `AsyncTagger.check`."""
        self._tagger.check(provider)

    def standing(self, provider: str | None = None) -> dict[str, Standing]:
        """As `AsyncTagger.standing`."""
        return self._tagger.standing(provider)

    def tag(self, image: Source | Image, **options: Unpack[TagOptions]) -> Result:
        """As `AsyncTagger.tag`."""
        return self._run(lambda: self._tagger.tag(image, **options))

    def tag_many(
        self,
        images: Iterable[Source | Image],
        *,
        concurrency: int | None = None,
        **options: Unpack[TagOptions],
    ) -> Iterator[Result | TaggersError]:
        """As `AsyncTagger.tag_many`."""
        outcomes = self._tagger.tag_many(images, concurrency=concurrency, **options)
        portal = self._started()
        try:
            while (outcome := self._run(lambda: anext(outcomes, None))) is not None:
                yield outcome
        finally:
            if self._portal is portal:  # otherwise closing the tagger has ended it already
                self._run(outcomes.aclose)

    def compare(
        self, image: Source | Image, providers: Iterable[str], **options: Unpack[TagOptions]
    ) -> dict[str, Result | TaggersError]:
        """As `AsyncTagger.compare`."""
        return self._run(lambda: self._tagger.compare(image, providers, **options))

    @property
    def within(self) -> AsyncTagger:
        """The `AsyncTagger` that does it all; its methods belong into `run`."""
        return self._tagger

    def run(self, work: Callable[[AsyncTagger], Awaitable[T]]) -> T:
        """What comes of some work with the `AsyncTagger` within, done in its event loop."""
        return self._run(lambda: work(self._tagger))

    def close(self) -> None:
        """Closes the connections and ends the thread. The tagger can be used again."""
        with self._starting:
            self._portal = None
            self._running.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if error is not None and self._portal is not None:
                self._run(lambda: self._tagger.__aexit__(kind, error, trace))
        finally:
            self.close()

    def _run(self, work: Callable[[], Awaitable[T]]) -> T:
        """Does the work in the loop's thread. An interrupt here (Ctrl-C) cancels it there, and is
        passed on when it has tidied up."""
        ended = threading.Event()

        async def watched() -> T:
            try:
                return await work()
            finally:
                ended.set()

        future = self._started().start_task_soon(watched)
        try:
            return future.result()
        except BaseException:
            if future.cancel():
                ended.wait(TIDY_UP_S)
            raise

    def _started(self) -> BlockingPortal:
        with self._starting:
            if self._portal is None:
                from anyio.from_thread import start_blocking_portal

                portal = self._running.enter_context(start_blocking_portal())
                self._running.callback(portal.call, self._tagger.aclose)
                self._portal = portal
            return self._portal
