"""Huawei's own SDK, unmodified, as a stranger to our emulator."""

from __future__ import annotations

import base64
import json
import re
from pathlib import Path
from typing import Any

import pytest
from server import Server, answer_json

from taggers import BoundingBox, Region, Tag, Tagger
from taggers.emulator import Emulator, Fixture

pytest.importorskip("huaweicloudsdkimage", reason="needs the extra interop")

from huaweicloudsdkcore.auth.credentials import BasicCredentials
from huaweicloudsdkcore.exceptions.exceptions import ClientRequestException
from huaweicloudsdkcore.region.region import Region as TheirRegion
from huaweicloudsdkimage import v2

TAGGING = {
    "huawei-tagging-v2": (
        "run_image_tagging",
        v2.RunImageTaggingRequest,
        v2.ImageTaggingReq,
    ),
    "huawei-media-tagging": (
        "run_image_media_tagging",
        v2.RunImageMediaTaggingRequest,
        v2.ImageMediaTaggingReq,
    ),
    "huawei-media-tagging-det": (
        "run_image_media_tagging_det",
        v2.RunImageMediaTaggingDetRequest,
        v2.ImageMediaTaggingDetReq,
    ),
}
OPERATIONS = {
    **TAGGING,
    "huawei-celebrity": (
        "run_celebrity_recognition",
        v2.RunCelebrityRecognitionRequest,
        v2.CelebrityRecognitionReq,
    ),
    "huawei-main-object": (
        "run_image_main_object_detection",
        v2.RunImageMainObjectDetectionRequest,
        v2.ImageMainObjectDetectionReq,
    ),
    "huawei-recapture": (
        "run_recapture_detect",
        v2.RunRecaptureDetectRequest,
        v2.RecaptureDetectReq,
    ),
}
"""All operations of the SDK, and who asks them here."""


def _client(url: str, secret: str = "emulator-secret", project: str = "emulator") -> Any:
    credentials = BasicCredentials("emulator", secret, project)
    return v2.ImageClient.new_builder().with_credentials(credentials).with_endpoint(url).build()


def _call(client: Any, provider: str, **body: Any) -> Any:
    method, request, kind = OPERATIONS[provider]
    return getattr(client, method)(request(body=kind(**body)))


@pytest.fixture
def picture(photos: Path) -> str:
    return base64.b64encode((photos / "cat.jpg").read_bytes()).decode()


@pytest.mark.parametrize("provider", TAGGING)
def test_the_sdks_call_succeeds_and_says_what_our_client_reads(
    provider: str, picture: str, photos: Path, taggers_emulator: Emulator
) -> None:
    answer = _call(
        _client(taggers_emulator.url), provider, image=picture, language="en", threshold=10, limit=7
    )
    with taggers_emulator.tagger(provider) as tagger:
        result = tagger.tag(photos / "cat.jpg", language="en", min_confidence=0.1, limit=7)

    theirs = [(tag.tag, float(tag.confidence) / 100) for tag in answer.result.tags]
    assert len(theirs) > 3
    assert [(tag.name, pytest.approx(tag.confidence)) for tag in result.tags] == theirs
    boxes = [len(tag.instances or ()) for tag in answer.result.tags]
    assert [len(tag.regions) for tag in result.tags] == boxes


def test_the_sdk_recognises_the_celebrity_that_our_client_does(picture: str, photos: Path) -> None:
    face = Tag(
        "玛丽·居里", 0.93, kind="celebrity", regions=(Region(BoundingBox(20, 30, 90, 110), 0.93),)
    )
    fixture = Fixture(content=(photos / "cat.jpg").read_bytes(), tags=(face,))
    with Emulator(fixtures=[fixture]) as emulator:
        (theirs,) = _call(_client(emulator.url), "huawei-celebrity", image=picture).result
        with emulator.tagger("huawei-celebrity") as tagger:
            (ours,) = tagger.tag(photos / "cat.jpg").tags

    box = ours.regions[0].box
    assert ("玛丽·居里", pytest.approx(0.93)) == (theirs.label, theirs.confidence)
    assert (theirs.label, pytest.approx(theirs.confidence)) == (ours.name, ours.confidence)
    place = theirs.face_detail
    assert (20, 30, 90, 110) == (place["x"], place["y"], place["w"], place["h"])
    assert (20, 30, 90, 110) == (box.x, box.y, box.width, box.height)


def test_the_sdk_finds_the_main_objects_that_our_client_does(picture: str, photos: Path) -> None:
    with Emulator(fixtures=photos / "fixtures.toml") as emulator:
        answer = _call(_client(emulator.url), "huawei-main-object", image=picture)
        with emulator.tagger("huawei-main-object") as tagger:
            result = tagger.tag(photos / "cat.jpg")

    kinds = {"main_object_box": "main", "bounding_box": "other"}
    theirs = [
        (kinds[item.label], float(item.confidence) / 100, item.location["top_left_x"])
        for item in answer.result
    ]
    ours = [(item.kind, pytest.approx(item.confidence), item.box.x) for item in result.regions]
    assert 3 == len(theirs)
    assert theirs == ours


def test_the_sdk_hears_the_verdict_that_our_client_does(
    picture: str, photos: Path, taggers_emulator: Emulator
) -> None:
    theirs = _call(_client(taggers_emulator.url), "huawei-recapture", image=picture).result
    with taggers_emulator.tagger("huawei-recapture") as tagger:
        (ours,) = tagger.tag(photos / "cat.jpg").verdicts

    assert ours.answer == {"true": "no", "false": "yes", "uncertainty": "unsure"}[theirs.suggestion]
    assert pytest.approx(float(theirs.score)) == ours.confidence


