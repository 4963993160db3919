"""Huawei's services, from the server's side: what each one is asked, and how it answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from taggers.plugin import (
    Asked,
    BoundingBox,
    Dialect,
    Incoming,
    Options,
    Provider,
    Refusal,
    Region,
    Response,
    Result,
    Route,
    Tag,
    World,
    errors,
    evolve,
)

from . import media_tagging, media_tagging_det, tagging_v1, tagging_v2
from ._account import HOSTS
from ._asked import json_body, number, one_of, picture, settings
from ._data_v2 import DATA_V2
from ._gate import IAM, admit, answer, headers, recognises, verify, write_error
from ._search import SEARCH
from ._search_v2 import SEARCH_V2
from ._vision import VISION

__all__ = ["DIALECTS"]


def _read_tagging(
    incoming: Incoming,
    names: Mapping[str, str],
    world: World,
    *,
    limit: int,
    most: int,
    threshold: float,
    lenient: bool = False,
) -> Asked:
    """The picture and the options, with this service's own defaults.

    `lenient` is v1.0, which takes its defaults in place of what is out of range.
    """
    body = json_body(incoming, "AIS.0014")
    language = one_of(body, "language", ("zh", "en"), "AIS.0501") or "zh"
    least = number(body, "threshold", 0, 100, lenient)
    count = number(body, "limit", 1, most, lenient)
    if count is not None and count != int(count):
        raise Refusal("AIS.0501")
    return Asked(
        image=picture(body, "image", "url", world),
        options=Options(
            limit=limit if count is None else int(count),
            min_confidence=(threshold if least is None else least) / 100,
            language=language,
        ),
    )


def _write_tagging(result: Result, asked: Asked, *, write: Callable[[Tag, str], Any]) -> Response:
    language = asked.options.language or "zh"
    return answer({"result": {"tags": [write(tag, language) for tag in result.tags]}})


def _write_v1(tag: Tag, language: str) -> dict[str, Any]:
    return {
        **_confidence(tag.confidence, lambda percent: str(round(percent, 2))),
        "i18n_tag": _i18n(tag),
        "tag": tag.names.get(language, tag.name),
        "type": tag.kind if tag.kind in ("object", "scene", "concept") else "concept",
    }


def _write_v2(tag: Tag, language: str, *, boxes: bool = True) -> dict[str, Any]:
    return {
        **_confidence(tag.confidence),
        "instances": [_instance(region) for region in tag.regions if boxes],
        "tag": tag.names.get(language, tag.name),
        "i18n_tag": _i18n(tag),
        "type": _category(tag, language),
        "i18n_type": {code: path[-1] for code, path in tag.categories.items() if path},
    }


def _write_det(tag: Tag, language: str) -> dict[str, Any]:
    """Whole pixels, and no i18n_type."""
    written = _write_v2(evolve(tag, regions=tuple(map(_whole, tag.regions))), language)
    return {name: value for name, value in written.items() if name != "i18n_type"}


def _whole(region: Region) -> Region:
    box = region.box
    whole = BoundingBox(round(box.x), round(box.y), round(box.width), round(box.height))
    return evolve(region, box=whole)


def _instance(region: Region) -> dict[str, Any]:
    box = region.box
    return {
        "bounding_box": {
            "height": box.height,
            "top_left_x": box.x,
            "top_left_y": box.y,
            "width": box.width,
        },
        **_confidence(region.confidence),
    }


def _category(tag: Tag, language: str) -> str:
    path = tag.categories.get(language) or tag.category
    return path[-1] if path else tag.kind or ""


def _i18n(tag: Tag) -> dict[str, str]:
    return dict(tag.names) or {"zh": tag.name}


def _confidence(
    confidence: float | None, write: Callable[[float], str] = lambda percent: f"{percent:.2f}"
) -> dict[str, str]:
    """The field of a confidence; none where it is not known."""
    return {} if confidence is None else {"confidence": write(confidence * 100)}


_REFUSALS = (
    (errors.ImageDimensions, "AIS.0504"),
    (errors.PayloadTooLarge, "AIS.0020"),
    (errors.UnsupportedImage, "AIS.0502"),
)


def _tagging(provider: Provider, path: str, write: Any, **reading: Any) -> Dialect:
    return Dialect(
        name=provider.name,
        vendor=provider.vendor,
        provider=provider,
        hosts=HOSTS,
        routes=(Route(method="POST", path=path),),
        verify=verify,
        recognises=recognises,
        admit=admit,
        headers=headers,
        too_large_code="APIG.0201",
        read_request=partial(_read_tagging, **reading),
        write_result=partial(_write_tagging, write=write),
        write_error=write_error,
        refusals=_REFUSALS,
        throttle_code="APIG.0308",
        settings=settings,
        evidence={"success": "documented", "errors": "documented", "limits": "documented"},
    )


DIALECTS = [
    *VISION,
    evolve(
        _tagging(
            tagging_v1.PROVIDER, "/v1.0/image/tagging", _write_v1,
            limit=30, most=10**6, threshold=0, lenient=True,
        ),
        evidence={"success": "recorded", "errors": "documented", "limits": "documented"},
    ),
    _tagging(
        tagging_v2.PROVIDER, "/v2/{project_id}/image/tagging", _write_v2,
        limit=50, most=150, threshold=60,
    ),
    _tagging(
        media_tagging.PROVIDER, "/v2/{project_id}/image/media-tagging",
        partial(_write_v2, boxes=False), limit=10, most=150, threshold=40,
    ),
    _tagging(
        media_tagging_det.PROVIDER, "/v2/{project_id}/image/media-tagging-det", _write_det,
        limit=10, most=50, threshold=20,
    ),
    *SEARCH,
    SEARCH_V2,
    *DATA_V2,
    *IAM,
]  # fmt: skip
