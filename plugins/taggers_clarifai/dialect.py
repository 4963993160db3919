"""Clarifai's image models, from the server's side.

`general-image-recognition` answers with concepts of the whole picture. Of every other model it is
supposed that it gives regions for what has a place, and concepts for the rest.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Callable, Mapping
from typing import Any, Literal

from taggers.plugin import (
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

from .model_outputs import LANGUAGES, PATH, PROVIDER

__all__ = ["DIALECTS"]

MAX_BODY_BYTES = 128 * 1024 * 1024
DEFAULT_CONCEPTS = 20
MODEL = "general-image-recognition"

_ERRORS = {
    "11005": (429, "Making too many requests"),
    "11008": (401, "Invalid API key or Invalid API key/application pair"),
    "11009": (401, "API key not found"),
    "11100": (400, "Bad request format"),
    "11101": (404, "Requested path does not exist"),
    "11102": (400, "Invalid request"),
    "21200": (404, "Model does not exist"),
    "21202": (400, "Invalid model argument"),
    "30002": (400, "Download failed; check URL"),
    "30101": (400, "Unsupported input format"),
    "30104": (400, "Input has an invalid argument"),
    "30105": (400, "Input is over the size limit"),
    "30300": (400, "Input bytes could not be decoded"),
    "40030": (503, "Server is too busy"),
    "40031": (503, "Server is unavailable"),
    "40033": (413, "Message is too large"),
    "99009": (500, "Internal error"),
}
"""A status and a text for each code; every other code comes with 400. The 401s, 11005's text and
30002 are recorded or documented, the rest is inferred."""

_DETAILS = {"11005": "exceeded limit of 15 requests per second"}


def write_error(refusal: Refusal, request_id: str, incoming: Incoming) -> Response:
    """The status alone: of a single picture, its own failure stands at the top."""
    status, description = _ERRORS.get(refusal.code, (400, "Failure"))
    details = _DETAILS.get(refusal.code, refusal.message)
    said = {
        "code": int(refusal.code) if refusal.code.isdecimal() else refusal.code,
        "description": description,
        **({"details": details} if details else {}),
        "req_id": request_id,
    }
    return _answer({"status": said, "outputs": []}, refusal.status or status)


def _answer(said: Any, status: int = 200) -> Response:
    kind = {"content-type": "application/json"}
    return Response(status=status, headers=kind, body=json.dumps(said).encode())


def verify(incoming: Incoming, world: World) -> None:
    """The account's secret is its personal access token."""
    scheme, _, token = incoming.headers.get("authorization", "").partition(" ")
    if scheme.lower() not in ("key", "bearer") or not token.strip():
        raise Refusal("11102", "Empty or malformed authorization header")
    if token.strip() != world.account.secret:
        raise Refusal("11008", "Invalid format of key")


def _read_request(incoming: Incoming, names: Mapping[str, str], world: World) -> Asked:
    body = _body(incoming)
    owner = {name: names[name] for name in ("user_id", "app_id")}
    model = {"id": names.get("model_id", MODEL), **owner}
    return Asked(
        image=_picture(body, world),
        options=_options(body),
        more={"model": model, "request_id": world.nonce()},
    )


def _body(incoming: Incoming) -> dict[str, Any]:
    try:
        body = incoming.json()
    except ValueError:
        raise Refusal("11100") from None
    if not isinstance(body, dict):
        raise Refusal("11100")
    return body


def _picture(body: dict[str, Any], world: World) -> Image:
    inputs = body.get("inputs")
    if not isinstance(inputs, list) or not inputs:
        raise Refusal("11102", "inputs is missing or empty")
    if len(inputs) > 1:
        raise NotEmulated("more than one input")
    image = _inside(inputs[0], "data", "image")
    if content := image.get("base64"):
        return _decoded(content)
    if url := image.get("url"):
        found = world.fetch(str(url))
        if found is None:
            raise Refusal("30002", f"404 Client Error: Not Found for url: {url}")
        return evolve(Image.from_bytes(found, source=str(url)), url=str(url))
    raise Refusal("30104", "an input needs base64 or url")


def _decoded(content: Any) -> Image:
    try:
        return Image.from_bytes(base64.b64decode(content, validate=True), source="a request")
    except (binascii.Error, TypeError, ValueError):
        raise Refusal("30300") from None


def _inside(place: Any, *names: str) -> dict[str, Any]:
    """The object below these names; an empty one where there is none."""
    for name in names:
        place = place.get(name) if isinstance(place, dict) else None
    return place if isinstance(place, dict) else {}


