"""Google Cloud Vision: labels, and objects with their places.

POST /v1/images:annotate, with the picture as base64 in JSON, or its URL.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any

from taggers.plugin import (
    Accepts,
    Base64,
    BoundingBox,
    Image,
    Money,
    Offers,
    Options,
    Price,
    Provider,
    Region,
    Request,
    Setting,
    Settings,
    Tag,
    evolve,
    fraction,
    number,
)

from ._account import ACCOUNT, CREDENTIALS, HOSTS, authorize
from ._faults import ERRORS

__all__ = ["FEATURES", "PROVIDER"]

FEATURES = {"labels": "LABEL_DETECTION", "objects": "OBJECT_LOCALIZATION"}
PLACES_OF_AN_OBJECT = 10
"""So many of each are asked for with a limit: Google counts places, and a limit counts tags."""


def request(image: Image, options: Options, settings: Settings) -> Request:
    """Posts the picture or its URL. Each feature is billed."""
    asked = {
        "image": _picture(image),
        "features": [_feature(name, options.limit) for name in dict.fromkeys(settings["features"])],
        **options.native,
    }
    return Request(
        path="/v1/images:annotate", json={"requests": [asked]}, units=len(asked["features"])
    )


def _picture(image: Image) -> dict[str, Any]:
    if image.content is not None:
        return {"content": Base64(image.content)}
    return {"source": {"imageUri": image.url}}


def _feature(name: str, limit: int | None) -> dict[str, Any]:
    """A feature with as many results as the limit needs; without one, with Google's own number."""
    most = {} if limit is None else {"maxResults": limit * _PER_TAG[name]}
    return {"type": FEATURES[name], **most}


_PER_TAG = {"labels": 1, "objects": PLACES_OF_AN_OBJECT}


def check(settings: Settings) -> list[str]:
    """One feature at least must be asked for."""
    return [] if settings["features"] else ["features: name labels, objects or both"]


def read(body: Any) -> Iterator[Tag | str]:
    """The labels, then the objects. What stands beside an error is right all the same."""
    for answer in body["responses"]:
        yield from map(_label, answer.get("labelAnnotations") or ())
        yield from _objects(answer.get("localizedObjectAnnotations") or ())
        if error := answer.get("error"):
            yield f"one feature failed: {error.get('message')} ({error.get('code')})"


def _label(label: Any) -> Tag:
    return Tag(
        name=label["description"],
        confidence=fraction(label.get("score")),
        names=_names([label], "locale", "description"),
        id=label.get("mid"),
    )


def _objects(found: Iterable[Any]) -> Iterator[Tag]:
    """One tag for each name, with all its places: Google names an object once for each of them."""
    named: dict[tuple[str, str | None], list[Any]] = {}
    for item in found:
        named.setdefault((item["name"], item.get("mid")), []).append(item)
    for (name, mid), items in named.items():
        scores = [fraction(item.get("score")) for item in items]
        yield Tag(
            name=name,
            confidence=max((score for score in scores if score is not None), default=None),
            kind="object",
            names=_names(items, "languageCode", "name"),
            id=mid,
            regions=tuple(region for item in items for region in _regions(item)),
        )


def _names(items: Iterable[Any], language: str, name: str) -> dict[str, str]:
    """The names by language, where Google says which it is."""
    said = ((item.get(language) or "", item[name]) for item in items)
    return {code.strip(): text for code, text in said if code}


def _regions(item: Any) -> Iterator[Region]:
    corners = (item.get("boundingPoly") or {}).get("normalizedVertices")
    if corners:
        yield Region(_box(corners), fraction(item.get("score")))


def _box(corners: Iterable[Any]) -> BoundingBox:
    """The box around the corners. A coordinate of 0 is left out, as any 0 in Google's JSON."""
    xs, ys = ([number(corner.get(side)) or 0.0 for corner in corners] for side in ("x", "y"))
    box = BoundingBox.from_corners(min(xs), min(ys), max(xs), max(ys))
    return evolve(box, unit="relative")


PROVIDER = Provider(
    name="google-vision",
    title="Google Cloud Vision",
    vendor="Google Cloud",
    docs="https://docs.cloud.google.com/vision/docs/request",
    request=request,
    read=read,
    check=check,
    ignores={
        "responses[*].labelAnnotations[*].topicality": (
            "how much the picture is about it; until August 2024 the score once more"
        ),
    },
    # TIFF and PDF go to files:annotate. The body has 10 MB at most, of which 4 KB are for the rest.
    accepts=Accepts(
        formats=("jpeg", "png", "gif", "bmp", "webp"),
        max_base64_bytes=10 * 1024 * 1024 - 4096,
        max_pixels=75_000_000,
    ),
    offers=Offers(
        kinds=("object",),
        boxes=True,
        applies=frozenset({"limit"}),
        languages=("en",),
        rate_per_s=30,  # 1,800 a minute: https://docs.cloud.google.com/vision/quotas
        unit="feature",
        price=Price(
            money=Money.parse("0.00225 USD"),
            as_of=date(2026, 7, 11),
            source="https://cloud.google.com/vision/pricing",
            note="of objects; labels cost 0.0015 USD. 1,000 of each a month are free, and above "
            "5,000,000 it is 0.0015 and 0.001 USD. What only native options ask for may cost more: "
            "WEB_DETECTION 0.0035 USD",
        ),
    ),
    errors=ERRORS,
    settings=(
        *ACCOUNT,
        Setting(
            "features",
            "what is looked for; each is billed",
            default=("labels", "objects"),
            choices=tuple(FEATURES),
            many=True,
        ),
    ),
    credentials=CREDENTIALS,
    authorize=authorize,
    endpoint="https://vision.googleapis.com",
    hosts=HOSTS,
)
