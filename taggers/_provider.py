"""A provider as a value: what it takes, what it offers, how it asks and how it reads.

Everything that differs between two services stands in one frozen `Provider`. There is no class to
derive from: a variant of a provider is `attrs.evolve(PROVIDER, name=…, request=…)`.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Generator, Hashable, Iterable, Mapping
from typing import Any, Literal
from urllib.parse import urlsplit

from attrs import Attribute, field, frozen

from ._decode import Decoder, Json
from ._faults import Errors
from ._image import Image
from ._model import BoundingBox, Finding, Options, positive
from ._money import Money
from ._secret import names_only
from ._settings import Setting, Settings
from ._wire import Prepared, Request, Response
from .errors import ImageDimensions, NotSupported, PayloadTooLarge, UnsupportedImage

__all__ = [
    "Accepts",
    "CredentialsFile",
    "Download",
    "LibraryCalls",
    "Offers",
    "Price",
    "Provider",
    "Query",
    "Session",
    "SignIn",
    "Steps",
    "Sunset",
    "Work",
]


@frozen(kw_only=True)
class Accepts:
    """Which pictures a provider takes; None: no limit that is known.

    Edges are in pixels of the upright picture; `max_aspect` is how many times as long as the other
    one may be; `max_pixels` is width times height. `max_base64_bytes` counts after base64, which
    makes four bytes of every three.
    """

    formats: tuple[str, ...]
    sources: tuple[Literal["content", "url"], ...] = ("content", "url")
    max_bytes: int | None = None
    max_base64_bytes: int | None = None
    min_edge_px: int | None = None
    max_edge_px: int | None = None
    max_aspect: float | None = None
    max_pixels: int | None = None

    def check(self, image: Image, size: int | None = None) -> None:
        """Raises an `InvalidInput` or `NotSupported` with the limit that the picture breaks; `size`
        is how many bytes it has, where its content is only the first of them."""
        if image.kind is None:
            return
        if image.kind not in self.sources:
            raise NotSupported(*_unsupported_source(image), outcome="not sent", scope="image")
        self.check_content(image, size)

    def check_content(self, image: Image, size: int | None = None) -> None:
        """The same of its bytes alone, whether bytes or URLs are taken."""
        if image.content is None:
            return
        self._check_format(image)
        self._check_bytes(image, len(image.content) if size is None else size)
        self._check_edges(image)

    def _check_format(self, image: Image) -> None:
        if image.format not in self.formats:
            raise UnsupportedImage(
                f"{image.name} is a {image.format}; taken are {', '.join(self.formats)}"
            )

    def _check_bytes(self, image: Image, size: int) -> None:
        if self.max_bytes is not None and size > self.max_bytes:
            raise PayloadTooLarge(f"{image.name} has {size:,} bytes, above {self.max_bytes:,}")
        encoded = (size + 2) // 3 * 4
        if self.max_base64_bytes is not None and encoded > self.max_base64_bytes:
            raise PayloadTooLarge(
                f"{image.name} has {size:,} bytes, which are {encoded:,} in base64, "
                f"above {self.max_base64_bytes:,}"
            )

    def _check_edges(self, image: Image) -> None:
        if image.width is None or image.height is None:
            return
        broken = self._broken_edge(*sorted((image.width, image.height)))
        if broken is not None:
            raise ImageDimensions(f"{image.name} is {image.width} × {image.height} px; {broken}")

    def _broken_edge(self, short: int, long: int) -> str | None:
        if self.min_edge_px is not None and short < self.min_edge_px:
            return f"the shorter edge must be at least {self.min_edge_px}"
        if self.max_edge_px is not None and long > self.max_edge_px:
            return f"the longer edge may be at most {self.max_edge_px}"
        if self.max_aspect is not None and long / short > self.max_aspect:
            return f"one edge may be {self.max_aspect:g} times the other"
        if self.max_pixels is not None and short * long > self.max_pixels:
            return f"it may have at most {self.max_pixels:,} pixels"
        return None


def _unsupported_source(image: Image) -> tuple[str]:
    if image.kind == "url":
        return (
            f"{image.name} is a URL, which is not taken here: pass fetch=True (--fetch) to have "
            "taggers download it, or save the picture first",
        )
    return (f"{image.name} is a file, and only URLs are taken here",)


def _a(*kinds: type) -> Callable[[Any, Attribute[Any], Any], None]:
    """Checks a field that the core builds on before any call, as when it lists providers."""

    def check(_: Any, attribute: Attribute[Any], value: Any) -> None:
        if not isinstance(value, kinds):
            raise TypeError(f"a provider's {attribute.name} is no {kinds[0].__name__}: {value!r}")

    return check


@frozen(kw_only=True)
class Price:
    """What the vendor's price list asked for one billable unit on a day: the first step that costs
    something, without what is free. Where units differ in price it is the dearest one's.

    `source` is the URL of the list; `note` says what is free, what larger numbers cost, and where
    the price does not hold.
    """

    money: Money = field(validator=_a(Money))
    as_of: datetime.date = field(validator=_a(datetime.date))
    source: str = field(validator=_a(str))
    note: str = field(default="", validator=_a(str))


def _of_a_unit(offers: Any, _: Attribute[Any], price: Price | None) -> None:
    if price is not None and offers.unit is None:
        raise ValueError("there is a price, and no unit that it is for")


@frozen(kw_only=True)
class Offers:
    """What a provider gives, and which options it applies itself (the core applies the others).

    `kinds` are those of its tags where it tells several apart; `boxes`: whether it says where
    things are; `images`: whether it makes pictures; `languages` are those that can be asked for;
    `max_limit` is the largest `limit` that it takes; `concurrency` is how many calls at a time the
    vendor allows by default, `rate_per_s` how many in a second; `unit` is what it bills, None where
    nothing is, and `price` what that costs, None where it is not known.
    """

    kinds: tuple[str, ...] = ()
    boxes: bool = False
    images: bool = False
    applies: frozenset[Literal["limit", "min_confidence", "language"]] = frozenset()
    languages: tuple[str, ...] = ()
    max_limit: int | None = None
    concurrency: int | None = field(default=None, validator=positive)
    rate_per_s: int | None = field(default=None, validator=positive)
    unit: str | None = "call"
    price: Price | None = field(default=None, validator=[_a(Price, type(None)), _of_a_unit])


@frozen
class Sunset:
    """The vendor has said that a service ends: when, what was said, and where."""

    date: datetime.date
    notice: str
    source: str


@frozen
class Session:
    """What signing in gave: settings that stand in for the user's own, from one Unix time in s to
    another, both by the clock of the server."""

    settings: Mapping[str, Any] = field(repr=names_only)
    begins_at: float
    ends_at: float

    @property
    def useful_s(self) -> float:
        """How long it is used: 80 % of its life, in s. Later it might end within a call."""
        return 0.8 * (self.ends_at - self.begins_at)


@frozen(kw_only=True)
class SignIn:
    """A request that has to come before a provider's own: for a token, or for temporary keys.

    `key` tells whose session it is, and all calls of the process with the same key share one;
    `read(response, now)` makes it of the answer, where `now` is the server's Unix time in s if it
    tells it, and raises what `read` of a provider may raise.
    """

    key: Hashable = field(repr=False)
    request: Request = field(repr=False)
    endpoint: str
    read: Callable[[Response, float], Session]


@frozen
class Work:
    """Work on this machine instead of a request: `call` runs in a worker thread."""

    call: Callable[[], Any] = field(repr=False)


Steps = Generator[Request | Work | str, Any, Any]
"""A job of several requests: yields each, is sent its decoded body, and returns the body to read.
A failed request is raised at its yield. A plain text that it yields is a warning."""


@frozen(kw_only=True)
class Query:
    """What to look for in a library: pictures like `image`, or like the one at `path` there, or in
    a `box` of either, in pixels; only those that carry all `labels`; at most `limit`."""

    image: Image | None = None
    path: str | None = None
    labels: Mapping[str, str] = field(factory=dict)
    box: BoundingBox | None = None
    limit: int = field(default=10, validator=positive)


@frozen(kw_only=True)
class LibraryCalls:
    """The requests with which a library of pictures is looked after and searched.

    * `add(path, image, labels, settings)`: `image` is None where the path is itself a URL;
      `accepts` is what it takes, where that is not what the provider does;
    * `modify(path, labels, settings)`, `delete(path, settings)`;
    * `check(path, settings)`, and `exists(body)` for its answer;
    * `search(query, settings)`: a job that asks page by page as often as it takes, and returns the
      answers as one for the provider's `read`.
    """

    add: Callable[[str, Image | None, Mapping[str, str], Settings], Request]
    accepts: Accepts | None = None
    modify: Callable[[str, Mapping[str, str], Settings], Request]
    delete: Callable[[str, Settings], Request]
    check: Callable[[str, Settings], Request]
    exists: Callable[[Any], bool]
    search: Callable[[Query, Settings], Steps]


@frozen
class CredentialsFile:
    """The vendor's own file of keys, in INI form: its usual place, the variable that names another,
    and the section. The names in it are those of the provider's settings."""

    path: str
    env: str
    section: str


