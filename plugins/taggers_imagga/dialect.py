"""Imagga, from the server's side."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from taggers.plugin import (
    Asked,
    Dialect,
    Image,
    Incoming,
    NotEmulated,
    Options,
    Refusal,
    Response,
    Result,
    Route,
    Tag,
    World,
    errors,
    evolve,
)

from .tags import CODES, LANGUAGES, PROVIDER

__all__ = ["DIALECTS"]

LEAST_PERCENT = 7
"""What is less certain is never in an answer, whatever the threshold is."""

N = TypeVar("N", int, float)

_OURS = {CODES.get(language, language): language for language in LANGUAGES}

_TEXTS = {
    "400": "Unexpected error while running the classification job.",
    "401": "Authorization required.",
    "403": "Forbidden.",
    "413": "Request entity too large.",
    "429": "Too many requests.",
}
"""A text for each status: that of 400 is recorded, the others are made up."""


def verify(incoming: Incoming, world: World) -> None:
    """The account's key and secret, as HTTP basic authentication."""
    pair = f"{world.account.key_id}:{world.account.secret}"
    scheme, _, token = incoming.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic" or token != base64.b64encode(pair.encode()).decode():
        raise Refusal("401")


def write_error(refusal: Refusal, request_id: str, incoming: Incoming) -> Response:
    """A text and no code: that is the status."""
    text = refusal.message or _TEXTS.get(refusal.code, "The request failed.")
    return _answer({"status": {"text": text, "type": "error"}}, int(refusal.code))


def _answer(body: Any, status: int = 200) -> Response:
    kind = {"content-type": "application/json; charset=utf-8"}
    return Response(status=status, headers=kind, body=json.dumps(body).encode())


def _read_request(incoming: Incoming, names: Mapping[str, str], world: World) -> Asked:
    """The picture, and the options, which may stand in the form as well."""
    form = incoming.form()
    picture = _uploaded(form) if incoming.method == "POST" else _at_url(incoming.query, world)
    fields = {name: text.decode("utf-8", "replace") for name, text in form.items()}
    asked = {**fields, **incoming.query}
    languages = _languages(asked.get("language") or "en")
    limit = _number(asked, "limit", int, -1)
    threshold = _number(asked, "threshold", float, 0.0)
    if limit < -1 or limit == 0 or not 0 <= threshold <= 100:
        raise NotEmulated(f"limit={limit}&threshold={threshold}")
    return Asked(
        image=picture,
        options=Options(
            limit=None if limit == -1 else limit,
            min_confidence=max(threshold, LEAST_PERCENT) / 100,
            language=_OURS[languages[0]],
        ),
        more={"languages": languages, "verbose": asked.get("verbose") == "1"},
    )


def _uploaded(form: Mapping[str, bytes]) -> Image:
    if ("image" in form) == ("image_base64" in form):
        raise Refusal("400", "Please provide either image or image_base64.")
    content = form["image"] if "image" in form else _decoded(form["image_base64"])
    return Image.from_bytes(content, source="a request")


def _decoded(text: bytes) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        raise Refusal("400") from None


def _at_url(query: Mapping[str, str], world: World) -> Image:
    if "image_upload_id" in query:
        raise NotEmulated("image_upload_id")
    if not (url := query.get("image_url")):
        raise Refusal("400", "Please provide image_url or image_upload_id.")
    found = world.fetch(url)
    if found is None:
        raise Refusal("400")
    return evolve(Image.from_bytes(found, source=url), url=url)


def _languages(listed: str) -> list[str]:
    """The vendor's codes of the languages asked for."""
    codes = listed.split(",")
    if strange := [code for code in codes if code not in _OURS]:
        raise NotEmulated(f"language={strange[0]}")
    return codes


def _number(asked: Mapping[str, str], name: str, kind: Callable[[str], N], default: N) -> N:
    try:
        return kind(asked[name]) if name in asked else default
    except ValueError:
        raise NotEmulated(f"{name}={asked[name]}") from None


def _write_result(result: Result, asked: Asked) -> Response:
    language = asked.options.language or "en"
    languages = asked.more.get("languages") or [CODES.get(language, language)]
    verbose = asked.more.get("verbose", False)
    tags = [_write_tag(tag, languages, verbose) for tag in result.tags]
    return _answer({"result": {"tags": tags}, "status": {"text": "", "type": "success"}})


def _write_tag(tag: Tag, languages: list[str], verbose: bool) -> dict[str, Any]:
    """The tag in the languages that it has a name in; otherwise as it is called."""
    names = {code: tag.names[_OURS[code]] for code in languages if _OURS[code] in tag.names}
    return {
        **({} if tag.confidence is None else {"confidence": tag.confidence * 100}),
        "tag": names or {languages[0]: tag.name},
        **({"origin": tag.source} if verbose and tag.source else {}),
        **({"synset_id": tag.id} if verbose and tag.id else {}),
    }


DIALECTS = [
    Dialect(
        name=PROVIDER.name,
        vendor=PROVIDER.vendor,
        provider=PROVIDER,
        hosts=PROVIDER.hosts,
        routes=(Route(method="POST", path="/v2/tags"), Route(method="GET", path="/v2/tags")),
        verify=verify,
        read_request=_read_request,
        write_result=_write_result,
        write_error=write_error,
        refusals=((errors.PayloadTooLarge, "413"), (errors.InvalidInput, "400")),
        throttle_code="429",
        too_large_code="413",
        settings=lambda account: {"api_key": account.key_id, "api_secret": account.secret},
        evidence={"success": "recorded", "errors": "inferred", "limits": "inferred"},
    )
]
