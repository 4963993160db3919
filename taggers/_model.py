"""What a provider said about a picture: the values that every vendor's answer becomes.

Confidences are fractions from 0 to 1, or None where the vendor gives none. Boxes have their origin
at the top left of the upright picture, with y pointing down.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any, Literal

from attrs import field, frozen

from .errors import Billed, InvalidInput, MalformedResponse

__all__ = [
    "Attempt",
    "BoundingBox",
    "Finding",
    "Frame",
    "ImageFacts",
    "Match",
    "Options",
    "OutputImage",
    "Provenance",
    "Region",
    "Result",
    "Tag",
    "Verdict",
]


_ROUNDING = 1e-6


def _text(_: Any, attribute: Any, value: Any) -> None:
    if not isinstance(value, str):
        raise TypeError(f"{attribute.name} is no text")


def _text_or_none(_: Any, attribute: Any, value: Any) -> None:
    if value is not None:
        _text(_, attribute, value)


def _named_by_texts(_: Any, attribute: Any, value: Mapping[Any, Any]) -> None:
    if not all(isinstance(name, str) for name in value):
        raise TypeError(f"{attribute.name} has a name that is no text")


@frozen
class BoundingBox:
    """A rectangle in the picture: left, top, width and height, as the vendor gave them, in the
    frame of the original picture also where a smaller one was sent.

    `unit` is "px", pixels of the original upright picture, or "relative", fractions of its width
    and height where its size is not known. A vendor's box may be negative or reach over the edge;
    `clipped` cuts it to the picture.
    """

    x: float
    y: float
    width: float
    height: float
    unit: Literal["px", "relative"] = "px"

    def __attrs_post_init__(self) -> None:
        sides = self.x, self.y, self.width, self.height
        if not all(map(is_number, sides)):
            strange = next(side for side in sides if not is_number(side))
            raise TypeError(f"a side of a box is {strange!r}, which is no number")

    @classmethod
    def from_corners(cls, left: float, top: float, right: float, bottom: float) -> BoundingBox:
        """The box between two corners, in pixels."""
        return cls(left, top, right - left, bottom - top)

    def scaled(self, across: float, down: float, unit: Literal["px", "relative"]) -> BoundingBox:
        """The box so many times as wide and high, and as far from the corner. Raises
        `MalformedResponse` where its numbers become infinite."""
        try:
            return BoundingBox(
                self.x * across, self.y * down, self.width * across, self.height * down, unit
            )
        except TypeError as error:
            raise MalformedResponse(f"{error}: that is beyond every picture") from error

    def inside(self, width: float, height: float) -> bool:
        """Whether no part of the box lies outside a picture of this size, rounding errors apart."""
        return (
            self.x >= 0
            and self.y >= 0
            and self.x + self.width <= width + _ROUNDING
            and self.y + self.height <= height + _ROUNDING
        )

    def whole(self) -> BoundingBox:
        """The smallest box of whole pixels that holds this one, rounding errors apart."""
        left, top = (math.floor(edge + _ROUNDING) for edge in (self.x, self.y))
        right = math.ceil(self.x + self.width - _ROUNDING)
        bottom = math.ceil(self.y + self.height - _ROUNDING)
        return BoundingBox(left, top, right - left, bottom - top, self.unit)

    def clipped(self, width: float, height: float) -> BoundingBox:
        """The part of the box that lies in a picture of this size; empty where there is none."""
        left, right = (min(max(x, 0.0), width) for x in (self.x, self.x + self.width))
        top, bottom = (min(max(y, 0.0), height) for y in (self.y, self.y + self.height))
        return BoundingBox(left, top, right - left, bottom - top, self.unit)


@frozen
class Region:
    """One place in the picture where something was seen, with the confidence of that instance;
    `kind` is what sort of box it is, where a vendor tells several apart ("main", "other")."""

    box: BoundingBox
    confidence: float | None = None
    kind: str | None = field(default=None, validator=_text_or_none)


@frozen
class Tag:
    """One label for the picture.

    * `name`: in the language asked for, or the vendor's own;
    * `confidence`: 0 to 1; None where the vendor gives none;
    * `kind`: "object", "scene", "concept", "property", … where the vendor says;
    * `category`: the vendor's path of broader words, broadest first;
    * `names`, `categories`: the same by language ("zh", "en") where the vendor gives several;
    * `regions`: where it was seen; their confidence may differ from the tag's;
    * `source`: the vendor's model or scene that said it, or "neighbours";
    * `id`: what the vendor, or a public vocabulary, knows it by ("/m/01yrx"), where one is told;
    * `evidence`: for a tag voted from similar pictures, the paths of those that carry it.
    """

    name: str
    confidence: float | None = None
    kind: str | None = None
    category: tuple[str, ...] = ()
    names: Mapping[str, str] = field(factory=dict)
    categories: Mapping[str, tuple[str, ...]] = field(factory=dict)
    regions: tuple[Region, ...] = ()
    source: str | None = None
    id: str | None = None
    evidence: tuple[str, ...] = ()


@frozen
class Match:
    """A similar picture from the user's own library: its path there, how similar it is (0 to 1,
    1 is the same), and the labels that its owner gave it."""

    path: str = field(validator=_text)
    similarity: float | None = None
    labels: Mapping[str, str] = field(factory=dict)


@frozen
class Verdict:
    """A yes-or-no question about the whole picture, answered; `scores` are the vendor's own
    probabilities behind the answer, 0 to 1, by their names."""

    name: str
    answer: Literal["yes", "no", "unsure"]
    confidence: float | None = None
    scores: Mapping[str, float | None] = field(factory=dict, validator=_named_by_texts)


@frozen
class OutputImage:
    """A picture that the provider made: its bytes and their media type."""

    content: bytes = field(repr=lambda content: f"<{len(content)} bytes>")
    media_type: str


Finding = Tag | Region | Match | Verdict | OutputImage
"""What a provider's `read` yields; a string among them is a warning for the result."""


