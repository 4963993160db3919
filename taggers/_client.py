"""`AsyncTagger`: providers by name, and their connections."""

from __future__ import annotations

import asyncio
import os
import random
import time
from collections import deque
from collections.abc import (
    AsyncGenerator,
    AsyncIterable,
    AsyncIterator,
    Callable,
    Iterable,
    Sequence,
)
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar, Unpack

from attrs import evolve

from ._call import Call, Sending, TagOptions, wanted
from ._config import Config, Store
from ._config_file import load
from ._effects import Context
from ._enhance import after, enhanced, of_original
from ._flow import Job, call
from ._guards import Purse as AnyPurse
from ._guards import Repeats
from ._image import Image, Source
from ._latency import LATENCIES
from ._limits import Limits
from ._model import Options, Result
from ._policy import Policy
from ._provider import Provider
from ._registry import Registry, installed
from ._resolve import Target
from ._routes import Planner, Step
from ._secret import no_variables
from ._settings import Settings
from ._shadow import Shadows
from ._spend import Purse
from ._standing import Standing
from ._targets import Targets
from ._walk import Walk
from .errors import ConfigurationError, DeadlineExceeded, NotSupported, TaggersError

if TYPE_CHECKING:
    from ._cache import Cache
    from ._driver import Driver

__all__ = ["AsyncTagger", "Sending", "TagOptions"]

DEFAULT_CONCURRENCY = 8


T = TypeVar("T")
_SENDING = tuple(Sending.__annotations__)


