"""Google Cloud Vision, from the server's side: one picture a call, its labels and its objects.

Texts that are recorded are the vendor's own, since clients look at them; the others are inferred.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from typing import Any

from taggers.plugin import (
    Account,
    Asked,
    BoundingBox,
    Dialect,
    Image,
    Incoming,
    NotEmulated,
    Options,
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

from ._account import HOSTS
from .vision import FEATURES, PROVIDER

__all__ = ["DIALECTS"]

MAX_BODY_BYTES = 10 * 1024 * 1024
MAX_PICTURES = 16
RESULTS = 10
"""What a feature gives without `maxResults`: inferred."""

_STATUS = {
    "INVALID_ARGUMENT": 400, "FAILED_PRECONDITION": 400, "OUT_OF_RANGE": 400,
    "UNAUTHENTICATED": 401, "PERMISSION_DENIED": 403, "NOT_FOUND": 404, "ALREADY_EXISTS": 409,
    "ABORTED": 409, "RESOURCE_EXHAUSTED": 429, "CANCELLED": 499, "INTERNAL": 500, "UNKNOWN": 500,
    "DATA_LOSS": 500, "UNIMPLEMENTED": 501, "UNAVAILABLE": 503, "DEADLINE_EXCEEDED": 504,
}  # fmt: skip

_TEXTS = {
    "3": "Bad image data.",
    "14": "We can not access the URL currently. Please download the content and pass it in.",
    # The only refusal of this code that is not made here, and so comes without a text.
    "INVALID_ARGUMENT": f"Request payload size exceeds the limit: {MAX_BODY_BYTES} bytes.",
    "INVALID_ARGUMENT.API_KEY_INVALID": "API key not valid. Please pass a valid API key.",
    "UNAUTHENTICATED": "Request had invalid authentication credentials. Expected OAuth 2 access "
    "token, login cookie or other valid authentication credential.",
    "PERMISSION_DENIED": "Method doesn't allow unregistered callers (callers without established "
    "identity). Please use API Key or other form of API consumer identity to call this API.",
    "RESOURCE_EXHAUSTED": "Quota exceeded for quota metric 'Requests' and limit 'Requests per "
    "minute' of service 'vision.googleapis.com'.",
}


def write_error(refusal: Refusal, request_id: str, incoming: Incoming) -> Response:
    """An error of the call, with its reason where it has one; or, where the code is a number, the
    picture's, inside a 200."""
    message = refusal.message or _TEXTS.get(refusal.code, "The request failed.")
    if refusal.code.isdigit():
        return _answer({"responses": [{"error": {"code": int(refusal.code), "message": message}}]})
    name, _, reason = refusal.code.partition(".")
    status = refusal.status or _STATUS.get(name, 400)
    error: dict[str, Any] = {"code": status, "message": message, "status": name}
    if reason:
        error["details"] = [_info(reason)]
    return _answer({"error": error}, status)


def _info(reason: str) -> dict[str, Any]:
    return {
        "@type": "type.googleapis.com/google.rpc.ErrorInfo",
        "reason": reason,
        "domain": "googleapis.com",
        "metadata": {"service": "vision.googleapis.com"},
    }


def _answer(said: Any, status: int = 200) -> Response:
    body = json.dumps(said, ensure_ascii=False, indent=2).encode("utf-8", "replace")
    kind = {"content-type": "application/json; charset=UTF-8"}
    return Response(status=status, headers=kind, body=body)


def verify(incoming: Incoming, world: World) -> None:
    """The account's token, or its key in a header or in the URL."""
    authorization = incoming.headers.get("authorization")
    key = incoming.headers.get("x-goog-api-key") or incoming.query.get("key")
    if authorization is not None:
        if authorization != f"Bearer {_token(world.account)}":
            raise Refusal("UNAUTHENTICATED")
    elif key is None:
        raise Refusal("PERMISSION_DENIED")
    elif key != world.account.secret:
        raise Refusal("INVALID_ARGUMENT.API_KEY_INVALID")


def _token(account: Account) -> str:
    return account.session_token or account.secret


def _read_request(incoming: Incoming, names: Mapping[str, str], world: World) -> Asked:
    wanted = _only_request(incoming)
    most = _features(wanted.get("features"))
    return Asked(
        image=_picture(wanted.get("image"), world),
        options=Options(language="en"),
        more={"most": most},
        units=len(most),
    )


def _only_request(incoming: Incoming) -> dict[str, Any]:
    try:
        pictures = incoming.json()["requests"]
        if len(pictures) > MAX_PICTURES:
            raise Refusal("INVALID_ARGUMENT", "Too many images per request")
        if len(pictures) == 1 and isinstance(pictures[0], dict):
            return pictures[0]
    except (ValueError, LookupError, TypeError):
        raise Refusal("INVALID_ARGUMENT", "Invalid JSON payload received.") from None
    raise NotEmulated(f"{len(pictures)} pictures in a call")


