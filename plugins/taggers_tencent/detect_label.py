"""Tencent Cloud Infinite image labels, for pictures in COS, at a URL, or uploaded for the call.

GET /<key>?ci-process=detect-label, or ci-process=content-analysis with boxes.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote, urlsplit

from taggers.plugin import (
    Accepts,
    BoundingBox,
    Image,
    Offers,
    Options,
    Provider,
    Region,
    Request,
    Setting,
    Settings,
    Steps,
    Tag,
    Xml,
    errors,
    fraction,
    sides,
)

from ._account import ACCOUNT, BUCKET, CREDENTIALS, CREDENTIALS_FILE, HOSTS, authorize
from ._faults import ERRORS

__all__ = ["PROVIDER", "SCENES"]

SCENES = {
    "detect-label": ("web", "camera", "album", "news"),
    "content-analysis": ("web", "camera", "album", "news", "nonecam", "product"),
}


def steps(image: Image, options: Options, settings: Settings, nonce: str) -> Steps:
    """Asks about a picture where it lies; one that lies nowhere is uploaded, and deleted after."""
    if image.content is None:
        return (yield _about_url(image.url or "", options, settings))
    key = f"/taggers/{nonce}.{image.format}"
    asking = _about_key(key, options, settings)
    stored = True  # so far as is known, once the upload has begun
    try:
        try:
            yield Request(method="PUT", path=key, content=image.content, units=0)
        except errors.TaggersError as error:
            stored = error.outcome not in ("not sent", "rejected")
            raise
        return (yield asking)
    finally:
        if stored:
            yield from _deleted(key)


def _deleted(key: str) -> Steps:
    try:
        yield Request(method="DELETE", path=key, units=0)
    except errors.TaggersError as error:
        yield f"the uploaded picture {key} could not be deleted: {error.message}"


def _about_url(url: str, options: Options, settings: Settings) -> Request:
    parts = urlsplit(url)
    if parts.hostname == urlsplit(PROVIDER.address(settings) or "").hostname:
        return _about_key(unquote(parts.path), options, settings)
    return _about_key("/", options, settings, {"detect-url": url})


def _about_key(
    key: str, options: Options, settings: Settings, more: dict[str, str] | None = None
) -> Request:
    process, scenes = settings["process"], settings["scenes"] or ()
    query = {"ci-process": process} | ({"scenes": ",".join(scenes)} if scenes else {})
    return Request(
        method="GET",
        path=key,
        query={**query, **(more or {}), **options.native},
        units=max(len(scenes), 1),  # each scene is billed
    )


def check(settings: Settings) -> list[str]:
    """The scenes must be those of the generation."""
    process = settings["process"]
    wrong = [scene for scene in settings["scenes"] or () if scene not in SCENES[process]]
    return [f"scenes: {process} has no {', '.join(wrong)}"] if wrong else []


def read(body: Any) -> Iterator[Tag]:
    """The labels: in `Labels` where no scene was asked for, otherwise in one list per scene."""
    for name, group in (body["RecognitionResult"] or {}).items():
        if not name.endswith("Labels"):
            continue
        scene = name.removesuffix("Labels").lower() or None
        labels = group if isinstance(group, list) else _listed(group)
        yield from (_tag(label, scene) for label in labels if label is not None)


def _listed(group: Any) -> Any:
    # detect-label lists `Labels`, content-analysis `Label`; a scene without any may say "null".
    if group in (None, "null"):
        return ()
    return group.get("Labels") or group.get("Label") or ()


def _tag(label: Any, scene: str | None) -> Tag:
    parents = (label.get("Parents") or "").split("_")
    path = parents if any(parents) else [label.get("FirstCategory"), label.get("SecondCategory")]
    return Tag(
        name=label["Name"],
        confidence=fraction(label.get("Confidence"), 100),
        category=tuple(part for part in path if part),
        regions=() if label.get("XMin") is None else (_region(label),),
        source=scene,
    )


def _region(label: Any) -> Region:
    return Region(BoundingBox.from_corners(*sides(label, "XMin", "YMin", "XMax", "YMax")))


PROVIDER = Provider(
    name="tencent-detect-label",
    title="Tencent Cloud Infinite image labels",
    vendor="Tencent Cloud",
    docs="https://www.tencentcloud.com/document/product/436/56401",
    steps=steps,
    read=read,
    decode=Xml(lists=("Labels", "Label")),
    ignores={"RecognitionResult.@xmlns": "the namespace, which some answers carry"},
    # Limits of the model behind it (TIIA); whether they hold here too is not documented.
    accepts=Accepts(
        formats=("jpeg", "png", "bmp"),
        max_base64_bytes=4 * 1024 * 1024,
        min_edge_px=51,
        max_aspect=5,
    ),
    # 100 a second in mainland China, 50 elsewhere and in the finance regions:
    # https://cloud.tencent.com/document/product/460/36620
    offers=Offers(boxes=True, languages=("zh",), concurrency=10, rate_per_s=50, unit="scene"),
    errors=ERRORS,
    settings=(
        *ACCOUNT,
        *BUCKET,
        Setting(
            "process",
            "which generation of the service: only content-analysis has boxes",
            default="detect-label",
            choices=tuple(SCENES),
        ),
        Setting(
            "scenes",
            "the models to ask; each one is billed",
            many=True,
            choices=SCENES["content-analysis"],
        ),
    ),
    credentials=CREDENTIALS,
    authorize=authorize,
    check=check,
    credentials_file=CREDENTIALS_FILE,
    endpoint="https://{bucket}.cos.{region}.myqcloud.com",
    hosts=HOSTS,
)
