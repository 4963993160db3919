"""Tencent COS and Cloud Infinite, from the server's side: a bucket, and labels for its pictures."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any
from urllib.parse import parse_qsl
from xml.sax.saxutils import escape

from taggers.plugin import (
    Asked,
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
)

from ._account import HOSTS
from ._faults import ERRORS
from ._sign import pairs, signature
from .detect_label import PROVIDER, SCENES

__all__ = ["DIALECTS"]

CLOCK_S = 15 * 60
MAX_OBJECT_BYTES = 100_000_000
"""Here; the vendor takes 5 GB."""

_ERRORS = {
    "AccessDenied": (403, "Access Denied."),
    "AccessForbidden": (403, "Access Forbidden."),
    "BadDigest": (400, "The Content-MD5 you specified did not match what we received."),
    "EntityTooLarge": (400, "Your proposed upload exceeds the maximum allowed object size."),
    "ImageResolutionExceed": (400, "The picture's size in pixels is not supported."),
    "InternalError": (500, "We encountered an internal error. Please try again."),
    "InvalidAccessKeyId": (403, "The Access Key Id you provided does not exist in our records"),
    "InvalidArgument": (400, "Invalid argument."),
    "InvalidImageFormat": (400, "The picture's format is not supported."),
    "MethodNotAllowed": (405, "The specified method is not allowed against this resource."),
    "NoSuchBucket": (404, "The specified bucket does not exist."),
    "NoSuchKey": (404, "The specified key does not exist."),
    "NotImplemented": (501, "A header you provided implies functionality that is not implemented."),
    "RequestTimeTooSkewed": (403, "The request time is too far from the current time."),
    "RequestTimeout": (400, "Your socket connection to the server was not read from in time."),
    "ResourceDownloadFailed": (400, "The picture cannot be downloaded."),
    "SecretidNotExist": (403, "The secret id does not exist."),
    "ServiceUnavailable": (503, "Please reduce your request rate."),
    "SignatureDoesNotMatch": (403, "The Signature you specified is invalid."),
    "SlowDown": (503, "Reduce your request rate."),
}
"""A status and a text for each code; every other code comes with 400. Most texts are inferred."""

_OF_THE_STORE = {
    "AccessDenied", "InternalError", "InvalidAccessKeyId", "NoSuchBucket", "NoSuchKey",
    "RequestTimeTooSkewed", "SignatureDoesNotMatch", "SlowDown",
}  # fmt: skip


def write_error(refusal: Refusal, request_id: str, incoming: Incoming) -> Response:
    """An `Error` document. COS names the resource in it, and Cloud Infinite does not."""
    status, message = _ERRORS.get(refusal.code, (400, "The request failed."))
    resource = _element("Resource", _text(incoming.host + incoming.path))
    body = _element(
        "Error",
        _element("Code", _text(refusal.code)),
        _element("Message", _text(refusal.message or message)),
        *([resource] if refusal.code in _OF_THE_STORE else []),
        _element("RequestId", request_id),
        _element("TraceId", request_id),
    )
    return _answer(body, refusal.status or status)


def _store_headers(request_id: str) -> dict[str, str]:
    return {"x-cos-request-id": request_id, "x-cos-trace-id": request_id}


def _ai_headers(request_id: str) -> dict[str, str]:
    return {**_store_headers(request_id), "x-ci-request-id": request_id}


def _answer(body: str, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    kind = {"content-type": "application/xml"}
    declared = "<?xml version='1.0' encoding='utf-8' ?>\n" + body
    return Response(status=status, headers={**kind, **(headers or {})}, body=declared.encode())


_UNWRITABLE = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def _text(text: str) -> str:
    """The text as XML can hold it: what XML has no way to write is left out."""
    return escape(_UNWRITABLE.sub("", text))


def _element(name: str, *inside: str) -> str:
    return f"<{name}>{''.join(inside)}</{name}>"


def verify(incoming: Incoming, world: World) -> None:
    """The signature, in the header or as parameters, made with the account's key, in its time."""
    given = _given(incoming)
    if not given:
        raise Refusal("AccessDenied")
    if given.get("q-ak") != world.account.key_id:
        raise Refusal("InvalidAccessKeyId")
    _verify_time(given.get("q-key-time", ""), world.now())
    token = world.account.session_token
    if token is not None and token != _token(incoming):
        raise Refusal("AccessDenied", "the security token is missing or wrong")
    # The Python SDK signs a host without its port, and others sign it as it was sent.
    hosts = {incoming.host, incoming.host.rpartition(":")[0] or incoming.host}
    made = [_signature(incoming, given, world.account.secret, host) for host in hosts]
    if given.get("q-signature") not in made:
        raise Refusal("SignatureDoesNotMatch")


