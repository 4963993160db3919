"""Clarifai's image models: concepts of a whole picture, or of regions in it.

POST /v2/users/{user_id}/apps/{app_id}/models/{model_id}/outputs
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from taggers.plugin import (
    Accepts,
    Base64,
    BoundingBox,
    Image,
    Offers,
    Options,
    Provider,
    Region,
    Request,
    Setting,
    Settings,
    Tag,
    fraction,
    header,
    sides,
)

from ._faults import ERRORS

__all__ = ["LANGUAGES", "PATH", "PROVIDER"]

PATH = "/v2/users/{user_id}/apps/{app_id}/models/{model_id}/outputs"

LANGUAGES = (
    "en", "ar", "bn", "da", "de", "es", "fi", "fr", "hi", "hu", "it", "ja", "ko", "nl", "no", "pa",
    "pl", "pt", "ru", "sv", "tr", "zh", "zh-TW",
)  # fmt: skip
"""docs.clarifai.com/api-guide/concepts/languages (checked 2026-11)."""


def request(image: Image, options: Options, settings: Settings) -> Request:
    """Posts one picture: of several, one that fails may take the others with it. Without a limit,
    the vendor's own 20 concepts come back."""
    return Request(
        path=PATH.format_map(settings),
        json={"inputs": [{"data": {"image": _picture(image)}}], **_model(options)},
    )


def _picture(image: Image) -> dict[str, str | Base64]:
    if image.content is not None:
        return {"base64": Base64(image.content)}
    return {"url": image.url or ""}


def _model(options: Options) -> dict[str, Any]:
    """The options, all of which are the model's; nothing where there are none."""
    asked = {
        "max_concepts": options.limit,
        "min_value": options.min_confidence,
        "language": options.language,
    }
    config = {name: value for name, value in asked.items() if value is not None}
    config |= options.native
    return {"model": {"output_info": {"output_config": config}}} if config else {}


def read(body: Any) -> Iterator[Tag | Region]:
    """The concepts of the whole picture, then those of its regions."""
    for output in body["outputs"]:
        found = output.get("data") or {}
        yield from map(_tag, found.get("concepts") or ())
        yield from _located(found.get("regions") or ())


def _tag(concept: Any) -> Tag:
    return Tag(
        name=concept["name"], confidence=fraction(concept.get("value")), id=concept.get("id")
    )


def _located(regions: Any) -> Iterator[Tag | Region]:
    """One tag for each name, with all its places and the highest of their confidences. What has no
    name comes as a region, and what has no box (but a mask, say) as a tag without a place."""
    places: dict[tuple[str, str | None], list[Region]] = {}
    for region in regions:
        box = (region.get("region_info") or {}).get("bounding_box")
        concepts = (region.get("data") or {}).get("concepts") or ()
        if box is None:
            yield from map(_tag, concepts)
        elif not concepts:
            yield Region(_box(box), fraction(region.get("value")))
        else:
            for concept in concepts:
                place = Region(_box(box), fraction(concept.get("value")))
                places.setdefault((concept["name"], concept.get("id")), []).append(place)
    for (name, known), found in places.items():
        sure = [place.confidence for place in found if place.confidence is not None]
        yield Tag(name, max(sure, default=None), regions=tuple(found), id=known)


def _box(box: Any) -> BoundingBox:
    # Some of the vendor's answers leave out a side that is 0 (clarifai-python #457, 2024).
    whole = {"left_col": 0, "top_row": 0, **box}
    left, top, right, bottom = sides(whole, "left_col", "top_row", "right_col", "bottom_row")
    return BoundingBox(left, top, right - left, bottom - top, "relative")


PROVIDER = Provider(
    name="clarifai",
    title="Clarifai image models",
    vendor="Clarifai",
    docs="https://docs.clarifai.com/compute/inference/clarifai/api-legacy",
    request=request,
    read=read,
    ignores={
        "status": "success, or else it is an error; the request id becomes that of the call",
        "outputs[*].status": "the same, for the one picture",
        "outputs[*].id": "the output's own id, under which the vendor keeps nothing",
        "outputs[*].created_at": "the time of the answer",
        "outputs[*].model": "describes the model that the settings name",
        "outputs[*].input": "the picture that was sent, or a placeholder for it",
        "outputs[*].data.concepts[*].app_id": "where the concept is kept: the model's own app",
        "outputs[*].data.concepts[*].user_id": "whose concept it is: the model's owner's",
        "outputs[*].data.regions[*].region_info.mask": "a place that is no rectangle",
        "outputs[*].data.regions[*].id": "the region's own id, new in each answer",
        "outputs[*].data.regions[*].value": "repeats the value of the region's best concept",
        "outputs[*].data.regions[*].data.concepts[*].app_id": "the model's own app",
    },
    # Inputs, docs.clarifai.com/create-manage/inputs/upload (checked 2026-11): below 20 MB.
    accepts=Accepts(
        formats=("jpeg", "png", "tiff", "bmp", "webp", "gif"),
        max_bytes=20_000_000,
        max_pixels=85_000_000,
    ),
    offers=Offers(
        boxes=True,
        applies=frozenset({"limit", "min_confidence", "language"}),
        languages=LANGUAGES,
        max_limit=200,
        concurrency=10,
        rate_per_s=15,  # https://docs.clarifai.com/api-guide/api-overview/rate-limits
        unit="operation",
    ),
    errors=ERRORS,
    # The variable CLARIFAI_USER_ID of the vendor's own tools names the caller, not the owner.
    settings=(
        Setting("pat", "personal access token", env="CLARIFAI_PAT", secret=True),
        Setting(
            "user_id",
            "the user that the model belongs to",
            default="clarifai",
            pattern=r"[A-Za-z0-9_-]{1,64}",
        ),
        Setting(
            "app_id",
            "the app that the model belongs to",
            default="main",
            pattern=r"[A-Za-z0-9_-]{1,64}",
        ),
        Setting(
            "model_id",
            "the model, as in general-image-detection, which gives boxes",
            default="general-image-recognition",
            pattern=r"[A-Za-z0-9_-]{1,64}",
        ),
    ),
    credentials=(("pat",),),
    authorize=header("Authorization", "pat", "Key {}"),
    endpoint="https://api.clarifai.com",
    hosts=("api.clarifai.com",),
)
