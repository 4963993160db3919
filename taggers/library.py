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

from collections.abc import Callable, Mapping

from attrs import define

from ._flow import Answer
from ._image import Image, Source
from ._model import BoundingBox, ImageFacts, Match, Provenance, Result, Tag
from ._provider import LibraryCalls, Provider, Query
from ._reading import read_answer
from ._resolve import Target
from ._settings import Settings
from ._sync import Tagger
from ._wire import Request
from .errors import NotSupported

__all__ = ["Library"]


@define
class Library:
    """The library behind a provider of image search; `provider` is the tagger's own where None.

    Every method raises a `TaggersError`; `NotSupported` where the provider has no library.
    """

    tagger: Tagger
    provider: str | None = None

    def add(
        self,
        path: str,
        image: Source | Image | None = None,
        labels: Mapping[str, str] | None = None,
    ) -> None:
        """Puts a picture under a path. Without `image`, the vendor fetches the path, a URL."""
        picture = None if image is None else Image.open(image)
        self._ask(lambda calls, settings: calls.add(path, picture, labels or {}, settings))

    def modify(self, path: str, labels: Mapping[str, str]) -> None:
        """Gives the picture at a path these labels in place of its own."""
        self._ask(lambda calls, settings: calls.modify(path, labels, settings))

    def delete(self, path: str) -> None:
        """Takes the picture at a path out."""
        self._ask(lambda calls, settings: calls.delete(path, settings))

    def check(self, path: str) -> bool:
        """Whether there is a picture at a path."""
        target, answer = self._ask(lambda calls, settings: calls.check(path, settings))
        return _calls(target).exists(answer.body)

    def search(
        self,
        image: Source | Image | None = None,
        *,
        path: str | None = None,
        labels: Mapping[str, str] | None = None,
        box: BoundingBox | None = None,
        limit: int = 10,
    ) -> Result:
        """The pictures that are like one, or like that at a path, or in a box of either; only those
        that carry the labels. More than the vendor gives at once are asked for page by page."""
        picture = None if image is None else Image.open(image)
        query = Query(image=picture, path=path, labels=labels or {}, box=box, limit=limit)
        target, pages = self._pages(query)
        body = _calls(target).joined([page.body for page in pages])
        findings, warnings = read_answer(target.provider, body)
        unseen = ImageFacts(source=path or "labels")
        return Result(
            provider=target.provider.name,
            image=picture.facts if picture else unseen,
            tags=tuple(item for item in findings if isinstance(item, Tag)),
            matches=tuple(item for item in findings if isinstance(item, Match)),
            provenance=Provenance(
                plugin=target.plugin,
                plugin_version=target.plugin_version,
                endpoint=target.provider.address(target.settings),
                request_id=pages[-1].request_id,
                billable_units=len(pages),
                emulated=pages[-1].emulated,
            ),
            warnings=tuple(warnings),
            raw=body,
        )

    def _pages(self, query: Query) -> tuple[Target, list[Answer]]:
        """The answers to as many requests as it takes."""
        pages: list[Answer] = []
        offset = 0
        while True:
            target, answer = self._ask(
                lambda calls, settings, start=offset: calls.search(  # type: ignore[misc]
                    query, start, min(calls.page, query.limit - start), settings
                )
            )
            pages.append(answer)
            calls = _calls(target)
            offset += calls.page
            if offset >= min(query.limit, calls.total(answer.body)):
                return target, pages

    def _ask(self, make: Callable[[LibraryCalls, Settings], Request]) -> tuple[Target, Answer]:
        def made(provider: Provider, settings: Settings) -> Request:
            if provider.library is None:
                raise NotSupported(
                    f"{provider.name} has no library of pictures", outcome="not sent"
                )
            return make(provider.library, settings)

        return self.tagger.exchange(made, self.provider)


def _calls(target: Target) -> LibraryCalls:
    assert target.provider.library is not None, "otherwise nothing was asked"
    return target.provider.library