def recognises(incoming: Incoming) -> bool:
    """Whether a request is signed in COS's way."""
    return "q-sign-algorithm" in _given(incoming)


def _given(incoming: Incoming) -> dict[str, str]:
    """The seven `q-` fields."""
    if "authorization" in incoming.headers:
        return dict(parse_qsl(incoming.headers["authorization"], keep_blank_values=True))
    return {name: value for name, value in incoming.query.items() if name.startswith("q-")}


def _token(incoming: Incoming) -> str | None:
    name = "x-cos-security-token"
    return incoming.headers.get(name) or incoming.query.get(name)


def _verify_time(key_time: str, now: float) -> None:
    start, _, end = key_time.partition(";")
    if not re.fullmatch(r"\d{1,12};\d{1,12}", key_time):
        raise Refusal("InvalidArgument", "q-key-time must be two Unix times")
    if now > int(end):
        raise Refusal("AccessDenied", "Request has expired")
    if now + CLOCK_S < int(start):
        raise Refusal("RequestTimeTooSkewed")


def _signature(incoming: Incoming, given: Mapping[str, str], secret: str, host: str) -> str:
    """The signature over the headers and parameters that the request says it has signed."""
    headers = {**incoming.headers, "host": host}
    signed_headers = _named(given.get("q-header-list", ""), headers.items())
    signed_parameters = _named(given.get("q-url-param-list", ""), incoming.query.items())
    made = signature(
        incoming.method,
        incoming.path,
        pairs(signed_parameters),
        pairs(signed_headers),
        secret,
        given["q-key-time"],
    )
    return made.signature