def positive(_: Any, attribute: Any, value: int | None) -> None:
    if value is not None and (isinstance(value, bool) or not isinstance(value, int) or value < 1):
        raise InvalidInput(f"{attribute.name} must be a whole number from 1, not {value!r}")


def _fraction(_: Any, attribute: Any, value: float | None) -> None:
    if value is None:
        return
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        raise InvalidInput(f"{attribute.name} must be a fraction from 0 to 1, not {value!r}")


def _auto_or_never(_: Any, attribute: Any, value: str) -> None:
    if value not in ("auto", "never"):
        raise InvalidInput(f"{attribute.name} must be 'auto' or 'never', not {value!r}")


@frozen(kw_only=True)
class Options:
    """What the caller wants, the same for every provider; None leaves it to the vendor.

    * `limit`: at most this many tags;
    * `min_confidence`: only tags of at least this confidence, 0 to 1;
    * `language`: the names' language, as in "zh" or "en";
    * `native`: merged last into the vendor's own request. It is not portable;
    * `prepare`: "auto" makes a picture fit the provider, "never" sends its bytes as they are;
    * `keep_metadata`: whether its metadata (where it was taken, say) may be uploaded with it;
    * `fetch`: whether a URL that the vendor does not take may be downloaded by taggers.

    What a vendor cannot apply itself, taggers applies to the answer, or names in `warnings`.
    """

    limit: int | None = field(default=None, validator=positive)
    min_confidence: float | None = field(default=None, validator=_fraction)
    language: str | None = None
    native: Mapping[str, Any] = field(factory=dict)
    prepare: Literal["auto", "never"] = field(default="auto", validator=_auto_or_never)
    keep_metadata: bool = False
    fetch: bool = False


@frozen(kw_only=True)
class ImageFacts:
    """Which picture it was: `source` as the user named it, the bytes' SHA-256 in hex, and the
    format and size in pixels of the upright picture; None where that is not known (a URL)."""

    source: str
    sha256: str | None = None
    format: str | None = None
    width: int | None = None
    height: int | None = None


@frozen(kw_only=True)
class Attempt:
    """One request on the wire: its HTTP status, or the error that it ended in; how long it took,
    and how long was waited before it, in seconds.

    `billed` tells whether its `units`, which the vendor charges for, are: "no", "maybe" or "yes".
    """

    provider: str | None = None
    status: int | None = None
    error: str | None = None
    code: str | None = None
    request_id: str | None = None
    units: int = 0
    billed: Billed = "no"
    duration_s: float = 0.0
    waited_s: float = 0.0


@frozen
class Frame:
    """How the picture that was sent lies in the original, upright one.

    `scale_x` and `scale_y` are how many pixels of the original's width and height there are for one
    of what is sent; `pad_x` and `pad_y` how many times as wide and high it is as the part of it
    that shows the original, which begins at the upper left corner.
    """

    scale_x: float = 1.0
    scale_y: float = 1.0
    pad_x: float = 1.0
    pad_y: float = 1.0


@frozen(kw_only=True)
class Provenance:
    """How the answer came to be.

    `plugin` is the provider's own name (a `Result`'s `provider` is the name it has in the user's
    configuration); `billable_units` is what the vendor charges for; `duration_s` covers the whole
    call, waits included; `emulated` is True where no vendor was asked, and `cached` where nobody
    was and the answer is one that was kept; `left` says which targets
    of a route were tried before, and why each was left; `prepared` says what was done to the
    picture before it was sent, and `frame` how that lies in the original; None: it is the same.
    """

    plugin: str
    plugin_version: str | None = None
    endpoint: str | None = None
    request_id: str | None = None
    attempts: tuple[Attempt, ...] = ()
    duration_s: float = 0.0
    billable_units: int = 0
    emulated: bool = False
    cached: bool = False
    left: Mapping[str, str] = field(factory=dict)
    prepared: tuple[str, ...] = ()
    frame: Frame | None = None


@frozen(kw_only=True)
class Result:
    """What one provider said about one picture.

    `regions` are places that were found and not named; those of a tag stand in the tag. `raw` is
    the vendor's decoded answer, whole. `warnings` names everything that was adjusted: numbers out
    of range, boxes over the edge, options that this provider cannot apply.
    """

    provider: str
    image: ImageFacts
    tags: tuple[Tag, ...] = ()
    regions: tuple[Region, ...] = ()
    matches: tuple[Match, ...] = ()
    verdicts: tuple[Verdict, ...] = ()
    images: tuple[OutputImage, ...] = ()
    provenance: Provenance
    warnings: tuple[str, ...] = ()
    raw: Any = None

    def __iter__(self) -> Iterator[Tag]:
        """The tags, in the provider's order."""
        return iter(self.tags)

    def to_dict(self) -> dict[str, Any]:
        """The result as plain JSON values; pictures as base64. `from_dict` takes it back."""
        from ._serial import to_dict

        return to_dict(self)

    @staticmethod
    def json_schema() -> dict[str, Any]:
        """The JSON Schema (2020-12) of what `to_dict` returns."""
        from ._serial import json_schema

        return json_schema(Result)

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> Result:
        """The result that `to_dict` made this record of.

        Raises `InvalidInput` where the record is of another shape.
        """
        from ._serial import from_dict

        return from_dict(cls, record)


def is_number(value: Any) -> bool:
    """Whether the value is a finite int or float."""
    known = type(value) is float or (isinstance(value, _NUMBERS) and not isinstance(value, bool))
    return known and -_INF < value < _INF


_NUMBERS = (int, float)
_INF = math.inf
