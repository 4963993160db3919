"""One call, as its caller wants it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, TypedDict

from attrs import field, frozen

from ._image import Image
from ._model import Options
from ._policy import Policy
from ._registry import nearest
from ._routes import Asked, Route
from .errors import InvalidInput

__all__ = ["Call", "Sending", "TagOptions", "wanted"]


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
    * `native`: merged last into the vendor's own request; it is not portable;
    * `metadata`: what a route's conditions may ask for, as in {"plan": "gold"}; it is not sent.
    """

    provider: str | None
    limit: int | None
    min_confidence: float | None
    language: str | None
    enhance: str | None
    native: Mapping[str, Any]
    metadata: Mapping[str, str]


@frozen
class Call:
    """One call: whom it asks and how, the ticks at which its time is over, what its caller says for
    conditions, and the routes around what it asks."""

    name: str
    options: Options
    policy: Policy
    ends: float
    metadata: Mapping[str, str] = field(factory=dict)
    within: tuple[Route, ...] = ()

    def asked(self, image: Image) -> Asked:
        """What conditions may ask for."""
        return Asked(image=image, language=self.options.language, metadata=self.metadata)


def wanted(options: TagOptions) -> Options:
    """The options of these that the flow knows. Raises `InvalidInput` for one that there is not, or
    that cannot have its value."""
    if strange := sorted(options.keys() - _NAMES):
        raise InvalidInput(
            f"there is no option {strange[0]!r}{nearest(strange[0], _NAMES)}", scope="call"
        )
    return Options(
        limit=options.get("limit"),
        min_confidence=options.get("min_confidence"),
        language=options.get("language"),
        native=options.get("native") or {},
        prepare=options.get("prepare", "auto"),
        keep_metadata=options.get("keep_metadata", False),
        fetch=options.get("fetch", False),
    )


_NAMES = TagOptions.__optional_keys__