def _named(names: str, given: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    listed = set(names.split(";"))
    return [(name, value) for name, value in given if pairs([(name, "")])[0][0] in listed]


# The bucket: what is needed to upload a picture, look at it and delete it.


def _bucket(incoming: Incoming, world: World) -> str:
    """The bucket of the request's host; on another host, the account's one."""
    name, dot, _ = incoming.host.partition(".cos.")
    bucket = name if dot else incoming.host.partition(".ci.")[0] if ".ci." in incoming.host else ""
    if bucket and bucket != world.account.bucket:
        raise Refusal("NoSuchBucket")
    return world.account.bucket


def _put(incoming: Incoming, names: Mapping[str, str], world: World) -> Response:
    digest = hashlib.md5(incoming.body, usedforsecurity=False)
    claimed = incoming.headers.get("content-md5")
    if claimed not in (None, base64.b64encode(digest.digest()).decode()):
        raise Refusal("BadDigest")
    world.objects[_bucket(incoming, world), _key(incoming, names)] = incoming.body
    return Response(status=200, headers={"ETag": f'"{digest.hexdigest()}"'})


def _get(incoming: Incoming, names: Mapping[str, str], world: World) -> Response:
    content = _stored(incoming, _key(incoming, names), world)
    digest = hashlib.md5(content, usedforsecurity=False).hexdigest()
    kind = {"content-type": "application/octet-stream", "ETag": f'"{digest}"'}
    return Response(status=200, headers=kind, body=content)


def _delete(incoming: Incoming, names: Mapping[str, str], world: World) -> Response:
    world.objects.pop((_bucket(incoming, world), _key(incoming, names)), None)
    return Response(status=204)


_PLAIN = ("q-", "x-cos-security-token", "response-")


def _key(incoming: Incoming, names: Mapping[str, str]) -> str:
    """The key of a plain request for a file; what else COS does with files is not emulated."""
    more = [name for name in incoming.query if not name.startswith(_PLAIN)]
    if more or not names["key"] or "x-cos-copy-source" in incoming.headers:
        what = f"{incoming.method} of {', '.join(more) or 'a bucket or a copy'}"
        raise NotEmulated(f"{what}, on files in COS")
    return names["key"]


def _stored(incoming: Incoming, key: str, world: World) -> bytes:
    found = world.objects.get((_bucket(incoming, world), key))
    if found is None:
        raise Refusal("NoSuchKey")
    return found


# The labels.


def _read_request(
    incoming: Incoming, names: Mapping[str, str], world: World, *, process: str
) -> Asked:
    query = incoming.query
    scenes = tuple(scene for scene in query.get("scenes", "").split(",") if scene)
    if any(scene not in SCENES[process] for scene in scenes):
        raise Refusal("InvalidArgument", "scenes holds an unknown scene")
    if process == "content-analysis":
        scenes = scenes or ("web",)
    if url := query.get("detect-url"):
        content, source = world.fetch(url), url
        if content is None:
            raise Refusal("ResourceDownloadFailed")
    else:
        content, source = _stored(incoming, names["key"], world), names["key"]
    return Asked(
        image=Image.from_bytes(content, source=source),
        options=Options(language="zh"),
        more={"scenes": scenes},
        units=max(len(scenes), 1),
    )


def _write_result(
    result: Result, asked: Asked, *, child: str, write: Callable[[str, Tag], str]
) -> Response:
    """Flat without scenes; otherwise a list for each scene that has labels."""
    scenes = asked.more["scenes"]
    if not scenes:
        return _answer(_element("RecognitionResult", *(write(child, tag) for tag in result.tags)))
    groups = []
    for scene in sorted(scenes):
        tags = [tag for tag in result.tags if tag.source in (None, scene)]
        if tags:
            groups.append(_element(_GROUPS[scene], *(write(child, tag) for tag in tags)))
    return _answer(_element("RecognitionResult", *groups))


_GROUPS = {
    "album": "AlbumLabels",
    "camera": "CameraLabels",
    "news": "NewsLabels",
    "nonecam": "NoneCamLabels",
    "product": "ProductLabels",
    "web": "WebLabels",
}


def _write_label(child: str, tag: Tag) -> str:
    category = (*_path(tag), "", "")
    return _element(
        child,
        *_confidence(tag),
        *([_element("FirstCategory", _text(category[0]))] if category[0] else []),
        _element("Name", _text(_name(tag))),
        *([_element("SecondCategory", _text(category[1]))] if category[1] else []),
    )


def _write_located(child: str, tag: Tag) -> str:
    """The second generation: the category in one text, and one label for each place."""
    places: tuple[Region | None, ...] = tag.regions or (None,)
    return "".join(_write_place(child, tag, place) for place in places)


def _write_place(child: str, tag: Tag, place: Region | None) -> str:
    corners = ""
    if place is not None:
        box = place.box
        sides = {
            "XMin": box.x,
            "XMax": box.x + box.width,
            "YMin": box.y,
            "YMax": box.y + box.height,
        }
        corners = "".join(_element(side, str(round(at))) for side, at in sides.items())
    return _element(
        child,
        _element("Name", _text(_name(tag))),
        _element("Parents", _text("_".join(_path(tag)))),
        *_confidence(tag),
        corners,
    )


def _path(tag: Tag) -> tuple[str, ...]:
    return tag.categories.get("zh") or tag.category


def _name(tag: Tag) -> str:
    return tag.names.get("zh", tag.name)


def _confidence(tag: Tag) -> list[str]:
    """The element of a confidence; none where it is not known."""
    if tag.confidence is None:
        return []
    return [_element("Confidence", str(round(tag.confidence * 100)))]


_AI: dict[str, Any] = {
    "vendor": PROVIDER.vendor,
    "hosts": HOSTS,
    "verify": verify,
    "recognises": recognises,
    "write_error": write_error,
    "provider": PROVIDER,
    "refusals": (
        (errors.ImageDimensions, "ImageResolutionExceed"),
        (errors.PayloadTooLarge, "EntityTooLarge"),
        (errors.UnsupportedImage, "InvalidImageFormat"),
    ),
    "headers": _ai_headers,
    "throttle_code": "SlowDown",
    "too_large_code": "EntityTooLarge",
    "settings": lambda account: {
        "secret_id": account.key_id,
        "secret_key": account.secret,
        "bucket": account.bucket,
        **({"token": account.session_token} if account.session_token else {}),
    },
}


def _storing(name: str, method: str, serve: Any) -> Dialect:
    return Dialect(
        name=name,
        vendor=PROVIDER.vendor,
        hosts=HOSTS,
        routes=(Route(method=method, path="/{key*}"),),
        verify=verify,
        recognises=recognises,
        write_error=write_error,
        serve=serve,
        errors=ERRORS,
        headers=_store_headers,
        throttle_code="SlowDown",
        too_large_code="EntityTooLarge",
        max_body_bytes=MAX_OBJECT_BYTES,
        evidence={"success": "documented", "errors": "documented", "limits": "inferred"},
    )


DIALECTS = [
    Dialect(
        name=PROVIDER.name,
        routes=(Route(method="GET", path="/{key*}", query={"ci-process": "detect-label"}),),
        read_request=partial(_read_request, process="detect-label"),
        write_result=partial(_write_result, child="Labels", write=_write_label),
        evidence={"success": "documented", "errors": "documented", "limits": "inferred"},
        **_AI,
    ),
    Dialect(
        name="tencent-content-analysis",
        routes=(Route(method="GET", path="/{key*}", query={"ci-process": "content-analysis"}),),
        read_request=partial(_read_request, process="content-analysis"),
        write_result=partial(_write_result, child="Label", write=_write_located),
        evidence={"success": "inferred", "errors": "documented", "limits": "inferred"},
        **_AI,
    ),
    _storing("cos-put-object", "PUT", _put),
    _storing("cos-head-object", "HEAD", _get),
    _storing("cos-delete-object", "DELETE", _delete),
    _storing("cos-get-object", "GET", _get),
]
