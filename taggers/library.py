"""A library of one's own pictures at a search service: filled, looked after and searched.

from taggers import Tagger
from taggers.library import Library

with Tagger("huawei-image-search", instance_name="shop") as tagger:
    library = Library(tagger)
    library.add("shoes/1.jpg", "photos/1.jpg", {"kind": "shoe"})
    for match in library.search("new.jpg", labels={"kind": "shoe"}, limit=250).matches:
        print(match.path, match.similarity)
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Unpack

from attrs import define, evolve

from ._client import AsyncTagger, Sending
from ._flow import Job
from ._image import Image, Source
from ._model import BoundingBox, Finding, Options, Result, Verdict
from ._prepare import Fitted
from ._provider import LibraryCalls, Provider, Query, Steps
from ._settings import Settings
from ._sync import Tagger
from ._wire import Request
from .errors import InvalidInput, MalformedResponse, NotSupported

__all__ = ["AsyncLibrary", "Library"]


@define
class AsyncLibrary:
    """The library behind a provider of image search; `provider` is the tagger's own where None.

    Pictures get there as those that are tagged: made to fit, without metadata, or as `Sending`
    says. Every method raises a `TaggersError`; `NotSupported` where the provider has no library.
    The results of `add`, `modify` and `delete` have nothing but their provenance and `raw`.
    """

    tagger: AsyncTagger
    provider: str | None = None

    async def add(
        self,
        path: str,
        image: Source | Image | None = None,
        labels: Mapping[str, str] | None = None,
        **sending: Unpack[Sending],
    ) -> Result:
        """Puts a picture under a path. Without `image`, the vendor fetches the path, a URL."""

        def made(calls: LibraryCalls, settings: Settings, picture: Image | None) -> Request:
            return calls.add(path, picture, labels or {}, settings)

        picture = Image(path) if image is None else image
        return await self._ask(made, picture, sending=sending)

    async def modify(self, path: str, labels: Mapping[str, str]) -> Result:
        """Gives the picture at a path these labels in place of its own."""
        return await self._ask(
            lambda calls, settings, _: calls.modify(path, labels, settings), Image(path)
        )

    async def delete(self, path: str) -> Result:
        """Takes the picture at a path out."""
        return await self._ask(lambda calls, settings, _: calls.delete(path, settings), Image(path))

    async def check(self, path: str) -> bool:
        """Whether there is a picture at a path."""

        def read(calls: LibraryCalls, body: Any) -> Iterable[Finding]:
            yield Verdict("in the library", "yes" if calls.exists(body) else "no")

        result = await self._ask(
            lambda calls, settings, _: calls.check(path, settings), Image(path), read
        )
        return result.verdicts[0].answer == "yes"

    async def search(
        self,
        image: Source | Image | None = None,
        *,
        path: str | None = None,
        labels: Mapping[str, str] | None = None,
        box: BoundingBox | None = None,
        limit: int = 10,
        **sending: Unpack[Sending],
    ) -> Result:
        """The pictures that are like one, or like that at a path, or in a box of either, in pixels;
        only those that carry the labels. More than the vendor gives at once are asked for page by
        page."""
        query = Query(path=path, labels=labels or {}, box=box, limit=limit)
        picture = Image(path or "labels") if image is None else image

        def make(provider: Provider, settings: Settings) -> tuple[Provider, Job]:
            search = _calls(provider).search
            return provider, lambda fitted: _read_through(search(_sent(query, fitted), settings))

        return await self.tagger.perform(
            make, picture, provider=self.provider, options=_options(sending)
        )

    async def _ask(
        self,
        made: Callable[[LibraryCalls, Settings, Image | None], Request],
        image: Source | Image,
        read: Callable[[LibraryCalls, Any], Iterable[Finding]] = lambda calls, body: (),
        *,
        sending: Sending | None = None,
    ) -> Result:
        """One request, and what is read in its answer."""

        def make(provider: Provider, settings: Settings) -> tuple[Provider, Job]:
            calls = _calls(provider)

            def job(fitted: Fitted) -> Steps:
                return (yield made(calls, settings, _picture(fitted)))

            used = evolve(
                provider,
                read=lambda body: read(calls, body),
                accepts=calls.accepts or provider.accepts,
            )
            return used, job

        return await self.tagger.perform(
            make, image, provider=self.provider, options=_options(sending or {})
        )


@define
class Library:
    """`AsyncLibrary` for programs without an event loop: the same arguments, the same answers."""

    tagger: Tagger
    provider: str | None = None

    def add(
        self,
        path: str,
        image: Source | Image | None = None,
        labels: Mapping[str, str] | None = None,
        **sending: Unpack[Sending],
    ) -> Result:
        """As `AsyncLibrary.add`."""
        return self.tagger.run(lambda within: self._in(within).add(path, image, labels, **sending))

    def modify(self, path: str, labels: Mapping[str, str]) -> Result:
        """As `AsyncLibrary.modify`."""
        return self.tagger.run(lambda within: self._in(within).modify(path, labels))

    def delete(self, path: str) -> Result:
        """As `AsyncLibrary.delete`."""
        return self.tagger.run(lambda within: self._in(within).delete(path))

    def check(self, path: str) -> bool:
        """As `AsyncLibrary.check`."""
        return self.tagger.run(lambda within: self._in(within).check(path))

    def search(
        self,
        image: Source | Image | None = None,
        *,
        path: str | None = None,
        labels: Mapping[str, str] | None = None,
        box: BoundingBox | None = None,
        limit: int = 10,
        **sending: Unpack[Sending],
    ) -> Result:
        """As `AsyncLibrary.search`."""
        return self.tagger.run(
            lambda within: self._in(within).search(
                image, path=path, labels=labels, box=box, limit=limit, **sending
            )
        )

    def _in(self, within: AsyncTagger) -> AsyncLibrary:
        return AsyncLibrary(within, self.provider)


def _options(sending: Sending) -> Options:
    return Options(**sending)


def _calls(provider: Provider) -> LibraryCalls:
    if provider.library is None:
        raise NotSupported(f"{provider.name} has no library of pictures", outcome="not sent")
    return provider.library


def _picture(fitted: Fitted) -> Image | None:
    return None if fitted.image.kind is None else fitted.image


def _sent(query: Query, fitted: Fitted) -> Query:
    """The query with the picture as it is sent, and the box in that one's frame."""
    image, box = _picture(fitted), query.box
    if box is None:
        return evolve(query, image=image)
    _check_box(box, fitted)
    return evolve(query, image=image, box=fitted.placed(box))


def _check_box(box: BoundingBox, fitted: Fitted) -> None:
    """Raises `InvalidInput` for a box that holds nothing of the picture, or more than it."""
    sides = (box.x, box.y, box.width, box.height)
    said = f"the box {', '.join(f'{side:g}' for side in sides)}"
    if box.unit != "px":
        raise InvalidInput(f"{said} must be in pixels")
    if box.width <= 0 or box.height <= 0:
        raise InvalidInput(f"{said} is empty")
    name, size = fitted.image.name, fitted.original_size
    if size is not None and not box.inside(*size):
        of = " × ".join(f"{edge:.0f}" for edge in size)
        raise InvalidInput(f"{said} reaches over the edge of {name}, which is {of} px")
    if min(box.x, box.y) < 0:
        raise InvalidInput(f"{said} reaches over the edge of {name}")


def _read_through(search: Steps) -> Steps:
    """A search, whose look into its own answers may find them of another shape."""
    try:
        return (yield from search)
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        raise MalformedResponse(
            "the answer does not say which matches there are, and how many"
        ) from error
