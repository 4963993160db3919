"""`AsyncTagger`: providers by name, and their connections."""

from __future__ import annotations

import asyncio
import os
import random
import secrets
from collections import deque
from collections.abc import (
    AsyncGenerator,
    AsyncIterable,
    AsyncIterator,
    Callable,
    Iterable,
    Mapping,
)
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, Self, TypedDict, TypeVar, Unpack

from attrs import evolve

from ._breaker import BREAKERS
from ._clock import CLOCKS
from ._config import Config, Route, load
from ._enhance import after, enhanced, of_original
from ._flow import Context, Job, call
from ._gates import GATES
from ._guards import Guards, Repeats
from ._image import Image, Source
from ._keys import Keys, state_folder
from ._limits import LIMITERS
from ._model import Options, Result
from ._policy import Policy
from ._provider import Provider
from ._registry import Registry, installed
from ._resolve import Target, resolve
from ._retries import RETRIES
from ._settings import Settings
from .errors import ConfigurationError, NotSupported, TaggersError

if TYPE_CHECKING:
    from ._cache import Cache
    from ._driver import Driver

__all__ = ["AsyncTagger", "Sending", "TagOptions"]

DEFAULT_CONCURRENCY = 8


class Sending(TypedDict, total=False):
    """How a picture gets to its provider.

    * `prepare`: "auto", the default, makes a picture fit its provider: upright, small enough, in a
      format that it takes; `Provenance.prepared` says what was done. "never" sends its bytes as
      they are, metadata and all;
    * `keep_metadata`: True uploads metadata, such as where a photo was taken, with the picture;
    * `fetch`: True downloads a URL for a provider that takes no URLs. Only public addresses are
      asked.
    """

    prepare: Literal["auto", "never"]
    keep_metadata: bool
    fetch: bool


class TagOptions(Sending, total=False):
    """What one call may be given besides the picture, and besides how it is sent.

    * `provider`: a provider or a route, instead of the tagger's own;
    * `limit`: at most this many tags, from 1;
    * `min_confidence`: only tags of at least this confidence, 0 to 1;
    * `language`: the names' language, as in "zh" or "en";
    * `enhance`: a provider that makes the picture better first, such as huawei-dark-enhance;
    * `native`: merged last into the vendor's own request; it is not portable.
    """

    provider: str | None
    limit: int | None
    min_confidence: float | None
    language: str | None
    enhance: str | None
    native: Mapping[str, Any]


T = TypeVar("T")
_SENDING = tuple(Sending.__annotations__)