class AsyncTagger:
    """Tags pictures with the providers of a configuration, or with one provider.

        async with AsyncTagger("huawei-tagging-v2", project_id="…", ak="…", sk="…") as tagger:
            result = await tagger.tag("cat.jpg")

    * `provider`: the provider or route to ask; `settings` are its own, and come before the
      configuration and the environment;
    * `policy`: attempts, deadline and pauses of every call, and what becomes of unknown outcomes;
      no route exceeds it. None: as the configuration and the routes say;
    * `cache`: True keeps answers in the store's folder, and a path in that one, so that nobody pays
      twice for the same answer; False does not; None: as the configuration says;
    * `ca_bundle`: a file of certificates to trust besides certifi's.

    It belongs to the event loop in which it is first used.
    """

    def __init__(
        self,
        provider: str | None = None,
        *,
        config: Config | None = None,
        policy: Policy | None = None,
        cache: bool | str | os.PathLike[str] | None = None,
        ca_bundle: str | os.PathLike[str] | None = None,
        registry: Registry | None = None,
        **settings: Any,
    ) -> None:
        if settings and provider is None:
            raise ConfigurationError("settings were given, and no provider that they are for")
        self._config = config if config is not None else Config()
        self._default = provider or self._config.default
        self._policy = policy
        self._ca_bundle = None if ca_bundle is None else os.fspath(ca_bundle)
        self._targets = Targets(self._config, registry or installed(), self._default, settings)
        self._planner = Planner(
            routes=self._config.routes,
            of=self._targets.candidate,
            roll=random.random,
            cny_per_usd=self._config.prices.cny_per_usd,
        )
        self._driver: Driver | None = None
        self._cache = _cache(cache, self._config.store)
        self._shadows = Shadows(self._config.store.place)

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

    @property
    def config(self) -> Config:
        """What it asks by: its configuration, with what it was given besides."""
        config = evolve(self._config, default=self._default)
        if given := self._targets.settings:
            assert self._default
            service = config.service(self._default, self._targets.registry)
            own = evolve(service, settings={**service.settings, **given})
            config.services = {**config.services, self._default: own}
        return config

    def paid_by(self, pays: Callable[[Purse], AnyPurse]) -> None:
        """Lets another purse pay in place of each: where the ledger is not of this machine."""
        self._targets.pays = pays

    def leaves(self, provider: str) -> Sequence[str]:
        """Every provider that may be asked by the name of a provider or a route."""
        return self._planner.leaves(provider)

    def limits_of(self, provider: str) -> list[Limits]:
        """The limits of a provider, or of all that a route may ask."""
        return [self._targets.of(name).limits for name in self.leaves(provider)]

    @no_variables()
    def check(self, provider: str | None = None) -> None:
        """Raises `ConfigurationError` where a provider, or a route's targets, lacks something."""
        for target in self._planner.leaves(self._named(provider)):
            self._targets.of(target)

    async def tag(self, image: Source | Image, **options: Unpack[TagOptions]) -> Result:
        """What a provider says about a picture: a path, a URL, bytes or an `Image`.

        Raises a `TaggersError`.
        """
        with no_variables():
            call = self._call(options)
            picture = await self._opened(image, call.ends)
            if enhancer := options.get("enhance"):
                return await self._enhanced(enhancer, picture, call)
            return await self._answer(picture, call)

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
        ahead = concurrency or self.declared_concurrency(options.get("provider"))
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
        ends = time.monotonic() + (self._policy or self._config.policy).deadline_s
        picture = await self._opened(image, ends)
        names = list(dict.fromkeys(providers))
        outcomes = await asyncio.gather(
            *(self._outcome(picture, {**options, "provider": name}) for name in names)
        )
        return dict(zip(names, outcomes, strict=True))

    def standing(self, provider: str | None = None) -> dict[str, Standing]:
        """How things stand in this process with a provider, or with all that a route may ask, by
        name: limits and what holds calls up, the breaker, the clock."""
        names = self._planner.leaves(self._named(provider))
        return {name: self._targets.standing(name) for name in names}

    async def aclose(self) -> None:
        """Closes the connections, when all shadows are written down. The tagger can be used again
        and opens new ones."""
        await self._shadows.finish()
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
        if error is not None:
            self._shadows.cancel()
        await self.aclose()

    def _named(self, provider: str | None) -> str:
        if name := provider or self._default:
            return name
        raise ConfigurationError(
            "no provider was named",
            hint='name one, as in Tagger("local-basic"), or set default in taggers.toml',
        )

    async def _opened(self, image: Source | Image, ends: float) -> Image:
        if isinstance(image, Image | bytes | bytearray | memoryview):
            return Image.open(image)
        try:
            async with asyncio.timeout(ends - time.monotonic()):
                return await asyncio.to_thread(Image.open, image)
        except TimeoutError:
            raise DeadlineExceeded(f"{image} could not be read in time", sent=False) from None

    async def _outcome(self, image: Source | Image, options: TagOptions) -> Result | TaggersError:
        try:
            return await self.tag(image, **options)
        except TaggersError as error:
            return error

    async def _enhanced(self, enhancer: str, image: Image, call: Call) -> Result:
        """What a provider says about a picture that another one makes better first. Whether both
        can be asked is looked at before the first is paid."""
        self.check(call.name)
        maker = self._targets.of(enhancer).provider
        if not maker.offers.images:
            raise NotSupported("it makes no pictures", provider=maker.name, outcome="not sent")
        sending = evolve(Options(), **{name: getattr(call.options, name) for name in _SENDING})
        made = await self._answer(image, evolve(call, name=enhancer, options=sending))
        try:
            clearer = enhanced(made)
            return of_original(await self._answer(clearer, call), made, clearer)
        except TaggersError as error:
            raise after(made, error) from error.__cause__

    async def _answer(self, image: Image, call: Call) -> Result:
        """What the provider or route of a call says; a share of a route's calls goes to its shadows
        as well."""
        route = self._config.routes.get(call.name)
        if route is None or not route.shadowed(self._planner.roll()):
            return await self._walked(image, call)
        ask = partial(self._asked_by_name, image, call)
        return await self._shadows.answer(route, image, ask)

    async def _asked_by_name(self, image: Image, call: Call, name: str) -> Result:
        within = () if name == call.name else (self._config.routes[call.name],)
        return await self._walked(image, evolve(call, name=name, within=within))

    async def _walked(self, image: Image, call: Call) -> Result:
        """What the provider or route of a call says, asked in the order of its plan."""
        walk = Walk(
            plan=self._planner.plan(call.name, call.asked(image), call.within),
            policy=call.policy,
            ends=call.ends,
            ask=partial(self._ask, image, call.options),
            ticks=time.monotonic,
        )
        return await walk.result()

    async def _ask(
        self, image: Image, options: Options, step: Step, policy: Policy, repeats: Repeats
    ) -> Result:
        profile = self._config.profile
        if profile is None:
            return await self._kept_or_asked(image, options, step, policy, repeats)
        target = self._targets.of(step.name)
        asking = profile.asking(options, step.name, target.plugin, target.provider.offers)
        result = await self._kept_or_asked(image, asking, step, policy, repeats)
        return profile.applied(result, options)

    async def _kept_or_asked(
        self, image: Image, options: Options, step: Step, policy: Policy, repeats: Repeats
    ) -> Result:
        """What the answer cache has, or else the provider says."""
        target = self._targets.of(step.name)
        if self._policy is not None and self._policy.unknown == "raise":
            policy = evolve(policy, unknown="raise")

        async def ask(after_s: float = 0.0) -> Result:
            self._targets.check_breaker(step.name)
            left = evolve(policy, deadline_s=policy.deadline_s - after_s) if after_s else policy
            context = self._targets.context(target, left, repeats, step.routes)
            return await self._called(target, image, options, context)

        if self._cache is None:
            return await ask()
        from ._cache import kept_or_asked

        return await kept_or_asked(self._cache, target, image, options, ask)

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
        with no_variables():
            target = self._targets.of(self._named(provider))
            used, job = make(target.provider, target.settings)
            policy = self._policy or self._config.policy
            ends = time.monotonic() + policy.deadline_s
            picture = await self._opened(image, ends)
            policy = evolve(policy, deadline_s=ends - time.monotonic())
            context = self._targets.context(target, policy, Repeats(policy.attempts - 1))
            return await self._called(evolve(target, provider=used), picture, options, context, job)

    def _call(self, options: TagOptions) -> Call:
        """A call that begins now."""
        name = self._named(options.get("provider"))
        policy = self._config.policy_of(name, self._policy)
        ends = time.monotonic() + policy.deadline_s
        metadata = options.get("metadata") or {}
        return Call(name, wanted(options), policy, ends, metadata)

    async def _called(
        self,
        target: Target,
        image: Image,
        options: Options,
        context: Context,
        job: Job | None = None,
    ) -> Result:
        flow = call(target.provider, image, options, target.settings, context, job)
        result = await self._driven().run(flow, context.policy.deadline_s)
        LATENCIES.of(target.account).note(result.provenance.duration_s)
        return evolve(
            result,
            provenance=evolve(
                result.provenance, plugin=target.plugin, plugin_version=target.plugin_version
            ),
        )

    def _driven(self) -> Driver:
        if self._driver is None:
            from ._driver import Driver
            from ._transport import Transport

            self._driver = Driver(Transport(ca_bundle=self._ca_bundle))
        return self._driver

    def declared_concurrency(self, name: str | None = None) -> int:
        """How many calls at a time a provider, or a route's first, declares; 8 without a word."""
        try:
            first = self._planner.leaves(self._named(name))[0]
            allowed = self._targets.of(first).limits.concurrency
        except TaggersError:
            allowed = None  # every picture will say what is wrong
        return allowed or DEFAULT_CONCURRENCY


def _cache(wanted: bool | str | os.PathLike[str] | None, store: Store) -> Cache | None:
    """The answer cache that is wanted, if one is."""
    if wanted is False or (wanted is None and not store.cache):
        return None
    from ._cache import Cache

    return Cache(store.place if wanted is None or wanted is True else Path(wanted))


async def _each(images: Iterable[T] | AsyncIterable[T]) -> AsyncIterator[T]:
    if isinstance(images, AsyncIterable):
        async for image in images:
            yield image
    else:
        for image in images:
            yield image