def _options(body: dict[str, Any]) -> Options:
    config = _inside(body, "model", "output_info", "output_config")
    if "select_concepts" in config:
        raise NotEmulated("select_concepts")
    count, least = config.get("max_concepts") or 0, config.get("min_value") or 0
    language = config.get("language") or "en"
    if type(count) is not int or not 0 <= count <= 200:
        raise Refusal("21202", "max_concepts must be a whole number from 1 to 200")
    if isinstance(least, bool) or not isinstance(least, int | float) or not 0 <= least <= 1:
        raise Refusal("21202", "min_value must be from 0 to 1")
    if language not in LANGUAGES:
        raise Refusal("21202", "language is none of the model's")
    return Options(limit=count or DEFAULT_CONCEPTS, min_confidence=least, language=language)


def _written(asked: Asked, found: Mapping[str, Any]) -> Response:
    """The answer with what was found in the one picture."""
    good = {"code": 10000, "description": "Ok"}
    request_id = asked.more.get("request_id", "0" * 32)
    output = {
        "id": hashlib.sha256(request_id.encode()).hexdigest()[:32],
        "status": good,
        "model": asked.more.get("model", {}),
        "input": {"data": {"image": {"base64": "dHJ1ZQ=="}}},
        "data": found,
    }
    return _answer({"status": {**good, "req_id": request_id}, "outputs": [output]})


def _write_concepts(result: Result, asked: Asked) -> Response:
    return _written(asked, _listed("concepts", [_of_tag(tag, asked) for tag in result.tags]))


def _write_regions(result: Result, asked: Asked) -> Response:
    """One region for each place; what a picture shows without a place is a concept of the whole."""
    named = [(place, tag) for tag in result.tags for place in tag.regions]
    places = [*named, *((place, None) for place in result.regions)]
    regions = [_region(number, *place, asked) for number, place in enumerate(places)]
    whole = [_of_tag(tag, asked) for tag in result.tags if not tag.regions]
    return _written(asked, {**_listed("concepts", whole), **_listed("regions", regions)})


def _listed(name: str, items: list[Any]) -> dict[str, Any]:
    """The list under its name; nothing where it is empty."""
    return {name: items} if items else {}


def _name(tag: Tag, asked: Asked) -> str:
    return tag.names.get(asked.options.language or "en", tag.name)


def _of_tag(tag: Tag, asked: Asked) -> dict[str, Any]:
    return _concept(tag, tag.confidence, asked)


def _concept(tag: Tag, confidence: float | None, asked: Asked) -> dict[str, Any]:
    name = _name(tag, asked)
    made_up = f"ai_{hashlib.sha256(name.encode('utf-8', 'replace')).hexdigest()[:8]}"
    return {"id": tag.id or made_up, "name": name, **_value(confidence), "app_id": "main"}


def _value(confidence: float | None) -> dict[str, float]:
    return {} if confidence is None else {"value": confidence}


def _region(number: int, place: Region, tag: Tag | None, asked: Asked) -> dict[str, Any]:
    concept = [] if tag is None else [_concept(tag, place.confidence, asked)]
    concepts = {"data": {"concepts": concept}} if concept else {}
    return {
        "id": f"{number:032x}",
        "region_info": {"bounding_box": _sides(place.box, asked.image)},
        **concepts,
        **_value(place.confidence),
    }


def _sides(box: BoundingBox, image: Image) -> dict[str, float]:
    """The box's sides as fractions of the picture."""
    relative = box.unit == "relative"
    across, down = (1, 1) if relative else (image.width or 1, image.height or 1)
    return {
        "top_row": box.y / down,
        "left_col": box.x / across,
        "bottom_row": (box.y + box.height) / down,
        "right_col": (box.x + box.width) / across,
    }


Known = Literal["documented", "recorded"]


def _dialect(
    name: str, model: str, write: Callable[[Result, Asked], Response], known: Known
) -> Dialect:
    return Dialect(
        name=name,
        vendor=PROVIDER.vendor,
        provider=PROVIDER,
        hosts=PROVIDER.hosts,
        routes=(Route(method="POST", path=PATH.replace("{model_id}", model)),),
        verify=verify,
        read_request=_read_request,
        write_result=write,
        write_error=write_error,
        refusals=(
            (errors.PayloadTooLarge, "30105"),
            (errors.ImageDimensions, "30105"),
            (errors.UnsupportedImage, "30101"),
        ),
        throttle_code="11005",
        too_large_code="40033",
        max_body_bytes=MAX_BODY_BYTES,
        settings=lambda account: {"pat": account.secret},
        evidence={"success": known, "errors": "inferred", "limits": "documented"},
    )


DIALECTS = [
    _dialect(PROVIDER.name, MODEL, _write_concepts, "recorded"),
    _dialect("clarifai-regions", "{model_id}", _write_regions, "documented"),
]