def _features(asked: Any) -> dict[str, int]:
    """How many results of each feature are wanted at most."""
    if not isinstance(asked, list) or not all(isinstance(item, dict) for item in asked):
        raise _incomplete()
    known = FEATURES.values()
    if strange := [item.get("type") for item in asked if item.get("type") not in known]:
        raise NotEmulated(f"the feature {strange[0]}")
    most = {item["type"]: item.get("maxResults") or RESULTS for item in asked}
    if not most:
        raise _incomplete()
    if not all(isinstance(count, int) and count > 0 for count in most.values()):
        raise Refusal("INVALID_ARGUMENT", "Invalid value at 'requests[0].features'")
    return most


def _incomplete() -> Refusal:
    return Refusal("INVALID_ARGUMENT", "Request must specify image and features.")


def _picture(given: Any, world: World) -> Image:
    """The picture of a request; its bytes come before its URL."""
    given = given if isinstance(given, dict) else {}
    if content := given.get("content"):
        try:
            return Image.from_bytes(base64.b64decode(content, validate=True), source="a request")
        except (binascii.Error, TypeError, ValueError):
            raise Refusal("INVALID_ARGUMENT", "Invalid value: Base64 decoding failed") from None
    source = given.get("source")
    url = source.get("imageUri") if isinstance(source, dict) else None
    if not url:
        raise _incomplete()
    found = world.fetch(str(url))
    if found is None:
        raise Refusal("14")
    return evolve(Image.from_bytes(found, source=str(url)), url=str(url))


def _write_result(result: Result, asked: Asked) -> Response:
    """What has a place is an object, and all else a label; what was not asked for is not said."""
    objects = [tag for tag in result.tags if tag.kind == "object" and tag.regions]
    labels = [tag for tag in result.tags if tag not in objects]
    if "OBJECT_LOCALIZATION" not in asked.more["most"]:
        labels = list(result.tags)
    written = {
        "LABEL_DETECTION": ("labelAnnotations", [_label(tag) for tag in labels]),
        "OBJECT_LOCALIZATION": (
            "localizedObjectAnnotations",
            [_object(tag, place, asked.image) for tag in objects for place in tag.regions],
        ),
    }
    said = {}
    for feature, most in asked.more["most"].items():
        name, items = written[feature]
        if items:
            said[name] = items[:most]
    return _answer({"responses": [said]})


def _label(tag: Tag) -> dict[str, Any]:
    language = {"locale": "en"} if "en" in tag.names else {}
    named = {"description": tag.names.get("en", tag.name), **_mid(tag)}
    return {**named, **_score(tag.confidence), **language}


def _mid(tag: Tag) -> dict[str, str]:
    return {"mid": tag.id} if tag.id else {}


def _object(tag: Tag, place: Region, image: Image) -> dict[str, Any]:
    language = {"languageCode": "en"} if "en" in tag.names else {}
    return {
        "name": tag.names.get("en", tag.name),
        **_mid(tag),
        **language,
        **_score(place.confidence if place.confidence is not None else tag.confidence),
        "boundingPoly": {"normalizedVertices": _corners(place.box, image)},
    }


def _score(confidence: float | None) -> dict[str, float]:
    """The field of a score; as any number in Google's JSON it is left out where it is 0."""
    return {"score": confidence} if confidence else {}


def _corners(box: BoundingBox, image: Image) -> list[dict[str, float]]:
    """Four corners in fractions of the picture, clockwise from the top left, without zeros."""
    width, height = (image.width or 1, image.height or 1) if box.unit == "px" else (1, 1)
    left, right = box.x / width, (box.x + box.width) / width
    top, bottom = box.y / height, (box.y + box.height) / height
    corners = ((left, top), (right, top), (right, bottom), (left, bottom))
    return [{side: at for side, at in zip("xy", corner, strict=True) if at} for corner in corners]


def _settings(account: Account) -> dict[str, str]:
    if account.session_token:
        return {"access_token": account.session_token}
    return {"api_key": account.secret}


DIALECTS = [
    Dialect(
        name=PROVIDER.name,
        vendor=PROVIDER.vendor,
        provider=PROVIDER,
        hosts=HOSTS,
        routes=(
            Route(method="POST", path="/v1/images:annotate"),
            Route(
                method="POST", path="/v1/projects/{project}/locations/{location}/images:annotate"
            ),
        ),
        verify=verify,
        read_request=_read_request,
        write_result=_write_result,
        write_error=write_error,
        refusals=(
            (errors.PayloadTooLarge, "INVALID_ARGUMENT"),
            (errors.InvalidInput, "3"),
        ),
        throttle_code="RESOURCE_EXHAUSTED",
        too_large_code="INVALID_ARGUMENT",
        max_body_bytes=MAX_BODY_BYTES,
        settings=_settings,
        evidence={"success": "recorded", "errors": "inferred", "limits": "documented"},
    )
]