@frozen
class Download:
    """Wants the bytes at this URL, at most so many, and only from a public address."""

    url: str
    max_bytes: int

    @property
    def host(self) -> str:
        """Whom a message names: never the URL, whose query may hold a signature."""
        return urlsplit(self.url).hostname or "?"


def _all_settings(provider: Any, attribute: Attribute[Any], settings: Any) -> None:
    for setting in settings:
        _a(Setting)(provider, attribute, setting)


def _its_settings(provider: Any, _: Attribute[Any], ways: Any) -> None:
    known = {"endpoint", *(setting.name for setting in provider.settings)}
    if strange := {name for way in ways for name in way} - known:
        names = ", ".join(sorted(strange))
        raise ValueError(f"{provider.name} has credentials that are no settings: {names}")


def _either(provider: Provider, _: Attribute[Any], steps: Any) -> None:
    if (steps is None) == (provider.request is None):
        raise ValueError(f"{provider.name} needs either request or steps")


@frozen(kw_only=True)
class Provider:
    """A service that tags pictures, as data and two pure functions.

    * `request(image, options, settings)`: what to ask. Or, for a job of several requests,
      `steps(image, options, settings, nonce)`, a generator of requests; `nonce` is a fresh random
      text in hex for names that nobody may guess;
    * `read(body)`: what the decoded answer says: yields `Tag`, `Match`, `Verdict`, `OutputImage`,
      and plain texts as warnings. A `LookupError`, `TypeError`, `ValueError` or `AttributeError`
      out of it becomes a `MalformedResponse` that names the place;
    * `ignores`: places of the answer that `read` leaves out, and why: {"labels[*].id": "internal"}.
      A place stands for all below it; `[*]` is any index and `*` any one name;
    * `authorize(prepared, settings, now)`: the same request, signed; `now` is a Unix time in s;
    * `check(settings)`: what is wrong with the settings taken together, in words;
    * `sign_in(settings)`: what has to be asked before the first call, or None;
    * `credentials_file`: the vendor's own file of keys, looked into last;
    * `library`: how the service's own library of pictures is looked after, where it has one;
    * `endpoint`: a URL with settings in braces; the setting `endpoint` replaces it. A provider
      without one works on this machine, and gets every picture untouched;
    * `hosts`: the vendor's own hosts (`*` allowed): no other is sent stored secrets;
    * `credentials`: the settings that must be there to sign in, as alternatives: any one is enough.
    """

    name: str = field(validator=_a(str))
    title: str = field(validator=_a(str))
    vendor: str = field(validator=_a(str))
    docs: str | None = None
    request: Callable[[Image, Options, Settings], Request] | None = None
    steps: Callable[[Image, Options, Settings, str], Steps] | None = field(
        default=None, validator=_either
    )
    read: Callable[[Any], Iterable[Finding | str]]
    decode: Decoder = field(factory=Json)
    ignores: Mapping[str, str] = field(factory=dict)
    accepts: Accepts = field(validator=_a(Accepts))
    offers: Offers = field(factory=Offers, validator=_a(Offers))
    errors: Errors = field(factory=Errors, validator=_a(Errors))
    settings: tuple[Setting, ...] = field(default=(), validator=_all_settings)
    credentials: tuple[tuple[str, ...], ...] = field(default=(), validator=_its_settings)
    authorize: Callable[[Prepared, Settings, float], Prepared] = lambda prepared, settings, now: (
        prepared
    )
    check: Callable[[Settings], Iterable[str]] = lambda settings: ()
    sign_in: Callable[[Settings], SignIn | None] = lambda settings: None
    credentials_file: CredentialsFile | None = None
    library: LibraryCalls | None = None
    endpoint: str | None = None
    hosts: tuple[str, ...] = ()
    sunset: Sunset | None = field(default=None, validator=_a(Sunset, type(None)))

    def job(self, image: Image, options: Options, settings: Settings, nonce: str) -> Steps:
        """The whole job as a generator, also where it is a single request."""
        if self.steps is not None:
            return (yield from self.steps(image, options, settings, nonce))
        assert self.request is not None
        return (yield self.request(image, options, settings))

    def address(self, settings: Mapping[str, Any]) -> str | None:
        """The URL that requests go to; None for a provider on this machine."""
        if self.endpoint is None:
            return None
        chosen: str | None = settings.get("endpoint")
        if chosen:
            return chosen
        texts = {name: value for name, value in settings.items() if isinstance(value, str)}
        return self.endpoint.format_map(texts)
