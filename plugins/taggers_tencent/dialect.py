"""Tencent COS and Cloud Infinite, from the server's side: a bucket, and labels for its pictures."""

from __future__ import annotations

import datetime
import hashlib
import hmac
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
    Options,
    Refusal,
    Response,
    Result,
    Route,
    Tag,
    World,
    errors,
)

from ._account import HOSTS
from ._sign import pairs, signature
from .detect_label import PROVIDER, SCENES

__all__ = ["DIALECTS"]

CLOCK_S = 15 * 60

_ERRORS = {
    "AccessDenied": (403, "Access Denied."),
    "EntityTooLarge": (400, "The picture is too large."),
    "ImageResolutionExceed": (400, "The picture's size in pixels is not supported."),
    "InternalError": (500, "We encountered an internal error. Please try again."),
    "InvalidAccessKeyId": (403, "The Access Key Id you provided does not exist in our records"),
    "InvalidArgument": (400, "Invalid argument."),
    "InvalidImageFormat": (400, "The picture's format is not supported."),
    "NoSuchBucket": (404, "The specified bucket does not exist."),
    "NoSuchKey": (404, "The specified key does not exist."),
    "RequestTimeTooSkewed": (403, "The request time is too far from the current time."),
    "ResourceDownloadFailed": (400, "The picture cannot be downloaded."),
    "SignatureDoesNotMatch": (403, "The Signature you specified is invalid."),
    "SlowDown": (503, "Reduce your request rate."),
}  # fmt: skip


_OF_THE_STORE = {
    "AccessDenied", "InternalError", "InvalidAccessKeyId", "NoSuchBucket", "NoSuchKey",
    "RequestTimeTooSkewed", "SignatureDoesNotMatch", "SlowDown",
}  # fmt: skip


def write_error(refusal: Refusal, request_id: str, incoming: Incoming) -> Response:
    """An `Error` document. COS names the resource in it, and Cloud Infinite does not."""
    status, message = _ERRORS.get(refusal.code, (400, "The request failed."))
    resource = _element("Resource", escape(incoming.host + incoming.path))
    body = _element(
        "Error",
        _element("Code", escape(refusal.code)),
        _element("Message", escape(refusal.message or message)),
        *([resource] if refusal.code in _OF_THE_STORE else []),
        _element("RequestId", request_id),
        _element("TraceId", request_id),
    )
    ids = {"x-cos-request-id": request_id, "x-ci-request-id": request_id}
    return _answer(body, refusal.status or status, ids)


def _answer(body: str, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    kind = {"content-type": "application/xml"}
    declared = "<?xml version='1.0' encoding='utf-8' ?>\n" + body
    return Response(status=status, headers={**kind, **(headers or {})}, body=declared.encode())


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
    expected = _signature(incoming, given, world.account.secret)
    if not hmac.compare_digest(expected, given.get("q-signature", "")):
        raise Refusal("SignatureDoesNotMatch")


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
    if not (start.isdigit() and end.isdigit()):
        raise Refusal("InvalidArgument", "q-key-time must be two Unix times")
    if now > int(end):
        raise Refusal("AccessDenied", "Request has expired")
    if now + CLOCK_S < int(start):
        raise Refusal("RequestTimeTooSkewed")


def _signature(incoming: Incoming, given: Mapping[str, str], secret: str) -> str:
    """The signature over the headers and parameters that the request says it has signed."""
    signed_headers = _named(given.get("q-header-list", ""), incoming.headers.items())
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
    world.objects[_bucket(incoming, world), names["key"]] = incoming.body
    etag = hashlib.md5(incoming.body, usedforsecurity=False).hexdigest()
    return Response(status=200, headers={"ETag": f'"{etag}"'})


def _get(incoming: Incoming, names: Mapping[str, str], world: World) -> Response:
    content = _stored(incoming, names["key"], world)
    date = datetime.datetime.fromtimestamp(world.now(), datetime.UTC)
    modified = date.strftime("%a, %d %b %Y %H:%M:%S GMT")
    kind = {"content-type": "application/octet-stream", "last-modified": modified}
    return Response(status=200, headers=kind, body=content)


def _head(incoming: Incoming, names: Mapping[str, str], world: World) -> Response:
    return _get(incoming, names, world)


def _delete(incoming: Incoming, names: Mapping[str, str], world: World) -> Response:
    world.objects.pop((_bucket(incoming, world), names["key"]), None)
    return Response(status=204)


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
        _element("Confidence", _percent(tag)),
        *([_element("FirstCategory", escape(category[0]))] if category[0] else []),
        _element("Name", escape(_name(tag))),
        *([_element("SecondCategory", escape(category[1]))] if category[1] else []),
    )


def _write_located(child: str, tag: Tag) -> str:
    """The second generation: the category in one text, and the first place where it was seen."""
    corners = ""
    if tag.regions:
        box = tag.regions[0].box
        sides = {
            "XMin": box.x,
            "XMax": box.x + box.width,
            "YMin": box.y,
            "YMax": box.y + box.height,
        }
        corners = "".join(_element(side, str(round(at))) for side, at in sides.items())
    return _element(
        child,
        _element("Name", escape(_name(tag))),
        _element("Parents", escape("_".join(_path(tag)))),
        _element("Confidence", _percent(tag)),
        corners,
    )


def _path(tag: Tag) -> tuple[str, ...]:
    return tag.categories.get("zh") or tag.category


def _name(tag: Tag) -> str:
    return tag.names.get("zh", tag.name)


def _percent(tag: Tag) -> str:
    return str(round((tag.confidence or 0) * 100))


_AI: dict[str, Any] = {
    "vendor": PROVIDER.vendor,
    "hosts": HOSTS,
    "verify": verify,
    "write_error": write_error,
    "provider": PROVIDER,
    "refusals": (
        (errors.ImageDimensions, "ImageResolutionExceed"),
        (errors.PayloadTooLarge, "EntityTooLarge"),
        (errors.UnsupportedImage, "InvalidImageFormat"),
    ),
    "throttle_code": "SlowDown",
    "settings": lambda account: {
        "secret_id": account.key_id,
        "secret_key": account.secret,
        "bucket": account.bucket,
    },
}


def _storing(name: str, method: str, serve: Any) -> Dialect:
    return Dialect(
        name=name,
        vendor=PROVIDER.vendor,
        hosts=HOSTS,
        routes=(Route(method=method, path="/{key*}"),),
        verify=verify,
        write_error=write_error,
        serve=serve,
        throttle_code="SlowDown",
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
    _storing("cos-head-object", "HEAD", _head),
    _storing("cos-delete-object", "DELETE", _delete),
    _storing("cos-get-object", "GET", _get),
]