def test_a_strangers_script_works_by_changing_the_endpoint(
    picture: str, taggers_emulator: Emulator
) -> None:
    credentials = BasicCredentials("emulator", "emulator-secret").with_iam_endpoint(
        taggers_emulator.url
    )
    region = TheirRegion("cn-north-4", taggers_emulator.url)
    client = v2.ImageClient.new_builder().with_credentials(credentials).with_region(region).build()

    answer = _call(client, "huawei-tagging-v2", image=picture, threshold=10)

    assert "清晰" in [tag.tag for tag in answer.result.tags]
    assert "huawei-iam-projects" in [call.service for call in taggers_emulator.journal]


@pytest.mark.parametrize("provider", OPERATIONS)
@pytest.mark.parametrize(
    ("client", "status", "code", "says"),
    [
        ({"secret": "wrong"}, 401, "APIGW.0301", "verify aksk signature fail, canonicalRequest:"),
        ({"project": "other"}, 403, "APIG.0310", "project"),
    ],
)
def test_the_sdk_fails_as_with_the_vendor(
    provider: str,
    client: dict[str, str],
    status: int,
    code: str,
    says: str,
    picture: str,
    taggers_emulator: Emulator,
) -> None:
    with pytest.raises(ClientRequestException) as caught:
        _call(_client(taggers_emulator.url, **client), provider, image=picture)

    error = caught.value
    assert (status, code) == (error.status_code, error.error_code)
    assert says in error.error_msg
    assert re.fullmatch("[0-9a-f]{32}", error.request_id)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "AIS.0011"),
        ({"image": "???"}, "AIS.0015"),
        ({"image": base64.b64encode(b"plain text").decode()}, "AIS.0502"),
        ({"url": "https://example.com/nowhere.jpg"}, "AIS.0029"),
        ({"threshold": 101}, "AIS.0501"),
        ({"limit": 0}, "AIS.0501"),
        ({"language": "fr"}, "AIS.0501"),
    ],
)
def test_the_sdk_is_refused_what_the_vendor_refuses(
    body: dict[str, Any], code: str, picture: str, taggers_emulator: Emulator
) -> None:
    if not {"image", "url"} & set(body) and body:
        body = {"image": picture, **body}

    with pytest.raises(ClientRequestException) as caught:
        _call(_client(taggers_emulator.url), "huawei-tagging-v2", **body)

    assert (400, code) == (caught.value.status_code, caught.value.error_code)


def test_the_sdk_retries_nothing_and_a_throttled_call_shows_the_vendors_code(
    picture: str, taggers_emulator: Emulator
) -> None:
    taggers_emulator.fail("throttle", times=1)
    client = _client(taggers_emulator.url)

    with pytest.raises(ClientRequestException) as caught:
        _call(client, "huawei-tagging-v2", image=picture)
    answer = _call(client, "huawei-tagging-v2", image=picture)

    assert (429, "APIG.0308") == (caught.value.status_code, caught.value.error_code)
    assert answer.result.tags


@pytest.mark.parametrize("provider", TAGGING)
def test_our_request_is_the_sdks(provider: str, picture: str, photos: Path) -> None:
    with Server(answer_json({"result": {"tags": []}})) as server:
        settings = {"ak": "emulator", "sk": "s", "project_id": "p", "endpoint": server.url}

        _call(
            _client(server.url, "s", "p"), provider,
            image=picture, language="zh", limit=5, threshold=40,
        )  # fmt: skip
        with Tagger(provider, **settings) as tagger:
            tagger.tag(photos / "cat.jpg", language="zh", limit=5, min_confidence=0.4)
        theirs, ours = server.requests

    _same(theirs, ours)


@pytest.mark.parametrize(
    ("provider", "threshold", "result"),
    [
        ("huawei-celebrity", 0.4, []),
        ("huawei-main-object", 40, []),
        ("huawei-recapture", None, {"suggestion": "true", "score": "0.9", "detail": []}),
    ],
)
def test_our_request_beside_tagging_is_the_sdks(
    provider: str, threshold: float | None, result: Any, picture: str, photos: Path
) -> None:
    with Server(answer_json({"result": result})) as server:
        settings = {"ak": "emulator", "sk": "s", "project_id": "p", "endpoint": server.url}
        least = None if threshold is None else 0.4

        given = {} if threshold is None else {"threshold": threshold}
        _call(_client(server.url, "s", "p"), provider, image=picture, **given)
        with Tagger(provider, **settings) as tagger:
            tagger.tag(photos / "cat.jpg", min_confidence=least)
        theirs, ours = server.requests

    _same(theirs, ours)


def _same(theirs: Any, ours: Any) -> None:
    assert (theirs.method, theirs.target) == (ours.method, ours.target)
    assert json.loads(theirs.body) == json.loads(ours.body)
    assert {"host", "x-project-id", "x-sdk-date"} == _signed(ours.headers)
    assert _signed(ours.headers) < _signed(theirs.headers)  # which also has what proxies change
    for name in ("host", "x-project-id"):
        assert theirs.headers[name] == ours.headers[name]


def _signed(headers: Any) -> set[str]:
    found = re.search("SignedHeaders=([^,]+)", headers["authorization"])
    assert found is not None
    return set(found[1].split(";"))
