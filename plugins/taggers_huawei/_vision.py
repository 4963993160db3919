"""Huawei's services beside tagging, from the server's side: faces, main objects, recapture,
better pictures, music."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from taggers.plugin import (
    Asked,
    Dialect,
    Image,
    Incoming,
    Options,
    Provider,
    Refusal,
    Response,
    Result,
    Route,
    World,
    errors,
)

from . import bgm, celebrity, enhance, main_object, recapture
from ._account import HOSTS
from ._asked import json_body, number, picture, settings
from ._gate import admit, answer, headers, recognises, verify, write_error

__all__ = ["VISION"]

LONGEST_PX = 4096

Make = Callable[[Any, Mapping[str, Any]], Any]
"""Makes a picture's pixels better, as the request's parameters say."""


def _read(
    incoming: Incoming,
    names: Mapping[str, str],
    world: World,
    *,
    threshold: float,
    scale: float,
    lenient: bool = False,
) -> Asked:
    """The picture and the threshold, with this service's own default and scale."""
    body = json_body(incoming, "AIS.0014")
    least = number(body, "threshold", 0, scale, lenient)
    return Asked(
        image=picture(body, "image", "url", world),
        options=Options(min_confidence=(threshold if least is None else least) / scale),
    )


def _write_celebrities(result: Result, asked: Asked) -> Response:
    """The faces among the tags. Confidences are numbers up to 1 here, and names Chinese."""
    faces = [tag for tag in result.tags if tag.kind == "celebrity" and tag.regions]
    return answer(
        {
            "result": [
                {
                    "confidence": tag.confidence,
                    "face_detail": {
                        "h": tag.regions[0].box.height,
                        "w": tag.regions[0].box.width,
                        "x": tag.regions[0].box.x,
                        "y": tag.regions[0].box.y,
                    },
                    "label": tag.names.get("zh", tag.name),
                }
                for tag in faces
            ]
        }
    )


def _write_objects(result: Result, asked: Asked) -> Response:
    """The places of the tags, or those that have no tag; the first is the main one."""
    theirs = {ours: vendors for vendors, ours in main_object.KINDS.items()}
    places = result.regions or tuple(place for tag in result.tags for place in tag.regions)
    least = asked.options.min_confidence or 0
    listed = [place for place in places if (place.confidence or 0) >= least]
    return answer(
        {
            "result": [
                {
                    "label": theirs.get(place.kind or ("other" if index else "main"), place.kind),
                    "location": {
                        "height": place.box.height,
                        "top_left_x": place.box.x,
                        "top_left_y": place.box.y,
                        "width": place.box.width,
                    },
                    "confidence": f"{(place.confidence or 0) * 100:.2f}",
                }
                for index, place in enumerate(listed)
            ]
        }
    )


def _write_verdict(result: Result, asked: Asked) -> Response:
    """A verdict, or where nobody has given one: "uncertainty", since nothing here can tell."""
    verdict = next(iter(result.verdicts), None)
    said = {"yes": "false", "no": "true", "unsure": "uncertainty"}
    suggestion = said[verdict.answer] if verdict else "uncertainty"
    scores = verdict.scores if verdict else {"recapture": 0.5}
    return answer(
        {
            "result": {
                "suggestion": suggestion,
                "category": "" if suggestion == "true" else "recapture",
                "score": _score(verdict.confidence if verdict else 0.5),
                "detail": [
                    {"label": name, "confidence": _score(value)} for name, value in scores.items()
                ],
            }
        }
    )


def _score(value: float | None) -> str:
    return f"{value or 0:.4f}"


def _read_enhance(incoming: Incoming, names: Mapping[str, str], world: World) -> Asked:
    """JSON with base64, or a form with a file."""
    kind = incoming.headers.get("content-type", "")
    if not kind.startswith("multipart/form-data"):
        body = json_body(incoming, "AIS.0014")
        return Asked(image=picture(body, "image", "", world), more={"form": False, **body})
    fields = incoming.form()
    if "file" not in fields:
        raise Refusal("AIS.0011")
    file = fields.pop("file")
    said = {name: _value(text) for name, text in fields.items()}
    return Asked(image=Image.from_bytes(file, source="a request"), more={"form": True, **said})