class AsyncTagger:
    """Tags pictures with the providers of a configuration, or with one provider.

        async with AsyncTagger("huawei-tagging-v2", project_id="…", ak="…", sk="…") as tagger:
            result = await tagger.tag("cat.jpg")

    * `provider`: the provider or route to ask; `settings` are its own, and come before the
      configuration and the environment;
    * `policy`: attempts, deadline and pauses of every call;
    * `cache`: True keeps answers in the user's own folder, and a path in that one, so that nobody
      pays twice for the same answer;
    * `ca_bundle`: a file of certificates to trust besides certifi's.

    It belongs to the event loop in which it is first used.
    """

    def __init__(
        self,
        provider: str | None = None,
        *,
        config: Config | None = None,
        policy: Policy | None = None,
        cache: bool | str | os.PathLike[str] = False,
        ca_bundle: str | os.PathLike[str] | None = None,
        registry: Registry | None = None,
        **settings: Any,
    ) -> None:
        if settings and provider is None:
            raise ConfigurationError("settings were given, and no provider that they are for")
        self._config = config if config is not None else Config()
        self._default = provider or self._config.default
        self._policy = policy or Policy()
        self._ca_bundle = None if ca_bundle is None else os.fspath(ca_bundle)
        self._registry = registry or installed()
        self._settings = settings
        self._targets: dict[str, Target] = {}
        self._driver: Driver | None = None
        self._cache = _cache(cache)

    @classmethod
    def from_config(
        cls,
        path: str | os.PathLike[str] | None = None,
        *,
        provider: str | None = None,
        **arguments: Any,
    ) -> Self:
        """A tagger for `taggers.toml`: the file at `path`, or the nearest and the user's own.

        `provider` replaces the file's `default`; the other arguments are those of the class.
        Raises `ConfigurationError` with every mistake in the files.
        """
        return cls(provider, config=load(path), **arguments)

    def check(self, provider: str | None = None) -> None:
        """Raises `ConfigurationError` where a provider, or a route's targets, lacks something."""
        name = self._named(provider)
        route = self._config.routes.get(name)
        for target in route.targets if route else (name,):
            self._target(target)

    async def tag(self, image: Source | Image, **options: Unpack[TagOptions]) -> Result:
        """What a provider says about a picture: a path, a URL, bytes or an `Image`.

        Raises a `TaggersError`.
        """
        name = self._named(options.get("provider"))
        wanted = _wanted(options)
        picture = await self._opened(image)
        if enhancer := options.get("enhance"):
            return await self._enhanced(enhancer, name, picture, wanted)
        return await self._answer(name, picture, wanted)

    async def tag_many(
        self,
        images: Iterable[Source | Image] | AsyncIterable[Source | Image],
        *,
        concurrency: int | None = None,
        **options: Unpack[TagOptions],
    ) -> AsyncGenerator[Result | TaggersError, None]:
        """The outcome for each picture, in the pictures' order: a `Result` or the error.

        At most `concurrency` calls are under way, by default as many as the provider declares.
        Pictures are taken from the iterable as they are needed.
        """
        ahead = concurrency or self._declared_concurrency(options.get("provider"))
        waiting: deque[asyncio.Task[Result | TaggersError]] = deque()
        try:
            async for image in _each(images):
                waiting.append(asyncio.create_task(self._outcome(image, options)))
                if len(waiting) >= ahead:
                    yield await waiting.popleft()
            while waiting:
                yield await waiting.popleft()
        finally:
            for task in waiting:
                task.cancel()
            await asyncio.gather(*waiting, return_exceptions=True)

    async def compare(
        self, image: Source | Image, providers: Iterable[str], **options: Unpack[TagOptions]
    ) -> dict[str, Result | TaggersError]:
        """What several providers say about one picture, by name; each a `Result` or its error."""
        picture = await self._opened(image)
        names = list(dict.fromkeys(providers))
        outcomes = await asyncio.gather(
            *(self._outcome(picture, {**options, "provider": name}) for name in names)
        )
        return dict(zip(names, outcomes, strict=True))

    async def aclose(self) -> None:
        """Closes the connections. The tagger can be used again and opens new ones."""
        driver, self._driver = self._driver, None
        if driver is not None:
            await driver.aclose()
        if self._cache is not None:
            await asyncio.to_thread(self._cache.close)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.aclose()

    def _named(self, provider: str | None) -> str:
        if name := provider or self._default:
            return name
        raise ConfigurationError(
            "no provider was named",
            hint='name one, as in Tagger("local-basic"), or set default in taggers.toml',
        )

    async def _opened(self, image: Source | Image) -> Image:
        if isinstance(image, Image | bytes | bytearray | memoryview):
            return Image.open(image)
        return await asyncio.to_thread(Image.open, image)

    async def _outcome(self, image: Source | Image, options: TagOptions) -> Result | TaggersError:
        try:
            return await self.tag(image, **options)
        except TaggersError as error:
            return error

    async def _enhanced(self, enhancer: str, name: str, image: Image, options: Options) -> Result:
        """What a provider says about a picture that another one makes better first. Whether both
        can be asked is looked at before the first is paid."""
        self._target(self._first(name))
        maker = self._target(enhancer).provider
        if not maker.offers.images:
            raise NotSupported("it makes no pictures", provider=maker.name, outcome="not sent")
        sending = evolve(Options(), **{name: getattr(options, name) for name in _SENDING})
        made = await self._ask(enhancer, image, sending)
        try:
            clearer = enhanced(made)
            return of_original(await self._answer(name, clearer, options), made, clearer)
        except TaggersError as error:
            raise after(made, error) from error.__cause__

    async def _answer(self, name: str, image: Image, options: Options) -> Result:
        if route := self._config.routes.get(name):
            return await self._by_route(route, image, options)
        return await self._ask(name, image, options)

    async def _by_route(self, route: Route, image: Image, options: Options) -> Result:
        """Asks the route's targets in order, as far as their errors let it go on."""
        left: dict[str, str] = {}
        for name in route.targets[:-1]:
            try:
                result = await self._ask(name, image, options)
            except TaggersError as error:
                if not _goes_on(error, route):
                    raise
                left[name] = str(error)
            else:
                return _having_left(result, left)
        return _having_left(await self._ask(route.targets[-1], image, options), left)

    async def perform(
        self,
        make: Callable[[Provider, Settings], tuple[Provider, Job]],
        image: Source | Image,
        *,
        provider: str | None = None,
        options: Options,
    ) -> Result:
        """What becomes of a job that is no tagging: `make` makes it for a provider and its
        settings, with the provider as it is to be used for it. See `taggers.library`."""
        target = self._target(self._named(provider))
        used, job = make(target.provider, target.settings)
        picture = await self._opened(image)
        return await self._called(evolve(target, provider=used), picture, options, job)

    def _context(self, target: Target) -> Context:
        clock = CLOCKS.of((target.service[0], b""))
        limiter = LIMITERS.of(target.account)
        limiter.limits = target.limits
        return Context(
            now=clock.now,
            correct=clock.correct,
            gate=GATES.of,
            roll=random.random,
            nonce=secrets.token_hex(16),
            policy=self._policy,
            guards=Guards(
                limiter=limiter,
                breaker=BREAKERS.of(target.service),
                retries=RETRIES.of(target.service),
                repeats=Repeats(self._policy.attempts - 1),
            ),
        )

    async def _ask(self, name: str, image: Image, options: Options) -> Result:
        target = self._target(name)
        if self._cache is None:
            return await self._called(target, image, options)
        from ._cache import kept_or_asked

        asking = partial(self._called, target, image, options)
        return await kept_or_asked(self._cache, target, image, options, asking)

    async def _called(
        self, target: Target, image: Image, options: Options, job: Job | None = None
    ) -> Result:
        flow = call(target.provider, image, options, target.settings, self._context(target), job)
        result = await self._driven().run(flow, self._policy.deadline_s)
        return evolve(
            result,
            provenance=evolve(
                result.provenance, plugin=target.plugin, plugin_version=target.plugin_version
            ),
        )

    def _first(self, name: str) -> str:
        """The provider that is asked first by this name."""
        route = self._config.routes.get(name)
        return route.targets[0] if route else name

    def _target(self, name: str) -> Target:
        if name not in self._targets:
            arguments = self._settings if name == self._default else {}
            self._targets[name] = resolve(
                name, self._config, Keys.load(), self._registry, arguments
            )
        return self._targets[name]

    def _driven(self) -> Driver:
        if self._driver is None:
            from ._driver import Driver
            from ._transport import Transport

            self._driver = Driver(Transport(ca_bundle=self._ca_bundle))
        return self._driver

    def _declared_concurrency(self, name: str | None) -> int:
        try:
            declared = self._target(self._first(self._named(name))).provider.offers.concurrency
        except TaggersError:
            declared = None  # every picture will say what is wrong
        return declared or DEFAULT_CONCURRENCY


def _cache(wanted: bool | str | os.PathLike[str]) -> Cache | None:
    """The answer cache that is wanted, if one is."""
    if wanted is False:
        return None
    from ._cache import Cache

    return Cache(state_folder() if wanted is True else Path(wanted))


def _wanted(options: TagOptions) -> Options:
    return Options(
        limit=options.get("limit"),
        min_confidence=options.get("min_confidence"),
        language=options.get("language"),
        native=options.get("native") or {},
        prepare=options.get("prepare", "auto"),
        keep_metadata=options.get("keep_metadata", False),
        fetch=options.get("fetch", False),
    )


def _goes_on(error: TaggersError, route: Route) -> bool:
    """Whether a route may ask its next target after this error."""
    return error.fallback in ("yes", "if-capable") or (
        error.fallback == "opt-in" and route.paid_fallback
    )


def _having_left(result: Result, left: Mapping[str, str]) -> Result:
    return evolve(result, provenance=evolve(result.provenance, left=left)) if left else result


async def _each(images: Iterable[T] | AsyncIterable[T]) -> AsyncIterator[T]:
    if isinstance(images, AsyncIterable):
        async for image in images:
            yield image
    else:
        for image in images:
            yield image