def _value(text: bytes) -> Any:
    """A form's text as the value that JSON would hold: a number, a truth, or a text."""
    try:
        return json.loads(text)
    except ValueError:
        return text.decode("utf-8", "replace")


def _write_picture(result: Result, asked: Asked, *, make: Make) -> Response:
    """The picture made better, as base64 in JSON or, for a form, as its bytes."""
    made = io.BytesIO()
    make(asked.image.pixels(LONGEST_PX), asked.more).save(made, format="JPEG", quality=90)
    if asked.more["form"]:
        return Response(status=200, headers={"content-type": "image/jpeg"}, body=made.getvalue())
    return answer({"result": base64.b64encode(made.getvalue()).decode()})


def _lighter(pixels: Any, more: Mapping[str, Any]) -> Any:
    """Brighter in the dark parts, the more so the higher `brightness`."""
    brightness = _ranged(more, "brightness", 0.9, 0, 1)
    return _curved(pixels, 1 / (1 + brightness))


def _clearer(pixels: Any, more: Mapping[str, Any]) -> Any:
    """With a gamma curve: a stand-in for taking haze away."""
    return _curved(pixels, _ranged(more, "gamma", 1.5, 0.1, 10))


def _larger(pixels: Any, more: Mapping[str, Any]) -> Any:
    """Three or four times as large."""
    scale = more.get("scale", 3)
    if scale not in (3, 4) or more.get("model", "ESPCN") not in ("ESPCN", "SRCNN"):
        raise Refusal("AIS.0501")
    return pixels.resize((pixels.width * scale, pixels.height * scale))


def _curved(pixels: Any, gamma: float) -> Any:
    levels = [round(255 * (level / 255) ** gamma) for level in range(256)]
    return pixels.point(levels * 3)


def _ranged(more: Mapping[str, Any], name: str, default: float, least: float, most: float) -> float:
    value = number(dict(more), name, least, most, lenient=False)
    return default if value is None else value


def _read_bgm(incoming: Incoming, names: Mapping[str, str], world: World) -> Asked:
    """A URL that the emulator knows by a rule's name; a video is not looked into."""
    url = json_body(incoming, "AIS.0014").get("url")
    if not url:
        raise Refusal("AIS.0011")
    return Asked(image=Image.from_url(str(url)), options=Options())


def _write_bgm(result: Result, asked: Asked) -> Response:
    name = next((tag.name for tag in result.tags if tag.kind == "music"), "")
    return answer({"result": {"audio_name": name}})


def _dialect(provider: Provider, path: str, read: Any, write: Any) -> Dialect:
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
        read_request=read,
        write_result=write,
        write_error=write_error,
        refusals=(
            (errors.ImageDimensions, "AIS.0504"),
            (errors.PayloadTooLarge, "AIS.0020"),
            (errors.UnsupportedImage, "AIS.0502"),
            (errors.InvalidInput, "AIS.0022"),
        ),
        throttle_code="APIG.0308",
        settings=settings,
        evidence={"success": "documented", "errors": "documented", "limits": "documented"},
    )


VISION = [
    _dialect(
        celebrity.PROVIDER,
        "/v2/{project_id}/image/celebrity-recognition",
        partial(_read, threshold=0.9, scale=1),
        _write_celebrities,
    ),
    _dialect(
        main_object.PROVIDER,
        "/v3/{project_id}/image/main-object-detection",
        partial(_read, threshold=30, scale=100),
        _write_objects,
    ),
    _dialect(
        recapture.PROVIDER,
        "/v2/{project_id}/image/recapture-detect",
        partial(_read, threshold=0.95, scale=1, lenient=True),
        _write_verdict,
    ),
    *(
        _dialect(
            provider,
            f"/v1.0/vision/{provider.name.removeprefix('huawei-')}",
            _read_enhance,
            partial(_write_picture, make=make),
        )
        for provider, make in zip(enhance.PROVIDERS, (_lighter, _clearer, _larger), strict=True)
    ),
    _dialect(bgm.PROVIDER, "/v1.0/bgm/recognition", _read_bgm, _write_bgm),
]
